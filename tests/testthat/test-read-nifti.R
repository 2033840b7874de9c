small_scan <- function(values = array(seq_len(60L) - 30L, c(5, 4, 3))) {
  as_scan(values, spacing = c(0.5, 0.8, 4), origin = c(-10, 20.5, 3), modality = "CT", unit = "HU")
}

write_to <- function(x, file) {
  write_nifti(x, file)
  file
}

test_that("a scan comes back as it was written", {
  skip_if_no_core()
  x <- small_scan()
  for (ending in c(".nii", ".nii.gz")) {
    file <- withr::local_tempfile(fileext = ending)
    expect_identical(withVisible(write_nifti(x, file)), list(value = x, visible = FALSE))
    y <- read_nifti(file)
    expect_identical(as.array(y), as.array(x))
    expect_type(y, "integer")
    expect_equal(affine(y), affine(x), tolerance = 1e-6)
    expect_identical(attributes(y)[c("modality", "unit")], attributes(x)[c("modality", "unit")])
  }
})

test_that("doubles keep their values", {
  skip_if_no_core()
  x <- small_scan(array(c(0.1, -1e300, pi, 0, 1, 2), c(3, 2, 1)))
  file <- withr::local_tempfile(fileext = ".nii.gz")
  expect_identical(as.array(read_nifti(write_to(x, file))), as.array(x))
})

test_that("a mirrored, oblique grid keeps its places", {
  skip_if_no_core()
  turn <- qr.Q(qr(matrix(c(1, 2, -0.5, 0, 1, 1, 3, 0, 1), 3)))
  x <- as_scan(array(1:24, c(4, 3, 2)), spacing = c(0.5, 0.8, 4), origin = c(5, 6, 7),
               direction = turn %*% diag(c(1, 1, -sign(det(turn)))))
  file <- withr::local_tempfile(fileext = ".nii")
  y <- read_nifti(write_to(x, file))
  expect_lt(max(abs(affine(y) - affine(x))), 1e-5)
})

test_that("a segmentation is written with its table", {
  skip_if_no_core()
  x <- small_scan()
  seg <- as_segmentation((x > 0) + 0L, x, segments = "tendon")
  file <- file.path(withr::local_tempdir(), "labels.nii.gz")
  expect_identical(write_nifti(seg, file), seg)
  table <- utils::read.delim(file.path(dirname(file), "labels.tsv"), comment.char = "")
  expect_identical(names(table), c("index", "name", "color"))
  expect_identical(table$name, "tendon")
  expect_identical(table$color, segment_table(seg)$colour)
  again <- as_segmentation(read_nifti(file), x, segments = "tendon")
  expect_identical(as.array(again), as.array(seg))
  expect_setequal(list.files(dirname(file), all.files = TRUE, no.. = TRUE),
                  c("labels.nii.gz", "labels.tsv"))
})

test_that("voxels without value are told, and can be filled as the warning says", {
  skip_if_no_core()
  file <- write_to(small_scan(array(c(0.1, 1, 3, 0, 1, 2), c(3, 2, 1))), tempfile(fileext = ".nii"))
  withr::defer(unlink(file))
  bytes <- readBin(file, "raw", 1e4)
  bytes[353:368] <- writeBin(c(NaN, Inf), raw(), endian = "little")
  writeBin(bytes, file)
  expect_warning(x <- read_nifti(file), "2 of 6 voxels .*NaN and infinite",
                 class = "medvoxel_warning")
  x[!is.finite(x)] <- 0
  expect_identical(as.vector(as.array(x)), c(0, 0, 3, 0, 1, 2))
})

test_that("volumes count from 1", {
  skip_if_no_core()
  file <- withr::local_tempfile(fileext = ".nii")
  x <- small_scan(array(1:60, c(5, 4, 3)))
  write_nifti(x, file)
  # dim of the header: three axes of 5 x 4 x 3 become four of 5 x 4 x 1 x 3.
  bytes <- readBin(file, "raw", 1e4)
  bytes[41:50] <- writeBin(as.integer(c(4, 5, 4, 1, 3)), raw(), size = 2, endian = "little")
  writeBin(bytes, file)
  expect_error(read_nifti(file), "holds 3 volumes", class = "medvoxel_error_input")
  expect_identical(as.vector(as.array(read_nifti(file, volume = 3))), 41:60)
  expect_error(read_nifti(file, volume = 4), "one of the 3", class = "medvoxel_error_input")
  expect_error(read_nifti(file, volume = 0), class = "medvoxel_error_input")
})

test_that("a path may begin with ~", {
  skip_if_no_core()
  home <- withr::local_tempdir()
  withr::local_envvar(HOME = home)
  skip_if_not(normalizePath("~") == normalizePath(home), "HOME does not decide what ~ is here")
  write_nifti(small_scan(), "~/a.nii")
  expect_identical(dim(read_nifti("~/a.nii")), c(5L, 4L, 3L))
})

test_that("bad files and arguments are classed errors", {
  expect_error(read_nifti("nowhere.nii"), class = "medvoxel_error_file")
  expect_error(read_nifti(1), class = "medvoxel_error_input")
  expect_error(write_nifti(1:3, "a.nii"), class = "medvoxel_error_input")
  skip_if_no_core()
  text <- withr::local_tempfile(fileext = ".nii.gz", lines = rep("not an image", 100))
  expect_error(read_nifti(text), "damaged", class = "medvoxel_error_file")
  other <- withr::local_tempfile(fileext = ".img")
  expect_error(write_nifti(small_scan(), other), "must end in", class = "medvoxel_error_file")
  lost <- file.path(withr::local_tempdir(), "nowhere", "a.nii")
  expect_error(write_nifti(small_scan(), lost), "no folder", class = "medvoxel_error_file")
})
