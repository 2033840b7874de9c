# The folder of a patient: a series, a secondary capture, a note.
write_patient <- function(folder = withr::local_tempdir(.local_envir = parent.frame())) {
  write_phantom_dicom(file.path(folder, "Mustermann"), spacing = c(4, 4, 8))
  script <- "
def spoil(folder):
    import glob, pydicom
    for file in glob.glob(folder + '/Mustermann/*'):
        data = pydicom.dcmread(file)
        data.PatientName, data.PatientID = 'Mustermann^Erika', 'P-47110815'
        data.StudyDate, data.SeriesDescription = '20200301', 'Ankle of Mustermann'
        data.save_as(file)
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = '1.2.840.10008.5.1.4.1.1.7'
    data.SeriesInstanceUID = '1.2.3'
    data.save_as(folder + '/capture.dcm')
"
  reticulate::py_run_string(script, local = TRUE, convert = TRUE)$spoil(folder)
  writeLines("Erika", file.path(folder, "note.txt"))
  folder
}

file_bytes <- function(folder) {
  files <- list.files(folder, recursive = TRUE, full.names = TRUE)
  paste(vapply(files, function(file) {
    bytes <- readBin(file, "raw", file.size(file))
    rawToChar(bytes[bytes != 0])
  }, ""), collapse = "\n")
}

test_that("copies read the same and name nobody", {
  skip_if_no_core()
  from <- write_patient()
  to <- file.path(withr::local_tempdir(), "to")
  before <- tools::md5sum(list.files(from, recursive = TRUE, full.names = TRUE))
  expect_warning(files <- deidentify_dicom(from, to), "1 that may show who the patient is",
                 class = "medvoxel_warning_dicom")
  expect_identical(tools::md5sum(names(before)), before)
  expect_s3_class(files, c("medvoxel_deidentified", "data.frame"), exact = TRUE)
  expect_named(files, c("from", "to", "patient", "series", "status", "reason"))
  expect_type(files$series, "integer")
  expect_identical(basename(files$from[files$status == "left out"]), c("capture.dcm", "note.txt"))
  expect_identical(is.na(files$to), files$status == "left out")
  expect_true(all(file.exists(files$to[files$status == "written"])))
  expect_match(basename(files$to[files$status == "written"]), "^slice-[0-9]{4}[.]dcm$")

  x <- read_dicom(file.path(from, "Mustermann"))
  y <- read_dicom(to)
  expect_identical(as.vector(as.array(x)), as.vector(as.array(y)))
  expect_identical(dim(x), dim(y))
  expect_identical(affine(x), affine(y))

  expect_match(file_bytes(from), "Mustermann", fixed = TRUE, useBytes = TRUE)
  expect_no_match(file_bytes(to), "Mustermann|Erika|47110815|20200301", useBytes = TRUE)
  expect_no_match(list.files(to, recursive = TRUE), "Mustermann|capture")
})

test_that("arguments reach the core", {
  skip_if_no_core()
  from <- write_patient()
  folder <- withr::local_tempdir()
  copy <- function(name, ...) {
    suppressWarnings(deidentify_dicom(from, file.path(folder, name), ...))
  }
  first <- copy("a", secret = "long enough", keep = c("SeriesDescription", "PatientSex"))
  again <- copy("b", secret = "long enough", dates = "remove", include_flagged = TRUE)
  other <- copy("c")
  expect_identical(na.omit(first$patient)[[1]], na.omit(again$patient)[[1]])
  expect_false(na.omit(first$patient)[[1]] %in% other$patient)
  expect_identical(list_series(file.path(folder, "a"))$description, "Ankle of [removed]")
  expect_identical(list_series(file.path(folder, "c"))$description, "")
  expect_identical(again$status[basename(again$from) == "capture.dcm"], "written")
  expect_match(again$reason[basename(again$from) == "capture.dcm"], "secondary capture")
  expect_match(file_bytes(file.path(folder, "b")), "dates removed", useBytes = TRUE)
})

test_that("wrong arguments are classed errors", {
  folder <- withr::local_tempdir()
  expect_error(deidentify_dicom("nowhere", folder), class = "medvoxel_error_file")
  expect_error(deidentify_dicom(folder, 3), class = "medvoxel_error_input")
  expect_error(deidentify_dicom(folder, "x", dates = "later"), class = "medvoxel_error_input")
  expect_error(deidentify_dicom(folder, "x", keep = 3), class = "medvoxel_error_input")
  expect_error(deidentify_dicom(folder, "x", include_flagged = NA), class = "medvoxel_error_input")
  expect_error(deidentify_dicom(folder, "x", secret = 12345678), class = "medvoxel_error_input")
  skip_if_no_core()
  to <- file.path(folder, "to")
  expect_error(deidentify_dicom(folder, to), "originals", class = "medvoxel_error_input")
  write_phantom_dicom(folder, spacing = c(4, 4, 8))
  to <- withr::local_tempdir()
  expect_error(deidentify_dicom(folder, to, keep = "PatientName"), "cannot be kept",
               class = "medvoxel_error_input")
  expect_error(deidentify_dicom(folder, to, secret = "short"), "eight",
               class = "medvoxel_error_input")
  writeLines("x", file.path(to, "x"))
  expect_error(deidentify_dicom(folder, to), "not empty", class = "medvoxel_error_file")
})

test_that("the table prints what happened and what is left to do", {
  table <- structure(
    data.frame(
      from = sprintf("/scans/Mustermann/%d.dcm", 1:7),
      to = c(sprintf("/copies/P7KQ2MZ4XAB/series-001/slice-000%d.dcm", 1:4), NA, NA, NA),
      patient = c(rep("P7KQ2MZ4XAB", 4), NA, NA, NA), series = c(1L, 1L, 1L, 2L, NA, NA, NA),
      status = rep(c("written", "left out"), c(4, 3)),
      reason = c("", "", "", "it is ultrasound, with the name in its pixels as a rule",
                 "it is not DICOM", "it is damaged: it ends inside its header", "it is not DICOM")
    ),
    class = c("medvoxel_deidentified", "data.frame"), folder = "/copies"
  )
  expect_snapshot(table)
  expect_snapshot(table[5:7, ])
  expect_snapshot(table[c("series", "status")])
})
