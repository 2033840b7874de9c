plan <- list(rule = "virtualenv", python = "/v/bin/python", requirements = "numpy>=1.26,<2")

test_that("each problem comes with the line that mends it", {
  report <- list(packages = c(numpy = NA), decoders = list("RLE Lossless" = FALSE))
  problems <- environment_problems(plan, report, "1.41")
  expect_equal(nrow(problems), 2)
  expect_match(problems$problem[1], "numpy")
  expect_equal(problems$fix, rep("install_medvoxel()", 2))
})

test_that("NumPy 2 under an old reticulate is a problem", {
  report <- list(packages = c(numpy = "2.1.0"), decoders = list())
  expect_match(environment_problems(plan, report, "1.28")$problem[1], "too new")
  newer <- list(rule = "virtualenv", python = "/v", requirements = "numpy>=1.26")
  expect_equal(nrow(environment_problems(newer, report, "1.41")), 0)
})

test_that("it works without Python", {
  withr::local_envvar(
    WORKON_HOME = withr::local_tempdir(), MEDVOXEL_PYTHON = NA, RETICULATE_PYTHON = NA,
    RETICULATE_USE_MANAGED_VENV = "no"
  )
  skip_if(reticulate::py_available(initialize = FALSE), "Python already runs here")
  sitrep <- medvoxel_sitrep()
  text <- cli::ansi_strip(format(sitrep))
  expect_match(text, "install_medvoxel()", fixed = TRUE, all = FALSE)
  expect_match(text, "Python +none", all = FALSE)
})

test_that("it tells the rule, the versions and that nothing is wrong", {
  skip_if_no_core()
  text <- cli::ansi_strip(format(medvoxel_sitrep()))
  expect_match(text, "numpy [0-9]", all = FALSE)
  expect_match(text, "No problem found", all = FALSE)
})
