# One bright voxel: the one that lies farthest towards a place in the patient.
scan_with_point <- function(direction, towards, dim = c(5, 7, 9), spacing = c(0.5, 0.8, 4)) {
  x <- as_scan(
    array(0L, dim), spacing = spacing, direction = direction, origin = c(3, -20, 50), unit = "HU"
  )
  index <- as.matrix(expand.grid(lapply(dim, seq_len)))
  at <- index[which.max(voxel_to_mm(x, index) %*% towards), ]
  values <- as.array(x)
  values[at[1], at[2], at[3]] <- 1000L
  list(scan = as_scan(values, reference = x, unit = "HU"), at = at)
}

bright <- function(p) {
  for (tile in seq_along(p$layers[[1]]$geom_params$images)) {
    pixels <- tile_pixels(p, tile)
    if (any(pixels > 200)) {
      at <- unname(which(pixels > 200, arr.ind = TRUE)[1, ])
      return(list(tile = tile, at = at, size = dim(pixels)))
    }
  }
}

test_that("sides of the patient lie where radiologists expect them, however the array runs", {
  # right, anterior, superior and then left, posterior, inferior, in LPS
  oblique <- list(rotation(20, 1), rotation(-30, 2) %*% rotation(10, 3))
  for (direction in c(all_directions(), oblique)) {
    near <- scan_with_point(direction, c(-1, -1, 1))
    far <- scan_with_point(direction, c(1, 1, -1))
    for (plane in c("axial", "coronal", "sagittal")) {
      shown <- bright(plot_slices(near$scan, 10, 10, every = 1, plane = plane))
      expect_equal(shown$at, c(1, 1))
      shown <- bright(plot_slices(far$scan, 10, 10, every = 1, plane = plane))
      expect_equal(shown$at, shown$size)
    }
  }
})

test_that("slices are numbered as the array numbers them", {
  for (direction in all_directions()[c(1, 8, 19, 30, 45)]) {
    point <- scan_with_point(direction, c(-1, 1, 1), dim = c(6, 7, 8))
    for (plane in 1:3) {
      name <- c("sagittal", "coronal", "axial")[plane]
      p <- plot_slices(point$scan, 4, 4, every = 1, plane = name)
      shown <- as.character(p$data$slice[bright(p)$tile])
      # The array's axis along which the patient's axis `plane` runs.
      axis <- which(abs(direction[plane, ]) > 0.9)
      expect_equal(shown, paste("slice", point$at[axis]))
    }
  }
})

test_that("tiles have the true proportions in mm", {
  x <- as_scan(array(0, c(10, 20, 6)), spacing = c(0.5, 0.8, 4), unit = "HU")
  size <- function(plane) {
    p <- plot_slices(x, 1, 1, plane = plane)
    unlist(p$data[c("xmax", "ymax")], use.names = FALSE)
  }
  expect_equal(size("axial"), c(5, 16))
  expect_equal(size("coronal"), c(5, 24))
  expect_equal(size("sagittal"), c(16, 24))
  expect_equal(plot_slices(x, 1, 1)$coordinates$ratio %||% 1, 1)
})

test_that("a voxel appears on the page where it should", {
  skip_if_not(capabilities("cairo"), "this R has no cairo device")
  values <- array(0L, c(20, 10, 3))
  values[5, 8, 2] <- 1000L
  x <- as_scan(values, spacing = c(0.5, 0.8, 4), unit = "HU")
  p <- plot_slices(x, 1, 1, slices = 2, interpolate = FALSE) + ggplot2::theme(
    plot.background = ggplot2::element_blank(),
    strip.text = ggplot2::element_blank(), plot.caption = ggplot2::element_blank()
  )
  file <- withr::local_tempfile(fileext = ".png")
  grDevices::png(file, 500, 500, type = "cairo", bg = "#0000FF")
  print(p)
  grDevices::dev.off()
  page <- png::readPNG(file)
  picture <- which(page[, , 3] < 0.5 | page[, , 1] > 0.5, arr.ind = TRUE)
  white <- which(page[, , 1] > 0.98 & page[, , 3] > 0.98, arr.ind = TRUE)
  # 10 x 8 mm: the picture is 1.25 times as wide as high.
  extent <- apply(picture, 2, function(v) diff(range(v)))
  expect_equal(extent[[2]] / extent[[1]], 1.25, tolerance = 0.01)
  place <- (colMeans(white) - apply(picture, 2, min)) / extent
  expect_equal(unname(place), c(7.5 / 10, 4.5 / 20), tolerance = 0.01)
  spread <- apply(white, 2, function(v) diff(range(v))) / extent
  expect_equal(unname(spread), c(1 / 10, 1 / 20), tolerance = 0.05)
})

