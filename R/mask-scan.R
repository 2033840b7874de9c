#' Remove everything but a structure from a scan
#'
#' @param x A scan.
#' @param seg A segmentation on the grid of the scan.
#' @param keep Values or names of the segments to keep; all segments by default.
#' @param fill Value of the removed voxels. By default -1000 (air) where the unit of
#'   the scan is HU, and the smallest value of the scan elsewhere.
#' @returns The scan with every other voxel replaced.
#' @seealso [segment_threshold()], [segment_kmeans()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' x <- as_scan(array(c(40L, 60L, 900L, 1100L), c(2, 2, 1)), unit = "HU")
#' bone <- segment_threshold(x, lower = 300, name = "bone")
#' as.array(mask_scan(x, bone, keep = "bone"))
mask_scan <- function(x, seg, keep = NULL, fill = NULL) {
  check_scan(x)
  check_segmentation(seg)
  check_keep(keep)
  if (is.numeric(keep)) keep <- as.integer(keep)
  check_number(fill, null = TRUE)
  core_call("mask_scan", x, seg, keep = keep, fill = fill)
}

check_keep <- function(keep, arg = rlang::caller_arg(keep), call = caller_env()) {
  if (is.null(keep)) return(invisible(keep))
  if (!(is.numeric(keep) || is.character(keep)) || length(keep) == 0 || anyNA(keep)) {
    medvoxel_abort(
      c(
        "{.arg {arg}} must be values or names of segments, not {.obj_type_friendly {keep}}.",
        i = "{.code segment_table(seg)} lists them; leave {.arg {arg}} out to keep all."
      ),
      "input", call = call
    )
  }
  invisible(keep)
}
