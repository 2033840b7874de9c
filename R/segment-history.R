#' Take edits back, and write them down
#'
#' A segmentation remembers every edit, as the difference that it made: fifty edits of a
#' large labelmap take less room than a copy of it. The memory is part of the object, so it
#' is kept by [saveRDS()].
#'
#' `as_script()` gives the R code that makes the same labels again from the scan, voxel for
#' voxel; its last line checks that by their SHA-256, which `labels_sha256()` computes. What
#' cannot be said by code, such as a mask that was painted or labels that were read from a
#' file, stands in the script as compressed text.
#'
#' @param seg A segmentation. `history()` without one is that of R, [utils::history()].
#' @param ... Passed on to [utils::history()].
#' @param steps How many edits to take back, or to make again.
#' @returns `undo()` and `redo()`: the segmentation as it was; the settings of
#'   [editable_range()] and the table of segments go back with the voxels. `history()`: a
#'   data frame with a row for each edit: its number, how many `voxels` it changed, whether it
#'   is `undone`, and the `call`. `as_script()`: a character vector, a line each,
#'   that prints as code. `labels_sha256()`: a string.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' scan <- as_scan(array(0, c(20, 20, 5)), spacing = c(0.5, 0.5, 3))
#' seg <- segmentation(scan, c("a", "b")) |>
#'   paint("a", at = c(2, 2, 3), diameter = 3) |>
#'   paint("b", at = c(7, 7, 9), diameter = 3)
#' history(seg)
#' history(undo(seg))
#' as_script(seg)
undo <- function(seg, steps = 1) {
  check_segmentation(seg)
  check_number(steps, 1, whole = TRUE)
  done <- history_of(seg)$done
  if (steps > done) abort_no_steps(steps, done, "undo")
  go_to_step(seg, done - steps)
}

#' @rdname undo
#' @export
redo <- function(seg, steps = 1) {
  check_segmentation(seg)
  check_number(steps, 1, whole = TRUE)
  past <- history_of(seg)
  undone <- length(past$steps) - past$done
  if (steps > undone) abort_no_steps(steps, undone, "redo")
  go_to_step(seg, past$done + steps)
}

#' @rdname undo
#' @export
history <- function(seg, ...) {
  # The name is that of R's own list of commands, which is meant without an argument.
  if (missing(seg)) return(utils::history(...))
  check_dots_empty(...)
  check_segmentation(seg)
  past <- history_of(seg)
  table <- data.frame(
    step = seq_along(past$steps),
    voxels = vapply(past$steps, function(step) count_changed(step$changes), 0),
    undone = seq_along(past$steps) > past$done,
    call = vapply(past$steps, function(step) step$call, "")
  )
  class(table) <- c("medvoxel_history", class(table))
  table
}

#' @export
print.medvoxel_history <- function(x, ...) {
  # Calls are long: they stand last, and are not aligned to the right.
  if (!all(c("step", "voxels", "undone", "call") %in% names(x))) return(NextMethod())
  cli::cat_line(sprintf("<history> %d edit%s", nrow(x), if (nrow(x) == 1) "" else "s"))
  if (nrow(x) == 0) return(invisible(x))
  cli::cat_line(sprintf(
    "%s  %s voxels  %s%s", format(x$step), format(x$voxels, big.mark = ","), x$call,
    ifelse(x$undone, "  (undone)", "")
  ))
  invisible(x)
}

#' @rdname undo
#' @param file Where to write the script; `NULL` writes no file.
#' @export
as_script <- function(seg, file = NULL) {
  check_segmentation(seg)
  check_string(file, null = TRUE)
  past <- history_of(seg)
  done <- past$steps[seq_len(past$done)]
  lines <- c(
    "# Makes the labels again from `scan`, the scan that they were drawn on:",
    paste("#", trimws(describe_scan(seg))),
    paste0("# Written by medvoxel ", utils::packageVersion("medvoxel"), "."),
    "library(medvoxel)",
    start_code(seg, past),
    unlist(lapply(done, step_code)),
    sprintf("stopifnot(labels_sha256(seg) == \"%s\")", labels_sha256(seg))
  )
  script <- structure(lines, class = "medvoxel_script")
  if (is.null(file)) return(script)
  write_script(lines, path.expand(file))
  invisible(script)
}

