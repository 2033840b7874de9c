test_that("a ball has the voxels whose centres it reaches, in the patient", {
  skip_if_no_core()
  scan <- oblique_scan()
  point <- as.vector(voxel_to_mm(scan, c(10.3, 8.2, 3.4)))
  seg <- paint(segmentation(scan, "ball"), "ball", at = point, diameter = 8.5)
  expect_identical(seg == "ball", distance_to(scan, point) <= 4.25)
})

test_that("points in voxels and in mm are the same places", {
  skip_if_no_core()
  scan <- oblique_scan()
  index <- rbind(c(3, 4, 2), c(15, 12, 5))
  seg <- segmentation(scan, "ball")
  expect_identical(
    as.array(paint(seg, "ball", at = index, unit = "voxels", diameter = 3)),
    as.array(paint(seg, "ball", at = voxel_to_mm(scan, index), diameter = 3))
  )
})

test_that("even the smallest brush paints the voxel of its point", {
  skip_if_no_core()
  seg <- segmentation(oblique_scan(), "dot") |>
    paint("dot", at = c(3.4, 4.4, 2.4), unit = "voxels", diameter = 0.01)
  expect_identical(unname(which(seg == "dot", arr.ind = TRUE)[1, ]), c(3L, 4L, 2L))
  expect_identical(sum(seg == "dot"), 1L)
})

test_that("discs stay on their slice, strokes run along the line, boxes hold their corners", {
  skip_if_no_core()
  scan <- oblique_scan()
  seg <- segmentation(scan, "a")
  slices <- function(x) unique(which(x == "a", arr.ind = TRUE)[, 3])
  disc <- paint(seg, "a", at = c(10, 8, 3), unit = "voxels", diameter = 12, sphere = FALSE)
  expect_identical(slices(disc), 3L)
  line <- rbind(c(4, 8, 3), c(15, 8, 3))
  stroke <- paint(seg, "a", at = line, unit = "voxels", shape = "stroke", diameter = 0.1)
  expect_identical(as.vector(which(stroke == "a", arr.ind = TRUE)[, 1]), 4:15)
  corners <- rbind(c(15, 3, 2), c(4, 8, 5))
  box <- paint(seg, "a", at = corners, unit = "voxels", shape = "box")
  inside <- array(FALSE, dim(scan))
  inside[4:15, 3:8, 2:5] <- TRUE
  expect_identical(box == "a", inside)
})

test_that("a polygon fills its pixels on one slice of any plane", {
  skip_if_no_core()
  scan <- as_scan(array(0, c(12, 10, 6)), spacing = c(0.5, 0.8, 4))
  seg <- segmentation(scan, "a")
  square <- rbind(c(2.5, 2.5, 3), c(8.5, 2.5, 3), c(8.5, 6.5, 3), c(2.5, 6.5, 3))
  inside <- array(FALSE, dim(scan))
  inside[3:8, 3:6, 3] <- TRUE
  expect_identical(paint(seg, "a", square, unit = "voxels", shape = "polygon") == "a", inside)
  upright <- square[, c(1, 3, 2)]
  upright[, 3] <- c(1.5, 1.5, 4.5, 4.5)
  inside <- array(FALSE, dim(scan))
  inside[3:8, 3, 2:4] <- TRUE
  painted <- paint(seg, "a", upright, unit = "voxels", shape = "polygon", plane = "coronal")
  expect_identical(painted == "a", inside)
})

test_that("masks and ranges paint what they say", {
  skip_if_no_core()
  scan <- oblique_scan()
  seg <- segmentation(scan, c("a", "b"))
  expect_identical(paint(seg, "b", mask = scan > 60) == "b", scan > 60)
  expect_identical(paint(seg, "b", range = c(20, 60)) == "b", scan >= 20 & scan <= 60)
  other <- as_segmentation(scan > 60, scan, "bright")
  expect_identical(paint(seg, "a", mask = other) == "a", scan > 60)
})

