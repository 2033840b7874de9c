test_that("a cavity is filled in 3D, a ring on its slices only", {
  skip_if_no_core()
  scan <- as_scan(array(0, c(12, 12, 6)), spacing = c(0.5, 0.8, 4))
  labels <- array(0L, dim(scan))
  labels[3:9, 3:9, 2:4] <- 1L
  full <- labels
  labels[5:6, 5:6, 3] <- 0L
  ring <- labels
  ring[5:6, 5:6, 2:4] <- 0L
  cavity <- as_segmentation(labels, scan, "a")
  expect_identical(as.array(quietly(fill_holes(cavity, "a"))), full)
  tube <- as_segmentation(ring, scan, "a")
  expect_identical(as.array(quietly(fill_holes(tube, "a"))), ring)
  expect_identical(as.array(quietly(fill_holes(tube, "a", plane = "axial"))), full)
})

test_that("a cone is found between its two ends", {
  skip_if_no_core()
  scan <- as_scan(array(0, c(41, 41, 11)), spacing = c(0.5, 0.5, 3))
  at <- function(z) c(10, 10, 3 * (z - 1))
  seg <- segmentation(scan, "cone") |>
    paint("cone", at = at(1), diameter = 6, sphere = FALSE) |>
    paint("cone", at = at(11), diameter = 16, sphere = FALSE)
  filled <- quietly(fill_between_slices(seg, "cone"))
  for (z in 1:11) {
    radius <- sqrt(sum((filled == "cone")[, , z]) * 0.25 / pi)
    expect_equal(radius, 3 + (z - 1) / 2, tolerance = 0.06)
  }
  expect_identical((filled == "cone")[, , c(1, 11)], (seg == "cone")[, , c(1, 11)])
})

test_that("what cannot be filled is refused", {
  skip_if_no_core()
  seg <- two_segments()
  expect_error(fill_holes(seg, "core", plane = "oblique"), class = "medvoxel_error_input")
  expect_error(
    fill_between_slices(seg, "core", plane = "axial"), "gap", class = "medvoxel_error_input"
  )
})
