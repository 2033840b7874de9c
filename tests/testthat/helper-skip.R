# Decides without starting Python in this session.
skip_if_no_core <- function() {
  testthat::skip_if_not(
    medvoxel_available(), "medvoxel's Python is not set up: see medvoxel_sitrep()"
  )
}

# Real data, where the variable names a folder of it.
test_data <- function(...) {
  root <- Sys.getenv("MEDVOXEL_TEST_DATA")
  testthat::skip_if(!nzchar(root), "MEDVOXEL_TEST_DATA names no folder of real scans")
  path <- file.path(root, ...)
  testthat::skip_if_not(file.exists(path), paste("not among the real scans:", file.path(...)))
  path
}
