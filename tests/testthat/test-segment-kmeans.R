leg <- function() {
  values <- array(-1000, c(24, 20, 5))
  values[4:21, 3:18, ] <- 40
  values[9:14, 7:13, ] <- 900
  withr::with_seed(2, values <- values + round(rnorm(length(values), 0, 20)))
  storage.mode(values) <- "integer"
  as_scan(values, spacing = c(0.5, 0.8, 4), origin = c(1, 2, 3), unit = "HU")
}

test_that("classes run from dark to bright and are named with their centres", {
  skip_if_no_core()
  x <- leg()
  seg <- segment_kmeans(x, opening = 0)
  truth <- cut(as.array(x), c(-Inf, -480, 470, Inf), labels = FALSE)
  expect_identical(as.vector(as.array(seg)), truth)
  expect_identical(affine(seg), affine(x))
  name <- segment_table(seg)$name
  expect_match(name, "^class [123] \\(-?[0-9]+ HU\\)$")
  centre <- as.numeric(sub(".*\\((.*) HU\\)", "\\1", name))
  # An independent k-means of R, started near the answer.
  own <- stats::kmeans(as.vector(as.array(x)), c(-1000, 40, 900))$centers
  expect_lte(max(abs(centre - own)), 0.51) # the names are rounded
})

test_that("the same seed gives the same labels", {
  skip_if_no_core()
  x <- leg()
  once <- function() segment_kmeans(x, sample = 200, seed = 3)
  expect_identical(once(), once())
})

test_that("islands and holes", {
  skip_if_no_core()
  values <- array(0L, c(20, 20, 3))
  values[3:8, 3:8, ] <- 100L
  values[13:16, 13:16, ] <- 100L
  values[5, 5, 2] <- 0L
  x <- as_scan(values)
  count <- function(...) sum(segment_kmeans(x, classes = 2, opening = 0, ...) == 2)
  expect_warning(expect_identical(count(), 108L), "class 2", class = "medvoxel_warning")
  expect_identical(suppressWarnings(count(fill_holes = FALSE)), 107L)
  expect_identical(count(islands = 2), 155L) # the speck is an island of the dark class
  expect_identical(count(islands = NULL, fill_holes = FALSE), 155L)
})

test_that("bad arguments are refused before Python is asked", {
  x <- leg()
  expect_error(segment_kmeans(x, classes = 1), class = "medvoxel_error_input")
  expect_error(segment_kmeans(x, classes = 2.5), class = "medvoxel_error_input")
  expect_error(segment_kmeans(x, opening = -1), class = "medvoxel_error_input")
  expect_error(segment_kmeans(x, fill_holes = NA), class = "medvoxel_error_input")
  expect_error(segment_kmeans(x, islands = 0), class = "medvoxel_error_input")
  expect_error(segment_kmeans(x, sample = 0), class = "medvoxel_error_input")
  expect_error(segment_kmeans(x, seed = -1), class = "medvoxel_error_input")
})

test_that("opening rounds corners off and removes specks", {
  skip_if_no_core()
  values <- array(0L, c(20, 20, 3))
  values[3:8, 3:8, ] <- 100L
  values[14, 14, 2] <- 100L
  x <- as_scan(values, spacing = c(0.5, 0.5, 4))
  labels <- as.array(segment_kmeans(x, classes = 2, opening = 0.5, islands = NULL))
  expect_identical(labels[14, 14, 2], 1L)
  expect_identical(labels[3, 3, 2], 0L)
  expect_identical(sum(labels == 2), 3L * (36L - 4L))
})

test_that("too few values are said", {
  skip_if_no_core()
  x <- as_scan(array(c(1L, 2L), c(4, 3, 2)))
  expect_error(segment_kmeans(x), "too few for 3 classes", class = "medvoxel_error_input")
})

test_that("the scan is carried, and the code makes the labels again", {
  skip_if_no_core()
  scan <- leg()
  # All islands, which is not the default.
  seg <- segment_kmeans(scan, classes = 3, opening = 0, islands = NULL, seed = 4)
  expect_identical(attr(seg, "scan"), scan)
  made <- attr(seg, "history")$made
  expect_match(made, "segment_kmeans(scan, classes = 3, opening = 0,", fixed = TRUE)
  expect_identical(eval(str2lang(made)), seg)
})
