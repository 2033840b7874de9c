#' Remove everything but a structure from a scan
#'
#' Replaces the voxels outside of segments, or those inside, or both, which makes a mask of
#' two values. These are the operations of 3D Slicer's effect *Mask volume*.
#'
#' A soft edge is the mask blurred by a Gaussian and stretched to reach from 0 to 1, as the
#' weight between a voxel's value and the fill, as in Slicer. A structure that goes on
#' outside the scan gets no edge there.
#'
#' @param x A scan; or a segmentation that carries its scan, and then `seg` is left out.
#' @param seg A segmentation on the grid of the scan.
#' @param keep Values or names of the segments that make up the mask; all by default.
#' @param fill Value of the replaced voxels. By default -1000 (air) where the unit of
#'   the scan is HU, and the smallest value of the scan elsewhere; 0 with `mode = "both"`.
#' @param mode Which voxels are replaced: `"outside"` of the segments, `"inside"`, or
#'   `"both"`.
#' @param fill_inside With `mode = "both"`: value of the voxels inside, 1 by default.
#' @param soft_edge Standard deviation in mm of the Gaussian that blurs the edge; 0 keeps it
#'   sharp.
#' @returns The scan with the voxels replaced. Whole numbers stay whole numbers unless the
#'   edge is soft.
#' @seealso [segment_threshold()], [segment_kmeans()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' x <- as_scan(array(c(40L, 60L, 900L, 1100L), c(2, 2, 1)), unit = "HU")
#' bone <- segment_threshold(x, lower = 300, name = "bone")
#' as.array(mask_scan(x, bone, keep = "bone"))
#' as.array(mask_scan(x, bone, mode = "inside", fill = 0))
#' as.array(mask_scan(x, bone, mode = "both"))
mask_scan <- function(x, seg = NULL, keep = NULL, fill = NULL,
                      mode = c("outside", "inside", "both"), fill_inside = NULL, soft_edge = 0) {
  both <- scan_and_segments(x, seg)
  check_keep(keep)
  if (is.numeric(keep)) keep <- as.integer(keep)
  check_number(fill, null = TRUE)
  mode <- check_choice(mode, c("outside", "inside", "both"))
  check_number(fill_inside, null = TRUE)
  check_number(soft_edge, lower = 0)
  core_call(
    "mask_scan", both$scan, both$seg, keep = keep, fill = fill, mode = mode,
    fill_inside = fill_inside, soft_edge = soft_edge, .progress = "Masking"
  )
}

# A scan and a segmentation, or a segmentation alone, which carries its scan.
scan_and_segments <- function(x, seg, call = caller_env()) {
  if (!is_segmentation(x)) {
    check_scan(x, "x", call)
    check_segmentation(seg, "seg", call)
    return(list(scan = x, seg = seg))
  }
  if (!is.null(seg)) {
    medvoxel_abort(
      c(
        "{.arg x} is a segmentation, so {.arg seg} must be left out.",
        i = "Name the arguments that follow, or give the scan as {.arg x}."
      ),
      "input", call = call
    )
  }
  list(scan = scan_of(x, call), seg = x)
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
