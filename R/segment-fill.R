#' Fill holes, and slices between those that were drawn
#'
#' `fill_holes()` fills what a segment encloses. `fill_between_slices()` interpolates the
#' shape of segments that were drawn on some slices only; drawn slices stay as they are.
#'
#' @param seg A segmentation.
#' @param segment Names or values of segments; all by default.
#' @param plane `"axial"`, `"coronal"` or `"sagittal"`. For `fill_holes()`: fill what is
#'   closed within each slice of this plane, instead of in 3D. For `fill_between_slices()`:
#'   the plane of the drawn slices; by default the one with the most gaps.
#' @returns The segmentation. A message says how the volumes have changed.
#' @references S. P. Raya, J. K. Udupa, "Shape-based interpolation of multidimensional
#'   objects", *IEEE Trans. Med. Imaging* 9 (1990) 32-42.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' scan <- as_scan(array(0, c(30, 30, 9)), spacing = c(0.5, 0.5, 3))
#' disc <- function(seg, z, diameter) {
#'   paint(seg, "bone", at = c(7, 7, z), diameter = diameter, sphere = FALSE)
#' }
#' seg <- segmentation(scan, "bone") |> disc(3, 4) |> disc(21, 10)
#' seg <- fill_between_slices(seg, "bone")
#' seg |> erase(at = c(7, 7, 12), diameter = 2) |> fill_holes("bone")
fill_holes <- function(seg, segment = NULL, plane = NULL) {
  fill_labels(seg, segment, plane, "fill_holes", "Filling holes")
}

#' @rdname fill_holes
#' @export
fill_between_slices <- function(seg, segment = NULL, plane = NULL) {
  fill_labels(seg, segment, plane, "fill_between_slices", "Filling slices")
}

fill_labels <- function(seg, segment, plane, verb, progress, call = caller_env()) {
  check_segmentation(seg, call = call)
  values <- core_segments(segment, seg, call)
  if (!is.null(plane)) {
    check_choice(plane, c("axial", "coronal", "sagittal"), arg = "plane", call = call)
  }
  edit_labels(
    seg, verb, list(segment = segment, plane = plane), list(segment = values, plane = plane),
    progress = progress, call = call
  )
}
