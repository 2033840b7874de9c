mask_edges <- function(mask) label_edges(mask + 0L)[, 1:8, drop = FALSE]

# The pieces of the border of a mask, as text: from, to, and where it must be moved.
pieces <- function(mask) {
  edges <- mask_edges(mask)
  sort(unname(apply(edges, 1, paste, collapse = " ")))
}

letters_mask <- function(...) {
  do.call(rbind, strsplit(c(...), "")) == "x"
}

test_that("a voxel has four edges, moved inwards at both ends", {
  mask <- letters_mask("...", ".x.", "...")
  expect_identical(pieces(mask), sort(c(
    "1 1 2 1 1 1 -1 1", "1 2 2 2 1 -1 -1 -1", "1 1 1 2 1 1 1 -1", "2 1 2 2 -1 1 -1 -1"
  )))
  # Alone in its slice it has the same ones: the outline closes at the border.
  expect_identical(pieces(matrix(TRUE)), sort(c(
    "0 0 1 0 1 1 -1 1", "0 1 1 1 1 -1 -1 -1", "0 0 0 1 1 1 1 -1", "1 0 1 1 -1 1 -1 -1"
  )))
  expect_equal(nrow(mask_edges(matrix(FALSE, 3, 4))), 0)
})

test_that("straight edges are one piece, and inner corners meet", {
  block <- mask_edges(matrix(TRUE, 20, 30))
  expect_equal(nrow(block), 4)
  # An L: its inner corner is at (1, 1), where both pieces are moved out of the missing
  # voxel, to the left and downwards.
  edges <- mask_edges(letters_mask("x.", "xx"))
  expect_equal(nrow(edges), 6)
  ends <- rbind(edges[, c(1, 2, 5, 6)], edges[, c(3, 4, 7, 8)])
  inner <- ends[ends[, 1] == 1 & ends[, 2] == 1, ]
  expect_equal(unname(inner), rbind(c(1, 1, -1, 1), c(1, 1, -1, 1)))
})

test_that("the outline of any mask is closed and as long as its voxels' edges", {
  set.seed(4)
  for (size in list(c(1, 7), c(9, 1), c(12, 15))) {
    mask <- matrix(stats::runif(prod(size)) < 0.5, size[1], size[2])
    edges <- mask_edges(mask)
    framed <- rbind(FALSE, cbind(FALSE, mask, FALSE), FALSE) + 0
    expect_equal(
      sum(abs(edges[, 3] - edges[, 1]) + abs(edges[, 4] - edges[, 2])),
      sum(abs(diff(framed))) + sum(abs(diff(t(framed))))
    )
    # After the move by a little each end meets exactly one other.
    ends <- rbind(
      edges[, 1:2] + 0.1 * edges[, 5:6], edges[, 3:4] + 0.1 * edges[, 7:8]
    )
    expect_true(all(table(paste(round(ends[, 1], 3), round(ends[, 2], 3))) == 2))
    # And lies inside.
    expect_true(all(mask[cbind(ceiling(ends[, 2]), ceiling(ends[, 1]))]))
  }
})

test_that("all labels at once have the outlines that each has alone", {
  set.seed(5)
  labels <- matrix(sample(0:3, 12 * 14, TRUE, c(4, 2, 2, 1)), 12)
  edges <- label_edges(labels)
  for (label in 1:3) {
    ours <- edges[edges[, "label"] == label, 1:8]
    expect_equal(ours, mask_edges(labels == label))
  }
})

test_that("outlines turn round with the picture", {
  for (direction in all_directions()[c(1, 8, 19, 30, 45)]) {
    x <- as_scan(array(-1000, c(5, 7, 9)), c(0.5, 0.8, 4), direction = direction, unit = "HU")
    labels <- array(0L, dim(x))
    labels[1, 1, 1] <- 1L
    seg <- as_segmentation(labels, x, "corner")
    for (plane in c("axial", "coronal", "sagittal")) {
      p <- plot_slices(x, 1, 1, slices = 1, plane = plane, segmentation = seg, outline = TRUE)
      outline <- p$layers[[2]]$geom_params$outlines[[1]]
      filled <- which(tile_channel(p, 1) > 0, arr.ind = TRUE)
      expect_equal(range(outline$lines[, c("x0", "x1")]), unname(filled[, 2]) + c(-1, 0))
      expect_equal(range(outline$lines[, c("y0", "y1")]), unname(filled[, 1]) + c(-1, 0))
      expect_equal(outline$size, dim(tile_pixels(p)))
    }
  }
})

# The page without letters and lettering, as red, green and blue.
drawn_page <- function(p, size = 400) {
  skip_if_not(capabilities("cairo"), "this R has no cairo device")
  p$layers <- p$layers[1:2]
  p <- p + ggplot2::theme_void() + ggplot2::theme(
    strip.text = ggplot2::element_blank(), plot.caption = ggplot2::element_blank()
  )
  file <- withr::local_tempfile(fileext = ".png")
  grDevices::png(file, size, size, type = "cairo", res = 96)
  print(p)
  grDevices::dev.off()
  png::readPNG(file)
}

