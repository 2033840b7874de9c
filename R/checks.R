# Arguments are checked in R, before anything crosses to Python: the message can
# then name the argument as the user wrote it.

check_scan <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  if (!is_scan(x)) {
    medvoxel_abort(
      c(
        "{.arg {arg}} must be a scan, not {.obj_type_friendly {x}}.",
        i = "Read one with {.fn read_dicom} or {.fn read_nifti}, or make one with {.fn as_scan}."
      ),
      "input", call = call
    )
  }
  check_complete(x, arg, call)
  invisible(x)
}

check_segmentation <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  if (!is_segmentation(x)) {
    medvoxel_abort(
      c(
        "{.arg {arg}} must be a segmentation, not {.obj_type_friendly {x}}.",
        i = "Make one with {.fn segmentation}, {.fn segment_threshold} or {.fn as_segmentation}."
      ),
      "input", call = call
    )
  }
  if (!is.integer(x) || length(dim(x)) != 3 || length(attr(x, "spacing")) != 3) {
    medvoxel_abort(
      c(
        "{.arg {arg}} is a segmentation that was changed by hand.",
        i = "Make it again from its labels: {.code as_segmentation(as.array({arg}), scan)}."
      ),
      "input", call = call
    )
  }
  check_complete(x, arg, call)
  invisible(x)
}

check_volume <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  if (is_segmentation(x)) check_segmentation(x, arg, call) else check_scan(x, arg, call)
}

# NA has no place in NumPy's integers: it would arrive as the smallest number.
check_complete <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  force(arg)
  # Of an object with a class, R would make a copy to look through.
  if (anyNA(array_only(x))) abort_values(which(is.na(x)), "missing", "is.na(x)", x, arg, call)
  if (is.double(x) && any(is.infinite(range(x)))) {
    abort_values(which(is.infinite(x)), "infinite", "is.infinite(x)", x, arg, call)
  }
  invisible(x)
}

abort_values <- function(found, what, test, x, arg, call) {
  where <- paste(arrayInd(found[1], dim(x) %||% length(x)), collapse = ", ")
  fill <- if (is_segmentation(x)) "0L" else if (identical(attr(x, "unit"), "HU")) "-1000" else "0"
  medvoxel_abort(
    c(
      "{.arg {arg}} must have no {what} values.",
      x = "It has {length(found)}, the first at [{where}].",
      i = "Replace them first, for instance {.code x[{test}] <- {fill}}."
    ),
    "input", call = call
  )
}

check_number <- function(x, lower = -Inf, upper = Inf, null = FALSE, whole = FALSE,
                         arg = rlang::caller_arg(x), call = caller_env()) {
  if (null && is.null(x)) return(invisible(x))
  good <- is.numeric(x) && length(x) == 1 && !is.na(x) && x >= lower && x <= upper &&
    (!whole || x == round(x))
  if (!good) {
    kind <- if (whole) "a whole number" else "a number"
    range <- number_range(lower, upper)
    medvoxel_abort(
      "{.arg {arg}} must be {kind}{range}, not {.obj_type_friendly {x}}{show_value(x)}.",
      "input", call = call
    )
  }
  invisible(x)
}

# A length in mm.
check_length <- function(x, zero = FALSE, arg = rlang::caller_arg(x), call = caller_env()) {
  good <- is.numeric(x) && length(x) == 1 && is.finite(x) && (x > 0 || (zero && x == 0))
  if (good) return(invisible(x))
  least <- if (zero) "0 or more" else "more than 0"
  medvoxel_abort(
    "{.arg {arg}} must be {least} mm, not {.obj_type_friendly {x}}{show_value(x)}.",
    "input", call = call
  )
}

check_connectivity <- function(x, known, arg = rlang::caller_arg(x), call = caller_env()) {
  force(arg)
  if (is.numeric(x) && length(x) == 1 && x %in% known) return(invisible(x))
  medvoxel_abort(
    "{.arg {arg}} must be {.or {known}}, not {.obj_type_friendly {x}}{show_value(x)}.",
    "input", call = call
  )
}

number_range <- function(lower, upper) {
  if (is.finite(lower) && is.finite(upper)) return(sprintf(" from %g to %g", lower, upper))
  if (is.finite(lower)) return(sprintf(" of at least %g", lower))
  if (is.finite(upper)) return(sprintf(" of at most %g", upper))
  ""
}

show_value <- function(x) {
  if (is.atomic(x) && length(x) == 1 && !is.na(x)) sprintf(" (%s)", format(x)) else ""
}

check_flag <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  if (!is.logical(x) || length(x) != 1 || is.na(x)) {
    medvoxel_abort(
      "{.arg {arg}} must be {.code TRUE} or {.code FALSE}, not {.obj_type_friendly {x}}.",
      "input", call = call
    )
  }
  invisible(x)
}

check_string <- function(x, null = FALSE, arg = rlang::caller_arg(x), call = caller_env()) {
  if (null && is.null(x)) return(invisible(x))
  if (!is.character(x) || length(x) != 1 || is.na(x) || !nzchar(x)) {
    medvoxel_abort(
      "{.arg {arg}} must be one string, not {.obj_type_friendly {x}}.",
      "input", call = call
    )
  }
  invisible(x)
}

# A choice among words, as `match.arg()` does it, with a classed error.
check_choice <- function(x, choices, arg = rlang::caller_arg(x), call = caller_env()) {
  if (identical(x, choices)) return(choices[1])
  if (is.character(x) && length(x) == 1 && x %in% choices) return(x)
  medvoxel_abort(
    "{.arg {arg}} must be one of {.or {.val {choices}}}, not {shown_choice(x)}.",
    "input", call = call
  )
}

shown_choice <- function(x) {
  text <- if (rlang::is_string(x)) "{.val {x}}" else "{.obj_type_friendly {x}}"
  cli::format_inline(text)
}

# One number for all axes, or three in x, y, z order.
check_spacing <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  good <- is.numeric(x) && length(x) %in% c(1, 3) && all(is.finite(x)) && all(x > 0)
  if (!good) {
    medvoxel_abort(
      c(
        "{.arg {arg}} must be one or three positive numbers in mm (x, y, z).",
        x = "You gave {.obj_type_friendly {x}}: {format(x)}."
      ),
      "input", call = call
    )
  }
  rep_len(as.double(x), 3)
}

check_path <- function(x, exists = TRUE, arg = rlang::caller_arg(x), call = caller_env()) {
  check_string(x, arg = arg, call = call)
  path <- path.expand(x)
  if (exists && !file.exists(path)) {
    parent <- dirname(path)
    while (!file.exists(parent) && dirname(parent) != parent) parent <- dirname(parent)
    medvoxel_abort(
      c(
        "{.path {x}} does not exist.",
        i = "The path is right as far as {.path {parent}}.",
        i = "The working directory is {.path {getwd()}}."
      ),
      "file", call = call
    )
  }
  path
}

check_dots_empty <- function(..., call = caller_env()) {
  if (...length() > 0) {
    medvoxel_abort(
      "Arguments that do not exist here: {.arg {names(list(...)) %||% '(unnamed)'}}.",
      "input", call = call
    )
  }
}
