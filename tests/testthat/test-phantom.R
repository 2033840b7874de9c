voxels_of <- function(truth, name) {
  table <- segment_table(truth)
  as.array(truth) == table$value[table$name == name]
}

test_that("an ankle comes with its truth on the same grid", {
  skip_if_no_core()
  ankle <- ankle_phantom(spacing = c(1, 1.4, 5))
  expect_named(ankle, c("scan", "truth"))
  expect_s3_class(ankle$scan, "medvoxel_scan")
  expect_s3_class(ankle$truth, "medvoxel_segmentation")
  # 140 x 140 x 120 mm, in R's order.
  expect_identical(dim(ankle$scan), c(140L, 100L, 24L))
  expect_identical(dim(ankle$truth), dim(ankle$scan))
  expect_equal(spacing(ankle$scan), c(1, 1.4, 5))
  expect_equal(origin(ankle$truth), origin(ankle$scan))
  expect_equal(origin(ankle$scan), -(dim(ankle$scan) - 1) * c(1, 1.4, 5) / 2)
  expect_identical(orientation(ankle$scan), "LPS")
  expect_identical(
    attributes(ankle$scan)[c("modality", "unit")], list(modality = "CT", unit = "HU")
  )
})

test_that("the heel is behind, the leg is up and the fibula is lateral", {
  skip_if_no_core()
  centre <- function(truth, name) colMeans(which(voxels_of(truth, name), arr.ind = TRUE))
  left <- ankle_phantom(spacing = c(2, 2, 4))$truth
  expect_gt(centre(left, "calcaneus")[2], centre(left, "talus")[2])
  expect_gt(centre(left, "tibia")[3], centre(left, "talus")[3])
  expect_gt(centre(left, "tendon")[2], centre(left, "tibia")[2])
  expect_gt(centre(left, "fibula")[1], centre(left, "tibia")[1])
  right <- ankle_phantom(spacing = c(2, 2, 4), side = "right")$truth
  expect_lt(centre(right, "fibula")[1], centre(right, "tibia")[1])
})

test_that("tissues have their Hounsfield units", {
  skip_if_no_core()
  ankle <- ankle_phantom(spacing = c(0.8, 0.8, 3), noise = 0)
  middle <- function(name) stats::median(ankle$scan[voxels_of(ankle$truth, name)])
  expect_equal(middle("fat"), -100, tolerance = 0.1)
  expect_equal(middle("muscle"), 55, tolerance = 0.1)
  expect_equal(middle("tendon"), 88, tolerance = 0.1)
  expect_identical(min(ankle$scan), -1000L)
})

test_that("pathology shows in the truth", {
  skip_if_no_core()
  tendon <- function(pathology) {
    truth <- ankle_phantom(spacing = c(1, 0.7, 4), pathology = pathology)$truth
    table <- summary(truth)
    c(tendon = table$volume_ml[table$name == "tendon"], gap = "gap" %in% table$name)
  }
  sound <- tendon("none")
  expect_gt(tendon("tendinopathy")[["tendon"]], 1.25 * sound[["tendon"]])
  expect_lt(tendon("rupture")[["tendon"]], sound[["tendon"]])
  expect_identical(unname(c(sound["gap"], tendon("rupture")["gap"])), c(0, 1))
})

test_that("a seed is a patient", {
  skip_if_no_core()
  first <- ankle_phantom(spacing = 5, seed = 3)
  expect_identical(ankle_phantom(spacing = 5, seed = 3), first)
  expect_false(identical(ankle_phantom(spacing = 5, seed = 4)$truth, first$truth))
})

test_that("MR is in stored values, with dark tendon and bright fat", {
  skip_if_no_core()
  ankle <- ankle_phantom(spacing = c(1, 1, 4), modality = "MR", noise = 0, bias = 0)
  expect_identical(attr(ankle$scan, "unit"), "stored values")
  value <- function(name) stats::median(ankle$scan[voxels_of(ankle$truth, name)])
  expect_lt(value("tendon"), value("muscle"))
  expect_lt(value("muscle"), value("fat"))
})

test_that("shape and direction are in x, y, z order", {
  skip_if_no_core()
  turned <- cbind(c(0, 1, 0), c(0, 0, -1), c(-1, 0, 0))
  ankle <- ankle_phantom(spacing = c(4, 5, 6), shape = c(7, 8, 9), direction = turned)
  expect_identical(dim(ankle$scan), c(7L, 8L, 9L))
  expect_equal(direction(ankle$scan), turned)
  expect_identical(orientation(ankle$scan), "PIR")
})

