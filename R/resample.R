#' Bring a scan or a segmentation to another spacing or grid
#'
#' `resample()` lays a raster with another spacing over the same box of the patient:
#' old and new raster have the same centre, and the spacing asked for is kept exactly.
#' `resample_to()` brings `x` onto the grid of another scan or segmentation, whatever
#' its direction.
#'
#' A scan keeps its kind of values: whole numbers stay whole. Cubic interpolation
#' overshoots a little at sharp edges, so the range of values can widen. A segmentation
#' keeps its labels: every voxel gets the label that fills most of it (linear
#' interpolation of each label on its own); no new label can appear.
#'
#' @param x A scan or a segmentation.
#' @param spacing New spacing in mm: one number for cubes, or three (x, y, z).
#' @param method Interpolation of a scan: `"cubic"`, `"linear"` or `"nearest"`. For a
#'   segmentation only `"nearest"` makes a difference: it takes the label at each voxel's
#'   centre.
#' @param antialias `TRUE` averages over the new voxel along axes that get coarser,
#'   which keeps noise and fine patterns from aliasing. `FALSE` picks points of the old
#'   raster: sharper, and noisier.
#' @returns What `x` is, on the new grid. A segmentation that `resample_to()` brings to a scan
#'   carries that scan from then on; after `resample()` it carries none.
#' @references R. Keys, "Cubic convolution interpolation for digital image processing",
#'   *IEEE Trans. Acoustics, Speech, and Signal Processing* 29 (1981) 1153-1160.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' x <- as_scan(array(1:960, c(16, 12, 5)), spacing = c(0.5, 0.8, 4), unit = "HU")
#' resample(x)
#' resample(x, spacing = c(1, 1, 4), method = "linear")
#'
#' seg <- as_segmentation(x > 500, x, "upper half")
#' resample_to(seg, resample(x))
resample <- function(x, spacing = 1, method = c("cubic", "linear", "nearest"),
                     antialias = TRUE) {
  check_volume(x)
  spacing <- check_spacing(spacing)
  method <- check_choice(method, c("cubic", "linear", "nearest"))
  check_flag(antialias)
  core_call(
    "resample", x, zyx(spacing), method = method, antialias = antialias,
    .progress = "Resampling"
  )
}

#' @rdname resample
#' @param reference A scan or a segmentation on the grid wanted; its values are not used.
#' @param fill Value of voxels that lie outside `x`. By default -1000 (air) when the unit
#'   is HU, the smallest value of any other scan, and 0 in a segmentation.
#' @export
resample_to <- function(x, reference, method = c("cubic", "linear", "nearest"),
                        antialias = TRUE, fill = NULL) {
  check_volume(x)
  check_volume(reference)
  method <- check_choice(method, c("cubic", "linear", "nearest"))
  check_flag(antialias)
  check_number(fill, null = TRUE)
  out <- core_call(
    "resample_to", x, reference, method = method, antialias = antialias, fill = fill,
    .progress = "Resampling"
  )
  if (is_segmentation(out)) with_scan(out, carried_scan(reference)) else out
}
