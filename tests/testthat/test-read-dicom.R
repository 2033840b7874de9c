# Series are written by pydicom, which is beside the core in every environment.
dicom_script <- "
def write(folder, count=4, rescale=True, **tags):
    import numpy as np
    from pathlib import Path
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, CTImageStorage, generate_uid
    Path(folder).mkdir(parents=True, exist_ok=True)
    for i in range(int(count)):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data = FileDataset('', {}, file_meta=meta, preamble=bytes(128))
        values = dict(
            SOPClassUID=CTImageStorage, SOPInstanceUID=generate_uid(), Modality='CT',
            SeriesInstanceUID='1.2.3.1', SeriesNumber=2, SeriesDescription='Ankle of Mustermann',
            PatientName='Mustermann^Erika', PatientID='P-4711',
            ImagePositionPatient=[-10, 20, 100 + 4 * i],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0], PixelSpacing=[0.8, 0.5],
            SliceThickness=5, Rows=3, Columns=5, BitsAllocated=16, BitsStored=16, HighBit=15,
            PixelRepresentation=0, SamplesPerPixel=1, PhotometricInterpretation='MONOCHROME2')
        if rescale:
            values.update(RescaleSlope=1, RescaleIntercept=-1024)
        values.update(tags)
        for key, value in values.items():
            setattr(data, key, value)
        meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        meta.MediaStorageSOPClassUID = data.SOPClassUID
        first = 1000 + 15 * i
        data.PixelData = np.arange(first, first + 15, dtype=np.uint16).tobytes()
        name = f'{data.SeriesInstanceUID}-{9 - i}.dcm'
        data.save_as(Path(folder) / name, enforce_file_format=True)
"

write_dicom <- function(folder, ...) {
  py_core()
  scope <- reticulate::py_run_string(dicom_script, local = TRUE, convert = TRUE)
  scope$write(folder, ...)
  folder
}

test_that("a series becomes a scan with its geometry", {
  skip_if_no_core()
  folder <- write_dicom(withr::local_tempdir())
  expect_silent(x <- read_dicom(folder))
  expect_s3_class(x, "medvoxel_scan")
  expect_identical(dim(x), c(5L, 3L, 4L))
  expect_type(x, "integer")
  # Columns run fastest in the files and in R; -1024 was applied.
  expect_identical(as.vector(as.array(x)), 1000:1059 - 1024L)
  expect_equal(spacing(x), c(0.5, 0.8, 4))
  expect_equal(origin(x), c(-10, 20, 100))
  expect_identical(orientation(x), "LPS")
  expect_identical(attributes(x)[c("modality", "unit")], list(modality = "CT", unit = "HU"))
  expect_equal(attr(x, "info")$slice_thickness, 5)
  expect_false(any(grepl("Mustermann|Erika|4711", unlist(attributes(x)))))
})

test_that("values and places equal the NIfTI beside a real series", {
  skip_if_no_core()
  x <- read_dicom(test_data("leg-ct-mr", "ct-dicom", "image"))
  y <- read_nifti(test_data("leg-ct-mr", "nifti", "CT_image.nii.gz"))
  expect_identical(dim(x), c(149L, 138L, 47L))
  expect_true(all(x == y))
  expect_lt(max(abs(affine(x) - affine(y))), 1e-3)
})

test_that("stored values are said once, with the way to HU", {
  skip_if_no_core()
  folder <- write_dicom(withr::local_tempdir(), rescale = FALSE)
  said <- testthat::capture_messages(x <- read_dicom(folder))
  expect_length(said, 1)
  expect_match(said, "hounsfield(x, slope = 1, intercept = -1024)", fixed = TRUE)
  expect_message(read_dicom(folder), class = "medvoxel_message")
  expect_identical(attr(x, "unit"), "stored values")
  expect_identical(as.vector(as.array(x)), 1000:1059)
  expect_identical(range(hounsfield(x)), c(-24L, 35L))
})

test_that("series are listed and chosen by number or UID", {
  skip_if_no_core()
  folder <- withr::local_tempdir()
  write_dicom(file.path(folder, "a"))
  write_dicom(file.path(folder, "b"), count = 2, SeriesInstanceUID = "1.2.3.2", SeriesNumber = 1L,
              SeriesDescription = "Thin")
  table <- list_series(folder)
  expect_s3_class(table, c("medvoxel_series", "data.frame"), exact = TRUE)
  expect_identical(table$series, 1:2)
  expect_identical(table$description, c("Thin", "Ankle of [removed]"))
  expect_identical(table$slices, c(2L, 4L))
  expect_equal(unlist(table[2, c("spacing_x", "spacing_y", "spacing_z")], use.names = FALSE),
               c(0.5, 0.8, 4))
  expect_identical(basename(table$folder), c("b", "a"))
  expect_warning(x <- read_dicom(folder), "'Thin' (2 slices)", fixed = TRUE,
                 class = "medvoxel_warning_dicom")
  expect_identical(dim(x)[3], 4L)
  expect_identical(dim(read_dicom(folder, series = 1))[3], 2L)
  expect_identical(dim(read_dicom(folder, series = table$uid[2]))[3], 4L)
  expect_error(read_dicom(folder, series = 3), "2 rows", class = "medvoxel_error_input")
})

