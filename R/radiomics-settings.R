#' Settings of radiomics
#'
#' With pyradiomics' names and defaults. Each may be written as pyradiomics does (`binWidth`)
#' or as R does (`bin_width`). `read_radiomics_settings()` takes them from a pyradiomics
#' parameter file (YAML), `write_radiomics_settings()` writes one.
#'
#' @param definition `"pyradiomics"`, or `"ibsi"` for the definitions of the Image Biomarker
#'   Standardisation Initiative, from the resampling grid to the features.
#' @param bin_width Width of a grey-level bin, in the unit of the scan.
#' @param bin_count Number of bins instead; wins over `bin_width`.
#' @param feature_classes Classes to compute, such as `c("shape", "firstorder", "glcm")`; or a
#'   named list with the features of each, `list(glcm = c("Contrast", "Correlation"))`. By
#'   default all but `"shape2D"`.
#' @param image_types Images to compute them on: `"Original"`, `"LoG"`, `"Wavelet"`, `"Square"`,
#'   `"SquareRoot"`, `"Logarithm"`, `"Exponential"`, `"Gradient"`, `"LBP2D"`, `"LBP3D"`; for IBSI
#'   `"Mean"`, `"LoG"`, `"Laws"`, `"Gabor"`, `"Wavelet"`, `"Simoncelli"`. Or a named list with the
#'   settings of each, `list(Original = list(), LoG = list(sigma = c(1, 3)))`.
#' @param label Values or names of the segments; all by default. (pyradiomics' default is 1.)
#' @param resampled_pixel_spacing New spacing in mm, one number or three (x, y, z); 0 keeps
#'   that of the axis. By default nothing is resampled.
#' @param normalize Whether to bring the scan to mean 0 and standard deviation
#'   `normalizeScale` first, as is usual for MR.
#' @param resegment_range Only voxels between these two values count.
#' @param force2d Whether textures are computed within slices only, as for thick slices.
#' @param ... Any other setting: `interpolator` (`"sitkBSpline"`), `normalizeScale` (1),
#'   `removeOutliers`, `resegmentMode` (`"absolute"`), `resegmentShape`, `distances` (1),
#'   `weightingNorm`, `symmetricalGLCM`, `gldm_a` (0), `voxelArrayShift` (0),
#'   `force2Ddimension` (0: the z axis; 1: y; 2: x), `padDistance` (5), `preCrop`,
#'   `minimumROIDimensions` (2), `minimumROISize`, `geometryTolerance`, `correctMask`,
#'   `kernelRadius` (1), `maskedKernel`, `initValue`; and for `definition = "ibsi"`
#'   `aggregation` (`c("3D_avg", "3D_comb")`), `resegment_outliers`, `round_intensities`,
#'   `mask_interpolator`, `mask_threshold`, `ivh_bin_width`, `ivh_bin_count`.
#' @returns A list of class `medvoxel_radiomics_settings` with all settings.
#' @seealso [radiomics()], [radiomics_catalogue()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' radiomics_settings(binWidth = 10, resampledPixelSpacing = 1)
#' settings <- radiomics_settings(feature_classes = list(glcm = "Contrast"), force2d = TRUE)
#' file <- tempfile(fileext = ".yaml")
#' write_radiomics_settings(settings, file)
#' identical(read_radiomics_settings(file), settings)
radiomics_settings <- function(definition = c("pyradiomics", "ibsi"), bin_width = NULL,
                               bin_count = NULL, feature_classes = NULL, image_types = NULL,
                               label = NULL, resampled_pixel_spacing = NULL, normalize = NULL,
                               resegment_range = NULL, force2d = NULL, ...) {
  given <- list(
    definition = check_choice(definition, c("pyradiomics", "ibsi")), bin_width = bin_width,
    bin_count = bin_count, feature_classes = feature_classes, image_types = image_types,
    label = label, resampled_pixel_spacing = resampled_pixel_spacing, normalize = normalize,
    resegment_range = resegment_range, force2d = force2d
  )
  others <- list(...)
  if (length(others) > 0 && any(!nzchar(rlang::names2(others)))) {
    medvoxel_abort("Every setting needs its name, such as {.code bin_width = 25}.", "input")
  }
  names(others) <- snake_case(names(others))
  twice <- intersect(names(others), names(Filter(Negate(is.null), given)))
  if (length(twice) > 0 || anyDuplicated(names(others)) > 0) {
    medvoxel_abort("A setting is given twice: {.arg {twice}}.", "input")
  }
  given <- utils::modifyList(Filter(Negate(is.null), given), others, keep.null = TRUE)
  missing <- names(Filter(function(one) is.atomic(one) && anyNA(one), given))
  if (length(missing) > 0) {
    medvoxel_abort("{.arg {missing}} must have no missing values.", "input")
  }
  core_call("checked_settings", structure(given, class = "medvoxel_radiomics_given"))
}

# pyradiomics' names in R's way of writing.
snake_case <- function(x) {
  known <- c(
    symmetricalGLCM = "symmetrical_glcm", minimumROIDimensions = "minimum_roi_dimensions",
    minimumROISize = "minimum_roi_size", force2D = "force2d",
    force2Ddimension = "force2d_dimension", imageType = "image_types",
    featureClass = "feature_classes"
  )
  plain <- tolower(gsub("([a-z0-9])([A-Z])", "\\1_\\2", x))
  ifelse(x %in% names(known), known[x], plain) |> unname()
}

#' @rdname radiomics_settings
#' @param path A YAML file.
#' @export
read_radiomics_settings <- function(path) {
  core_call("read_parameters", check_path(path))
}

#' @rdname radiomics_settings
#' @param settings From `radiomics_settings()`.
#' @export
write_radiomics_settings <- function(settings, path) {
  check_radiomics_settings(settings)
  core_call("write_parameters", settings, check_path(path, exists = FALSE))
  invisible(settings)
}

check_radiomics_settings <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  if (inherits(x, "medvoxel_radiomics_settings")) return(invisible(x))
  medvoxel_abort(
    c(
      "{.arg {arg}} must come from {.fn radiomics_settings}, not be {.obj_type_friendly {x}}.",
      i = "For instance {.code settings = radiomics_settings(bin_width = 10)}."
    ),
    "input", call = call
  )
}

#' @export
print.medvoxel_radiomics_settings <- function(x, ...) {
  cli::cat_line(sprintf("<radiomics settings> definition %s", x$definition))
  shown <- Filter(Negate(is.null), unclass(x))
  shown$definition <- NULL
  text <- vapply(shown, setting_text, "")
  cli::cat_line(sprintf("  %s  %s", format(names(shown)), text))
  invisible(x)
}

setting_text <- function(x) {
  if (!is.list(x)) return(paste(trimws(format(x)), collapse = ", "))
  if (length(x) == 0) return("none")
  values <- vapply(x, function(one) {
    if (length(one) == 0) "" else sprintf(" (%s)", paste(unlist(one), collapse = ", "))
  }, "")
  paste0(names(x), values, collapse = ", ")
}
