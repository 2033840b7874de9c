scan <- as_scan(array(1:60, c(5, 4, 3)), spacing = c(0.5, 0.8, 4), unit = "HU")
labels <- array(0L, dim(scan))
labels[2:3, 1, ] <- 2L
labels[5, 3:4, 1] <- 7L
seg <- as_segmentation(
  labels, scan, data.frame(value = c(2, 7), name = c("tendon", "bone"))
)

test_that("only the kept structure is left", {
  skip_if_no_core()
  plain <- as.array(scan)
  expect_identical(as.array(mask_scan(scan, seg)), ifelse(labels > 0, plain, -1000L))
  expect_identical(as.array(mask_scan(scan, seg, "bone")), ifelse(labels == 7, plain, -1000L))
  expect_identical(mask_scan(scan, seg, keep = 7), mask_scan(scan, seg, keep = "bone"))
  expect_identical(mask_scan(scan, seg, keep = c("tendon", "bone")), mask_scan(scan, seg))
  expect_identical(mask_scan(scan, seg, keep = c(2, 7)), mask_scan(scan, seg))
})

test_that("geometry and unit are kept", {
  skip_if_no_core()
  masked <- mask_scan(scan, seg)
  expect_identical(affine(masked), affine(scan))
  expect_identical(attr(masked, "unit"), "HU")
})

test_that("the fill can be chosen, and is the smallest value without HU", {
  skip_if_no_core()
  expect_identical(mask_scan(scan, seg, fill = 0)[1, 4, 3], 0L)
  other <- as_scan(as.array(scan), reference = scan)
  expect_identical(mask_scan(other, seg)[1, 4, 3], 1L)
})

test_that("what is inside is replaced, or both sides are", {
  skip_if_no_core()
  plain <- as.array(scan)
  inside <- mask_scan(scan, seg, keep = "bone", mode = "inside")
  expect_identical(as.array(inside), ifelse(labels == 7, -1000L, plain))
  expect_identical(as.array(mask_scan(scan, seg, mode = "both")), (labels > 0) + 0L)
  chosen <- mask_scan(scan, seg, keep = "bone", mode = "both", fill = -5, fill_inside = 40)
  expect_identical(as.array(chosen), ifelse(labels == 7, 40L, -5L))
})

test_that("a soft edge is the normal distribution in mm", {
  skip_if_no_core()
  long <- as_scan(array(100, c(40, 4, 3)), spacing = c(0.5, 0.8, 4), unit = "HU")
  half <- array(0L, dim(long))
  half[21:40, , ] <- 1L
  soft <- mask_scan(long, as_segmentation(half, long, "half"), soft_edge = 1.5)
  weight <- stats::pnorm((seq_len(40) - 20.5) * 0.5, sd = 1.5)
  expect_equal(soft[, 2, 2], 100 * weight - 1000 * (1 - weight), tolerance = 1e-3)
  expect_identical(attributes(soft)[c("spacing", "unit")], attributes(long)[c("spacing", "unit")])
})

test_that("a segmentation that carries its scan is enough", {
  skip_if_no_core()
  carried <- seg
  attr(carried, "scan") <- scan
  expect_identical(mask_scan(carried, keep = "bone"), mask_scan(scan, seg, "bone"))
  expect_identical(segment_statistics(carried), segment_statistics(scan, seg))
})

test_that("a segmentation without its scan, and two of them, are refused", {
  bare <- seg
  attr(bare, "scan") <- NULL
  expect_error(mask_scan(bare), "carries no scan", class = "medvoxel_error_input")
  expect_error(segment_statistics(bare), "carries no scan", class = "medvoxel_error_input")
  expect_error(mask_scan(seg, "bone"), "left out", class = "medvoxel_error_input")
  expect_error(mask_scan(scan), "seg", class = "medvoxel_error_input")
})

test_that("bad arguments are refused", {
  expect_error(mask_scan(scan, scan), class = "medvoxel_error_input")
  expect_error(mask_scan(scan, seg, keep = character()), class = "medvoxel_error_input")
  expect_error(mask_scan(scan, seg, keep = TRUE), class = "medvoxel_error_input")
  expect_error(mask_scan(scan, seg, fill = NA), class = "medvoxel_error_input")
  expect_error(mask_scan(scan, seg, mode = "within"), class = "medvoxel_error_input")
  expect_error(mask_scan(scan, seg, soft_edge = -1), class = "medvoxel_error_input")
})

test_that("an unknown segment and another grid are said", {
  skip_if_no_core()
  expect_error(mask_scan(scan, seg, fill_inside = 2), "both", class = "medvoxel_error_input")
  expect_error(mask_scan(scan, seg, "skin"), "tendon", class = "medvoxel_error_input")
  moved <- as_scan(as.array(scan), spacing = c(0.5, 0.8, 4), origin = c(0, 0, 9))
  expect_error(mask_scan(moved, seg), "another grid", class = "medvoxel_error_geometry")
})
