x <- as_scan(array(1:24, c(4, 3, 2)), spacing = c(0.5, 0.8, 4), unit = "HU", modality = "CT")

test_that("printing says what a user wants to know first", {
  expect_snapshot(print(x))
  expect_snapshot(print(summary(x)))
})

test_that("indexing gives plain numbers, in every form", {
  expect_identical(x[2, , 1], c(2L, 6L, 10L))
  expect_identical(x[, , 2, drop = FALSE], array(13:24, c(4, 3, 1)))
  expect_identical(x[x > 22], 23:24)
  expect_identical(x[cbind(1, 1, 1:2)], c(1L, 13L))
  expect_identical(x[5], 5L)
})

test_that("arithmetic keeps the geometry, from either side", {
  for (y in list(x + 1L, 1L + x, x - 3, 2 * x, x / x, -x, abs(x), sqrt(x), round(x))) {
    expect_s3_class(y, "medvoxel_scan")
    expect_identical(affine(y), affine(x))
    expect_identical(attr(y, "modality"), "CT")
  }
  expect_identical(as.array(x + 1L), array(2:25, c(4, 3, 2)))
  expect_identical(as.array(10L - x), array(9:-14, c(4, 3, 2)))
})

test_that("the unit stays only where it still holds", {
  expect_identical(attr(x + 1, "unit"), "HU")
  expect_identical(attr(round(x), "unit"), "HU")
  expect_identical(attr(x * 2, "unit"), "")
  expect_identical(attr(sqrt(x), "unit"), "")
})

test_that("comparisons give plain logical arrays", {
  expect_identical(x > 23, array(1:24 > 23, c(4, 3, 2)))
})

test_that("scans of different grids are not combined", {
  y <- as_scan(array(1:24, c(4, 3, 2)), spacing = c(0.5, 0.8, 3))
  error <- expect_error(x + y, class = "medvoxel_error_geometry")
  expect_match(conditionMessage(error), "resample_to")
  expect_match(conditionMessage(error), "1 mm")
  expect_error(x + 1:5, class = "medvoxel_error_input")
})

test_that("dimensions cannot be set", {
  y <- x
  expect_error(dim(y) <- c(3, 4, 2), class = "medvoxel_error_geometry")
})

test_that("values can be replaced in place without losing the geometry", {
  y <- x
  y[y < 5] <- 0L
  expect_s3_class(y, "medvoxel_scan")
  expect_identical(sum(y == 0), 4L)
  expect_identical(affine(y), affine(x))
})

test_that("a scan survives saveRDS()", {
  file <- withr::local_tempfile(fileext = ".rds")
  saveRDS(x, file)
  expect_identical(readRDS(file), x)
})

test_that("summaries work as for any array", {
  expect_identical(range(x), c(1L, 24L))
  expect_equal(mean(x), 12.5)
})

test_that("a scan and a segmentation are only compared on one grid, and never added", {
  seg <- as_segmentation(x > 12, x, "upper")
  elsewhere <- as_segmentation(x > 12, as_scan(as.array(x), spacing = 2), "upper")
  expect_identical(x == seg, as.array(x) == as.array(seg))
  expect_error(x == elsewhere, class = "medvoxel_error_geometry")
  expect_error(elsewhere == x, class = "medvoxel_error_geometry")
  expect_error(x * seg, "mask_scan", class = "medvoxel_error_input")
  expect_error(seg * x, class = "medvoxel_error_input")
  expect_error(-seg, class = "medvoxel_error_input")
  expect_identical(x[seg == 1], 13:24)
})

test_that("only numbers are combined with a scan", {
  expect_error(x + "a", class = "medvoxel_error_input")
  expect_error(x == list(1), class = "medvoxel_error_input")
  expect_identical(x * (x > 23), as_scan(as.array(x) * (1:24 > 23), reference = x, modality = "CT"))
})

test_that("values are clipped as in any array", {
  expect_identical(as.array(pmin(x, 10L)), array(pmin(1:24, 10L), c(4, 3, 2)))
  expect_identical(sum(pmax(x, 20)), sum(pmax(1:24, 20)))
})

test_that("only numbers become voxels", {
  y <- x
  expect_error(y[1, 1, 1] <- "a", class = "medvoxel_error_input")
})

test_that("a scan can be plotted", {
  expect_s3_class(plot(x), "ggplot")
})

test_that("print() says how oblique a scan is, and what range the values have", {
  turn <- function(a) rbind(c(1, 0, 0), c(0, cos(a), -sin(a)), c(0, sin(a), cos(a)))
  x <- as_scan(array(c(1, 2), c(2, 1, 1)), direction = turn(14 * pi / 180))
  expect_true(any(grepl("LPS, oblique by 14.0 degrees", format(x))))
  expect_no_match(format(as_scan(array(1, c(1, 1, 1)))), "oblique")
  x[1, 1, 1] <- NaN
  expect_true(any(grepl("2 to 2", format(x))))
})

test_that("double brackets set voxels as single ones do, and nothing is set beyond", {
  x <- as_scan(array(1:24, c(4, 3, 2)))
  x[[3]] <- 7
  expect_identical(x[3], 7)
  expect_s3_class(x, "medvoxel_scan")
  seg <- as_segmentation(x > 5, x, "high")
  expect_error(seg[[1]] <- 99L, class = "medvoxel_error_input")
  seg[[1]] <- "high"
  expect_identical(seg[1], 1L)
  expect_error(seg[25] <- 1L, "24 voxels", class = "medvoxel_error_input")
  expect_error(x[100] <- 1, "24 voxels", class = "medvoxel_error_input")
})
