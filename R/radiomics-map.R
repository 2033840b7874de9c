#' Map a radiomics feature over a segment
#'
#' Computes a feature not of the segment as a whole, but in a small window around each of its
#' voxels: where is the texture rough, where is it even? The map is a scan, so
#' [plot_slices()] shows it, [segment_statistics()] measures it and [write_nifti()] saves it.
#'
#' Maps are pyradiomics' voxel-based extraction, for first order and GLCM features. The
#' window is a cube of `2 * kernelRadius + 1` voxels (a square within the slice with
#' `force2d = TRUE`). Grey levels are those of the whole segment, so `bin_width` should give
#' some ten of them within a window, not hundreds. With `maskedKernel = TRUE`, the default,
#' only voxels of the segment are looked at.
#'
#' @inheritParams radiomics
#' @param scan A scan; or a segmentation that carries its scan, and then `seg` is left out.
#' @param feature Names of first order or GLCM features as in the table of [radiomics()],
#'   such as `"original_firstorder_Entropy"`.
#' @param segment Value or name of one segment; may be left out where there is only one.
#' @param settings From [radiomics_settings()]; of interest here are `kernelRadius` (1),
#'   `maskedKernel`, `initValue` (0) and `bin_width`.
#' @returns A scan; with several features a list of them, named. Voxels outside of the segment
#'   have `initValue`; so do voxels where the feature is not defined, such as those without
#'   a neighbour in the segment, and a warning says how many these are. Where the
#'   settings resample the scan, maps lie on the new grid, around the segment.
#' @references J. J. M. van Griethuysen et al., "Computational radiomics system to decode the
#'   radiographic phenotype", *Cancer Research* 77 (2017) e104-e107.
#' @seealso [radiomics()] for one value a segment.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' ankle <- ankle_phantom(spacing = c(1.5, 1.5, 4))
#' rough <- radiomics_map(
#'   ankle$scan, ankle$truth, "original_firstorder_Entropy",
#'   segment = "talus", settings = radiomics_settings(force2d = TRUE, kernelRadius = 2)
#' )
#' rough
#' talus <- which(ankle$truth == "talus", arr.ind = TRUE)
#' plot_slices(rough, rows = 1, cols = 2, slices = range(talus[, 3]) + c(1, -1))
radiomics_map <- function(scan, seg = NULL, feature = "original_glcm_Contrast", segment = NULL,
                          settings = radiomics_settings()) {
  pair <- scan_and_segments(scan, seg)
  check_map_features(feature)
  if (!is.null(segment)) segment <- check_segment(segment, pair$seg)
  check_radiomics_settings(settings)
  core_call(
    "radiomics_map", pair$scan, pair$seg,
    feature = if (length(feature) == 1) feature else as_tuple(feature),
    settings = settings, segment = segment,
    .progress = "Feature map"
  )
}

check_map_features <- function(feature, call = caller_env()) {
  if (is.character(feature) && length(feature) > 0 && !anyNA(feature)) return(invisible(feature))
  medvoxel_abort(
    c(
      "{.arg feature} must be names of features, not {.obj_type_friendly {feature}}.",
      i = "Write them as in the table: {.val original_glcm_Contrast}."
    ),
    "input", call = call
  )
}
