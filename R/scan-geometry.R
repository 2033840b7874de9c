#' Where a scan lies in the patient
#'
#' Every scan and segmentation carries its geometry. These functions read it;
#' they need no Python.
#'
#' @param x A scan or a segmentation.
#' @param index Voxel indices, 1-based: a vector of three (x, y, z) or a matrix
#'   with three columns. Fractions lie between voxel centres.
#' @param points Places in LPS mm: a vector of three or a matrix with three
#'   columns.
#' @returns
#' * `spacing()`: distance of voxel centres in mm, (x, y, z).
#' * `origin()`: centre of the first voxel, LPS mm.
#' * `direction()`: 3 x 3 matrix, columns are the LPS unit vectors of the x, y
#'   and z axes.
#' * `orientation()`: three letters saying where the axes grow, such as `"LPS"`.
#' * `affine()`: 4 x 4 matrix from **0-based** voxel index (x, y, z, 1) to LPS mm,
#'   as file formats define it.
#' * `voxel_to_mm()`, `mm_to_voxel()`: matrices with columns x, y, z; the indices
#'   are 1-based.
#' @name spacing
#' @examples
#' x <- as_scan(array(0, c(6, 5, 4)), spacing = c(0.5, 0.8, 4), origin = c(-10, 20, 5))
#' spacing(x)
#' orientation(x)
#' voxel_to_mm(x, c(1, 1, 1))
#' mm_to_voxel(x, c(-9.5, 20.8, 9))
NULL

#' @rdname spacing
#' @export
spacing <- function(x) attr(check_geometry(x), "spacing")

#' @rdname spacing
#' @export
origin <- function(x) attr(check_geometry(x), "origin")

#' @rdname spacing
#' @export
direction <- function(x) attr(check_geometry(x), "direction")

#' @rdname spacing
#' @export
orientation <- function(x) orientation_code(direction(x))

#' @rdname spacing
#' @export
affine <- function(x) {
  check_geometry(x)
  matrix <- diag(4)
  matrix[1:3, 1:3] <- attr(x, "direction") %*% diag(attr(x, "spacing"))
  matrix[1:3, 4] <- attr(x, "origin")
  matrix
}

#' @rdname spacing
#' @export
voxel_to_mm <- function(x, index) {
  m <- affine(x)
  index <- check_points(index)
  mm <- (index - 1) %*% t(m[1:3, 1:3]) + rep(m[1:3, 4], each = nrow(index))
  colnames(mm) <- c("x", "y", "z")
  mm
}

#' @rdname spacing
#' @export
mm_to_voxel <- function(x, points) {
  m <- affine(x)
  points <- check_points(points)
  offset <- points - rep(m[1:3, 4], each = nrow(points))
  index <- offset %*% t(solve(m[1:3, 1:3])) + 1
  colnames(index) <- c("x", "y", "z")
  index
}

check_geometry <- function(x, call = caller_env()) {
  if (!is_scan(x) && !is_segmentation(x)) {
    medvoxel_abort(
      "{.arg x} must be a scan or a segmentation, not {.obj_type_friendly {x}}.",
      "input", call = call
    )
  }
  x
}

check_points <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  if (is.numeric(x) && is.null(dim(x)) && length(x) == 3) x <- matrix(x, 1)
  if (is.data.frame(x)) x <- as.matrix(x)
  if (!is.numeric(x) || !is.matrix(x) || ncol(x) != 3 || nrow(x) == 0) {
    medvoxel_abort(
      "{.arg {arg}} must be three numbers (x, y, z) or a matrix with three columns.",
      "input", call = call
    )
  }
  # Columns of these names are meant, in whatever order.
  named <- match(c("x", "y", "z"), tolower(colnames(x)))
  if (!anyNA(named)) x <- x[, named, drop = FALSE]
  check_complete(x, arg, call)
  unname(x)
}

orientation_code <- function(direction) {
  letters <- rbind(c("R", "L"), c("A", "P"), c("I", "S"))
  strength <- abs(direction)
  code <- character(3)
  for (step in 1:3) {
    best <- arrayInd(which.max(strength), c(3, 3))
    code[best[2]] <- letters[best[1], 1 + (direction[best] > 0)]
    strength[best[1], ] <- -1
    strength[, best[2]] <- -1
  }
  paste(code, collapse = "")
}

geometry_of <- function(x) {
  list(
    dim = dim(x), spacing = attr(x, "spacing"), origin = attr(x, "origin"),
    direction = attr(x, "direction")
  )
}

# Farthest displacement of a corner voxel between two grids, in mm.
corner_difference <- function(x, y) {
  max(sqrt(rowSums((corners_mm(x) - corners_mm(y))^2)))
}

corners_mm <- function(x) {
  voxel_to_mm(x, as.matrix(expand.grid(lapply(dim(x), function(n) c(1, n)))))
}

same_grid <- function(x, y, tolerance = 1e-2) {
  identical(dim(x), dim(y)) && corner_difference(x, y) <= tolerance * min(spacing(x))
}

check_same_grid <- function(x, y, call = caller_env()) {
  if (same_grid(x, y)) return(invisible())
  off <- corner_difference(x, y)
  medvoxel_abort(
    c(
      "The two lie on different grids.",
      x = "First: {describe_grid(x)}.",
      x = "Second: {describe_grid(y)}.",
      x = "Corners differ by up to {signif(off, 3)} mm.",
      i = "Bring one to the other's grid with {.fn resample_to}."
    ),
    "geometry", difference_mm = off, call = call
  )
}

describe_grid <- function(x) {
  sprintf(
    "%s voxels of %s mm, %s, origin (%s)", show_dim(x), show_numbers(spacing(x), 4, " x "),
    orientation(x), show_numbers(origin(x), 4, ", ")
  )
}
