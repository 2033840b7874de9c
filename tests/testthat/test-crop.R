scan_345 <- function() {
  as_scan(array(1:60, c(3, 4, 5)), spacing = c(0.5, 0.8, 4), origin = c(-10, 20, 5))
}

test_that("a box is cut with both ends, counted from 1", {
  skip_if_no_core()
  x <- scan_345()
  part <- crop(x, first = c(2, 1, 3), last = c(3, 3, 5))
  expect_equal(as.array(part), x[2:3, 1:3, 3:5])
  expect_equal(voxel_to_mm(part, c(1, 1, 1)), voxel_to_mm(x, c(2, 1, 3)))
  expect_equal(crop(x), x)
  expect_equal(dim(crop(x, last = c(1, 4, 5))), c(1, 4, 5))
})

test_that("a box is found around segments", {
  skip_if_no_core()
  x <- scan_345()
  seg <- as_segmentation(x == 30 | x == 31, x, "two")
  expect_equal(dim(crop(x, around = seg)), c(3, 2, 1))
  expect_equal(dim(crop(x, around = seg, margin = 0.8)), c(3, 4, 3))
  expect_s3_class(crop(seg, around = seg), "medvoxel_segmentation")
})

test_that("wrong boxes are told in R's counting", {
  skip_if_no_core()
  x <- scan_345()
  expect_error(crop(x, c(0, 1, 1)), "3 x 4 x 5", class = "medvoxel_error_input")
  expect_error(crop(x, last = c(4, 4, 5)), class = "medvoxel_error_input")
  expect_error(crop(x, first = 2), "three whole numbers", class = "medvoxel_error_input")
  expect_error(
    crop(x, first = c(1, 1, 1), around = as_segmentation(x > 1, x, "s")),
    class = "medvoxel_error_input"
  )
  other <- as_scan(array(0, c(3, 4, 5)), origin = c(100, 0, 0))
  expect_error(
    crop(x, around = as_segmentation(other == 0, other, "s")), "another grid",
    class = "medvoxel_error_geometry"
  )
})

test_that("a segmentation takes its scan and what may change along", {
  skip_if_no_core()
  scan <- oblique_scan()
  odd <- array(rep(c(TRUE, FALSE), 960), dim(scan))
  seg <- segmentation(scan, c("a", "b")) |>
    editable_range(lower = 40) |>
    overwrite("none") |>
    editable_area(inside = odd) |>
    paint("a", at = c(9, 9, 3), unit = "voxels")
  part <- crop(seg, first = c(3, 2, 2), last = c(15, 14, 5))
  expect_equal(attr(part, "scan"), crop(scan, first = c(3, 2, 2), last = c(15, 14, 5)))
  all_of_it <- paint(part, "b", mask = array(TRUE, dim(part)))
  box <- list(3:15, 2:14, 2:5)
  allowed <- (odd & as.array(scan >= 40) & as.array(seg) == 0)[box[[1]], box[[2]], box[[3]]]
  expect_identical(all_of_it == "b", allowed)
})
