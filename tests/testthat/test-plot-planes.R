# A scan with one bright voxel at `at`.
point_scan <- function(at, direction = diag(3), dim = c(6, 9, 5), spacing = c(0.5, 0.8, 4)) {
  values <- array(0L, dim)
  values[at[1], at[2], at[3]] <- 1000L
  as_scan(values, spacing = spacing, direction = direction, origin = c(3, -20, 50), unit = "HU")
}

# Where the bright pixel's centre lies on the tile's axes.
bright_at <- function(p, tile) {
  pixels <- tile_pixels(p, tile)
  at <- which(pixels > 200, arr.ind = TRUE)
  corners <- p$data[tile, ]
  at <- unname(at)
  c(
    corners$xmin + (at[1, 2] - 0.5) / ncol(pixels) * (corners$xmax - corners$xmin),
    corners$ymax - (at[1, 1] - 0.5) / nrow(pixels) * (corners$ymax - corners$ymin)
  )
}

test_that("the three planes meet in the point, and so do the lines", {
  oblique <- list(rotation(25, 1) %*% rotation(10, 2))
  for (direction in c(all_directions(), oblique)) {
    x <- point_scan(c(2, 7, 4), direction)
    p <- plot_planes(x, at = as.vector(voxel_to_mm(x, c(2, 7, 4))))
    lines <- p$layers[[2]]$data
    for (tile in 1:3) {
      drawn <- lines[lines$slice == p$data$slice[tile], ]
      upright <- drawn$x[drawn$x == drawn$xend]
      level <- drawn$y[drawn$y == drawn$yend]
      expect_equal(bright_at(p, tile), c(upright, level))
    }
  }
})

test_that("all planes have one scale and true proportions", {
  x <- point_scan(c(2, 7, 4))
  p <- plot_planes(x)
  expect_equal(p$data$xmax - p$data$xmin, c(3, 3, 7.2))
  expect_equal(p$data$ymax - p$data$ymin, c(7.2, 20, 20))
  # In the middle of tiles of one size.
  expect_equal(p$data$xmax + p$data$xmin, rep(7.2, 3))
  expect_equal(p$data$ymax + p$data$ymin, rep(20, 3))
})

test_that("the point is in the middle of the segmentation, or of the scan", {
  x <- as_scan(array(0, c(6, 9, 5)), unit = "HU")
  expect_equal(middle_index(x, NULL), c(3, 5, 3))
  labels <- array(0L, dim(x))
  labels[1:3, 7:9, 3:5] <- 1L
  seg <- as_segmentation(labels, x, "block")
  expect_equal(middle_index(x, seg), c(2, 8, 4))
  p <- plot_planes(x, segmentation = seg)
  expect_equal(
    as.character(p$data$slice), c("axial, slice 4", "coronal, slice 8", "sagittal, slice 2")
  )
  empty <- as_segmentation(array(0L, dim(x)), x)
  expect_equal(middle_index(x, empty), c(3, 5, 3))
  # Two legs: one of them, not the gap nor an edge.
  expect_equal(typical_middle(c(0, 2, 6, 6, 6, 2, 0, 0, 0, 2, 6, 6, 6, 2, 0)), 5)
  # One leg and a table, which has most voxels in one slice.
  expect_equal(typical_middle(c(0, 5, 5, 5, 5, 5, 5, 0, 18)), 6)
})

test_that("without a segmentation the planes go through the patient, and not between the legs", {
  grid <- expand.grid(x = 1:240, y = 1:60, z = 1:12)
  leg <- function(middle) (grid$x - middle)^2 + (grid$y - 40)^2 < 15^2
  legs <- array(leg(50) | leg(190), c(240, 60, 12))
  noise <- withr::with_seed(1, stats::runif(length(legs), 0, 30))
  scans <- list(
    as_scan(ifelse(legs, 300, 0) + noise, spacing = c(1, 1, 5)),
    as_scan(ifelse(legs, 40, -1000), spacing = c(1, 1, 5), unit = "HU")
  )
  # Low values are bright in images of this kind.
  turned <- as_scan(1000 - as.array(scans[[1]]), spacing = c(1, 1, 5))
  attr(turned, "info") <- list(photometric = "MONOCHROME1")
  for (x in c(scans, list(turned))) {
    index <- middle_index(x, NULL)
    # Half a leg's voxels lie within 7 mm of its axis.
    expect_true(any(abs(index[1] - c(50, 190)) <= 8))
    expect_lte(abs(index[2] - 40), 4)
    expect_equal(index[3], 6)
    p <- plot_planes(x)
    expect_equal(as.character(p$data$slice[3]), sprintf("sagittal, slice %d", index[1]))
  }
  # Where all is alike, the middle.
  for (value in c(0, -1000, 50)) {
    x <- as_scan(array(value, c(301, 7, 12)), unit = "HU")
    expect_equal(middle_index(x, NULL), c(151, 4, 6))
  }
})

test_that("side letters of neighbours stay apart", {
  p <- plot_planes(as_scan(array(0, c(20, 20, 20)), unit = "HU"), lines = FALSE)
  letters <- p$layers[[2]]$data
  expect_equal(sort(unique(letters$letter)), c("A", "I", "L", "P", "R", "S"))
  expect_true(all(letters$inset_x[letters$hjust == 0] >= 3))
  expect_true(all(letters$inset_x[letters$hjust == 1] <= -3))
  # In a slab there is no room for both; beside the other tiles that counts too.
  slab <- plot_planes(as_scan(array(0, c(4, 40, 6)), unit = "HU"), lines = FALSE)$layers[[2]]$data
  expect_equal(as.vector(table(slab$slice)), c(2, 0, 2))
})

test_that("a point outside is refused, and the scan's reach named", {
  x <- point_scan(c(2, 7, 4))
  expect_error(plot_planes(x, at = c(0, 0, 0)), "x from 3.0 to 5.5", class = "medvoxel_error_input")
  expect_error(plot_planes(x, at = c(1, 2)), class = "medvoxel_error_input")
})

test_that("it is a ggplot and draws without a warning", {
  withr::local_pdf(withr::local_tempfile(fileext = ".pdf"))
  x <- point_scan(c(2, 7, 4))
  p <- plot_planes(x, segmentation = as_segmentation(x > 500, x, "point"))
  expect_s3_class(p, "ggplot")
  expect_no_warning(print(p + ggplot2::ggtitle("ankle")))
  expect_length(plot_planes(x, lines = FALSE)$layers, 2)
})
