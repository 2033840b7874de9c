#' Measure segments
#'
#' Size, place and grey values of each segment of a segmentation.
#'
#' What is not defined is `NA`, never 0, and `note` says why: an empty segment has no
#' mean, a single voxel no standard deviation.
#'
#' @param x A scan; or a segmentation that carries its scan, and then `seg` is left out.
#' @param seg A segmentation on the grid of the scan.
#' @param quantiles Probabilities from 0 to 1.
#' @returns A data frame with one row a segment, in the order of the segment table:
#'
#' * `value`, `name`: the segment.
#' * `voxels`, `volume_mm3`, `volume_ml`: its size.
#' * `surface_area_mm2`: area of the marching-cubes surface through the mask, not
#'   smoothed, closed at the border of the scan. It has steps, which make it about 9 %
#'   too large with cubic voxels and more with thick slices.
#' * `touches_border`: whether a voxel lies in the first or last slice, row or column.
#'   The structure may then go on outside the scan, and its volume is a lower bound.
#' * `centroid_x_mm`, `centroid_y_mm`, `centroid_z_mm`: mean of the voxel centres, LPS.
#' * `mean`, `sd`, `min`, `max`: of the grey values, in the unit of the scan; `sd` is
#'   that of a sample (n - 1).
#' * `q05`, `q25`, `q50` ...: quantiles of the grey values, as [quantile()] computes
#'   them by default. Probability 0.025 is the column `q2_5`.
#' * `note`: why a number is missing; empty when all is well.
#' @seealso [segment_threshold()], [segment_kmeans()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' x <- as_scan(array(1:60, c(5, 4, 3)), spacing = c(0.5, 0.8, 4), unit = "HU")
#' seg <- segment_threshold(x, lower = 30, name = "upper half")
#' segment_statistics(x, seg)
segment_statistics <- function(x, seg = NULL, quantiles = c(0.05, 0.25, 0.5, 0.75, 0.95)) {
  both <- scan_and_segments(x, seg)
  check_probabilities(quantiles)
  if (nrow(segment_table(both$seg)) == 0) {
    medvoxel_abort(
      c(
        "The segmentation has no segments to measure.",
        i = "Make some with {.fn segment_threshold} or {.fn segment_kmeans}."
      ),
      "input"
    )
  }
  table <- core_call(
    "segment_statistics", both$scan, both$seg, quantiles = as.list(as.double(quantiles)),
    .progress = "Measuring segments"
  )
  na_for_nan(table)
}

check_probabilities <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  if (!is.numeric(x) || anyNA(x) || any(x < 0 | x > 1)) {
    medvoxel_abort(
      "{.arg {arg}} must be probabilities from 0 to 1, not {.val {x}}.", "input", call = call
    )
  }
  invisible(x)
}