# Under another name first, so that nothing is left half written.
write_script <- function(lines, file, call = caller_env()) {
  check_folder_of(file, call)
  part <- paste0(file, ".part")
  written <- tryCatch(
    {
      writeLines(lines, part, useBytes = TRUE)
      file.rename(part, file)
    },
    error = function(e) FALSE, warning = function(w) FALSE
  )
  if (written) return(invisible())
  unlink(part)
  medvoxel_abort(
    c("The script {.path {file}} cannot be written.", i = "Name a file that you may write."),
    "file", call = call
  )
}

check_folder_of <- function(file, call) {
  folder <- dirname(file)
  if (dir.exists(folder)) return(invisible())
  medvoxel_abort(
    c("The folder {.path {folder}} does not exist.", i = "Make it with {.fn dir.create}."),
    "file", call = call
  )
}

#' @rdname undo
#' @export
labels_sha256 <- function(seg) {
  check_segmentation(seg)
  # R's order of the voxels, as little-endian numbers of 32 bits.
  cli::hash_raw_sha256(writeBin(as.vector(array_only(seg)), raw(), endian = "little"))
}

#' @export
print.medvoxel_script <- function(x, ...) {
  # Compressed labels are one long string each.
  long <- nchar(x) > 400
  shown <- ifelse(long, paste0(substr(x, 1, 160), " ... (", nchar(x), " characters)"), x)
  cat(shown, sep = "\n")
  invisible(x)
}

#' Labels in a script
#'
#' [as_script()] uses them for labels that no code describes.
#'
#' @param text Compressed labels, or changes of labels.
#' @param dim Dimensions of the array.
#' @param seg A segmentation.
#' @returns `unpack_labels()`: an integer array. `change_labels()`: the segmentation with the
#'   changes made, whatever masking says.
#' @keywords internal
#' @export
#' @examples
#' scan <- as_scan(array(1:24, c(4, 3, 2)))
#' as_script(as_segmentation(scan > 12, scan, "upper half"))
unpack_labels <- function(text, dim) {
  check_string(text)
  unpack_voxels(new_voxels(jsonlite::base64_dec(text), as.integer(dim)))
}

#' @rdname unpack_labels
#' @export
change_labels <- function(seg, text) {
  check_segmentation(seg)
  check_string(text)
  runs <- unpack_runs(jsonlite::base64_dec(text))
  check_new_labels(unique(runs$after), seg, caller_env())
  record_assignment(seg, apply_runs(array_only(seg), runs))
}

# --- steps -------------------------------------------------------------------------

# `made` is code that makes the labels at the start. A step has the `call` as people read
# it, its `code` where that is longer, the `changes` of the voxels, and of the `state` after
# it what is not as before; a `brush` has the labels that it gave to places of the seeds.
new_history <- function(seg, made = NULL) {
  list(made = made, start = edit_state(seg), steps = list(), done = 0L)
}

history_of <- function(seg) attr(seg, "history") %||% new_history(seg)

# All that an edit may change beside the voxels.
edit_state <- function(seg) {
  list(
    segments = attr(seg, "segments"), masking = attr(seg, "masking"), seeds = attr(seg, "seeds")
  )
}

state_at <- function(past, number) {
  state <- past$start
  for (step in past$steps[seq_len(number)]) {
    state[names(step$state)] <- step$state
    if (!is.null(step$brush)) state$seeds <- with_layer(state$seeds, step$brush)
  }
  state
}

# `changed` are the places of the voxels that differ.
add_step <- function(seg, values, state, verb, arguments, brush = NULL,
                     changed = which(array_only(seg) != values)) {
  call <- verb_text(verb, without_defaults(verb, arguments), short = TRUE)
  code <- verb_text(verb, arguments)
  add_to_history(seg, values, state, changed, list(
    call = call, code = if (code != call) code, brush = brush
  ))
}

# Voxels that were set by `seg[...] <- value`: a step like others where steps are kept.
record_assignment <- function(old, new) {
  past <- attr(old, "history")
  labels <- array_only(new)
  if (is.null(past) || (length(past$steps) == 0 && is.null(past$made))) {
    return(with_state(old, labels, edit_state(old), past))
  }
  state <- edit_state(old)
  state["seeds"] <- list(NULL)
  changed <- which(array_only(old) != labels)
  add_to_history(old, labels, state, changed, list(call = "seg[...] <- value", assigned = TRUE))
}

