#' What can be done with a scan
#'
#' A scan behaves as the array it is.
#'
#' * `x[i, j, k]` gives plain numbers: a part of a scan has lost its place.
#' * `+` and `-` keep geometry and unit; `*`, `/` and other arithmetic keep the
#'   geometry and drop the unit, because twice a Hounsfield unit is none.
#' * Two scans must lie on the same grid, see [resample_to()].
#' * Comparisons such as `x > 300` give a plain logical array; so do those of a
#'   segmentation, such as `seg == 1`, with which no other arithmetic is done.
#' * `x[...] <- value` replaces voxels; in a segmentation the value must stand in its
#'   table, as a number or by its name. What [editable_range()] says does not hold here: it
#'   does in [paint()].
#' * `plot(x)` is [plot_slices()].
#' * `dim(x) <-` is refused: it would move every voxel.
#'
#' @param x,object,e1,e2 A scan; for arithmetic the other may be a number or an
#'   array of the same dimensions.
#' @param i,j,k Indices along x, y and z, as for any array.
#' @param drop As for any array.
#' @param value New values or dimensions.
#' @param ... Passed on.
#' @returns `[` and `as.array()` give plain arrays; arithmetic a scan; `summary()`
#'   an object of class `medvoxel_scan_summary`.
#' @name scan_methods
#' @examples
#' x <- as_scan(array(1:24, c(4, 3, 2)), spacing = c(0.5, 0.8, 4), unit = "HU")
#' x[2, , 1]
#' x + 100
#' summary(x)
#' sum(x > 10)
NULL

#' @rdname scan_methods
#' @export
print.medvoxel_scan <- function(x, ...) {
  cli::cat_line(format(x, ...))
  invisible(x)
}

#' @rdname scan_methods
#' @export
format.medvoxel_scan <- function(x, ...) {
  unit <- if (nzchar(attr(x, "unit"))) paste0(" ", attr(x, "unit")) else ""
  range <- finite_range(x)
  title <- paste("<scan>", scan_title(x))
  c(
    trimws(title),
    geometry_lines(x),
    sprintf("values       %s to %s%s", format(range[1]), format(range[2]), unit),
    quality_line(x)
  )
}

# A voxel without a value says nothing of the others.
finite_range <- function(x) {
  ends <- range(x)
  if (all(is.finite(ends))) ends else suppressWarnings(range(x, finite = TRUE))
}

# "LPS", with the angle where the axes are not the patient's.
axes_words <- function(x) {
  degrees <- oblique_angle(direction(x))
  if (degrees < 0.05) return(orientation(x))
  sprintf("%s, oblique by %.1f degrees", orientation(x), degrees)
}

# The largest angle between an axis of the array and the patient's axis next to it.
oblique_angle <- function(direction) {
  max(acos(pmin(apply(abs(direction), 2, max), 1)) * 180 / pi)
}

scan_title <- function(x) {
  title <- c(attr(x, "modality"), attr(x, "info")$description)
  paste(title[nzchar(title)], collapse = ", ")
}

geometry_lines <- function(x) {
  size <- dim(x) * spacing(x)
  c(
    sprintf("dimensions   %s voxels", show_dim(x)),
    sprintf("spacing      %s mm", show_numbers(spacing(x), 4, " x ")),
    sprintf("size         %s mm", show_numbers(size, 4, " x ")),
    sprintf("orientation  %s, origin %s mm", axes_words(x), show_numbers(origin(x), 5, ", "))
  )
}

show_numbers <- function(x, digits, collapse) {
  paste(vapply(signif(x, digits), format, ""), collapse = collapse)
}

#' @rdname scan_methods
#' @export
summary.medvoxel_scan <- function(object, ...) {
  values <- array_only(object)
  if (length(values) > 1e7 && wants_progress()) cli::cli_progress_step("Sorting values")
  structure(
    list(
      title = scan_title(object), geometry = geometry_lines(object),
      unit = attr(object, "unit"),
      values = c(
        stats::quantile(values, c(0, 0.05, 0.25, 0.5, 0.75, 0.95, 1), names = FALSE),
        mean(values), stats::sd(values)
      ) |> rlang::set_names(
        c("min", "5 %", "25 %", "median", "75 %", "95 %", "max", "mean", "sd")
      )
    ),
    class = "medvoxel_scan_summary"
  )
}

#' @export
print.medvoxel_scan_summary <- function(x, ...) {
  cli::cat_line(trimws(paste("<scan>", x$title)))
  cli::cat_line(x$geometry)
  cli::cat_line("values", if (nzchar(x$unit)) paste0(" in ", x$unit))
  print(signif(x$values, 5))
  invisible(x)
}

#' @rdname scan_methods
#' @export
as.array.medvoxel_volume <- function(x, ...) array_only(x)

#' @rdname scan_methods
#' @export
`[.medvoxel_volume` <- function(x, i, j, k, ..., drop = TRUE) {
  if (!missing(i) && is_segmentation(i)) abort_label_index(caller_env())
  x <- array_only(x)
  NextMethod()
}

