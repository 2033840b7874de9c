#' Let the axes of a scan run in other directions
#'
#' Turns the array of a scan or segmentation so that its x, y and z axes run in the
#' directions of the patient that you name. Nothing is interpolated: no voxel changes its
#' value or its place in the patient. An oblique scan stays oblique.
#'
#' @param x A scan or a segmentation.
#' @param axes Three letters, one each of L or R, A or P, I or S: the directions in which
#'   x, y and z shall count up. `"LPS"` is DICOM's order, `"RAS"` that of NIfTI.
#' @returns The same scan or segmentation, with `orientation(x)` equal to `axes`. A
#'   segmentation that carries its scan takes it along; its history ends, and what has grown
#'   counts as drawn.
#' @seealso [orientation()] tells how the axes run now; [resample()] for another raster.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' x <- as_scan(array(1:24, c(4, 3, 2)), spacing = c(0.5, 0.8, 4))
#' orientation(x)
#' y <- reorient(x, "SAR")
#' dim(y)
#' voxel_to_mm(y, c(1, 1, 1))
reorient <- function(x, axes = "LPS") {
  check_volume(x)
  check_string(axes)
  with_same_part(core_call("reorient", x, axes), x, function(scan) reorient(scan, axes))
}
