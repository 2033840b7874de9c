test_that("each operator is the logic of its name", {
  skip_if_no_core()
  scan <- oblique_scan()
  seg <- segmentation(scan, c("a", "b")) |>
    paint("a", mask = scan > 60) |>
    paint("b", mask = scan < 30)
  other <- as_segmentation(scan > 40 & scan < 80, scan, "middle")
  a <- scan > 60
  b <- scan < 30
  middle <- scan > 40 & scan < 80
  with <- function(...) quietly(combine_segments(seg, ...))
  expect_identical(with("a", "copy", "b") == "a", b)
  expect_identical(with("a", "add", "b") == "a", a | b)
  expect_false(any(with("a", "add", "b") == "b"))
  expect_identical(with("a", "subtract", "middle", other = other) == "a", a & !middle)
  expect_identical(with("a", "intersect", 1, other = other) == "a", a & middle)
  expect_identical(with("a", "invert") == "a", !a)
  expect_false(any(with("a", "clear") == "a"))
  expect_true(all(with("a", "fill") == "a"))
})

test_that("without overwriting, other segments keep their voxels", {
  skip_if_no_core()
  seg <- two_segments() |> overwrite("none")
  expect_identical(quietly(combine_segments(seg, "core", "fill")) == "rim", seg == "rim")
})

test_that("what is missing is named", {
  skip_if_no_core()
  seg <- two_segments()
  expect_error(combine_segments(seg, "core", "add"), "modifier", class = "medvoxel_error_input")
  expect_error(combine_segments(seg, "core", "clear", "rim"), class = "medvoxel_error_input")
  expect_error(combine_segments(seg, "core", "xor", "rim"), class = "medvoxel_error_input")
  far <- as_segmentation(array(1, c(2, 2, 2)), as_scan(array(0, c(2, 2, 2))), "x")
  expect_error(
    combine_segments(seg, "core", "add", "x", other = far), class = "medvoxel_error_geometry"
  )
})
