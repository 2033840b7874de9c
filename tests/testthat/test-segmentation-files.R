small_scan <- function() {
  as_scan(array(1:120, c(6, 5, 4)), spacing = c(0.5, 0.8, 4), origin = c(-10, 20, 3))
}

small_segmentation <- function(scan = small_scan()) {
  labels <- ifelse(as.array(scan) > 100, 7L, ifelse(as.array(scan) > 60, 2L, 0L))
  table <- data.frame(
    value = c(7L, 2L), name = c("Achilles tendon", "M\u00fcller"), colour = c("#12AB34", "#FF0080")
  )
  as_segmentation(labels, scan, segments = table)
}

test_that("names and colours come back from every format", {
  skip_if_no_core()
  seg <- small_segmentation()
  for (ending in c(".nii", ".nii.gz", ".nrrd", ".seg.nrrd")) {
    file <- file.path(withr::local_tempdir(), paste0("labels", ending))
    expect_identical(withVisible(write_segmentation(seg, file)), list(value = seg, visible = FALSE))
    again <- read_segmentation(file)
    expect_s3_class(again, "medvoxel_segmentation")
    expect_identical(as.array(again), as.array(seg))
    expect_identical(segment_table(again), segment_table(seg))
    expect_identical(read_segmentation(file, reference = small_scan()), seg)
  }
})

test_that("what a format keeps of the table comes back", {
  skip_if_no_core()
  table <- data.frame(
    value = c(7L, 2L, 4L), name = c("tab\there", "two\nlines", "c"),
    colour = c("#12AB34", "#FF0080", "#000000"), visible = c(TRUE, FALSE, TRUE),
    status = c("flagged", NA, "not started"),
    code = c("SCT^13024002^Tendon", NA, "99X^1^gr\u00f6\u00dfer")
  )
  seg <- as_segmentation(as.array(small_segmentation()), small_scan(), table)
  for (ending in c(".nii", ".nii.gz", ".nrrd", ".seg.nrrd")) {
    file <- file.path(withr::local_tempdir(), paste0("labels", ending))
    expect_no_warning(write_segmentation(seg, file))
    again <- segment_table(read_segmentation(file))
    if (grepl("nii", ending)) {
      expect_identical(again, table)
    } else {
      expect_identical(again, transform(table, visible = TRUE))
    }
  }
})

test_that("the table beside a labelmap is one that R reads", {
  skip_if_no_core()
  seg <- small_segmentation()
  table <- segment_table(seg)
  table$name[1] <- "a \"quoted\"\ttendon"
  table$visible[2] <- FALSE
  file <- file.path(withr::local_tempdir(), "labels.nii")
  write_segmentation(as_segmentation(as.array(seg), seg, table), file)
  found <- utils::read.delim(sub("nii$", "tsv", file), encoding = "UTF-8")
  expect_identical(names(found), c("index", "name", "color", "visible"))
  expect_identical(found$name, table$name)
  expect_identical(found$visible, c(TRUE, FALSE))
})

test_that("names that a format cannot keep are told", {
  skip_if_no_core()
  seg <- as_segmentation(small_scan() > 60, small_scan(), " spaces ")
  for (ending in c(".nii", ".seg.nrrd")) {
    file <- withr::local_tempfile(fileext = ending)
    expect_warning(write_segmentation(seg, file), "'spaces'", class = "medvoxel_warning")
    expect_identical(segment_table(read_segmentation(file))$name, "spaces")
  }
})

test_that("the scan that was segmented is carried", {
  skip_if_no_core()
  scan <- small_scan()
  file <- withr::local_tempfile(fileext = ".seg.nrrd")
  write_segmentation(small_segmentation(scan), file)
  expect_null(attr(read_segmentation(file), "scan"))
  seg <- read_segmentation(file, reference = scan)
  expect_identical(attr(seg, "scan"), scan)
  # From one segmentation to the next, too.
  expect_identical(attr(read_segmentation(file, reference = seg), "scan"), scan)
  bare <- read_segmentation(file)
  expect_null(attr(read_segmentation(file, reference = bare), "scan"))
})

