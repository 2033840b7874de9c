oblique <- local({
  a <- 0.3
  rotation <- matrix(c(cos(a), sin(a), 0, -sin(a), cos(a), 0, 0, 0, 1), 3)
  as_scan(
    array(0, c(6, 5, 4)), spacing = c(0.5, 0.8, 4), origin = c(-10, 20, 5), direction = rotation
  )
})

test_that("voxels and millimetres are inverse to each other", {
  index <- as.matrix(expand.grid(c(1, 6), c(1, 5), c(1, 4)))
  mm <- voxel_to_mm(oblique, index)
  expect_equal(unname(mm_to_voxel(oblique, mm)), unname(index))
  # By hand: the second voxel along x lies one spacing along the first column.
  step <- voxel_to_mm(oblique, c(2, 1, 1)) - voxel_to_mm(oblique, c(1, 1, 1))
  expect_equal(as.vector(step), 0.5 * c(cos(0.3), sin(0.3), 0))
})

test_that("the first voxel is at the origin", {
  expect_equal(as.vector(voxel_to_mm(oblique, c(1, 1, 1))), origin(oblique))
  expect_equal(affine(oblique)[1:3, 4], origin(oblique))
})

test_that("orientation codes name the direction in which an axis grows", {
  code <- function(d) orientation(as_scan(array(0, c(2, 2, 2)), direction = d))
  expect_identical(code(diag(3)), "LPS")
  expect_identical(code(diag(c(-1, -1, 1))), "RAS")
  expect_identical(code(diag(c(1, 1, -1))), "LPI")
  # Sagittal: columns run to posterior, rows to inferior, slices to the left.
  expect_identical(code(cbind(c(0, 1, 0), c(0, 0, -1), c(1, 0, 0))), "PIL")
  expect_identical(orientation(oblique), "LPS")
})

test_that("grids are compared in millimetres", {
  near <- as_scan(
    array(0, c(6, 5, 4)), spacing = spacing(oblique), origin = origin(oblique) + c(0.004, 0, 0),
    direction = direction(oblique)
  )
  far <- as_scan(
    array(0, c(6, 5, 4)), spacing = spacing(oblique), origin = origin(oblique) + c(0.1, 0, 0),
    direction = direction(oblique)
  )
  expect_true(same_grid(oblique, near))
  expect_false(same_grid(oblique, far))
  error <- expect_error(check_same_grid(oblique, far), class = "medvoxel_error_geometry")
  expect_equal(error$difference_mm, 0.1)
})

test_that("only scans and segmentations have a geometry", {
  expect_error(spacing(1:3), class = "medvoxel_error_input")
  expect_error(voxel_to_mm(oblique, 1:2), class = "medvoxel_error_input")
})
