#' Keep a box of voxels
#'
#' Cuts a box out of a scan or segmentation. Unlike `x[i, j, k]`, the result is a scan
#' again and knows where in the patient it lies.
#'
#' @param x A scan or a segmentation.
#' @param first,last The first and the last voxel that are kept, (x, y, z), from 1. Left
#'   out, those of `x`.
#' @param around Instead of these: a segmentation on the same grid; the smallest box
#'   around all its segments is kept.
#' @param margin Room that is left around the segments, in mm. It ends at the edge of the
#'   scan.
#' @returns The box, as a scan or segmentation. A segmentation that carries its scan takes the
#'   same box of it along; its history ends, and what has grown counts as
#'   drawn.
#' @seealso [mask_scan()], which keeps the grid; [mm_to_voxel()] for boxes in mm.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' x <- as_scan(array(1:60, c(5, 4, 3)), spacing = c(0.5, 0.8, 4))
#' crop(x, first = c(2, 1, 1), last = c(4, 4, 2))
#' crop(x, around = as_segmentation(x > 55, x, "high"), margin = 0.5)
crop <- function(x, first = NULL, last = NULL, around = NULL, margin = 0) {
  check_volume(x)
  check_corner(first)
  check_corner(last)
  if (!is.null(around)) check_segmentation(around)
  check_number(margin, 0)
  if (!is.null(around) && !(is.null(first) && is.null(last))) {
    medvoxel_abort("Give either {.arg around} or {.arg first} and {.arg last}.", "input")
  }
  box <- core_call(
    "crop", x, first = zyx_index(first), last = zyx_index(last), around = around,
    margin = as.double(margin)
  )
  with_same_part(box, x, function(scan) crop(scan, first, last, around, margin))
}

# A segmentation takes the same part of its scan along, and of the masks that say what may
# change.
with_same_part <- function(part, whole, take) {
  if (!is_segmentation(whole)) return(part)
  scan <- attr(whole, "scan")
  attr(part, "masking") <- lapply(attr(whole, "masking"), function(area) {
    if (is_voxels(area)) pack_voxels(array_only(take(as_volume_like(area, whole)))) else area
  })
  with_scan(part, if (!is.null(scan)) take(scan))
}

as_volume_like <- function(voxels, reference) {
  new_segmentation(
    unpack_voxels(voxels), spacing(reference), origin(reference), direction(reference),
    attr(reference, "segments")
  )
}

check_corner <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  if (is.null(x) || rlang::is_integerish(x, n = 3, finite = TRUE)) return(invisible(x))
  medvoxel_abort(
    "{.arg {arg}} must be three whole numbers: the indices along x, y and z.",
    "input", call = call
  )
}
