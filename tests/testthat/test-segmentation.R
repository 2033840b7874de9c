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
  expect_identical(segment_colours(9), unlist(volume$segment_colours(9L)))
})
