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
  y <- core_call("resample", x, spacing = 0.5, .progress = "Resampling")
  expect_s3_class(y, "medvoxel_scan")
})

test_that("an interrupt ends the work with a classed condition, and Python goes on", {
  skip_if_no_core()
  skip_on_os("windows")
  skip_if_not_installed("callr")
  skip_if_not(nzchar(system.file("Meta", package = "medvoxel")), "needs the installed package")
  session <- callr::r_bg(
    function(python) {
      Sys.setenv(MEDVOXEL_PYTHON = python)
      library(medvoxel)
      small <- as_scan(array(1:24, 2:4))
      resample(small)
      cat("ready\n")
      class <- tryCatch(ankle_phantom(spacing = 0.2), error = base::class)
      c(class[1], class(resample(small))[1])
    },
    args = list(python = the_python()), libpath = .libPaths(), stdout = "|", stderr = "|"
  )
  withr::defer(session$kill())
  while (session$is_alive() && !any(grepl("ready", session$read_output_lines()))) Sys.sleep(0.1)
  Sys.sleep(1)
  session$interrupt()
  for (i in 1:600) {
    if (!session$is_alive()) break
    Sys.sleep(0.1)
  }
  expect_identical(session$get_result(), c("medvoxel_error_cancelled", "medvoxel_scan"))
})

test_that("what a library does in one go is at least named when it is large", {
  withr::local_options(medvoxel.progress = TRUE)
  expect_message(expect_identical(with_status("Writing", 10, 5, 42), 42), "Writing")
  expect_silent(with_status("Writing", 1, 5, 42))
  withr::local_options(medvoxel.progress = FALSE)
  expect_silent(with_status("Writing", 10, 5, 42))
})