test_that("wrong arguments are refused by name", {
  skip_if_no_core()
  expect_error(ankle_phantom(modality = "PET"), "modality", class = "medvoxel_error_input")
  expect_error(ankle_phantom(pathology = "gout"), "pathology", class = "medvoxel_error_input")
  expect_error(ankle_phantom(spacing = 0), "spacing", class = "medvoxel_error_input")
  expect_error(ankle_phantom(spacing = 50), "spacing", class = "medvoxel_error_input")
  expect_error(ankle_phantom(shape = c(3, 3)), "shape", class = "medvoxel_error_input")
  expect_error(ankle_phantom(noise = -1), "noise", class = "medvoxel_error_input")
  expect_error(ankle_phantom(bias = 2), "bias", class = "medvoxel_error_input")
  expect_error(ankle_phantom(seed = 1.5), "seed", class = "medvoxel_error_input")
  expect_error(
    ankle_phantom(direction = matrix(1, 3, 3)), "direction", class = "medvoxel_error_geometry"
  )
})

test_that("what is written is read again", {
  skip_if_no_core()
  folder <- file.path(withr::local_tempdir(), "ankle")
  ankle <- ankle_phantom(spacing = c(1.1, 1.4, 5))
  expect_identical(withVisible(write_phantom_dicom(folder, ankle$scan))$visible, FALSE)
  expect_length(list.files(folder), 24)
  scan <- read_dicom(folder)
  expect_identical(as.array(scan), as.array(ankle$scan))
  expect_equal(spacing(scan), spacing(ankle$scan))
  expect_equal(origin(scan), origin(ankle$scan))
  expect_identical(attr(scan, "unit"), "HU")
})

test_that("arguments go through to a new phantom", {
  skip_if_no_core()
  folder <- file.path(withr::local_tempdir(), "ankle")
  expect_identical(
    write_phantom_dicom(folder, spacing = c(2, 2, 6), modality = "MR", seed = 2), folder
  )
  series <- list_series(folder)
  expect_identical(series$modality, "MR")
  expect_equal(c(series$spacing_x, series$spacing_y, series$spacing_z), c(2, 2, 6))
  expect_message(scan <- read_dicom(folder), "stored values")
  expect_identical(
    as.array(scan),
    as.array(ankle_phantom(spacing = c(2, 2, 6), modality = "MR", seed = 2)$scan)
  )
})

test_that("a changed scan is written as it is", {
  skip_if_no_core()
  folder <- file.path(withr::local_tempdir(), "ankle")
  scan <- ankle_phantom(spacing = 5)$scan
  write_phantom_dicom(folder, scan + 100, patient = "SECOND")
  expect_equal(as.array(read_dicom(folder)), as.array(scan) + 100)
  expect_error(
    write_phantom_dicom(paste0(folder, "2"), scan / 3), "whole numbers",
    class = "medvoxel_error_input"
  )
  expect_false(file.exists(paste0(folder, "2")))
})

test_that("a folder in use is left alone, one of ours can be replaced", {
  skip_if_no_core()
  folder <- withr::local_tempdir()
  mine <- file.path(folder, "notes.txt")
  writeLines("mine", mine)
  expect_error(write_phantom_dicom(folder, spacing = 6), class = "medvoxel_error_file")
  expect_error(
    write_phantom_dicom(folder, spacing = 6, overwrite = TRUE), class = "medvoxel_error_file"
  )
  expect_identical(readLines(mine), "mine")
  expect_error(
    write_phantom_dicom(file.path(folder, "no", "such"), spacing = 6),
    class = "medvoxel_error_file"
  )
  series <- file.path(folder, "series")
  write_phantom_dicom(series, spacing = 6)
  write_phantom_dicom(series, spacing = 10, overwrite = TRUE)
  expect_length(list.files(series), 12)
})

test_that("a scan and arguments of a phantom exclude each other", {
  skip_if_no_core()
  scan <- ankle_phantom(spacing = 6)$scan
  folder <- withr::local_tempdir()
  expect_error(
    write_phantom_dicom(folder, scan, seed = 2), "seed", class = "medvoxel_error_input"
  )
  expect_error(write_phantom_dicom(folder, array(0)), class = "medvoxel_error_input")
})
