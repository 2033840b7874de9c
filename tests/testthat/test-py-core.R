
failing_call <- function() {
  library(medvoxel)
  scan <- as_scan(array(1:24, 2:4))
  tryCatch(
    resample(scan),
    error = function(e) {
      list(
        # cli breaks lines where the width of a path has it do so.
        class = class(e), message = gsub("\\s+", " ", cli::ansi_strip(conditionMessage(e))),
        call = deparse(e$call)[1]
      )
    }
  )
}

test_that("without any Python, loading is quiet and the error names the next step", {
  empty <- withr::local_tempdir()
  loaded <- fresh_session(
    # R itself says that history() is also a function of utils.
    function() capture.output(library(medvoxel, warn.conflicts = FALSE), type = "message"),
    env = c(WORKON_HOME = empty, PATH = empty)
  )
  expect_equal(loaded, character())
  error <- fresh_session(failing_call, env = c(WORKON_HOME = empty))
  expect_true("medvoxel_error_environment" %in% error$class)
  expect_match(error$message, "install_medvoxel()", fixed = TRUE)
  expect_match(error$call, "resample")
})

test_that("a broken virtualenv is named, with its repair", {
  root <- withr::local_tempdir()
  dir.create(file.path(root, "r-medvoxel", "bin"), recursive = TRUE)
  error <- fresh_session(failing_call, env = c(WORKON_HOME = root))
  expect_true("medvoxel_error_environment" %in% error$class)
  expect_match(error$message, "broken")
  expect_match(error$message, "install_medvoxel(force = TRUE)", fixed = TRUE)
})

test_that("missing packages are listed", {
  error <- fresh_session(failing_call, env = c(WORKON_HOME = bare_virtualenv()))
  expect_true("medvoxel_error_environment" %in% error$class)
  expect_match(error$message, "numpy.*pydicom")
  expect_match(error$message, "install_medvoxel()", fixed = TRUE)
})

test_that("NumPy 2 under an old reticulate is recognised before an array crosses", {
  skip_if(utils::packageVersion("reticulate") >= reticulate_numpy2, "reticulate is new enough")
  error <- fresh_session(
    failing_call, env = c(WORKON_HOME = bare_virtualenv(c(numpy = "2.1.0")))
  )
  expect_true("medvoxel_error_environment" %in% error$class)
  expect_match(error$message, "NumPy 2.1.0 cannot exchange arrays", fixed = TRUE)
  expect_match(error$message, "install_medvoxel(force = TRUE)", fixed = TRUE)
})

test_that("another Python that already runs is used or named, never replaced", {
  root <- bare_virtualenv()
  other <- virtualenv_binary(file.path(root, "r-medvoxel"))
  error <- fresh_session(
    function(other, call) {
      reticulate::use_python(other, required = TRUE)
      reticulate::py_config()
      c(call(), list(python = reticulate::py_config()$python))
    },
    args = list(other = other, call = failing_call)
  )
  expect_true("medvoxel_error_environment" %in% error$class)
  expect_match(gsub("\\s+", " ", error$message), "already running")
  expect_match(gsub("\\s+", " ", error$message), "restart R")
  expect_equal(normalizePath(dirname(error$python)), normalizePath(dirname(other)))
})

test_that("an active virtualenv does not win against medvoxel's own", {
  root <- bare_virtualenv()
  other <- bare_virtualenv()
  error <- fresh_session(
    failing_call,
    env = c(WORKON_HOME = root, VIRTUAL_ENV = file.path(other, "r-medvoxel"))
  )
  expect_match(gsub("\\s", "", error$message), basename(root), fixed = TRUE)
})

test_that("a Python that the user asked for wins, and is named", {
  root <- bare_virtualenv()
  other <- bare_virtualenv()
  python <- virtualenv_binary(file.path(other, "r-medvoxel"))
  error <- fresh_session(
    function(python, call) {
      reticulate::use_python(python, required = TRUE)
      call()
    },
    env = c(WORKON_HOME = root), args = list(python = python, call = failing_call)
  )
  expect_match(gsub("\\s", "", error$message), basename(other), fixed = TRUE)
  expect_match(gsub("\\s+", " ", error$message), "asked for with use_python()", fixed = TRUE)
})

test_that("the core starts in a fresh session and stays out of reading a scan's class", {
  skip_if_no_core()
  result <- fresh_session(
    function() {
      library(medvoxel)
      before <- reticulate::py_available(initialize = FALSE)
      scan <- resample(as_scan(array(1:24, 2:4)), spacing = 1)
      modules <- reticulate::py_eval("list(__import__('sys').modules)")
      list(before = before, class = class(scan), tensorflow = "tensorflow" %in% modules)
    },
    env = c(MEDVOXEL_PYTHON = the_python())
  )
  expect_false(result$before)
  expect_equal(result$class[1], "medvoxel_scan")
  expect_false(result$tensorflow)
})

test_that("availability is told without starting Python", {
  empty <- withr::local_tempdir()
  answer <- fresh_session(
    function() {
      c(medvoxel::medvoxel_available(), reticulate::py_available(initialize = FALSE))
    },
    env = c(WORKON_HOME = empty)
  )
  expect_equal(answer, c(FALSE, FALSE))
})
