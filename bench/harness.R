# What harness.py is for the stages in Python, this is for those in R:
#   Rscript harness.R STAGE RESULT.json [ROUNDS]
# A stage's file defines `stage`: title, text, packages and cases. A case has a name, a
# reference and routes; a route has `run`, which is timed, and `check`, which gives a few
# words on the result or stops. `setup`, where there is one, makes the input of each run;
# `package` is an R package without which the route is left out. A case's `size` is that of
# the result in bytes.

script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
bench <- normalizePath(dirname(script))

say <- function(...) {
  cat(sprintf(...), "\n", sep = "")
  flush(stdout())
}

input_of <- function(route) if (is.null(route$setup)) NULL else route$setup()

seconds <- function(route) {
  input <- input_of(route)
  gc()
  begin <- Sys.time()
  result <- route$run(input)
  as.numeric(Sys.time() - begin, units = "secs")
}

# A wrong answer is reported in place of a speed, and must not end the run.
start <- function(name, route) {
  row <- list(name = name)
  if (!is.null(route$package) && !requireNamespace(route$package, quietly = TRUE)) {
    say("  %s: not installed", name)
    return(c(row, problem = "not installed"))
  }
  answer <- tryCatch(
    list(quality = route$check(route$run(input_of(route)))),
    error = function(e) list(problem = paste("wrong:", conditionMessage(e)))
  )
  say("  %s: %s", name, answer[[1]])
  c(row, answer)
}

run_case <- function(stage, index, rounds) {
  case <- stage$cases[[index]]()
  say("\n%s", case$name)
  rows <- Map(start, names(case$routes), case$routes)
  ready <- names(Filter(function(row) is.null(row$problem), rows))
  times <- matrix(NA_real_, rounds, length(ready), dimnames = list(NULL, ready))
  for (i in seq_len(rounds)) {
    for (name in ready) times[i, name] <- seconds(case$routes[[name]])
    say("  round %d: %s", i, paste(sprintf("%s %.3f", ready, times[i, ]), collapse = "  "))
  }
  for (name in ready) {
    rows[[name]]$seconds <- I(unname(times[, name]))
    rows[[name]]$peak <- peak_in_child(index, name)
    say("  %s: peak %.0f MiB", name, rows[[name]]$peak / 2^20)
  }
  result <- list(name = case$name, reference = case$reference, routes = unname(rows))
  c(result, if (!is.null(case$size)) list(size = case$size))
}

# --- memory -------------------------------------------------------------------------

peak_in_child <- function(index, name) {
  rscript <- file.path(R.home("bin"), "Rscript")
  arguments <- c("--no-init-file", script, stage_name, "--memory", index, name)
  printed <- system2(rscript, shQuote(arguments), stdout = TRUE)
  as.numeric(printed[length(printed)])
}

# The first run loads what is loaded lazily; the second is measured.
measure_peak <- function(case, name) {
  route <- case$routes[[name]]
  route$run(input_of(route))
  input <- input_of(route)
  # Freeing a handle of Python's frees what it held only at the next collection.
  for (i in 1:3) gc()
  cat("5", file = "/proc/self/clear_refs") # the high-water mark starts anew
  before <- process_status("VmRSS")
  result <- route$run(input)
  process_status("VmHWM") - before
}

process_status <- function(field) {
  line <- grep(field, readLines("/proc/self/status"), value = TRUE)
  1024 * as.numeric(gsub("[^0-9]", "", line))
}

# --- the whole stage ----------------------------------------------------------------

arguments <- commandArgs(TRUE)
stage_name <- arguments[1]
source(file.path(bench, "stages", paste0(stage_name, ".R")))

if (arguments[2] == "--memory") {
  case <- stage$cases[[as.integer(arguments[3])]]()
  say("%.0f", measure_peak(case, arguments[4]))
} else {
  rounds <- if (length(arguments) > 2) as.integer(arguments[3]) else 5L
  load <- as.numeric(strsplit(readLines("/proc/loadavg"), " ")[[1]][1])
  say("\n== %s", stage$title)
  result <- list(
    stage = stage_name, title = stage$title, text = stage$text, rounds = rounds, load = load,
    versions = stage$versions(),
    cases = lapply(seq_along(stage$cases), run_case, stage = stage, rounds = rounds)
  )
  jsonlite::write_json(result, arguments[2], auto_unbox = TRUE, digits = NA)
}
