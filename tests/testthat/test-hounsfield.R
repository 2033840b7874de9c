stored <- function(values, unit = "stored values", modality = "CT") {
  as_scan(
    array(values, c(length(values), 1, 1)), spacing = c(0.5, 0.8, 4), origin = c(1, 2, 3),
    modality = modality, unit = unit
  )
}

test_that("the default is slope 1 and intercept -1024, and whole numbers stay integer", {
  x <- stored(c(0L, 24L, 1024L, 4095L))
  hu <- hounsfield(x)
  expect_identical(as.vector(hu), c(-1024L, -1000L, 0L, 3071L))
  expect_identical(attr(hu, "unit"), "HU")
  expect_identical(attr(hu, "modality"), "CT")
  expect_identical(affine(hu), affine(x))
  expect_identical(
    attr(hu, "info")[c("rescale_slope", "rescale_intercept", "rescale_assumed")],
    list(rescale_slope = 1, rescale_intercept = -1024, rescale_assumed = TRUE)
  )
  expect_identical(as.vector(x), c(0L, 24L, 1024L, 4095L))
})

test_that("other facts of the scan are kept", {
  x <- stored(1:3)
  attr(x, "info") <- list(kvp = 120, rescale_slope = 1)
  info <- attr(hounsfield(x, slope = 2), "info")
  expect_identical(info$kvp, 120)
  expect_identical(info$rescale_slope, 2)
})

test_that("nothing becomes NA or wraps round", {
  big <- .Machine$integer.max
  expect_identical(as.vector(hounsfield(stored(c(0L, big)), 2, 0)), c(0, 2 * big))
  # On the way too large for an integer, but not at the end.
  result <- hounsfield(stored(c(2000000000L, 2100000000L)), 2, -2^31)
  expect_identical(as.vector(result), c(1852516352L, 2052516352L))
  expect_identical(as.vector(hounsfield(stored(c(0L, 3L)), 0.5, -1024)), c(-1024, -1022.5))
  expect_identical(as.vector(hounsfield(stored(c(0.5, 1)), -2, 1)), c(0, -1))
})

test_that("the core gives the same", {
  skip_if_no_core()
  for (slope in c(1, -2, 0.5)) {
    x <- stored(c(0L, 7L, 4095L))
    expect_equal(core_call("hounsfield", x, slope = slope), hounsfield(x, slope))
  }
})

test_that("only stored values are converted", {
  expect_error(hounsfield(stored(1:2, "HU")), "already", class = "medvoxel_error_input")
  expect_error(hounsfield(stored(1:2, "SUV")), "SUV", class = "medvoxel_error_input")
  expect_error(hounsfield(stored(1:2, "")), "have no unit", class = "medvoxel_error_input")
  expect_error(hounsfield(1:2), class = "medvoxel_error_input")
  expect_snapshot(hounsfield(stored(1:2, "")), error = TRUE)
})

test_that("an impossible rescaling is refused", {
  expect_error(hounsfield(stored(1:2), slope = 0), class = "medvoxel_error_input")
  expect_error(hounsfield(stored(1:2), slope = Inf), class = "medvoxel_error_input")
  expect_error(hounsfield(stored(1:2), intercept = NA), class = "medvoxel_error_input")
})

test_that("a scan that is no CT is warned about", {
  expect_warning(hounsfield(stored(1:2, modality = "MR")), "MR", class = "medvoxel_warning_input")
})
