ball_with_hole <- function() {
  scan <- as_scan(array(0, c(31, 31, 9)), spacing = c(0.5, 0.5, 2))
  middle <- c(7.5, 7.5, 8)
  list(
    scan = scan, middle = middle,
    seg = segmentation(scan, c("ball", "other")) |>
      paint("ball", at = middle, diameter = 11) |>
      erase(at = middle, diameter = 1)
  )
}

test_that("closing fills what the ball of the kernel cannot enter", {
  skip_if_no_core()
  b <- ball_with_hole()
  expect_message(closed <- smooth_segment(b$seg, "ball", "closing", kernel = 3), "ball")
  expect_identical(closed == "ball", distance_to(b$scan, b$middle) <= 5.5)
})

test_that("opening removes a speck and keeps the ball", {
  skip_if_no_core()
  b <- ball_with_hole()
  whole <- quietly(fill_holes(b$seg, "ball"))
  speck <- paint(whole, "ball", at = c(0.5, 0.5, 0), diameter = 0.5)
  opened <- quietly(smooth_segment(speck, "ball", "opening", kernel = 1))
  expect_identical(as.array(opened), as.array(whole))
})

test_that("the median is that of a box of odd size along each axis", {
  skip_if_no_core()
  scan <- oblique_scan(c(12, 10, 5))
  seg <- segmentation(scan, "a") |> paint("a", mask = scan > 50)
  # 2.5 mm are 5 voxels of 0.5, 3 of 0.8 and 1 of 4 mm: Slicer's rule.
  smoothed <- quietly(smooth_segment(seg, "a", "median", kernel = 2.5))
  inside <- seg == "a"
  for (voxel in list(c(6, 5, 3), c(7, 4, 2), c(4, 7, 4), c(9, 3, 1))) {
    box <- inside[voxel[1] + -2:2, voxel[2] + -1:1, voxel[3]]
    expect_identical((smoothed == "a")[voxel[1], voxel[2], voxel[3]], mean(box) > 0.5)
  }
})

test_that("the true kernel is said, and one within a voxel refused", {
  skip_if_no_core()
  seg <- two_segments()
  expect_message(
    smooth_segment(seg, "core", "median", kernel = 2.5), "5 x 3 x 1 voxels (2.5 x 2.4 x 4 mm)",
    fixed = TRUE
  )
  expect_message(
    smooth_segment(seg, "core", "gaussian", kernel = 1), "1 mm (2 x 1.25 x 0.25 voxels)",
    fixed = TRUE
  )
  expect_error(
    smooth_segment(seg, "core", "median", kernel = 0.3), "within one voxel",
    class = "medvoxel_error_input"
  )
})

test_that("joint smoothing leaves no gap between neighbours", {
  skip_if_no_core()
  scan <- oblique_scan()
  seg <- segmentation(scan, c("a", "b")) |>
    paint("a", mask = scan > 50) |>
    paint("b", mask = scan <= 50)
  expect_false(any(quietly(smooth_segment(seg, method = "joint", kernel = 1)) == 0))
})

test_that("all segments are smoothed where none is named; unknown ones are refused", {
  skip_if_no_core()
  seg <- two_segments()
  each <- quietly(seg |> smooth_segment("core", kernel = 2) |> smooth_segment("rim", kernel = 2))
  expect_identical(as.array(quietly(smooth_segment(seg, kernel = 2))), as.array(each))
  expect_error(smooth_segment(seg, "bone"), "core", class = "medvoxel_error_input")
  expect_error(smooth_segment(seg, method = "mode"), class = "medvoxel_error_input")
  expect_error(smooth_segment(seg, kernel = NA), class = "medvoxel_error_input")
  expect_error(smooth_segment(1), class = "medvoxel_error_input")
})