test_that("the edges say which side of the patient they are", {
  letters_of <- function(direction, plane) {
    x <- as_scan(array(0, c(3, 4, 5)), direction = direction, unit = "HU")
    plot_slices(x, 1, 1, plane = plane)$layers[[2]]$data$letter
  }
  # left, right, upper, lower edge
  expect_equal(letters_of(diag(3), "axial"), c("R", "L", "A", "P"))
  expect_equal(letters_of(diag(c(-1, -1, 1)), "axial"), c("R", "L", "A", "P"))
  expect_equal(letters_of(diag(3), "coronal"), c("R", "L", "S", "I"))
  expect_equal(letters_of(diag(3)[, c(2, 3, 1)], "sagittal"), c("A", "P", "S", "I"))
  # Turned by 30 degrees about the body's axis, and by 5, which is not worth a word.
  expect_equal(letters_of(rotation(30, 3), "axial"), c("RA", "LP", "AL", "PR"))
  expect_equal(letters_of(rotation(5, 3), "axial"), c("R", "L", "A", "P"))
})

test_that("the slices asked for are shown, as far as they exist", {
  x <- as_scan(array(0, c(4, 5, 12)), unit = "HU")
  shown <- function(...) as.character(plot_slices(x, ...)$data$slice)
  expect_equal(shown(), paste("slice", c(1, 3, 5, 7, 9, 11)))
  expect_equal(shown(rows = 1, cols = 2, start = 4, every = 3), paste("slice", c(4, 7)))
  expect_equal(shown(start = 12), "slice 12")
  expect_equal(shown(rows = 1, cols = 3, every = NULL), paste("slice", c(3, 7, 11)))
  expect_equal(shown(every = NULL), paste("slice", 1:12))
  expect_equal(shown(rows = 1, cols = 1, every = NULL), "slice 7")
  expect_equal(shown(slices = c(9, 2)), paste("slice", c(9, 2)))
  expect_equal(levels(plot_slices(x, slices = c(9, 2))$data$slice), paste("slice", c(9, 2)))
  expect_error(shown(start = 13), "12", class = "medvoxel_error_input")
  expect_error(shown(start = 0), class = "medvoxel_error_input")
  expect_error(shown(every = 0), class = "medvoxel_error_input")
  expect_error(shown(slices = 13:20), "1 to 12", class = "medvoxel_error_input")
  expect_error(shown(slices = 1.5), class = "medvoxel_error_input")
  expect_warning(
    expect_equal(shown(slices = 11:14), paste("slice", 11:12)), "13",
    class = "medvoxel_warning_input"
  )
  expect_warning(
    expect_length(shown(rows = 1, cols = 2, slices = 1:5), 2), class = "medvoxel_warning_input"
  )
})

test_that("the window maps values to greys", {
  x <- as_scan(array(c(-500, 0, 50, 100, 900, 25), c(6, 1, 1)), unit = "HU")
  p <- plot_slices(x, 1, 1, window = c(0, 100))
  expect_equal(as.vector(tile_pixels(p)), c(0, 0, 128, 255, 255, 64))
  expect_match(p$labels$caption, "0 to 100 HU")
})

test_that("segments are laid over in their colours, with a legend of those to be seen", {
  x <- as_scan(array(rep(c(0, 400), each = 8), c(4, 2, 2)), unit = "HU")
  labels <- array(0L, dim(x))
  labels[1, 1, ] <- 3L
  labels[4, 2, 2] <- 9L
  table <- data.frame(
    value = c(3, 9, 12), name = c("tendon", "bone", "absent"),
    colour = c("#FF0000", "#0000FF", "#00FF00")
  )
  seg <- as_segmentation(labels, x, table)
  p <- plot_slices(x, 1, 2, every = 1, segmentation = seg, opacity = 0.25, window = c(0, 400))
  red <- lapply(1:2, function(tile) tile_channel(p, 1, tile))
  blue <- lapply(1:2, function(tile) tile_channel(p, 3, tile))
  expect_equal(red[[1]][1, 1], 64)
  expect_equal(blue[[1]][1, 1], 0)
  expect_equal(red[[1]][2, 4], 0)
  expect_equal(red[[2]][1, 1], 255)
  expect_equal(blue[[2]][1, 1], 191)
  expect_equal(blue[[2]][2, 4], 255)
  expect_equal(red[[2]][2, 4], 191)
  legend <- p$layers[[3]]$data
  expect_equal(as.character(legend$name), c("tendon", "bone"))
  only <- plot_slices(x, 1, 1, slices = 1, segmentation = seg)
  expect_equal(as.character(only$layers[[3]]$data$name), "tendon")
  none <- plot_slices(x, 1, 1, segmentation = as_segmentation(array(0L, dim(x)), x))
  expect_length(none$layers, 2)
  moved <- as_scan(as.array(x), origin = c(5, 0, 0), unit = "HU")
  expect_error(plot_slices(moved, segmentation = seg), class = "medvoxel_error_geometry")
})

