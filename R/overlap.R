#' Compare segmentations by the voxels that they share
#'
#' Overlap of each segment of two segmentations of one scan: Dice, Jaccard, volumes and
#' rates of error.
#'
#' Segments are matched by name. Where no name is in both segment tables, they are matched
#' by value; `matched_by` says which.
#'
#' A segment that one of the two has and that is empty in the other has the Dice coefficient
#' 0. What is not defined is `NA`, and `note` says why: the segment is empty in both, or in
#' one table only.
#'
#' @param a The segmentation to compare with: the truth, or the first observer.
#' @param b The other segmentation, on the same grid.
#' @returns A data frame with one row a segment, those of `a` first:
#'
#' * `name`: of the segment; `value_a`, `value_b`: its voxel values; `matched_by`.
#' * `volume_a_ml`, `volume_b_ml`, and `volume_difference_ml` = b - a.
#' * `dice`: twice the common volume over the sum of both volumes.
#' * `jaccard`: the common volume over the volume of the union.
#' * `false_negative_rate`: part of `a` that `b` misses (1 - sensitivity).
#' * `false_positive_rate`: part of all voxels outside `a` that `b` has inside
#'   (1 - specificity). It is small wherever the scan is large.
#' * `false_discovery_rate`: part of `b` that is not in `a` (1 - precision). It does not
#'   depend on the size of the scan; some programs call this one the false positive rate.
#' * `note`: why a number is missing; empty when all is well.
#' @references A. A. Taha and A. Hanbury, "Metrics for evaluating 3D medical image
#'   segmentation: analysis, selection, and tool", *BMC Medical Imaging* 15 (2015) 29.
#' @seealso [surface_distance()] for errors in mm, [agreement()] for several observers.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' scan <- as_scan(array(1:60, c(5, 4, 3)), spacing = c(0.5, 0.8, 4))
#' anna <- as_segmentation(scan > 30, scan, "tendon")
#' ben <- as_segmentation(scan > 36, scan, "tendon")
#' overlap(anna, ben)
overlap <- function(a, b) {
  check_segmentation(a)
  check_segmentation(b)
  na_for_nan(core_call("overlap", a, b))
}

# Python has NaN only; a table in R says NA.
na_for_nan <- function(table) {
  numbers <- vapply(table, is.double, NA)
  table[numbers] <- lapply(table[numbers], function(v) replace(v, is.nan(v), NA_real_))
  table
}