test_that("erasing takes from one segment, or from all", {
  skip_if_no_core()
  scan <- oblique_scan()
  seg <- segmentation(scan, c("a", "b")) |>
    paint("a", mask = scan > 60) |>
    paint("b", mask = scan < 40)
  expect_false(any(erase(seg, mask = scan > -1e6) != 0))
  after <- erase(seg, "a", range = c(80, Inf))
  expect_identical(after == "a", scan > 60 & scan < 80)
  expect_identical(after == "b", scan < 40)
})

test_that("a brush that changes nothing says so", {
  skip_if_no_core()
  seg <- two_segments()
  expect_warning(
    paint(seg, "core", at = (dim(seg) + 1) / 2, unit = "voxels", diameter = 1), "already",
    class = "medvoxel_warning_input"
  )
  masked <- editable_range(seg, 5000, 6000)
  expect_warning(
    paint(masked, "rim", at = c(2, 2, 2), unit = "voxels"), "editable",
    class = "medvoxel_warning_input"
  )
})

test_that("what cannot be painted is refused in words of the user", {
  skip_if_no_core()
  seg <- two_segments()
  refused <- function(..., match = NULL, class = "medvoxel_error_input") {
    expect_error(paint(seg, ...), match, class = class)
  }
  refused("bone", at = c(1, 1, 1), match = "core")
  refused("core", match = "one of")
  refused("core", at = c(1, 1, 1), mask = array(TRUE, dim(seg)), match = "one of")
  refused("core", at = c(1, 1))
  refused("core", at = c(1, 1, NA))
  refused("core", at = c(1e4, 0, 0), match = "outside")
  refused("core", at = c(1, 1, 1), diameter = -1)
  refused("core", at = c(2, 2, 2), unit = "voxels", shape = "polygon")
  refused("core", at = c(2, 2, 2), unit = "voxels", shape = "box")
  refused("core", mask = array(TRUE, 2:4), class = "medvoxel_error_geometry")
  refused("core", range = 5)
  refused("core", range = c(5, 2))
  refused(c("core", "rim"), at = c(2, 2, 2), unit = "voxels", match = "one segment")
})

test_that("a voxel without a number lies in no range", {
  skip_if_no_core()
  scan <- oblique_scan()
  seg <- segmentation(scan, "a")
  holes <- scan
  holes[5:7] <- NA_integer_
  attr(seg, "scan") <- holes
  painted <- paint(seg, "a", range = c(-Inf, Inf))
  expect_identical(which(painted == 0), 5:7)
})

test_that("points outside are named as the user counts", {
  skip_if_no_core()
  seg <- two_segments()
  error <- expect_error(
    paint(seg, "core", at = rbind(c(3, 3, 3), c(0, 1, 1)), unit = "voxels"),
    class = "medvoxel_error_input"
  )
  expect_match(conditionMessage(error), "Point 2", fixed = TRUE)
  expect_match(conditionMessage(error), "x 1 to 20", fixed = TRUE)
  box <- rbind(c(-5, 3, 2), c(4, 99, 3))
  clipped <- paint(seg, "rim", at = box, unit = "voxels", shape = "box")
  expect_true(all((clipped == "rim")[1:4, 3:16, 2:3]))
})

test_that("columns of a table are taken by their names", {
  skip_if_no_core()
  scan <- oblique_scan()
  point <- as.vector(voxel_to_mm(scan, c(3, 4, 2)))
  seg <- segmentation(scan, "a")
  table <- data.frame(z = point[3], y = point[2], x = point[1])
  expect_identical(
    as.array(paint(seg, "a", at = table, diameter = 1)),
    as.array(paint(seg, "a", at = point, diameter = 1))
  )
  expect_error(paint(seg, "a", at = matrix(0, 0, 3)), class = "medvoxel_error_input")
})

test_that("nothing to paint is told from nothing to change", {
  skip_if_no_core()
  seg <- segmentation(oblique_scan(), "a")
  expect_warning(paint(seg, "a", range = c(9000, 9999)), "no voxel in what")
})
