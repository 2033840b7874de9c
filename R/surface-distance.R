#' Compare segmentations by how far apart their surfaces are
#'
#' Hausdorff distance, its 95th percentile, mean distance and surface Dice coefficient of
#' each segment of two segmentations of one scan, in mm on any grid.
#'
#' A surface is made of small elements: cubes of 2 x 2 x 2 voxel centres with some inside
#' and some outside. An element lies at the centre of its cube and weighs as much as the
#' area of the marching-cubes surface in it, so that a face across thick slices counts
#' for its true size. (Boundary voxels, as ITK counts them, would weigh the same whichever
#' way the surface runs.) Distances are exact between these elements and 0 between equal
#' surfaces, but places are known to about half a voxel: differences below the spacing
#' mean little, and steps on thick slices make mean distances a little too small.
#'
#' Segments are matched as in [overlap()]. A segment that has no voxel in one of the two
#' has no distance: it is `NA`, and `note` says why.
#'
#' @inheritParams overlap
#' @param tolerance Distance in mm that counts as agreement for the surface Dice
#'   coefficient, such as the usual difference between two observers.
#' @returns A data frame with one row a segment, those of `a` first:
#'
#' * `name`: of the segment; `value_a`, `value_b`: its voxel values; `matched_by`.
#' * `area_a_mm2`, `area_b_mm2`: areas of the two surfaces.
#' * `hausdorff_mm`: the largest distance from any element to the other surface.
#' * `hausdorff95_mm`: the distance within which 95 % of the area of one surface lies
#'   from the other; the larger one of the two directions.
#' * `mean_mm`: mean over the area of both surfaces (average symmetric surface distance);
#'   `mean_a_to_b_mm`, `mean_b_to_a_mm`: of each direction.
#' * `surface_dice`: part of the area of both surfaces that lies within `tolerance_mm` of
#'   the other.
#' * `note`: why numbers are missing; empty when all is well.
#' @references S. Nikolov et al., "Clinically applicable segmentation of head and neck
#'   anatomy for radiotherapy", *Journal of Medical Internet Research* 23 (2021) e26151,
#'   whose definitions are used.
#' @seealso [overlap()], [agreement()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' scan <- as_scan(array(1:60, c(5, 4, 3)), spacing = c(0.5, 0.8, 4))
#' anna <- as_segmentation(scan > 30, scan, "tendon")
#' ben <- as_segmentation(scan > 45, scan, "tendon")
#' surface_distance(anna, ben, tolerance = 0.8)
surface_distance <- function(a, b, tolerance = 1) {
  check_segmentation(a)
  check_segmentation(b)
  check_number(tolerance, lower = 0)
  if (is.infinite(tolerance)) {
    medvoxel_abort("{.arg tolerance} must be a finite number of mm.", "input")
  }
  na_for_nan(core_call(
    "surface_distance", a, b, tolerance = as.double(tolerance),
    .progress = "Measuring surface distances"
  ))
}
