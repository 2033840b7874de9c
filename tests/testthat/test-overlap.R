thick <- function(dim = c(12, 10, 6)) {
  as_scan(array(0L, dim), spacing = c(0.5, 0.8, 4), origin = c(-12.5, 40, 7.25))
}

test_that("the numbers are those of R itself", {
  skip_if_no_core()
  scan <- thick()
  values <- withr::with_seed(3, list(sample(0:2, 720, TRUE), sample(0:2, 720, TRUE)))
  a <- as_segmentation(array(values[[1]], dim(scan)), scan, c("tendon", "ankle"))
  b <- as_segmentation(array(values[[2]], dim(scan)), scan, c("tendon", "ankle"))
  table <- overlap(a, b)
  expect_identical(class(table), "data.frame")
  expect_identical(table$name, c("tendon", "ankle"))
  expect_identical(table$value_b, 1:2)
  expect_identical(table$matched_by, c("name", "name"))
  for (i in 1:2) {
    in_a <- values[[1]] == i
    in_b <- values[[2]] == i
    expect_equal(table$dice[i], 2 * sum(in_a & in_b) / (sum(in_a) + sum(in_b)))
    expect_equal(table$jaccard[i], sum(in_a & in_b) / sum(in_a | in_b))
    expect_equal(table$volume_a_ml[i], sum(in_a) * 1.6 / 1000)
    expect_equal(table$volume_difference_ml[i], (sum(in_b) - sum(in_a)) * 1.6 / 1000)
    expect_equal(table$false_negative_rate[i], mean(!in_b[in_a]))
    expect_equal(table$false_positive_rate[i], mean(in_b[!in_a]))
    expect_equal(table$false_discovery_rate[i], mean(!in_a[in_b]))
  }
})

test_that("what is not there is NA, with a reason", {
  skip_if_no_core()
  scan <- thick()
  labels <- array(0L, dim(scan))
  labels[1:4, , ] <- 1L
  a <- as_segmentation(labels, scan, c("tendon", "ankle"))
  b <- as_segmentation(labels, scan, data.frame(value = c(1, 7), name = c("tendon", "bone")))
  table <- overlap(a, b)
  expect_identical(table$name, c("tendon", "ankle", "bone"))
  expect_identical(table$dice, c(1, NA, NA))
  expect_false(any(is.nan(table$dice)))
  expect_identical(table$value_a, c(1L, 2L, NA))
  expect_match(table$note[2], "no such segment in b")
  expect_match(table$note[3], "no such segment in a, no voxel in b")
})

test_that("what cannot be compared is said", {
  skip_if_no_core()
  scan <- thick()
  a <- as_segmentation(array(1L, dim(scan)), scan, "tendon")
  expect_error(overlap(a, scan), class = "medvoxel_error_input")
  other <- as_scan(array(0L, dim(scan)), spacing = c(0.5, 0.8, 3))
  b <- as_segmentation(array(1L, dim(scan)), other, "tendon")
  expect_error(overlap(a, b), "second segmentation", class = "medvoxel_error_geometry")
})
