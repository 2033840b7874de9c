state <- function(...) {
  base <- list(
    running = NA_character_, reticulate_python = NA_character_, medvoxel_python = NA_character_,
    virtualenv = list(path = "/v", python = "/v/bin/python", state = "absent"),
    managed = FALSE, reticulate = "1.28"
  )
  utils::modifyList(base, list(...))
}
present <- list(path = "/v", python = "/v/bin/python", state = "present")

test_that("the rules win in their order", {
  # Any file that exists serves as a Python here: the plan starts nothing.
  file <- withr::local_tempfile(lines = "")
  all <- state(
    running = "/running", reticulate_python = file, medvoxel_python = file,
    virtualenv = present, managed = TRUE
  )
  expect_equal(python_plan(all)$rule, "running")
  all$running <- NA_character_
  expect_equal(python_plan(all)$rule, "RETICULATE_PYTHON")
  all$reticulate_python <- NA_character_
  expect_equal(python_plan(all)$rule, "MEDVOXEL_PYTHON")
  all$medvoxel_python <- NA_character_
  expect_equal(python_plan(all)$rule, "virtualenv")
  all$virtualenv$state <- "absent"
  expect_equal(python_plan(all)$rule, "managed")
  all$managed <- FALSE
  expect_equal(python_plan(all)$rule, "none")
})

test_that("a user's choice is never overridden, even when it is wrong", {
  plan <- python_plan(state(reticulate_python = "/no/such/python", virtualenv = present))
  expect_equal(plan$rule, "RETICULATE_PYTHON")
  expect_match(plan$problem, "/no/such/python")
  expect_equal(plan$fix, 'Sys.unsetenv("RETICULATE_PYTHON")')
})

test_that("'managed' asks reticulate for its own environment", {
  plan <- python_plan(state(
    reticulate_python = "managed", managed = TRUE, virtualenv = present, medvoxel_python = "/p"
  ))
  expect_equal(plan$rule, "managed")
  expect_equal(plan$action, "py_require")
})

test_that("every dead end names the line that mends it", {
  expect_equal(python_plan(state())$fix, "install_medvoxel()")
  broken <- list(path = "/v", python = "/v/bin/python", state = "broken")
  plan <- python_plan(state(virtualenv = broken, managed = TRUE))
  expect_equal(plan$fix, "install_medvoxel(force = TRUE)")
  expect_match(plan$problem, "broken")
})

test_that("a plan only ever says what to do", {
  expect_equal(python_plan(state(virtualenv = present))$action, "use_virtualenv")
  expect_equal(python_plan(state(managed = TRUE))$action, "py_require")
  expect_equal(python_plan(state(running = "/p"))$action, "none")
})

test_that("the state of a virtualenv is seen through dead links", {
  root <- withr::local_tempdir()
  path <- file.path(root, "r-medvoxel")
  expect_equal(virtualenv_state(path)$state, "absent")
  dir.create(dirname(virtualenv_binary(path)), recursive = TRUE)
  expect_equal(virtualenv_state(path)$state, "broken")
  skip_on_os("windows")
  file.symlink("/no/such/python", virtualenv_binary(path))
  expect_equal(virtualenv_state(path)$state, "broken")
  unlink(virtualenv_binary(path))
  file.create(virtualenv_binary(path))
  expect_equal(virtualenv_state(path)$state, "present")
})

test_that("an old reticulate gets NumPy below 2", {
  old <- python_requirements("1.37.0")
  new <- python_requirements("1.38.0")
  expect_match(old[startsWith(old, "numpy")], "<2$")
  expect_false(any(grepl("<2", new)))
  expect_equal(sub(",<2", "", old), new)
})

test_that("extras are added by name and unknown ones refused", {
  dev <- python_requirements("1.41", extras = "dev")
  expect_true(any(startsWith(dev, "pytest")))
  expect_true(all(python_requirements("1.41") %in% dev))
  # The ceiling is NumPy's alone.
  expect_equal(sum(grepl("<2", python_requirements("1.28", extras = "dev"))), 1)
  expect_error(python_requirements(extras = "nonsense"), class = "medvoxel_error_input")
})

test_that("requirements are compared with what is installed", {
  expect_equal(
    parse_requirement("numpy>=1.26,<2"),
    list(name = "numpy", operator = c(">=", "<"), version = c("1.26", "2"))
  )
  requirements <- c("numpy>=1.26,<2", "scipy>=1.11", "fast-simplification>=0.1.7")
  installed <- c(numpy = "2.1.0", scipy = NA, "fast-simplification" = "0.1.10")
  expect_equal(unname(unmet_requirements(requirements, installed)), requirements[1:2])
  expect_length(unmet_requirements("numpy>=1.26", c(numpy = "2.0.0rc1")), 0)
})

test_that("the version is the same in both languages", {
  expect_equal(pyproject()$version, as.character(utils::packageVersion("medvoxel")))
  init <- readLines(core_file("medvoxel", "__init__.py"))
  expect_true(sprintf('__version__ = "%s"', pyproject()$version) %in% init)
})
