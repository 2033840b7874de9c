#' Make one segmentation from those of several observers
#'
#' A consensus by STAPLE, which weighs observers by the performance that it estimates
#' along with the truth, or by the vote of the majority.
#'
#' A voxel for which two labels are equally good, "no segment" being one of them, gets no
#' segment. Segments are matched by name; where no name occurs twice, by value. An
#' observer without a segment counts as one who found none of it.
#'
#' STAPLE is the multi-label form with one confusion matrix an observer; the prior
#' probability of a label is its share in all segmentations, over the whole scan, and the
#' first estimate comes from the vote, as in ITK. Its result depends on how much
#' background there is, and with observers who are mostly wrong it can be worse than the
#' vote: look at both.
#'
#' @param observers A named list with the segmentation of each observer, all on one grid.
#' @param method `"staple"` or `"majority"`.
#' @returns A segmentation. A segment has the name, value and colour that the first observer
#'   gave it; where its value is taken, the next free one. Two attributes say more:
#'
#' * `observers`, a data frame with one row for each observer and segment: `observer`,
#'   `name`, `sensitivity`, `specificity` (both judged by the consensus), and `note`, why
#'   a number is missing.
#' * `tied_voxels`, how many voxels have no segment because of a tie.
#' @references S. K. Warfield, K. H. Zou and W. M. Wells, "Simultaneous truth and
#'   performance level estimation (STAPLE)", *IEEE Transactions on Medical Imaging* 23
#'   (2004) 903-921. T. Rohlfing, D. B. Russakoff and C. R. Maurer, "Performance-based
#'   classifier combination in atlas-based image segmentation using
#'   expectation-maximization parameter estimation", in the same volume, 983-994.
#' @seealso [agreement()], [overlap()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' scan <- as_scan(array(1:60, c(5, 4, 3)), spacing = c(0.5, 0.8, 4))
#' above <- function(level) as_segmentation(scan > level, scan, "tendon")
#' agreed <- consensus(list(anna = above(30), ben = above(36), eve = above(33)))
#' agreed
#' attr(agreed, "observers")
consensus <- function(observers, method = c("staple", "majority")) {
  method <- check_choice(method, c("staple", "majority"))
  observers <- check_observers(observers, several = FALSE)
  found <- core_call("consensus", observers, method = method, .progress = "Finding the consensus")
  scans <- Filter(Negate(is.null), lapply(observers, attr, "scan"))
  seg <- if (length(scans) > 0) with_scan(found[[1]], scans[[1]]) else found[[1]]
  structure(seg, observers = na_for_nan(found[[2]]), tied_voxels = found[[3]])
}