test_that("the list prints a line for each series", {
  table <- structure(
    data.frame(
      series = 1:2, kind = c("volume", "not an image"), modality = c("CT", "RTSTRUCT"),
      number = c(4L, NA), description = c("Ankle", ""), kernel = "",
      slices = c(40L, 1L), rows = c(704L, NA), columns = c(512L, NA), folder = "x", uid = "1",
      spacing_x = c(0.19887, NA), spacing_y = c(0.2, NA), spacing_z = c(3, NA)
    ),
    class = c("medvoxel_series", "data.frame")
  )
  expect_snapshot(table)
  expect_snapshot(table[c("series", "modality")])
})

test_that("what is not one regular volume is a classed error", {
  skip_if_no_core()
  folder <- write_dicom(withr::local_tempdir(), count = 6)
  unlink(file.path(folder, "1.2.3.1-6.dcm"))
  e <- expect_error(read_dicom(folder), "1 slice is missing", class = "medvoxel_error_dicom")
  expect_identical(e$details$problems, "missing_slices")

  folder <- write_dicom(withr::local_tempdir())
  write_dicom(folder, SeriesInstanceUID = "1.2.9", PatientID = "X-99", PatientName = "Doe^Jane")
  e <- expect_error(read_dicom(folder), "2 different patients", class = "medvoxel_error_dicom")
  expect_no_match(conditionMessage(e), "Doe|Jane|X-99|4711|Mustermann")
})

test_that("a damaged file at the end is left out with a warning", {
  skip_if_no_core()
  folder <- write_dicom(withr::local_tempdir())
  file <- file.path(folder, "1.2.3.1-6.dcm")
  writeBin(readBin(file, "raw", 400), file)
  expect_warning(x <- read_dicom(folder), "1.2.3.1-6.dcm", fixed = TRUE,
                 class = "medvoxel_warning_dicom")
  expect_identical(dim(x)[3], 3L)
})

test_that("no scan, no folder, no argument", {
  expect_error(read_dicom("nowhere"), class = "medvoxel_error_file")
  expect_error(list_series("nowhere"), class = "medvoxel_error_file")
  expect_error(read_dicom(NA), class = "medvoxel_error_input")
  folder <- withr::local_tempdir()
  expect_error(read_dicom(folder, series = 1.5), class = "medvoxel_error_input")
  expect_error(read_dicom(folder, series = TRUE), class = "medvoxel_error_input")
  skip_if_no_core()
  expect_error(read_dicom(folder), "it is empty", class = "medvoxel_error_dicom")
  writeLines("Hounsfield", file.path(folder, "a.txt"))
  expect_error(list_series(folder), "its only file is not DICOM", class = "medvoxel_error_dicom")
})

test_that("a zip file is read as its folder is, and its slices lead back into it", {
  skip_if_no_core()
  skip_if(Sys.which("zip") == "", "there is no zip program")
  folder <- withr::local_tempdir()
  write_phantom_dicom(file.path(folder, "scan"), spacing = c(4, 4, 8), seed = 1)
  withr::local_dir(folder)
  utils::zip("scan.zip", "scan", flags = "-rq")
  zipped <- read_dicom("scan.zip")
  expect_equal(as.array(zipped), as.array(read_dicom("scan")))
  expect_equal(nrow(list_series("scan.zip")), 1)
  withr::local_dir("/")
  files <- slice_files(zipped)
  expect_match(files$file[1], "scan.zip!scan/IM[0-9]+[.]dcm$")
  expect_false(anyNA(files$uid))
})

test_that("the list of series fits the console", {
  x <- structure(
    data.frame(
      series = 1:2, kind = "volume", modality = "CT", number = 1:2,
      description = c(strrep("Ankle fine ", 12), ""), part = "", patient = 1:2,
      kernel = "B60s", slices = 4L, rows = 512L, columns = 512L,
      problem = c("", "missing slices"), folder = "/data/x", uid = "1.2.3",
      spacing_x = 0.5, spacing_y = 0.5, spacing_z = 3
    ),
    class = c("medvoxel_series", "data.frame")
  )
  narrow <- format(x, width = 100)
  expect_true(all(nchar(narrow) <= 100))
  expect_match(narrow[1], "2 series, 2 of them volumes, 1 with a problem", fixed = TRUE)
  expect_match(narrow[2], "patient")
  expect_no_match(narrow[2], "kernel")
  expect_match(format(x, width = 300)[2], "kernel")
  x$description <- ""
  expect_match(format(x, width = 300)[2], "folder")
})

test_that("a series is a number or a UID", {
  folder <- withr::local_tempdir()
  for (series in list("4", factor(1), 1e12, 0, NA, c(1, 2), TRUE)) {
    expect_error(read_dicom(folder, series = series), "series", class = "medvoxel_error_input")
  }
  expect_error(read_dicom(folder, on_problem = NULL), "not NULL", class = "medvoxel_error_input")
})
