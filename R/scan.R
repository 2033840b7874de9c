#' Make a scan from an array
#'
#' A scan is an ordinary numeric array that knows where its voxels lie in the
#' patient. [read_dicom()] and [read_nifti()] make one from files; `as_scan()`
#' makes one from an array that you have.
#'
#' Because a scan is an array, every R function works on it: `x[, , 10]`,
#' `mean(x)`, `range(x)`, `saveRDS(x)`. Arithmetic keeps the geometry, see
#' [scan_methods].
#'
#' @param x A numeric array with three dimensions, indexed `[x, y, z]` =
#'   (column, row, slice). A scan or segmentation keeps its geometry, unless another
#'   is given.
#' @param spacing Distance of neighbouring voxel centres in mm, (x, y, z); one
#'   number stands for all three.
#' @param origin Centre of the first voxel in LPS mm, (x, y, z).
#' @param direction A 3 x 3 matrix; its columns are the LPS unit vectors along
#'   which the x, y and z axes of the array grow.
#' @param modality DICOM modality, such as `"CT"` or `"MR"`.
#' @param unit What the values are, such as `"HU"`.
#' @param reference A scan or segmentation whose geometry is taken over instead
#'   of `spacing`, `origin` and `direction`.
#' @returns A `medvoxel_scan`: the array with the attributes `spacing`,
#'   `origin`, `direction`, `modality`, `unit` and `info`.
#' @seealso [spacing()] and its family for the geometry.
#' @export
#' @examples
#' x <- as_scan(array(rnorm(6 * 5 * 4), c(6, 5, 4)), spacing = c(0.5, 0.8, 4))
#' x
#' dim(x)
#' x[1:3, 2, 1]
as_scan <- function(x, spacing = 1, origin = c(0, 0, 0), direction = diag(3),
                    modality = "", unit = "", reference = NULL) {
  check_word(modality)
  check_word(unit)
  if (is_volume(x) && missing(spacing) && missing(origin) && missing(direction)) {
    reference <- reference %||% x
    if (missing(modality)) modality <- attr(x, "modality") %||% ""
    if (missing(unit)) unit <- attr(x, "unit") %||% ""
  }
  x <- check_numeric_array(x)
  if (!is.null(reference)) {
    check_volume(reference)
    geometry <- geometry_of(reference)
    check_same_dim(x, reference)
  } else {
    geometry <- list(
      spacing = check_spacing(spacing), origin = check_origin(origin),
      direction = check_direction(direction)
    )
  }
  new_scan(x, geometry$spacing, geometry$origin, geometry$direction, modality, unit)
}

#' @rdname as_scan
#' @export
is_scan <- function(x) inherits(x, "medvoxel_scan")

# The constructor trusts its arguments: `as_scan()` and the boundary check them.
new_scan <- function(x, spacing, origin, direction, modality = "", unit = "", info = list(),
                     qc = NULL, sources = NULL) {
  structure(
    x,
    spacing = spacing, origin = origin, direction = direction,
    modality = modality, unit = unit, info = info, qc = qc, sources = sources,
    class = c("medvoxel_scan", "medvoxel_volume")
  )
}

check_numeric_array <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  force(arg)
  if (is.logical(x) && !is.null(dim(x))) storage.mode(x) <- "integer"
  if (!is.numeric(x) || length(dim(x)) != 3 || any(dim(x) < 1)) {
    size <- if (is.null(dim(x))) "no dimensions" else paste("dimensions", show_dim(x))
    slice <- is.numeric(x) && length(dim(x)) == 2
    medvoxel_abort(
      c(
        "{.arg {arg}} must be a numeric array with three dimensions, each at least 1.",
        x = "It is {.obj_type_friendly {x}} with {size}.",
        if (slice) c(i = "A single slice is {.code array(x, c(dim(x), 1))}.")
      ),
      "input", call = call
    )
  }
  check_complete(x, arg, call)
  array_only(x)
}

# The values and dimensions without any other attribute.
array_only <- function(x) {
  d <- dim(x)
  attributes(x) <- NULL
  dim(x) <- d
  x
}

# Text that may be empty.
check_word <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  if (!is.character(x) || length(x) != 1 || is.na(x)) {
    medvoxel_abort(
      "{.arg {arg}} must be one string, not {.obj_type_friendly {x}}.", "input", call = call
    )
  }
  invisible(x)
}

check_origin <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  if (!is.numeric(x) || length(x) != 3 || !all(is.finite(x))) {
    medvoxel_abort(
      "{.arg {arg}} must be three finite numbers: LPS mm (x, y, z).", "geometry", call = call
    )
  }
  as.double(x)
}

check_direction <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  good <- is.numeric(x) && identical(dim(x), c(3L, 3L)) && all(is.finite(x)) &&
    max(abs(crossprod(x) - diag(3))) < 1e-3
  if (!good) {
    medvoxel_abort(
      c(
        "{.arg {arg}} must be a 3 x 3 matrix whose columns are perpendicular unit vectors.",
        i = "The columns say where the x, y and z axes of the array run in LPS."
      ),
      "geometry", call = call
    )
  }
  storage.mode(x) <- "double"
  unname(x)
}

check_same_dim <- function(x, reference, call = caller_env()) {
  if (!identical(dim(x), dim(reference))) {
    medvoxel_abort(
      c(
        "The array and its reference must have the same dimensions.",
        x = "The array has {show_dim(x)}, the reference {show_dim(reference)}.",
        i = "Bring it to the reference's grid with {.fn resample_to}."
      ),
      "geometry", call = call
    )
  }
}

show_dim <- function(x) paste(dim(x), collapse = " x ")