test_that("voxels too many to see are averaged, and stay in their place", {
  expect_equal(block_means(matrix(1:16, 4), c(2, 2)), matrix(c(3.5, 5.5, 11.5, 13.5), 2))
  expect_equal(block_means(matrix(1:6, 2), c(1, 2)), matrix(c(2, 3, 5, 6), 2))
  expect_equal(block_means(matrix(1:6, 2), c(1, 1)), matrix(1:6, 2))
  values <- array(0L, c(900, 60, 1))
  values[701:900, , 1] <- 400L
  x <- as_scan(values, spacing = c(0.1, 1, 1), unit = "HU")
  p <- plot_slices(x, 1, 10, window = c(0, 400))
  pixels <- tile_pixels(p)
  expect_equal(dim(pixels), c(60, 300))
  edge <- which(pixels[1, ] > 128)[1] / ncol(pixels)
  expect_equal(edge, 701 / 900, tolerance = 0.005)
  # A thin sheet keeps its share of colour instead of vanishing.
  labels <- array(0L, dim(values))
  labels[100, , 1] <- 1L
  seg <- as_segmentation(labels, x, data.frame(value = 1, name = "sheet", colour = "#FF0000"))
  p <- plot_slices(x, 1, 10, segmentation = seg, opacity = 1, window = c(0, 400))
  expect_equal(sum(tile_channel(p, 1)[1, 1:100]), 255 / 3)
})

test_that("a montage as big as the tutorial's is quick", {
  skip_on_cran()
  x <- as_scan(array(rep_len(0:1999 - 1000L, 704 * 704 * 40), c(704, 704, 40)),
               spacing = c(0.1989, 0.1989, 3), unit = "HU")
  seg <- as_segmentation(x > 300, x, "bright")
  file <- withr::local_tempfile(fileext = ".pdf")
  seconds <- system.time({
    p <- plot_slices(x, segmentation = seg)
    grDevices::pdf(file)
    print(p)
    grDevices::dev.off()
  })[["elapsed"]]
  expect_lt(seconds, 15)
})

test_that("it is a ggplot to which more can be added, and draws without a warning", {
  withr::local_pdf(withr::local_tempfile(fileext = ".pdf"))
  x <- as_scan(array(0:59, c(3, 4, 5)), spacing = c(0.5, 0.8, 4), unit = "HU")
  p <- plot_slices(x, segmentation = as_segmentation(x > 30, x, "bright"))
  expect_s3_class(p, "ggplot")
  changed <- p + ggplot2::theme(legend.position = "right") + ggplot2::ggtitle("ankle")
  expect_no_warning(print(changed))
  expect_error(plot_slices(x, plane = "top"), class = "medvoxel_error_input")
  expect_error(plot_slices(x, opacity = 2), class = "medvoxel_error_input")
})

test_that("images in which low values are bright are shown inverted", {
  x <- as_scan(array(rep(0:3, each = 4), c(4, 4, 1)) + 0L)
  image <- function(x) {
    view <- slice_view(x, "axial")
    slice_pictures(x, view, 1, c(0, 3), NULL, list(opacity = 0), 256)$images[[1]]
  }
  usual <- image(x)
  attr(x, "info") <- list(photometric = "MONOCHROME1")
  turned <- image(x)
  grey <- function(image) bitwAnd(c(image), 255L)
  expect_equal(grey(turned), 255L - grey(usual))
  expect_match(plot_slices(x)$labels$caption, "white to black (MONOCHROME1): ", fixed = TRUE)
})
