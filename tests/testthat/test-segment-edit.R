test_that("an edit says the volumes of what has changed, whatever the names hold", {
  skip_if_no_core()
  scan <- oblique_scan()
  seg <- segmentation(scan, c("a {b} <c>", "other")) |>
    paint(1, at = c(10, 8, 3), unit = "voxels", diameter = 6)
  message <- rlang::catch_cnd(margin(seg, 1, mm = 1), "medvoxel_message")
  expect_match(conditionMessage(message), "a {b} <c>: ", fixed = TRUE)
  expect_no_match(conditionMessage(message), "other")
  expect_message(islands(seg, 1), "no volume has changed", class = "medvoxel_message")
})

test_that("small parts of a volume are said, and growth from nothing is not", {
  expect_identical(shown_percent(c(0.5, -0.00012, Inf, 3000, 0)), c(
    " (+50.0 %)", " (-0.012 %)", "", "", " (+0.000 %)"
  ))
})

test_that("an edit leaves its input, the grid and the scan alone", {
  skip_if_no_core()
  scan <- oblique_scan()
  seg <- two_segments(scan)
  before <- as.array(seg) + 0L
  after <- quietly(margin(seg, "core", mm = 1))
  expect_identical(as.array(seg), before)
  expect_identical(affine(after), affine(scan))
  expect_identical(attr(after, "scan"), scan)
})

test_that("a failed edit names its verb", {
  skip_if_no_core()
  error <- rlang::catch_cnd(margin(two_segments(), "core", mm = 0.1), "medvoxel_error")
  expect_identical(as.character(conditionCall(error)[[1]]), "margin")
})

test_that("many segments are not all told", {
  skip_if_no_core()
  scan <- oblique_scan()
  seg <- as_segmentation(scan > 60, scan, "bright")
  message <- rlang::catch_cnd(split_islands(seg, 1, minimum_size = 0), "medvoxel_message")
  expect_match(conditionMessage(message), "and [0-9]+ more")
  expect_lt(length(strsplit(conditionMessage(message), "\n")[[1]]), 13)
})
