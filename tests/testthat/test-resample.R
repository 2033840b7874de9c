anisotropic <- c(0.5, 0.8, 4)

ramp_scan <- function(dim = c(20, 16, 6), spacing = anisotropic, ...) {
  empty <- as_scan(array(0, dim), spacing = spacing, ...)
  index <- as.matrix(expand.grid(seq_len(dim[1]), seq_len(dim[2]), seq_len(dim[3])))
  mm <- voxel_to_mm(empty, index)
  empty + array(mm %*% c(3, -2, 5), dim)
}

value_by_place <- function(x) {
  index <- as.matrix(expand.grid(seq_len(dim(x)[1]), seq_len(dim(x)[2]), seq_len(dim(x)[3])))
  array(voxel_to_mm(x, index) %*% c(3, -2, 5), dim(x))
}

test_that("spacing is in x, y, z order and the box stays where it is", {
  skip_if_no_core()
  x <- ramp_scan(origin = c(-10, 20, 5))
  y <- resample(x, c(1, 2, 3))
  expect_equal(spacing(y), c(1, 2, 3))
  expect_equal(dim(y), c(10, 6, 8))
  centre <- function(s) voxel_to_mm(s, (dim(s) + 1) / 2)
  expect_equal(centre(y), centre(x))
  expect_identical(direction(y), direction(x))
})

test_that("values lie where they lay in the patient", {
  skip_if_no_core()
  turned <- matrix(c(0, 1, 0, 0, 0, -1, -1, 0, 0), 3)
  for (direction in list(diag(3), turned, diag(c(-1, 1, 1)))) {
    x <- ramp_scan(c(20, 20, 12), c(0.5, 0.8, 1.5), direction = direction)
    y <- resample(x, 0.9)
    inner <- lapply(dim(y), function(n) ceiling(n / 3):floor(2 * n / 3))
    expect_equal(
      as.array(y)[inner[[1]], inner[[2]], inner[[3]]],
      value_by_place(y)[inner[[1]], inner[[2]], inner[[3]]],
      tolerance = 1e-6
    )
  }
})

test_that("the kind of values, modality and unit are kept", {
  skip_if_no_core()
  x <- as_scan(array(1:480, c(10, 8, 6)), anisotropic, modality = "CT", unit = "HU")
  y <- resample(x)
  expect_true(is_scan(y))
  expect_type(y, "integer")
  expect_identical(attributes(y)[c("modality", "unit")], attributes(x)[c("modality", "unit")])
  expect_type(resample(x + 0.5), "double")
  expect_identical(resample(x, anisotropic), x)
})

test_that("a segmentation keeps its labels and its table", {
  skip_if_no_core()
  labels <- array(0L, c(20, 16, 6))
  labels[5:15, 4:12, 2:5] <- 3L
  labels[8:10, 6:9, 3:4] <- 9L
  reference <- as_scan(array(0, dim(labels)), anisotropic)
  seg <- as_segmentation(labels, reference, data.frame(value = c(3L, 9L), name = c("a", "b")))
  small <- resample(seg, 0.7)
  expect_true(is_segmentation(small))
  expect_setequal(unique(as.vector(as.array(small))), c(0L, 3L, 9L))
  expect_identical(segment_table(small), segment_table(seg))
  ml <- function(s) sum(as.array(s) > 0) * prod(spacing(s)) / 1000
  expect_equal(ml(small), ml(seg), tolerance = 0.06)
})

test_that("another grid is reached, with air outside", {
  skip_if_no_core()
  x <- as_scan(array(40L, c(10, 10, 5)), c(1, 1, 2), unit = "HU")
  reference <- as_scan(array(0, c(8, 8, 8)), 1, origin = c(5, 5, 5))
  y <- resample_to(x, reference)
  expect_equal(dim(y), dim(reference))
  expect_equal(origin(y), origin(reference))
  # Voxel edges of x end at 9.5, 9.5 and 9 mm.
  expect_true(all(y[1:5, 1:5, 1:5] == 40))
  expect_true(all(y[6:8, , ] == -1000))
  expect_true(all(resample_to(x, reference, fill = 7)[6:8, , ] == 7))
})

test_that("bad arguments are named", {
  skip_if_no_core()
  x <- as_scan(array(1, c(3, 3, 3)))
  expect_error(resample(1:3), class = "medvoxel_error_input")
  expect_error(resample(x, -1), "spacing", class = "medvoxel_error_input")
  expect_error(resample(x, method = "lanczos"), "cubic", class = "medvoxel_error_input")
  expect_error(resample_to(x, 1), "reference", class = "medvoxel_error_input")
  far <- as_scan(array(1, c(3, 3, 3)), origin = c(100, 0, 0))
  expect_error(resample_to(x, far), "same patient", class = "medvoxel_error_geometry")
  expect_error(resample(x, 1e-5), class = "medvoxel_error_memory")
})

test_that("a spacing far beyond the scan is refused before memory is asked for", {
  skip_if_no_core()
  x <- as_scan(array(0, c(6, 5, 4)), spacing = c(0.5, 0.8, 4))
  expect_error(resample(x, 1e9), "ten times", class = "medvoxel_error_input")
})
