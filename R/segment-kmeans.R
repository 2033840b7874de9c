#' Segment by k-means of the grey values
#'
#' Parts the grey values into classes, and cleans each class up: it is opened with
#' a ball, only its largest islands are kept, and the voxels that were freed go to
#' the class that encloses them.
#'
#' A class never takes a voxel of another class: holes are filled only where a voxel
#' has no label. A free voxel that two classes enclose goes to the inner one.
#'
#' @section MR scans:
#' Classes are ranges of values, the same everywhere in the scan. An MR scan often is
#' brighter near the coil (bias field), and one tissue then falls into two classes. Correct
#' it before, for instance with N4 in 3D Slicer or ANTs; [crop()] the scan to the region in
#' question; or use [grow_from_seeds()], which compares neighbours only.
#'
#' @param x A scan.
#' @param classes Number of classes, 2 to 255.
#' @param opening Radius in mm of the ball that each class is opened with, which
#'   removes specks and thin bridges; 0 opens nothing. By default the middle one of
#'   the three voxel spacings: one voxel within the slice, and across slices where
#'   these are as near.
#' @param fill_holes Whether a class takes the voxels that the cleaning freed and that
#'   it encloses.
#' @param islands How many parts of each class to keep, the largest first, connected
#'   through voxel faces; `NULL` keeps all.
#' @param sample Number of voxels, drawn at random, that k-means learns from. All
#'   voxels are then labelled by the nearest centre.
#' @param seed Seed of the draw and of k-means: the same seed gives the same labels.
#' @returns A segmentation with the labels 1 (darkest) to `classes` (brightest), each
#'   named with the centre of its class, such as `"class 1 (-950 HU)"`. Voxels that
#'   belong to none are 0. It carries its scan, see [segmentation()]. A warning says when
#'   the cleaning left a class without a voxel, and when `islands` removed a part at least
#'   a tenth as large as the largest one, such as the other leg.
#' @seealso [segment_threshold()], [mask_scan()], [segment_statistics()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' values <- array(-1000L, c(16, 12, 5))
#' values[3:14, 3:10, ] <- 40L
#' values[6:10, 5:8, ] <- 900L
#' x <- as_scan(values, spacing = c(0.5, 0.8, 4), unit = "HU")
#' segment_kmeans(x, classes = 3, opening = 0)
segment_kmeans <- function(x, classes = 3, opening = NULL, fill_holes = TRUE, islands = 1,
                           sample = 1e5, seed = 1) {
  check_scan(x)
  most <- .Machine$integer.max
  check_number(classes, 2, 255, whole = TRUE)
  check_number(opening, 0, null = TRUE)
  check_flag(fill_holes)
  check_number(islands, 1, most, null = TRUE, whole = TRUE)
  check_number(sample, 1, most, whole = TRUE)
  check_number(seed, 0, most, whole = TRUE)
  # No scan has that many islands: NULL would be left out, and stand for the default.
  arguments <- list(
    classes = as.integer(classes), opening = opening, fill_holes = fill_holes,
    islands = as.integer(islands %||% most), sample = as.integer(sample),
    seed = as.integer(seed)
  )
  seg <- rlang::inject(
    core_call("segment_kmeans", x, !!!arguments, .progress = "Clustering grey values")
  )
  with_scan(seg, x, verb_text("segment_kmeans", arguments, "scan"))
}
