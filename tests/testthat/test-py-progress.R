test_that("a bar is only made where it is wanted", {
  withr::local_options(medvoxel.progress = FALSE)
  expect_null(with_progress("Working", function(callback) callback))
  expect_null(with_progress(NULL, function(callback) callback))
})

test_that("the callback tells Python to go on", {
  withr::local_options(medvoxel.progress = TRUE)
  answers <- with_progress("Working", function(callback) c(callback(0.5, "a"), callback(1, "a")))
  expect_identical(answers, c(TRUE, TRUE))
})

test_that("Python reports to R, and work that R stops is cancelled", {
  skip_if_no_core()
  progress <- reticulate::import_from_path("medvoxel.progress", core_path(), convert = FALSE)
  seen <- numeric()
  go_on <- TRUE
  callback <- as_callback(function(fraction, label) {
    seen <<- c(seen, fraction)
    go_on
  })
  bar <- progress$Progress(callback, 4L, "Working", interval = 0)
  bar$advance()
  bar$advance(2L)
  expect_equal(seen, c(0.25, 0.75))
  go_on <- FALSE
  expect_error(bar$advance(), "stopped before it had finished")
})

test_that("a verb with a progress bar works", {
  skip_if_no_core()
  withr::local_options(medvoxel.progress = TRUE)
  x <- as_scan(array(1:60, c(3, 4, 5)))
  expect_s3_class(core_call("resample", x, spacing = 0.5, .progress = "Resampling"), "medvoxel_scan")
})
