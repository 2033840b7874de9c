test_that("defaults are pyradiomics', and names are taken in both spellings", {
  skip_if_no_core()
  settings <- radiomics_settings()
  expect_identical(settings$bin_width, 25)
  expect_identical(settings$interpolator, "sitkBSpline")
  expect_null(settings$label)
  both <- radiomics_settings(
    binWidth = 10, resampledPixelSpacing = c(1, 1, 3), force2D = TRUE, symmetricalGLCM = FALSE,
    minimumROIDimensions = 1, featureClass = "glcm"
  )
  expect_identical(both, radiomics_settings(
    bin_width = 10, resampled_pixel_spacing = c(1, 1, 3), force2d = TRUE,
    symmetrical_glcm = FALSE, minimum_roi_dimensions = 1, feature_classes = "glcm"
  ))
  expect_identical(both$resampled_pixel_spacing, c(1, 1, 3))
})

test_that("settings survive a parameter file", {
  skip_if_no_core()
  path <- withr::local_tempfile(fileext = ".yaml")
  for (settings in list(
    radiomics_settings(), radiomics_settings(bin_count = 32, resampledPixelSpacing = c(1, 2, 3)),
    radiomics_settings("ibsi", aggregation = c("2D_avg", "3D_comb"), resegment_range = c(-5, 40)),
    radiomics_settings(image_types = list(Original = list(), LoG = list(sigma = c(1.5, 3)))),
    radiomics_settings(feature_classes = list(glcm = c("Contrast", "Idm"), shape = character()))
  )) {
    write_radiomics_settings(settings, path)
    expect_identical(read_radiomics_settings(path), settings)
  }
})

test_that("a parameter file of pyradiomics is read", {
  skip_if_no_core()
  path <- withr::local_tempfile(fileext = ".yaml")
  writeLines(c(
    "imageType:", "  Original: {}", "featureClass:", "  shape:", "  firstorder: [Mean, Entropy]",
    "setting:", "  binWidth: 5", "  resampledPixelSpacing: [1, 1, 0]", "  label: 2",
    "  unheardOf: 3"
  ), path)
  expect_warning(settings <- read_radiomics_settings(path), "unheardOf")
  expect_identical(settings$bin_width, 5)
  expect_identical(settings$resampled_pixel_spacing, c(1, 1, 0))
  expect_identical(settings$feature_classes$firstorder, c("Mean", "Entropy"))
  expect_identical(settings$label, 2L)
})

test_that("settings that cannot be are named", {
  skip_if_no_core()
  refused <- function(..., match) {
    expect_error(radiomics_settings(...), match, class = "medvoxel_error_input")
  }
  refused(binwidht = 3, match = "Did you mean")
  refused(bin_width = -1, match = "bin_width")
  refused(normalize = NA, match = "normalize")
  refused(image_types = list(LoG = 3), match = "LoG")
  changed <- radiomics_settings()
  changed$bin_width <- "wide"
  seg <- two_segments()
  expect_error(radiomics(seg, settings = changed), "bin_width", class = "medvoxel_error_input")
  refused("ibsy", match = "ibsi")
  refused(bin_width = 1, binWidth = 2, match = "twice")
  refused("pyradiomics", 25, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 7, match = "name")
  refused(feature_classes = "textures", match = "textures")
  expect_error(read_radiomics_settings("nowhere.yaml"), class = "medvoxel_error_file")
  expect_error(radiomics(1, settings = list()), class = "medvoxel_error_input")
})

test_that("settings print one a line", {
  skip_if_no_core()
  expect_snapshot(print(radiomics_settings(bin_count = 32, label = c("tendon", "talus"))))
})
