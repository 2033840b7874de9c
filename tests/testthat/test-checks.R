test_that("arguments are named as the user wrote them", {
  f <- function(count) check_number(count, lower = 1, whole = TRUE)
  expect_error(f(0), "`count` must be a whole number of at least 1", class = "medvoxel_error_input")
  expect_error(f(1.5), "1.5", class = "medvoxel_error_input")
  expect_error(f("a"), class = "medvoxel_error_input")
  expect_error(f(NA), class = "medvoxel_error_input")
  expect_silent(f(2))
})

test_that("choices, flags and strings are checked", {
  g <- function(method = c("cubic", "linear")) check_choice(method, c("cubic", "linear"))
  expect_identical(g(), "cubic")
  expect_identical(g("linear"), "linear")
  expect_error(g("lin"), "cubic", class = "medvoxel_error_input")
  expect_error(check_flag(NA), class = "medvoxel_error_input")
  expect_error(check_string(c("a", "b")), class = "medvoxel_error_input")
})

test_that("a missing path is told as far as it is right", {
  folder <- withr::local_tempdir()
  error <- expect_error(
    check_path(file.path(folder, "no", "where")), class = "medvoxel_error_file"
  )
  expect_match(gsub("\\s", "", conditionMessage(error)), basename(folder), fixed = TRUE)
})

test_that("missing values are located", {
  x <- array(0, c(3, 3, 3))
  x[2, 3, 1] <- NA
  expect_error(check_complete(x), "2, 3, 1", class = "medvoxel_error_input")
})

test_that("text from outside is never evaluated", {
  expect_error(check_path("/no/{stop('x')}/where"), class = "medvoxel_error_file")
})

test_that("infinite values are located too", {
  x <- array(0, c(3, 3, 3))
  x[1, 1, 2] <- Inf
  expect_error(check_complete(x), "infinite.*1, 1, 2", class = "medvoxel_error_input")
})

test_that("a segmentation that was changed by hand is refused with the way out", {
  scan <- as_scan(array(1:24, c(4, 3, 2)))
  seg <- as_segmentation(scan > 12, scan, "a")
  broken <- seg
  attr(broken, "spacing") <- NULL
  expect_error(check_segmentation(broken), "as_segmentation", class = "medvoxel_error_input")
  storage.mode(seg) <- "double"
  expect_error(check_segmentation(seg), "as_segmentation", class = "medvoxel_error_input")
})
