test_that("a scan is the array it was made of, with its geometry", {
  values <- array(rnorm(60), c(5, 4, 3))
  x <- as_scan(values, spacing = c(0.5, 0.8, 4), origin = 1:3, modality = "CT", unit = "HU")
  expect_s3_class(x, "medvoxel_scan")
  expect_identical(as.array(x), values)
  expect_identical(dim(x), c(5L, 4L, 3L))
  expect_identical(spacing(x), c(0.5, 0.8, 4))
  expect_identical(origin(x), c(1, 2, 3))
  expect_true(is_scan(x))
  expect_false(is_scan(values))
})

test_that("one spacing stands for all axes", {
  expect_identical(spacing(as_scan(array(0, c(2, 2, 2)), spacing = 2)), c(2, 2, 2))
})

test_that("geometry can be taken from another", {
  x <- as_scan(array(0, c(5, 4, 3)), spacing = c(0.5, 0.8, 4), origin = c(9, 8, 7))
  y <- as_scan(array(1, c(5, 4, 3)), reference = x)
  expect_identical(affine(y), affine(x))
  expect_error(as_scan(array(1, c(2, 2, 2)), reference = x), class = "medvoxel_error_geometry")
})

test_that("what is no volume is refused with the reason", {
  expect_error(as_scan(matrix(0, 2, 2)), "three dimensions", class = "medvoxel_error_input")
  expect_error(as_scan("a"), class = "medvoxel_error_input")
  expect_error(as_scan(array(c(1, NA), c(2, 1, 1))), "2, 1, 1", class = "medvoxel_error_input")
  expect_error(as_scan(array(0, c(2, 2, 0))), class = "medvoxel_error_input")
  ok <- array(0, c(2, 2, 2))
  expect_error(as_scan(ok, spacing = c(1, 0, 1)), class = "medvoxel_error_input")
  expect_error(as_scan(ok, spacing = c(1, 1)), class = "medvoxel_error_input")
  expect_error(as_scan(ok, origin = c(0, NA, 0)), class = "medvoxel_error_geometry")
  expect_error(as_scan(ok, direction = matrix(1, 3, 3)), class = "medvoxel_error_geometry")
})

test_that("errors name the function that was called", {
  error <- expect_error(as_scan(1), class = "medvoxel_error")
  expect_match(deparse(error$call)[1], "as_scan")
})

test_that("a scan keeps its geometry unless another is given", {
  x <- as_scan(array(0, c(2, 2, 2)), spacing = c(0.5, 0.8, 4), modality = "CT", unit = "HU")
  expect_identical(as_scan(x), x)
  expect_identical(attr(as_scan(x, unit = "mm"), "unit"), "mm")
  expect_identical(affine(as_scan(x, unit = "mm")), affine(x))
  expect_identical(spacing(as_scan(x, spacing = 3)), c(3, 3, 3))
})

test_that("modality and unit are words", {
  ok <- array(0, c(2, 2, 2))
  expect_error(as_scan(ok, unit = NULL), class = "medvoxel_error_input")
  expect_error(as_scan(ok, unit = NA), class = "medvoxel_error_input")
  expect_error(as_scan(ok, modality = c("CT", "MR")), class = "medvoxel_error_input")
})
