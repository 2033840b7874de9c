scan_345 <- function() {
  as_scan(
    array(1:60, c(3, 4, 5)), spacing = c(0.5, 0.8, 4), origin = c(-10, 20, 5), modality = "CT",
    unit = "HU"
  )
}

test_that("voxels keep their values and places", {
  skip_if_no_core()
  x <- scan_345()
  y <- reorient(x, "SAR")
  expect_equal(orientation(y), "SAR")
  expect_equal(dim(y), c(5, 4, 3))
  expect_equal(spacing(y), c(4, 0.8, 0.5))
  # Column 2, row 3, slice 4 of x: counted from the other end where the axis is turned.
  expect_equal(y[4, 2, 2], x[2, 3, 4])
  expect_equal(voxel_to_mm(y, c(4, 2, 2)), voxel_to_mm(x, c(2, 3, 4)))
  expect_equal(attr(y, "unit"), "HU")
  expect_equal(reorient(y, "LPS"), x)
})

test_that("segmentations keep their table", {
  skip_if_no_core()
  x <- scan_345()
  seg <- as_segmentation(x > 30, x, "upper")
  expect_equal(segment_table(reorient(seg, "RAS")), segment_table(seg))
  expect_equal(sum(reorient(seg, "RAS") == "upper"), 30)
})

test_that("other codes are refused", {
  skip_if_no_core()
  expect_error(reorient(scan_345(), "XYZ"), "three letters", class = "medvoxel_error_input")
  expect_error(reorient(scan_345(), 1), class = "medvoxel_error_input")
  expect_error(reorient(array(0, c(2, 2, 2))), class = "medvoxel_error_input")
})

test_that("a segmentation takes its scan and what may change along", {
  skip_if_no_core()
  scan <- oblique_scan()
  odd <- array(rep(c(TRUE, FALSE), 960), dim(scan))
  seg <- editable_area(segmentation(scan, "a"), inside = odd)
  turned <- reorient(seg, "SAR")
  expect_equal(attr(turned, "scan"), reorient(scan, "SAR"))
  painted <- paint(turned, "a", mask = array(TRUE, dim(turned)))
  expect_identical(reorient(painted, orientation(scan)) == "a", odd)
})