# Labels as positions would take the first voxels over and over.
abort_label_index <- function(call) {
  medvoxel_abort(
    c(
      "A segmentation cannot be an index by itself.",
      i = "Say which segment: {.code x[seg == 1]} or {.code x[seg == \"bone\"]}."
    ),
    "input", call = call
  )
}

#' @rdname scan_methods
#' @export
`[<-.medvoxel_volume` <- function(x, i, j, k, ..., value) {
  if (!missing(i) && is_segmentation(i)) abort_label_index(caller_env())
  if (is_segmentation(x)) {
    value <- check_new_labels(value, x, caller_env())
  } else if (!is.numeric(value) && !is.logical(value)) {
    medvoxel_abort("The voxels of a scan are numbers, not {.obj_type_friendly {value}}.", "input")
  }
  new <- NextMethod()
  check_same_length(new, x, caller_env())
  if (is_segmentation(x)) record_assignment(x, new) else new
}

#' @rdname scan_methods
#' @export
`[[<-.medvoxel_volume` <- function(x, i, ..., value) {
  x[i, ...] <- value
  x
}

# R would add voxels to the end, and drop the dimensions.
check_same_length <- function(new, old, call) {
  if (length(new) == length(old)) return(invisible())
  medvoxel_abort(
    "There are {length(old)} voxels, and the index goes beyond them.", "input", call = call
  )
}

#' @rdname scan_methods
#' @export
plot.medvoxel_scan <- function(x, ...) plot_slices(x, ...)

#' @rdname scan_methods
#' @export
`dim<-.medvoxel_volume` <- function(x, value) {
  medvoxel_abort(
    c(
      "The dimensions cannot be set: every voxel would lie elsewhere.",
      i = "Use {.fn resample} for another raster, or {.code as.array(x)} for a plain array."
    ),
    "geometry"
  )
}

#' @rdname scan_methods
#' @export
Ops.medvoxel_volume <- function(e1, e2) {
  # One method for scans and segmentations: R would drop two different ones.
  call <- caller_env()
  volume <- if (is_volume(e1)) e1 else e2
  arithmetic <- .Generic %in% c("+", "-", "*", "/", "^", "%%", "%/%")
  if (nargs() == 1) {
    check_operation(.Generic, e1, e1, arithmetic, call)
    return(rewrap(volume, get(.Generic, mode = "function")(array_only(e1)), TRUE))
  }
  check_operation(.Generic, e1, e2, arithmetic, call)
  if (is_segmentation(e1)) e2 <- segment_values(e2, e1, call)
  if (is_segmentation(e2)) e1 <- segment_values(e1, e2, call)
  check_operand(e1, e2, volume, call)
  result <- get(.Generic, mode = "function")(operand(e1), operand(e2))
  rewrap(volume, result, .Generic %in% c("+", "-"))
}

is_volume <- function(x) inherits(x, "medvoxel_volume")
operand <- function(x) if (is_volume(x)) array_only(x) else x

# What compares gives a plain logical array; what computes stays in its place.
rewrap <- function(scan, values, keeps_unit) {
  if (is.logical(values)) return(values)
  with_values(scan, values, if (keeps_unit) attr(scan, "unit") else "")
}

# Labels are names, not quantities: comparing them makes sense, adding does not.
check_operation <- function(generic, e1, e2, arithmetic, call) {
  if (arithmetic && (is_segmentation(e1) || is_segmentation(e2))) {
    medvoxel_abort(
      c(
        "{.code {generic}} has no meaning for segment values.",
        i = "Use {.fn mask_scan} to keep a structure, {.code seg == 1} for a logical array,
             or {.code as.array(seg)} for the plain numbers."
      ),
      "input", call = call
    )
  }
}

check_operand <- function(e1, e2, volume, call) {
  if (is_volume(e1) && is_volume(e2)) {
    check_same_grid(e1, e2, call = call)
    return(invisible())
  }
  other <- if (is_volume(e1)) e2 else e1
  numeric <- (is.numeric(other) || is.logical(other)) && !is.object(other)
  # pmin() and pmax() compare with a plain vector of all voxels.
  fits <- length(other) == 1 || identical(dim(other), dim(volume)) ||
    (is.null(dim(other)) && length(other) == length(volume))
  if (!numeric || !fits) {
    medvoxel_abort(
      c(
        "A scan can be combined with one number or an array of its own dimensions.",
        x = "The scan has {show_dim(volume)}; the other is {.obj_type_friendly {other}}."
      ),
      "input", call = call
    )
  }
}

#' @rdname scan_methods
#' @export
Math.medvoxel_scan <- function(x, ...) {
  keeps_unit <- .Generic %in% c("abs", "round", "signif", "floor", "ceiling", "trunc")
  result <- get(.Generic, mode = "function")(array_only(x), ...)
  # cumsum() and its kind have no place in space.
  if (!identical(dim(result), dim(x))) return(result)
  with_values(x, result, if (keeps_unit) attr(x, "unit") else "")
}

with_values <- function(scan, values, unit = attr(scan, "unit")) {
  new_scan(
    values, attr(scan, "spacing"), attr(scan, "origin"), attr(scan, "direction"),
    attr(scan, "modality"), unit, attr(scan, "info"), attr(scan, "qc"), attr(scan, "sources")
  )
}
