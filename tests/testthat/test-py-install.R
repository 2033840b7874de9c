virtualenv <- function(state) list(path = "/v", python = "/v/bin/python", state = state)
nothing <- function(python, requirements) no_versions(requirement_names(requirements))

test_that("a missing virtualenv is created with everything", {
  plan <- install_plan(virtualenv("absent"), c("numpy>=1", "scipy"))
  expect_true(plan$create)
  expect_false(plan$remove)
  expect_equal(plan$install, c("numpy>=1", "scipy"))
})

test_that("what is there is only completed", {
  installed <- function(python, requirements) c(numpy = "1.26.4", scipy = NA)
  plan <- install_plan(virtualenv("present"), c("numpy>=1", "scipy"), installed = installed)
  expect_false(plan$create)
  expect_equal(unname(plan$install), "scipy")
})

test_that("when all is there nothing is to do", {
  installed <- function(python, requirements) c(numpy = "1.26.4")
  plan <- install_plan(virtualenv("present"), "numpy>=1", installed = installed)
  expect_length(plan$install, 0)
})

test_that("a broken one, and any with force, is built again", {
  expect_true(install_plan(virtualenv("broken"), "numpy")$remove)
  forced <- install_plan(virtualenv("present"), "numpy", force = TRUE, installed = nothing)
  expect_true(forced$remove && forced$create)
  expect_equal(forced$install, "numpy")
})

test_that("the plan says what will happen", {
  plan <- install_plan(virtualenv("broken"), c("numpy>=1", "scipy"))
  plan$base <- "/usr/bin/python3"
  expect_message(print(plan), "remove the broken virtualenv")
  expect_message(print(plan), "numpy")
})

test_that("an unsuitable base Python is refused with the reason", {
  skip_on_os("windows")
  fake <- withr::local_tempfile(lines = c("#!/bin/sh", "echo 3.8 1 1"))
  Sys.chmod(fake, "755")
  expect_match(check_base_python(fake)$problem, "3.8 is older")
  writeLines(c("#!/bin/sh", "echo 3.12 0 1"), fake)
  expect_match(check_base_python(fake)$problem, "shared library")
  writeLines(c("#!/bin/sh", "echo 3.12 1 0"), fake)
  expect_error(base_python(fake), "python3-venv", class = "medvoxel_error_environment")
  expect_error(base_python("/no/python"), "does not run", class = "medvoxel_error_environment")
})

test_that("saying no installs nothing", {
  local_mocked_bindings_compat("confirm", function() FALSE)
  local_mocked_bindings_compat("apply_install_plan", function(...) stop("must not be called"))
  withr::local_envvar(WORKON_HOME = withr::local_tempdir())
  skip_if(length(python_candidates()) == 0, "no Python to build from")
  expect_error(
    suppressMessages(install_medvoxel(ask = TRUE)), class = "medvoxel_error_cancelled"
  )
})

test_that("a failing installation is a classed error that says what to check", {
  plan <- install_plan(virtualenv("present"), "numpy", installed = nothing)
  plan$path <- withr::local_tempdir()
  error <- expect_error(
    suppressWarnings(utils::capture.output(apply_install_plan(plan), type = "message")),
    class = "medvoxel_error_environment"
  )
  expect_match(conditionMessage(error), "install_medvoxel()", fixed = TRUE)
})

test_that("a child Python reports its packages", {
  skip_if_no_core()
  report <- environment_report(the_python(), c("numpy>=1", "no-such-package-anywhere"))
  expect_match(report$packages[["numpy"]], "^[0-9]+\\.")
  expect_true(is.na(report$packages[["no-such-package-anywhere"]]))
  expect_named(report$decoders)
  expect_match(environment_report("/no/python", "numpy")$error, "ended")
})

test_that("what is missing is installed together with all that must stay as it is", {
  wanted <- c("numpy>=1.26,<2", "scipy>=1.11", "pynrrd>=1.0")
  plan <- install_plan(
    list(state = "present", path = "env", python = "env/bin/python"), wanted,
    installed = function(python, requirements) {
      c(numpy = "1.26.4", scipy = "1.12", pynrrd = NA_character_)
    }
  )
  expect_equal(plan$install, "pynrrd>=1.0")
  # pip alone would bring the newest NumPy with a package that allows it.
  expect_equal(plan$requirements, wanted)
})

test_that("a package for the user's own Python is named with NumPy's ceiling", {
  plan <- list(rule = "MEDVOXEL_PYTHON", requirements = c("numpy>=1.26,<2", "scipy>=1.11"))
  expect_equal(
    fix_for_missing(plan, "scipy>=1.11"),
    'reticulate::py_install(c("scipy>=1.11", "numpy>=1.26,<2"))'
  )
})
