# A ball of noise whose upper half is rougher, thick slices.
map_scene <- function(dim = c(16, 14, 7)) {
  scan <- as_scan(array(0, dim), spacing = c(0.5, 0.8, 4), origin = c(9, -4, 30), unit = "HU")
  set.seed(4)
  upper <- slice.index(scan, 2) > dim[2] / 2
  scan[] <- round(stats::rnorm(length(scan), 100, ifelse(upper, 90, 20)))
  inside <- array(TRUE, dim)
  for (axis in 1:3) inside <- inside & abs(slice.index(scan, axis) - dim[axis] / 2) < dim[axis] / 3
  as_segmentation(array(as.integer(inside), dim), scan, "block")
}

test_that("a map is a scan whose voxels are features of their windows", {
  skip_if_no_core()
  seg <- map_scene()
  scan <- attr(seg, "scan")
  map <- radiomics_map(seg, feature = "original_firstorder_Mean")
  expect_s3_class(map, "medvoxel_scan")
  expect_identical(spacing(map), spacing(scan))
  expect_identical(origin(map), origin(scan))
  expect_identical(attr(map, "unit"), "HU")
  at <- c(8, 7, 4)
  window <- scan[7:9, 6:8, 3:5][seg[7:9, 6:8, 3:5] == 1]
  expect_equal(map[8, 7, 4], mean(window))
  outside <- array(seg == "block", dim(seg))
  expect_true(all(map[!outside] == 0))
})

test_that("contrast tells rough from even, and plot_slices() shows it", {
  skip_if_no_core()
  seg <- map_scene()
  map <- radiomics_map(attr(seg, "scan"), seg, segment = "block")
  inside <- array(seg == "block", dim(seg))
  upper <- slice.index(map, 2) > dim(map)[2] / 2
  expect_gt(mean(map[inside & upper]), 5 * mean(map[inside & !upper]))
  expect_s3_class(plot_slices(map, rows = 1, cols = 2, start = 3, every = 1), "ggplot")
  scaled <- radiomics_settings(bin_width = 50, kernelRadius = 2, initValue = -1)
  expect_true(all(radiomics_map(seg, settings = scaled)[!inside] == -1))
})

test_that("several features are a named list", {
  skip_if_no_core()
  seg <- map_scene()
  names <- c("original_glcm_Contrast", "original_firstorder_Range")
  maps <- radiomics_map(seg, feature = names, segment = 1)
  expect_named(maps, names)
  expect_equal(as.array(maps[[2]]), as.array(radiomics_map(seg, feature = names[2])))
  expect_identical(vapply(maps, attr, "", "unit"), setNames(c("", "HU"), names))
})

test_that("what cannot be mapped is said in the user's words", {
  skip_if_no_core()
  seg <- map_scene()
  expect_error(radiomics_map(seg, feature = "original_shape_Sphericity"), "only of firstorder")
  expect_error(radiomics_map(seg, feature = 1), class = "medvoxel_error_input")
  expect_error(radiomics_map(seg, segment = "bone"), "no segment \"bone\"")
  expect_error(radiomics_map(seg, segment = c(1, 2)), class = "medvoxel_error_input")
  expect_error(radiomics_map(seg, settings = list()), "radiomics_settings")
})

test_that("voxels without neighbours are told", {
  skip_if_no_core()
  seg <- map_scene()
  scan <- attr(seg, "scan")
  labels <- array(as.integer(seg), dim(seg))
  labels[1, 1, 1] <- 1L
  lone <- as_segmentation(labels, scan, "block")
  expect_warning(map <- radiomics_map(lone), "not defined in the window of up to 1 voxel")
  expect_identical(map[1, 1, 1], 0)
})