test_that("DICOM is written beside the scan that is carried", {
  skip_if_no_core()
  folder <- withr::local_tempdir()
  write_phantom_dicom(folder, spacing = c(3, 3, 6))
  scan <- read_dicom(folder)
  table <- data.frame(
    value = 1:2, name = c("bone", "rest"), colour = c("#12AB34", "#FF0080"),
    visible = TRUE, status = NA_character_, code = c("SCT^272673000^Bone", NA)
  )
  labels <- array(ifelse(as.array(scan) > 200, 1L, 2L), dim(scan))
  seg <- as_segmentation(labels, scan, table)
  file <- withr::local_tempfile(fileext = ".dcm")
  write_segmentation(seg, file)
  again <- read_segmentation(file, scan)
  expect_identical(segment_table(again), table)
  expect_identical(as.array(again), labels)
  bare <- seg
  attr(bare, "scan") <- NULL
  expect_error(write_segmentation(bare, file), "reference", class = "medvoxel_error_input")
})

test_that("what write_nifti() leaves is read with its names", {
  skip_if_no_core()
  seg <- small_segmentation()
  file <- file.path(withr::local_tempdir(), "labels.nii.gz")
  write_nifti(seg, file)
  expect_identical(read_segmentation(file, small_scan()), seg)
  unlink(sub("nii.gz", "tsv", file, fixed = TRUE))
  expect_identical(segment_table(read_segmentation(file))$name, c("segment 2", "segment 7"))
})

test_that("a segmentation of another scan is refused with both geometries", {
  skip_if_no_core()
  file <- withr::local_tempfile(fileext = ".seg.nrrd")
  write_segmentation(small_segmentation(), file)
  other <- as_scan(as.array(small_scan()), spacing = c(0.5, 0.8, 4), origin = c(-10, 20, 4.5))
  error <- expect_error(read_segmentation(file, other), class = "medvoxel_error_geometry")
  message <- conditionMessage(error)
  expect_match(message, "by up to 1.5 mm", fixed = TRUE)
  expect_match(message, "origin (-10, 20, 3)", fixed = TRUE)
  expect_match(message, "origin (-10, 20, 4.5)", fixed = TRUE)
  expect_match(message, "resample_to()", fixed = TRUE)
  expect_error(
    write_segmentation(small_segmentation(), file, reference = other),
    class = "medvoxel_error_geometry"
  )
})

test_that("overlap in a file of 3D Slicer is counted in a warning", {
  skip_if_no_core()
  file <- withr::local_tempfile(fileext = ".seg.nrrd")
  writeLines(c(
    "NRRD0004", "type: unsigned char", "dimension: 4", "space: left-posterior-superior",
    "sizes: 2 3 1 1", "space directions: none (1,0,0) (0,1,0) (0,0,1)",
    "kinds: list domain domain domain", "encoding: ascii", "space origin: (0,0,0)",
    "Segment0_ID:=a", "Segment0_Name:=muscle", "Segment0_LabelValue:=1", "Segment0_Layer:=0",
    "Segment1_ID:=b", "Segment1_Name:=tendon", "Segment1_LabelValue:=4", "Segment1_Layer:=1",
    "", "1 0 1 4 0 4"
  ), file)
  expect_warning(
    seg <- read_segmentation(file), "1 of 'muscle' under 'tendon'", class = "medvoxel_warning"
  )
  expect_identical(as.vector(as.array(seg)), c(1L, 4L, 4L))
})

test_that("real masks lie on their scans", {
  skip_if_no_core()
  scan <- read_nifti(test_data("leg-ct-mr/nifti/CT_image.nii.gz"))
  seg <- read_segmentation(test_data("leg-ct-mr/nifti/CT_mask.nii.gz"), reference = scan)
  expect_identical(affine(seg), affine(scan))
  expect_gt(sum(seg > 0), 0)
})

test_that("bad files and arguments are classed errors", {
  seg <- small_segmentation()
  expect_error(read_segmentation("nowhere.nii"), class = "medvoxel_error_file")
  expect_error(write_segmentation(small_scan(), "a.nii"), class = "medvoxel_error_input")
  expect_error(write_segmentation(seg, "a.nii", reference = 1:3), "reference",
               class = "medvoxel_error_input")
  skip_if_no_core()
  file <- withr::local_tempfile(fileext = ".nii")
  expect_error(write_segmentation(seg, sub("nii$", "stl", file)), "must end in",
               class = "medvoxel_error_file")
  write_nifti(small_scan() / 7, file)
  expect_error(read_segmentation(file), "fractions.*segment_threshold",
               class = "medvoxel_error_input")
  expect_error(read_segmentation(file, reference = "scan"), "reference",
               class = "medvoxel_error_input")
})