add_to_history <- function(seg, values, state, changed, step) {
  past <- history_of(seg)
  before <- edit_state(seg)
  kept <- if (is.null(step$brush)) names(state) else setdiff(names(state), "seeds")
  differs <- !vapply(kept, function(part) identical(state[[part]], before[[part]]), NA)
  step$state <- state[kept[differs]]
  step$changes <- pack_runs(voxel_runs(array_only(seg), values, changed))
  # What was undone cannot be made again after another edit.
  past$steps <- c(past$steps[seq_len(past$done)], list(step))
  past$done <- length(past$steps)
  with_state(seg, values, state, past)
}

with_state <- function(seg, values, state, past) {
  new_segmentation(
    values, spacing(seg), origin(seg), direction(seg), state$segments, attr(seg, "scan"),
    state$masking, state$seeds, past
  )
}

go_to_step <- function(seg, wanted) {
  past <- history_of(seg)
  values <- array_only(seg)
  back <- wanted < past$done
  path <- if (back) seq(past$done, wanted + 1) else seq(past$done + 1, wanted)
  for (number in path) {
    values <- apply_runs(values, unpack_runs(past$steps[[number]]$changes), back)
  }
  past$done <- as.integer(wanted)
  with_state(seg, values, state_at(past, wanted), past)
}

abort_no_steps <- function(steps, there, verb, call = caller_env()) {
  medvoxel_abort(
    c(
      if (there == 0) {
        "There is nothing to {verb}."
      } else {
        "There {cli::qty(there)}{?is/are} only {there} edit{?s} to {verb}, not {steps}."
      },
      i = "{.code history(seg)} lists the edits."
    ),
    "input", call = call
  )
}

history_line <- function(x) {
  past <- history_of(x)
  if (length(past$steps) == 0) return(NULL)
  undone <- length(past$steps) - past$done
  sprintf(
    "history      %d edit%s%s", past$done, if (past$done == 1) "" else "s",
    if (undone > 0) sprintf(", %d undone", undone) else ""
  )
}

# --- code --------------------------------------------------------------------------

start_code <- function(seg, past) {
  if (!is.null(past$made)) return(paste("seg <-", past$made))
  first <- array_only(if (past$done > 0) go_to_step(seg, 0) else seg)
  table <- short_table(past$start$segments)
  made <- if (any(first != 0)) {
    sprintf(
      "as_segmentation(%s, scan, segments = %s)", code_of(pack_voxels(first)), code_of(table)
    )
  } else {
    verb_text("segmentation", list(segments = table), "scan")
  }
  paste("seg <-", c(made, masking_code(past$start$masking)))
}

# What a crop has taken along.
masking_code <- function(masking) {
  c(
    if (!is.null(c(masking$lower, masking$upper))) {
      verb_text("editable_range", masking[c("lower", "upper")])
    },
    if (!is.null(c(masking$inside, masking$outside))) {
      verb_text("editable_area", masking[c("inside", "outside")])
    },
    if (!is.null(masking$overwrite)) verb_text("overwrite", list(policy = masking$overwrite))
  )
}

step_code <- function(step) {
  if (!isTRUE(step$assigned)) return(paste("seg <-", step$code %||% step$call))
  if (is.null(step$changes)) return(NULL)
  sprintf("seg <- change_labels(seg, \"%s\")", as_base64(step$changes))
}

as_base64 <- function(bytes) gsub("\n", "", jsonlite::base64_enc(bytes))

# Names are enough where nothing else was chosen.
short_table <- function(table) {
  plain <- fill_segment_table(table$name, integer(), NULL)
  if (identical(table, plain)) return(table$name)
  unset <- vapply(c("visible", "status", "code"), function(column) {
    identical(table[[column]], plain[[column]])
  }, NA)
  table[setdiff(names(table), names(unset)[unset])]
}

describe_scan <- function(seg) {
  scan <- attr(seg, "scan")
  # A description comes from a file: a line break in it would be code.
  title <- if (!is.null(scan)) shown_name(scan_title(scan), 80)
  paste0(paste(c(title[nzchar(title)], describe_grid(seg)), collapse = ", "), ".")
}

