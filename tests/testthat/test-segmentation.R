scan <- as_scan(array(1:24, c(4, 3, 2)), spacing = c(0.5, 0.8, 4), origin = c(1, 2, 3))

test_that("a segmentation carries the grid of its reference and a table", {
  seg <- as_segmentation(scan > 12, scan, "upper")
  expect_s3_class(seg, "medvoxel_segmentation")
  expect_identical(typeof(seg), "integer")
  expect_identical(affine(seg), affine(scan))
  expect_identical(segment_table(seg)$name, "upper")
  expect_identical(sum(seg == 1), 12L)
})

test_that("label values are data and never shifted", {
  labels <- array(0L, dim(scan))
  labels[1:3] <- 7L
  labels[4] <- 3L
  seg <- as_segmentation(labels, scan)
  expect_identical(segment_table(seg)$value, c(3L, 7L))
  expect_identical(as.array(seg), labels)
})

test_that("summary counts voxels and millilitres", {
  seg <- as_segmentation(scan > 12, scan, "upper")
  expect_identical(summary(seg)$voxels, 12L)
  expect_equal(summary(seg)$volume_ml, 12 * 0.5 * 0.8 * 4 / 1000)
  expect_snapshot(print(seg))
})

test_that("tables that do not fit are refused", {
  labels <- array(2L, dim(scan))
  expect_error(as_segmentation(labels, scan, "one"), "2", class = "medvoxel_error_input")
  twice <- data.frame(value = c(2, 2), name = c("a", "b"))
  expect_error(as_segmentation(labels, scan, twice), class = "medvoxel_error_input")
  expect_error(as_segmentation(labels, scan, list(1)), class = "medvoxel_error_input")
  expect_error(as_segmentation(labels / 3, scan), class = "medvoxel_error_input")
  expect_error(as_segmentation(-labels, scan), class = "medvoxel_error_input")
})

test_that("another grid is refused", {
  other <- as_scan(array(1L, c(4, 3, 2)), spacing = 1)
  expect_error(as_segmentation(other, scan), class = "medvoxel_error_geometry")
})

test_that("labels are not added to", {
  seg <- as_segmentation(scan > 12, scan, "upper")
  expect_error(seg + 1L, class = "medvoxel_error_input")
  expect_identical(seg != 0, scan > 12)
})

test_that("colours are the same in both languages", {
  skip_if_no_core()
  volume <- reticulate::import_from_path("medvoxel.volume", core_path())
  expect_identical(segment_colours(300), unlist(volume$segment_colours(300L)))
  expect_equal(anyDuplicated(segment_colours(300)), 0)
  expect_length(segment_colours(3), 3)
  expect_length(segment_colours(0), 0)
})

test_that("tables are taken as R users write them, and checked", {
  labels <- array(1L, dim(scan))
  table <- function(...) data.frame(..., stringsAsFactors = FALSE)
  red <- as_segmentation(labels, scan, table(value = 1, name = "a", colour = "red"))
  expect_identical(segment_table(red)$colour, "#FF0000")
  for (bad in list(
    table(value = NA, name = "a"), table(value = 1.7, name = "a"), table(value = 1, name = NA),
    table(value = 1, name = "a", colour = "no colour"), table(value = 1, name = "")
  )) {
    expect_error(as_segmentation(labels, scan, bad), class = "medvoxel_error_input")
  }
})

test_that("segments are compared and set by name", {
  seg <- as_segmentation(scan > 12, scan, "upper")
  expect_identical(seg == "upper", seg == 1L)
  expect_error(seg == "lower", "upper", class = "medvoxel_error_input")
  seg[1:2, 1, 1] <- "upper"
  seg[3, 1, 1] <- 0
  expect_identical(typeof(seg), "integer")
  expect_identical(sum(seg == "upper"), 14L)
  expect_error(seg[1, 1, 1] <- 2, "segment table", class = "medvoxel_error_input")
  expect_error(seg[1, 1, 1] <- NA, class = "medvoxel_error_input")
  expect_error(scan[seg], "seg == 1", class = "medvoxel_error_input")
})

test_that("the table that write_nifti() leaves goes back in", {
  table <- data.frame(index = 1L, name = "upper", color = "#112233")
  seg <- as_segmentation(scan > 12, scan, table)
  expect_identical(segment_table(seg)$colour, "#112233")
})

test_that("labels on another grid are led through a segmentation", {
  labels <- as_scan(array(1L, c(4, 3, 2)), spacing = 1)
  error <- expect_error(as_segmentation(labels, scan), class = "medvoxel_error_geometry")
  expect_match(conditionMessage(error), "resample_to(as_segmentation(x, x)", fixed = TRUE)
})

test_that("long names and line breaks leave the table readable", {
  x <- as_scan(array(1:8, c(2, 2, 2)))
  seg <- as_segmentation(x > 4, x, paste0("upper\nhalf ", strrep("x", 300)))
  lines <- format(seg)
  expect_length(lines, 7)
  expect_true(all(nchar(lines) < 100))
})

test_that("only the colours that R does not know are named", {
  x <- as_scan(array(1:8, c(2, 2, 2)))
  table <- data.frame(value = 1:2, name = c("a", "b"), colour = c("red", "nocolour"))
  error <- expect_error(as_segmentation(x > 4, x, table), class = "medvoxel_error_input")
  expect_match(conditionMessage(error), "nocolour")
  expect_no_match(conditionMessage(error), "red")
})

test_that("a segmentation starts empty, on the grid of its scan, which it carries", {
  seg <- segmentation(scan, c("air", "tendon", "ankle"))
  expect_identical(as.array(seg), array(0L, dim(scan)))
  expect_identical(affine(seg), affine(scan))
  expect_identical(attr(seg, "scan"), scan)
  expect_identical(summary(seg)$voxels, c(0L, 0L, 0L))
  expect_identical(nrow(segment_table(segmentation(scan))), 0L)
  expect_identical(segment_table(add_segment(segmentation(scan), "a"))$name, "a")
  expect_error(segmentation(scan, c("a", "a")), class = "medvoxel_error_input")
  expect_error(segmentation(seg, "a"), class = "medvoxel_error_input")
})

test_that("the scan is there once in memory, and comes back from a file", {
  big <- as_scan(array(0L, c(100, 100, 50)))
  seg <- segmentation(big, "a")
  expect_identical(rlang::obj_address(attr(seg, "scan")), rlang::obj_address(big))
  path <- withr::local_tempfile(fileext = ".rds")
  saveRDS(seg, path)
  expect_identical(readRDS(path), seg)
})

test_that("a segmentation given to as_segmentation() keeps its table, and takes a scan", {
  seg <- as_segmentation(scan > 12, scan, "upper")
  attr(seg, "scan") <- NULL
  again <- as_segmentation(seg, scan)
  expect_identical(segment_table(again), segment_table(seg))
  expect_identical(attr(again, "scan"), scan)
  expect_identical(attr(as_segmentation(scan > 3, again), "scan"), scan)
})

test_that("labels are counted the same however large they are", {
  labels <- array(c(0L, 3L, 3L, 2000000L), c(2, 2, 1))
  seg <- as_segmentation(labels, as_scan(array(0, c(2, 2, 1))))
  expect_identical(summary(seg)$voxels, c(2L, 1L))
})
