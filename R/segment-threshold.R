#' Segment by a range of grey values
#'
#' Makes one segment of all voxels between two bounds, or of the bright side of a
#' threshold that Otsu's method finds.
#'
#' @param x A scan.
#' @param lower,upper Bounds in the unit of the scan, both inclusive. `NULL`, `-Inf` and
#'   `Inf` are no bound; with `method = "range"` at least one is needed.
#' @param method `"range"`, or `"otsu"` to find the lower bound that parts dark from
#'   bright best. Values outside `lower` and `upper` then take no part in the search
#'   and are not kept: `lower = -500` parts soft tissue from bone, not body from air.
#' @param name Name of the segment; by default the range itself, such as
#'   `"300 to 1900 HU"` or `"above 128 HU (Otsu)"`.
#' @returns A segmentation with one segment of value 1 on the grid of the scan. When
#'   no voxel lies in the range it is empty, with a warning.
#' @references N. Otsu, "A threshold selection method from gray-level histograms",
#'   *IEEE Trans. Syst. Man Cybern.* 9 (1979) 62-66; here from the exact histogram of
#'   all voxels where values are whole numbers.
#' @seealso [segment_kmeans()], [mask_scan()], [segment_statistics()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' x <- as_scan(array(c(rep(40L, 50), rep(900L, 10)), c(5, 4, 3)), unit = "HU")
#' segment_threshold(x, lower = 300, name = "bone")
#' segment_threshold(x, method = "otsu")
segment_threshold <- function(x, lower = NULL, upper = NULL, method = c("range", "otsu"),
                              name = NULL) {
  check_scan(x)
  check_number(lower, null = TRUE)
  check_number(upper, null = TRUE)
  # An infinite bound is none, as everywhere in R.
  if (identical(as.double(lower), -Inf)) lower <- NULL
  if (identical(as.double(upper), Inf)) upper <- NULL
  method <- check_choice(method, c("range", "otsu"))
  check_string(name, null = TRUE)
  core_call("segment_threshold", x, lower = lower, upper = upper, method = method, name = name)
}
