test_that("runs lead from one array to the other and back", {
  withr::local_seed(1)
  for (values in list(0:1, c(0L, 5L, 300L, .Machine$integer.max))) {
    before <- array(sample(values, 4000, TRUE), c(20, 20, 10))
    after <- before
    after[sample(4000, 900)] <- sample(values, 900, TRUE)
    runs <- unpack_runs(pack_runs(voxel_runs(before, after)))
    expect_identical(apply_runs(before, runs), after)
    expect_identical(apply_runs(after, runs, back = TRUE), before)
  }
})

test_that("nothing is kept of no difference", {
  x <- array(1:8, c(2, 2, 2))
  expect_null(pack_runs(voxel_runs(x, x)))
  expect_identical(apply_runs(x, unpack_runs(NULL)), x)
  expect_identical(count_changed(NULL), 0)
})

test_that("a run has neighbours with the same values only", {
  runs <- voxel_runs(c(0L, 0L, 0L, 1L, 1L, 0L), c(2L, 2L, 0L, 2L, 3L, 3L))
  expect_identical(runs$start, c(1L, 4L, 5L, 6L))
  expect_identical(runs$length, c(2L, 1L, 1L, 1L))
  expect_identical(count_changed(pack_runs(runs)), 5)
})

test_that("labels are packed and unpacked with their dimensions", {
  withr::local_seed(2)
  x <- array(sample(0:3, 60, TRUE), c(5, 4, 3))
  expect_identical(unpack_voxels(pack_voxels(x)), x)
  empty <- array(0L, c(2, 1, 3))
  expect_identical(unpack_voxels(pack_voxels(empty)), empty)
})

test_that("layers of labels lie over each other", {
  withr::local_seed(3)
  x <- array(sample(0:3, 60, TRUE), c(5, 4, 3))
  expected <- x
  layers <- list(pack_voxels(x))
  for (label in list(0L, 2L, sample(0:9, 20, TRUE))) {
    at <- sort(sample(60, 20))
    expected[at] <- rep_len(label, 20)
    layers <- c(layers, list(pack_places(at, rep_len(label, 20), dim(x))))
  }
  expect_identical(unpack_layers(layers), expected)
  empty <- pack_places(integer(), integer(), c(2, 2, 2))
  expect_identical(unpack_layers(list(empty, empty)), array(0L, c(2, 2, 2)))
})