# Code of a call, such as `paint(seg, "tendon", at = c(1, 2, 3))`.
verb_text <- function(verb, arguments, data = "seg", short = FALSE) {
  arguments <- Filter(Negate(is.null), arguments)
  values <- vapply(arguments, code_of, "", short = short)
  names <- rlang::names2(arguments)
  # The segment is the argument that everybody gives without its name.
  names[names %in% c("segment", "segments", "policy")] <- ""
  given <- ifelse(nzchar(names), paste(names, "=", values), values)
  # ggplot2, which is often loaded too, has a function of this name.
  if (verb == "margin") verb <- "medvoxel::margin"
  sprintf("%s(%s)", verb, paste(c(data, given), collapse = ", "))
}

# What people need to read of a call: what is as always is left out, but for what an edit is.
without_defaults <- function(verb, arguments) {
  defaults <- formals(get(verb))
  is_default <- vapply(rlang::names2(arguments), function(name) {
    essence <- c("", "method", "operation", "mode", "kernel", "mm", "thickness")
    if (name %in% essence || !name %in% names(defaults)) return(FALSE)
    if (identical(defaults[[name]], rlang::missing_arg())) return(FALSE)
    identical(arguments[[name]], eval(defaults[[name]], baseenv())[1])
  }, NA)
  arguments[!is_default]
}

# A string as code that means the same in every locale.
quoted <- function(x) {
  letters <- vapply(utf8ToInt(enc2utf8(x)), function(point) {
    if (point %in% utf8ToInt("\"\\")) return(paste0("\\", intToUtf8(point)))
    if (point >= 32 && point < 127) return(intToUtf8(point))
    sprintf(if (point > 65535) "\\U%08x" else "\\u%04x", point)
  }, "")
  paste0("\"", paste(letters, collapse = ""), "\"")
}

code_of <- function(x, short = FALSE) {
  if (short && is.double(x) && !is.matrix(x)) x <- signif(x, 6)
  if (is_segmentation(x)) return(segmentation_code(x, short))
  if (is_voxels(x)) return(voxels_code(x, short))
  if (is.data.frame(x)) {
    columns <- sprintf("%s = %s", names(x), vapply(x, code_of, ""))
    return(sprintf("data.frame(%s)", paste(columns, collapse = ", ")))
  }
  if (is.matrix(x)) {
    if (short && nrow(x) > 3) return(sprintf("<%d points>", nrow(x)))
    rows <- apply(unname(x), 1, code_of, short = short, simplify = FALSE)
    return(sprintf("rbind(%s)", paste(rows, collapse = ", ")))
  }
  if (is.factor(x)) x <- as.character(x)
  if (is.character(x) && !anyNA(x)) {
    text <- vapply(x, quoted, "", USE.NAMES = FALSE)
    return(if (length(x) == 1) text else sprintf("c(%s)", paste(text, collapse = ", ")))
  }
  if (is.integer(x)) x <- as.double(x)
  if (is.double(x) && length(x) > 0 && all(is.finite(x)) && all(x == round(x)) &&
        all(abs(x) < 1e15)) {
    # 1:3 and c(1, 2, 3) are the same here; the shorter text is read more easily.
    text <- format(x, scientific = FALSE, trim = TRUE, digits = 15)
    return(if (length(x) == 1) text else sprintf("c(%s)", paste(text, collapse = ", ")))
  }
  text <- paste(deparse(as.vector(x), width.cutoff = 500L), collapse = " ")
  # 15 digits are easy to read, and not always enough.
  if (is.double(x) && !identical(eval(str2lang(text), baseenv()), as.vector(x))) {
    text <- paste(deparse(as.vector(x), 500L, control = "digits17"), collapse = " ")
  }
  text
}

voxels_code <- function(x, short) {
  size <- attr(x, "dim_of")
  if (short) return(sprintf("<%s voxels>", paste(size, collapse = " x ")))
  sprintf(
    "unpack_labels(\"%s\", c(%s))", as_base64(unclass_raw(x)), paste(size, collapse = ", ")
  )
}

segmentation_code <- function(x, short) {
  if (short) return("<segmentation>")
  sprintf(
    "as_segmentation(%s, scan, segments = %s)", code_of(pack_voxels(array_only(x))),
    code_of(short_table(attr(x, "segments")))
  )
}
