test_that("each operator is the logic of its name", {
  skip_if_no_core()
  scan <- oblique_scan()
  seg <- segmentation(scan, c("a", "b")) |>
    paint("a", mask = scan > 60) |> paint("b", mask = scan < 30)
  other <- as_segmentation(scan > 40 & scan < 80, scan, "middle")
  a <- scan > 60
  b <- scan < 30
  middle <- scan > 40 & scan < 80
  with <- function(...) quietly(combine_segments(seg, ...))
  expect_identical(with("copy", "a", "b") == "a", b)
  expect_identical(with("add", "a", "b") == "a", a | b)
  expect_false(any(with("add", "a", "b") == "b"))
  expect_identical(with("subtract", "a", "middle", other = other) == "a", a & !middle)
  expect_identical(with("intersect", "a", 1, other = other) == "a", a & middle)
  expect_identical(with("invert", "a") == "a", !a)
  expect_false(any(with("clear", "a") == "a"))
  expect_true(all(with("fill", "a") == "a"))
})

test_that("without overwriting, other segments keep their voxels", {
  skip_if_no_core()
  seg <- two_segments() |> overwrite("none")
  expect_identical(quietly(combine_segments(seg, "fill", "core")) == "rim", seg == "rim")
})

test_that("what is missing is named", {
  skip_if_no_core()
  seg <- two_segments()
  expect_error(combine_segments(seg, "add", "core"), "modifier", class = "medvoxel_error_input")
  expect_error(combine_segments(seg, "clear", "core", "rim"), class = "medvoxel_error_input")
  expect_error(combine_segments(seg, "xor", "core", "rim"), class = "medvoxel_error_input")
  far <- as_segmentation(array(1, c(2, 2, 2)), as_scan(array(0, c(2, 2, 2))), "x")
  expect_error(
    combine_segments(seg, "add", "core", "x", other = far), class = "medvoxel_error_geometry"
  )
})