test_that("two segments that touch show both lines, each inside its own voxels", {
  x <- as_scan(array(0, c(10, 10, 1)), unit = "HU")
  labels <- array(0L, dim(x))
  labels[1:5, , 1] <- 1L
  labels[6:10, , 1] <- 2L
  table <- data.frame(value = 1:2, name = c("a", "b"), colour = c("#FF0000", "#00FF00"))
  seg <- as_segmentation(labels, x, table)
  # 8 pixels wide, at 96 pixels an inch.
  p <- plot_slices(x, 1, 1, segmentation = seg, opacity = 0, outline = 8 / ggplot2::.pt)
  page <- drawn_page(p)
  expect_equal(dim(page)[1:2], c(400, 400))
  row <- page[200, , ]
  expect_equal(which(row[, 1] > 0.9 & row[, 2] < 0.1), c(1:8, 193:200))
  expect_equal(which(row[, 2] > 0.9 & row[, 1] < 0.1), c(201:208, 393:400))
  expect_equal(which(page[, 100, 1] > 0.9), c(1:8, 393:400))
})

test_that("outlines keep the place of voxels that are averaged", {
  values <- array(0L, c(900, 40, 1))
  x <- as_scan(values, spacing = c(0.1, 1, 1), unit = "HU")
  values[701:900, , 1] <- 1L
  seg <- as_segmentation(values, x, data.frame(value = 1, name = "a", colour = "#FF0000"))
  p <- plot_slices(x, 1, 10, segmentation = seg, outline = TRUE)
  outline <- p$layers[[2]]$geom_params$outlines[[1]]
  expect_equal(outline$size, c(40, 900))
  expect_equal(range(outline$lines[, c("x0", "x1")]), c(700, 900))
})

test_that("segments that are not visible are drawn neither as fill nor as line", {
  x <- as_scan(array(-1000, c(6, 6, 3)), unit = "HU")
  labels <- array(0L, dim(x))
  labels[1:2, 1:2, ] <- 1L
  labels[5:6, 5:6, ] <- 2L
  seg <- as_segmentation(labels, x, c("shown", "hidden"))
  attr(seg, "segments")$visible <- c(TRUE, FALSE)
  p <- plot_slices(x, 1, 1, segmentation = seg, outline = TRUE)
  expect_identical(as.character(p$layers[[4]]$data$name), "shown")
  expect_identical(
    unique(p$layers[[2]]$geom_params$outlines[[1]]$colour), segment_table(seg)$colour[1]
  )
  expect_equal(sum(tile_channel(p, 1) > 0), 4)
  # The planes go through what is visible.
  expect_equal(as.character(plot_planes(seg)$data$slice[3]), "sagittal, slice 1")
  attr(seg, "segments")$visible <- NULL
  expect_length(plot_slices(x, 1, 1, segmentation = seg)$layers[[3]]$data$name, 2)
})

test_that("a segmentation is laid over the scan that it carries", {
  x <- as_scan(array(0:59, c(3, 4, 5)), spacing = c(0.5, 0.8, 4), unit = "HU")
  seg <- as_segmentation(x > 30, x, "bright")
  attr(seg, "scan") <- x
  of_scan <- plot_slices(x, segmentation = seg, outline = TRUE)
  same <- function(p) p$layers[[1]]$geom_params$images
  expect_identical(same(plot_slices(seg, outline = TRUE)), same(of_scan))
  expect_identical(same(plot(seg)), same(of_scan))
  expect_identical(same(plot_planes(seg)), same(plot_planes(x, segmentation = seg)))
  expect_error(plot_slices(seg, segmentation = seg), "left out", class = "medvoxel_error_input")
  attr(seg, "scan") <- NULL
  expect_error(plot_slices(seg), "carries no scan", class = "medvoxel_error_input")
  expect_error(plot_planes(seg), "carries no scan", class = "medvoxel_error_input")
})

test_that("outlines draw without a warning, in PDF too, and bad ones are refused", {
  withr::local_pdf(withr::local_tempfile(fileext = ".pdf"))
  x <- as_scan(array(0:59, c(3, 4, 5)), spacing = c(0.5, 0.8, 4), unit = "HU")
  seg <- as_segmentation(x > 30, x, "bright")
  expect_no_warning(print(plot_slices(x, segmentation = seg, outline = TRUE)))
  expect_no_warning(print(plot_planes(x, segmentation = seg, outline = 1, opacity = 0)))
  empty <- as_segmentation(array(0L, dim(x)), x)
  expect_no_warning(print(plot_slices(x, segmentation = empty, outline = TRUE)))
  expect_no_warning(print(plot_slices(x, outline = TRUE)))
  for (bad in list(0, -1, NA, "a", c(1, 2), NULL)) {
    expect_error(plot_slices(x, outline = bad), "outline", class = "medvoxel_error_input")
  }
  expect_error(plot_slices(x, outline = NA), "You gave `NA`.", fixed = TRUE)
  expect_error(plot_planes(x, outline = -1), "You gave a number (-1).", fixed = TRUE)
})
