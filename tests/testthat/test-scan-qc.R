phantom_folder <- function() {
  folder <- withr::local_tempdir(.local_envir = parent.frame())
  write_phantom_dicom(folder, spacing = c(3, 3, 6), seed = 1)
  folder
}

test_that("a scan that was read says what was checked", {
  skip_if_no_core()
  scan <- read_dicom(phantom_folder())
  qc <- scan_qc(scan)
  expect_s3_class(qc, c("medvoxel_qc", "data.frame"), exact = TRUE)
  expect_named(qc, c("check", "found", "done", "size_mm", "severity"))
  expect_true(all(c(
    "slice order", "duplicate positions", "missing slices", "slice spacing", "gantry tilt",
    "slice thickness", "mixed orientation", "slope and intercept", "stored values",
    "photometric interpretation", "padding", "transfer syntax", "frame of reference", "patient"
  ) %in% qc$check))
  expect_true(all(qc$severity %in% c("ok", "note")))
  expect_type(qc$size_mm, "double")
  expect_match(format(qc)[1], "<quality> 17 checks: .* ok")
})

test_that("a scan made of an array has nothing to say", {
  x <- as_scan(array(0, c(2, 2, 2)))
  expect_equal(nrow(scan_qc(x)), 0)
  expect_match(format(scan_qc(x)), "was not read from files")
  expect_equal(nrow(slice_files(x)), 0)
  expect_error(scan_qc(1), class = "medvoxel_error_input")
  expect_error(slice_files(as_segmentation(x > 0, x, "s")), class = "medvoxel_error_input")
})

test_that("long texts are wrapped beside the checks", {
  x <- as_scan(array(0, c(2, 2, 2)))
  attr(x, "qc") <- data.frame(
    check = c("padding", "gantry tilt"), found = c("none", strrep("word ", 40)), done = c("", "x"),
    size_mm = c(NA, 2), severity = c("ok", "fixed")
  )
  lines <- format(scan_qc(x), width = 60)
  expect_true(all(nchar(lines) <= 60))
  expect_match(lines[1], "1 ok, 1 fixed", fixed = TRUE)
  expect_match(lines[3], "  + gantry tilt  word", fixed = TRUE)
  # Rows and columns may be taken out.
  expect_equal(format(scan_qc(x)[0, ]), "<quality> none of the checks")
  expect_match(format(scan_qc(x)[scan_qc(x)$size_mm > 1, ])[1], "1 check: 1 fixed")
  expect_match(format(scan_qc(x)[2, ])[1], "1 check: 1 fixed")
  expect_no_error(print(scan_qc(x)["check"]))
})

test_that("faults are mended, told and shown by print()", {
  skip_if_no_core()
  folder <- phantom_folder()
  whole <- read_dicom(folder)
  file.remove(slice_files(whole)$file[4])
  expect_error(read_dicom(folder), "1 slice is missing", class = "medvoxel_error_dicom")
  expect_warning(scan <- read_dicom(folder, on_problem = "fix"), class = "medvoxel_warning_dicom")
  expect_equal(dim(scan), dim(whole))
  expect_equal(as.array(scan)[, , -4], as.array(whole)[, , -4])
  expect_equal(as.array(scan)[, , 4], round((whole[, , 3] + whole[, , 5]) / 2), tolerance = 0.01)
  expect_equal(subset(scan_qc(scan), severity == "fixed")$check, "missing slices")
  expect_true(any(grepl("1 fixed: scan_qc()", format(scan), fixed = TRUE)))
  expect_equal(which(is.na(slice_files(scan)$file)), 4)
  expect_warning(
    squeezed <- read_dicom(folder, on_problem = "warn"), "up to .* mm from their places"
  )
  expect_equal(dim(squeezed)[3], dim(whole)[3] - 1)
  expect_error(read_dicom(folder, on_problem = "repair"), class = "medvoxel_error_input")
})

test_that("the table stays with the scan through later steps, the files only on the grid", {
  skip_if_no_core()
  scan <- read_dicom(phantom_folder())
  qc <- scan_qc(scan)
  expect_equal(scan_qc(scan + 1), qc)
  expect_equal(scan_qc(resample(scan, 4)), qc)
  expect_equal(scan_qc(readRDS(withr::local_tempfile(lines = "") |> (\(f) {
    saveRDS(scan, f)
    f
  })())), qc)
  expect_equal(nrow(slice_files(abs(scan))), dim(scan)[3])
  expect_equal(nrow(slice_files(resample(scan, 4))), 0)
  mask <- as_segmentation(scan > 0, scan, "high")
  expect_equal(slice_files(mask_scan(scan, mask)), slice_files(scan))
  expect_equal(scan_qc(mask_scan(scan, mask)), qc)
})

test_that("slices lead back to their files", {
  skip_if_no_core()
  folder <- phantom_folder()
  scan <- read_dicom(folder)
  files <- slice_files(scan)
  expect_named(files, c("slice", "file", "frame", "uid", "x", "y", "z"))
  expect_equal(files$slice, seq_len(dim(scan)[3]))
  expect_setequal(basename(files$file), list.files(folder))
  expect_equal(anyDuplicated(files$uid), 0L)
  expect_match(files$uid, "^[0-9.]+$")
  expect_true(all(files$frame == 1L))
  expect_equal(
    unname(as.matrix(files[c("x", "y", "z")])),
    unname(voxel_to_mm(scan, cbind(1, 1, files$slice))), tolerance = 1e-6
  )
  # A scan keeps no identifier: they are read when they are asked for.
  text <- rawToChar(serialize(attributes(scan), NULL, ascii = TRUE))
  expect_false(grepl(files$uid[1], text, fixed = TRUE))
  file.remove(files$file[2])
  expect_equal(which(is.na(slice_files(scan)$uid)), 2)
})

test_that("a large scan is read straight into R's vector", {
  skip_if_no_core()
  scan <- read_dicom(phantom_folder())
  expect_type(scan, "integer")
  nifti <- withr::local_tempfile(fileext = ".nii")
  write_nifti(scan, nifti)
  expect_equal(as.array(read_nifti(nifti)), as.array(scan))
})
