small_scan <- function(values = array(seq_len(60L) - 30L, c(5, 4, 3))) {
  as_scan(values, spacing = c(0.5, 0.8, 4), origin = c(-10, 20.5, 3), modality = "CT", unit = "HU")
}

test_that("a scan comes back as it was written", {
  skip_if_no_core()
  x <- small_scan()
  file <- withr::local_tempfile(fileext = ".nrrd")
  expect_identical(withVisible(write_nrrd(x, file)), list(value = x, visible = FALSE))
  y <- read_nrrd(file)
  expect_identical(as.array(y), as.array(x))
  expect_type(y, "integer")
  expect_equal(affine(y), affine(x), tolerance = 1e-14)
  expect_identical(attributes(y)[c("modality", "unit")], attributes(x)[c("modality", "unit")])
})

test_that("a header written by hand is read where it says", {
  skip_if_no_core()
  file <- withr::local_tempfile(fileext = ".nrrd")
  writeLines(c(
    "NRRD0004", "type: short", "dimension: 3", "space: right-anterior-superior",
    "sizes: 3 2 2", "space directions: (2,0,0) (0,3,0) (0,0,4)", "encoding: ascii",
    "space origin: (10,20,30)", "", paste(1:12, collapse = " ")
  ), file)
  x <- read_nrrd(file)
  expect_identical(as.vector(as.array(x)), 1:12)
  expect_equal(voxel_to_mm(x, c(3, 2, 2)), cbind(x = -14, y = -23, z = 34))
  expect_identical(orientation(x), "RAS")
})

test_that("volumes count from 1", {
  skip_if_no_core()
  file <- withr::local_tempfile(fileext = ".nrrd")
  writeLines(c(
    "NRRD0004", "type: short", "dimension: 4", "space: LPS", "sizes: 2 3 2 2",
    "space directions: none (2,0,0) (0,3,0) (0,0,4)", "kinds: list domain domain domain",
    "encoding: ascii", "", paste(rbind(1:12, 101:112), collapse = " ")
  ), file)
  expect_error(read_nrrd(file), "holds 2 volumes", class = "medvoxel_error_input")
  expect_identical(as.vector(as.array(read_nrrd(file, volume = 2))), 101:112)
  expect_error(read_nrrd(file, volume = 3), "one of the 2", class = "medvoxel_error_input")
  expect_error(read_nrrd(file, volume = 0), class = "medvoxel_error_input")
})

test_that("spacings alone and voxels without value are told", {
  skip_if_no_core()
  file <- withr::local_tempfile(fileext = ".nrrd")
  writeLines(c(
    "NRRD0004", "type: float", "dimension: 3", "sizes: 3 2 1", "spacings: 2 3 4",
    "encoding: ascii", "", "1 2 nan inf 5 6"
  ), file)
  expect_warning(
    expect_warning(x <- read_nrrd(file), "nothing about orientation", class = "medvoxel_warning"),
    "2 of 6 voxels .*NaN and infinite", class = "medvoxel_warning"
  )
  expect_identical(spacing(x), c(2, 3, 4))
  x[!is.finite(x)] <- 0
  expect_identical(as.vector(as.array(x)), c(1, 2, 0, 0, 5, 6))
})

test_that("bad files and arguments are classed errors", {
  expect_error(read_nrrd("nowhere.nrrd"), class = "medvoxel_error_file")
  expect_error(read_nrrd(1), class = "medvoxel_error_input")
  expect_error(write_nrrd(1:3, "a.nrrd"), class = "medvoxel_error_input")
  skip_if_no_core()
  text <- withr::local_tempfile(fileext = ".nrrd", lines = rep("not an image", 100))
  expect_error(read_nrrd(text), "damaged", class = "medvoxel_error_file")
  other <- withr::local_tempfile(fileext = ".nhdr")
  expect_error(write_nrrd(small_scan(), other), "must end in", class = "medvoxel_error_file")
})
