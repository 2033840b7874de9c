#' What can be done with a scan
#'
#' A scan behaves as the array it is.
#'
#' * `x[i, j, k]` gives plain numbers: a part of a scan has lost its place.
#' * `+` and `-` keep geometry and unit; `*`, `/` and other arithmetic keep the
#'   geometry and drop the unit, because twice a Hounsfield unit is none.
#' * Two scans must lie on the same grid, see [resample_to()].
#' * Comparisons such as `x > 300` give a plain logical array.
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
  range <- range(x)
  title <- paste("<scan>", scan_title(x))
  c(
    trimws(title),
    geometry_lines(x),
    sprintf("values       %s to %s%s", format(range[1]), format(range[2]), unit)
  )
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
    sprintf("orientation  %s, origin %s mm", orientation(x), show_numbers(origin(x), 5, ", "))
  )
}

show_numbers <- function(x, digits, collapse) {
  paste(vapply(signif(x, digits), format, ""), collapse = collapse)
}

#' @rdname scan_methods
#' @export
summary.medvoxel_scan <- function(object, ...) {
  values <- array_only(object)
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
as.array.medvoxel_scan <- function(x, ...) array_only(x)

#' @rdname scan_methods
#' @export
`[.medvoxel_scan` <- function(x, i, j, k, ..., drop = TRUE) {
  x <- array_only(x)
  NextMethod()
}

#' @rdname scan_methods
#' @export
`dim<-.medvoxel_scan` <- function(x, value) {
  medvoxel_abort(
    c(
      "The dimensions of a scan cannot be set: every voxel would lie elsewhere.",
      i = "Use {.fn resample} for another raster, or {.code as.array(x)} for a plain array."
    ),
    "geometry"
  )
}

#' @rdname scan_methods
#' @export
Ops.medvoxel_scan <- function(e1, e2) {
  call <- caller_env()
  if (nargs() == 1) return(unary_operation(.Generic, e1))
  scan <- if (is_scan(e1)) e1 else e2
  check_operand(e1, e2, call)
  result <- get(.Generic, mode = "function")(operand(e1), operand(e2))
  if (is.logical(result)) return(result)
  unit <- if (.Generic %in% c("+", "-")) attr(scan, "unit") else ""
  with_values(scan, result, unit)
}

unary_operation <- function(generic, x) {
  result <- get(generic, mode = "function")(array_only(x))
  if (is.logical(result)) result else with_values(x, result, attr(x, "unit"))
}

operand <- function(x) if (is_scan(x) || is_segmentation(x)) array_only(x) else x

check_operand <- function(e1, e2, call) {
  if (is.object(e1) && is.object(e2)) {
    check_same_grid(e1, e2, call = call)
    return(invisible())
  }
  other <- if (is_scan(e1)) e2 else e1
  scan <- if (is_scan(e1)) e1 else e2
  if (length(other) != 1 && !identical(dim(other), dim(scan))) {
    medvoxel_abort(
      c(
        "A scan can be combined with one number or an array of its own dimensions.",
        x = "The scan has {show_dim(scan)}; the other has length {length(other)}."
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
    attr(scan, "modality"), unit, attr(scan, "info")
  )
}
