row_of <- function(...) {
  scan <- as_scan(array(0L, c(6, 1, 1)), spacing = c(0.5, 0.8, 4))
  as_segmentation(array(c(...), c(6, 1, 1)), scan, c("tendon", "ankle"))
}

test_that("the majority, by hand", {
  skip_if_no_core()
  found <- consensus(
    list(
      anna = row_of(1, 1, 1, 2, 0, 0),
      ben = row_of(1, 1, 2, 1, 0, 1),
      eve = row_of(1, 0, 0, 1, 0, 0)
    ),
    method = "majority"
  )
  expect_s3_class(found, "medvoxel_segmentation")
  expect_identical(as.vector(found), c(1L, 1L, 0L, 1L, 0L, 0L))
  expect_equal(spacing(found), c(0.5, 0.8, 4))
  expect_identical(attr(found, "tied_voxels"), 1L)
  rows <- attr(found, "observers")
  expect_identical(rows$observer, rep(c("anna", "ben", "eve"), each = 2))
  expect_equal(rows$sensitivity, c(2 / 3, NA, 1, NA, 2 / 3, NA))
  expect_equal(rows$specificity[c(1, 3, 5)], c(2 / 3, 2 / 3, 1))
  expect_match(rows$note[2], "no voxel in the consensus")
})

test_that("STAPLE finds the performance that was put in", {
  skip_if_no_core()
  scan <- as_scan(array(0L, c(40, 40, 20)), spacing = c(0.5, 0.8, 4))
  truth <- array(FALSE, dim(scan))
  truth[8:32, 8:32, 4:16] <- TRUE
  rates <- rbind(c(0.95, 0.99), c(0.8, 0.9), c(0.6, 0.97), c(0.9, 0.7))
  observers <- withr::with_seed(8, lapply(1:4, function(j) {
    chance <- array(runif(length(truth)), dim(truth))
    drawn <- ifelse(truth, chance < rates[j, 1], chance > rates[j, 2])
    as_segmentation(drawn, scan, "tendon")
  }))
  found <- consensus(observers)
  rows <- attr(found, "observers")
  expect_lt(max(abs(rows$sensitivity - rates[, 1]), abs(rows$specificity - rates[, 2])), 0.02)
  errors <- sum((found == 1) != truth)
  expect_lt(errors, min(vapply(observers, function(o) sum((o == 1) != truth), 0L)))
  expect_lt(errors, sum((consensus(observers, "majority") == 1) != truth))
})

test_that("what is refused", {
  one <- row_of(1, 1, 1, 2, 0, 0)
  expect_error(consensus(list(one, one), method = "mean"), class = "medvoxel_error_input")
  expect_error(consensus(list(a = list(one), b = list(one))), class = "medvoxel_error_input")
  skip_if_no_core()
  expect_error(consensus(list(one)), "two", class = "medvoxel_error_input")
})
