#' Segment by a range of grey values
#'
#' Makes one segment of all voxels between two bounds, or of one side of a threshold that
#' is found in the histogram.
#'
#' Otsu's method maximises the variance between the two sides. `"isodata"` takes the lowest
#' threshold midway between the means of the sides, `"li"` the minimum of the cross entropy
#' near the mean, `"yen"` the maximum of the correlation, and `"triangle"` the value
#' farthest below the line from the peak of the histogram to the end of its longer tail,
#' where 1 % of the voxels are left.
#'
#' The names are those of 3D Slicer, and with the same bins the thresholds are within a few
#' bins of those of ITK's filters, which Slicer uses. These count in 256 bins unless told
#' otherwise: `"triangle"` and `"yen"` read the heights of single bins, and find another
#' threshold in other bins. `bins = 256` follows ITK.
#'
#' @section MR scans:
#' One threshold takes the scan to be equally bright everywhere. An MR scan often is
#' brighter near the coil (bias field), and one tissue then lies on both sides of any
#' threshold. Correct it before, for instance with N4 in 3D Slicer or ANTs; [crop()] the
#' scan to the region in question; or use [grow_from_seeds()], which compares neighbours
#' only.
#'
#' @param x A scan.
#' @param lower,upper Bounds in the unit of the scan, both inclusive. `NULL`, `-Inf` and
#'   `Inf` are no bound; with `method = "range"` at least one is needed. With another
#'   method, values outside take no part in the search and are not kept: `lower = -500`
#'   parts soft tissue from bone, not body from air.
#' @param method `"range"`, or one of `"otsu"`, `"isodata"`, `"li"`, `"triangle"` and
#'   `"yen"` to find a threshold.
#' @param name Name of the segment; by default the range itself, such as
#'   `"300 to 1900 HU"` or `"above 128 HU (Otsu)"`.
#' @param side Which side of a found threshold is kept: the bright one, as in 3D Slicer by
#'   default, or the dark one.
#' @param bins Number of bins of equal width to count values in. By default whole numbers
#'   get one for each value; other data 65536, and 256 with `"triangle"` and `"yen"`.
#' @returns A segmentation with one segment of value 1 on the grid of the scan, which it
#'   carries, see [segmentation()]. When no voxel lies in the range it is empty, with a
#'   warning.
#' @references N. Otsu, "A threshold selection method from gray-level histograms",
#'   *IEEE Trans. Syst. Man Cybern.* 9 (1979) 62-66.
#'
#'   T. W. Ridler, S. Calvard, "Picture thresholding using an iterative selection method",
#'   *IEEE Trans. Syst. Man Cybern.* 8 (1978) 630-632.
#'
#'   C. H. Li, P. K. S. Tam, "An iterative algorithm for minimum cross entropy
#'   thresholding", *Pattern Recognit. Lett.* 19 (1998) 771-776.
#'
#'   G. W. Zack, W. E. Rogers, S. A. Latt, "Automatic measurement of sister chromatid
#'   exchange frequency", *J. Histochem. Cytochem.* 25 (1977) 741-753.
#'
#'   J. C. Yen, F. J. Chang, S. Chang, "A new criterion for automatic multilevel
#'   thresholding", *IEEE Trans. Image Process.* 4 (1995) 370-378.
#' @seealso [segment_body()] and its kin for CT, [segment_kmeans()], [mask_scan()],
#'   [segment_statistics()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' x <- as_scan(array(c(rep(40L, 50), rep(900L, 10)), c(5, 4, 3)), unit = "HU")
#' segment_threshold(x, lower = 300, name = "bone")
#' segment_threshold(x, method = "otsu")
#' segment_threshold(x, method = "li", side = "below")
segment_threshold <- function(x, lower = NULL, upper = NULL,
                              method = c("range", "otsu", "isodata", "li", "triangle", "yen"),
                              name = NULL, side = c("above", "below"), bins = NULL) {
  check_scan(x)
  check_number(lower, null = TRUE)
  check_number(upper, null = TRUE)
  # An infinite bound is none, as everywhere in R.
  if (identical(as.double(lower), -Inf)) lower <- NULL
  if (identical(as.double(upper), Inf)) upper <- NULL
  method <- check_choice(method, c("range", "otsu", "isodata", "li", "triangle", "yen"))
  check_string(name, null = TRUE)
  side <- check_choice(side, c("above", "below"))
  check_number(bins, 2, 2^20, null = TRUE, whole = TRUE)
  # What is NULL is left out of the call and of the text.
  method <- if (method != "range") method
  side <- if (side != "above") side
  bins <- if (!is.null(bins)) as.integer(bins)
  arguments <- list(
    lower = lower, upper = upper, method = method, name = name, side = side, bins = bins
  )
  seg <- rlang::inject(core_call("segment_threshold", x, !!!arguments))
  with_scan(
    seg, x, verb_text("segment_threshold", arguments, "scan")
  )
}
