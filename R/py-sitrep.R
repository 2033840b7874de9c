#' How things stand with medvoxel's Python
#'
#' Says which Python medvoxel uses and by which rule, which versions it has, what
#' it can decode, how much memory there is, and for each problem the line that
#' mends it. Works when there is no Python at all, and starts none in the session.
#' Paste its output into bug reports.
#'
#' @returns An object of class `medvoxel_sitrep`, a list, with a print method.
#' @export
#' @examples
#' medvoxel_sitrep()
medvoxel_sitrep <- function() {
  plan <- if (is.null(the$core)) python_plan() else the$plan
  report <- if (!is.na(plan$python) && is.null(plan$problem)) {
    environment_report(plan$python, plan$requirements)
  }
  structure(
    list(
      plan = plan, report = report, started = !is.null(the$core),
      versions = c(
        medvoxel = format(utils::packageVersion("medvoxel")),
        R = format(getRversion()),
        reticulate = format(utils::packageVersion("reticulate"))
      ),
      platform = R.version$platform,
      problems = environment_problems(plan, report)
    ),
    class = "medvoxel_sitrep"
  )
}

# Each problem with the line of R that mends it; pure.
environment_problems <- function(plan, report,
                                 reticulate = utils::packageVersion("reticulate")) {
  problems <- list()
  add <- function(problem, fix) problems[[length(problems) + 1]] <<- list(problem, fix)
  if (!is.null(plan$problem)) add(plan$problem, plan$fix)
  if (!is.null(report$error)) {
    add(sprintf("%s does not work: %s.", plan$python, report$error),
        "install_medvoxel(force = TRUE)")
  } else if (!is.null(report)) {
    if (is_numpy_too_new(report$packages, reticulate)) {
      add(sprintf("NumPy %s is too new for reticulate %s.", report$packages[["numpy"]],
                  reticulate),
          "install_medvoxel(force = TRUE)")
    }
    for (unmet in unmet_requirements(plan$requirements, report$packages)) {
      add(sprintf("%s is missing or of the wrong version.", unmet), fix_for_missing(plan, unmet))
    }
    for (name in names(Filter(isFALSE, report$decoders))) {
      add(sprintf("%s images cannot be decoded.", name), "install_medvoxel()")
    }
  }
  data.frame(
    problem = vapply(problems, function(p) p[[1]], ""),
    fix = vapply(problems, function(p) p[[2]], "")
  )
}

#' @export
print.medvoxel_sitrep <- function(x, ...) {
  cli::cat_line(format(x, ...))
  invisible(x)
}

#' @export
format.medvoxel_sitrep <- function(x, ...) {
  c(
    cli::style_bold("medvoxel situation report"),
    sitrep_row("versions", paste(names(x$versions), x$versions, collapse = ", ")),
    sitrep_row("platform", x$platform),
    sitrep_row("Python", sitrep_python(x)),
    sitrep_row("chosen", plan_reason(x$plan)),
    sitrep_row("started", if (x$started) "yes" else "not yet, it starts at first use"),
    sitrep_report(x$report),
    sitrep_problems(x$problems)
  )
}

sitrep_row <- function(name, value) sprintf("  %-11s %s", name, value)

sitrep_python <- function(x) {
  if (is.na(x$plan$python)) return(if (x$plan$rule == "managed") "made at first use" else "none")
  trimws(paste(x$plan$python, x$report$python %||% ""))
}

sitrep_report <- function(report) {
  if (is.null(report) || !is.null(report$error)) return(character())
  packages <- report$packages
  packages[is.na(packages)] <- "missing"
  memory <- report$memory_gib
  c(
    sitrep_row("packages", strwrap_rest(paste(names(packages), packages))),
    sitrep_row("decodes", strwrap_rest(names(Filter(isTRUE, report$decoders)))),
    if (!is.null(memory$total)) {
      sitrep_row("memory", sprintf("%.1f GiB, %.1f GiB free", memory$total, memory$available))
    },
    sitrep_row("GPU", if (length(report$gpu)) paste(report$gpu, collapse = ", ") else "none")
  )
}

# Long lists go on below their first line.
strwrap_rest <- function(words) {
  if (length(words) == 0) return("nothing")
  lines <- strwrap(paste(words, collapse = ", "), width = 76)
  paste(lines, collapse = paste0("\n", strrep(" ", 14)))
}

sitrep_problems <- function(problems) {
  if (nrow(problems) == 0) return(paste(cli::col_green(cli::symbol$tick), "No problem found."))
  rows <- sprintf(
    "%s %s\n  %s %s", cli::col_red(cli::symbol$cross), problems$problem,
    cli::symbol$arrow_right, problems$fix
  )
  # One line mends several problems more often than not.
  rows[!duplicated(rows)]
}
