# The rows of numbers of a plot's tile, without outlines, segments and lines.
marks_of <- function(p, tile = 1) {
  marks <- p$layers[[3]]$data
  marks[marks$slice == p$data$slice[tile], ]
}

# What the edges of a tile say about the place of its bright voxel, named x, y or z.
read_off <- function(p, tile = 1) {
  pixels <- tile_pixels(p, tile)
  at <- unname(which(pixels > 200, arr.ind = TRUE)[1, ])
  share <- c(lower = (at[2] - 0.5) / ncol(pixels), left = 1 - (at[1] - 0.5) / nrow(pixels))
  marks <- marks_of(p, tile)
  value <- marks$from + share[marks$edge] * (marks$to - marks$from)
  rlang::set_names(unname(value), marks$name)
}

scan_with_voxel <- function(at, direction, dim = c(11, 9, 7)) {
  values <- array(0L, dim)
  values[at[1], at[2], at[3]] <- 1000L
  as_scan(
    values, spacing = c(0.5, 0.8, 4), direction = direction, origin = c(3, -20, 50), unit = "HU"
  )
}

test_that("the numbers at the edges are the place of the voxel, however the array runs", {
  at <- c(2, 7, 4)
  oblique <- list(rotation(20, 1) %*% rotation(-15, 3), diag(c(1, -1, 1)) %*% rotation(40, 2))
  for (direction in c(all_directions(), oblique)) {
    x <- scan_with_voxel(at, direction)
    mm <- voxel_to_mm(x, at)[1, ]
    voxel <- c(x = at[1], y = at[2], z = at[3])
    aligned <- all(abs(direction) %in% c(0, 1))
    p <- plot_planes(x, at = mm, lines = FALSE, axes = "voxels")
    q <- if (aligned) plot_planes(x, at = mm, lines = FALSE, axes = "mm")
    for (tile in 1:3) {
      said <- read_off(p, tile)
      expect_length(unique(names(said)), 2)
      expect_equal(said, voxel[names(said)])
      # The third index is the number of the slice.
      rest <- setdiff(c("x", "y", "z"), names(said))
      expect_match(as.character(p$data$slice[tile]), paste0("slice ", voxel[[rest]], "$"))
      if (!aligned) next
      said <- read_off(q, tile)
      patient <- list(c("x", "y"), c("x", "z"), c("y", "z"))[[tile]]
      expect_equal(names(said), patient)
      expect_equal(said, mm[patient])
    }
  }
})

test_that("each slice of a montage has its own numbers", {
  # Turned about the body's axis: coronal slices are shifted to the side, one by one, and
  # along an edge mm grow slower than the spacing.
  x <- scan_with_voxel(c(2, 7, 4), rotation(17, 3))
  p <- plot_slices(x, 1, 3, slices = c(1, 7, 9), plane = "coronal", axes = "mm")
  expect_equal(read_off(p, 2), voxel_to_mm(x, c(2, 7, 4))[1, c("x", "z")])
  expect_false(marks_of(p, 1)$from[1] == marks_of(p, 2)$from[1])
  # In axial ones no edge is one coordinate.
  refused <- function(...) {
    expect_error(plot_slices(x, axes = "mm", ...), "voxels", class = "medvoxel_error_geometry")
  }
  refused()
  refused(plane = "axial")
  expect_error(plot_planes(x, axes = "mm"), "oblique", class = "medvoxel_error_geometry")
  expect_error(plot_planes(x, axes = "cm"), "axes", class = "medvoxel_error_input")
  # A tilt that nobody can see is let pass, and right in the middle of the slice.
  slight <- scan_with_voxel(c(6, 5, 4), rotation(0.2, 3))
  p <- plot_slices(slight, 1, 1, slices = 4, axes = "mm")
  expect_equal(read_off(p), voxel_to_mm(slight, c(6, 5, 4))[1, c("x", "y")])
})

one_mark <- function(from, to, edge = "lower", whole = TRUE) {
  data.frame(
    edge = edge, name = "x", from = from, to = to, whole = whole, xmin = 0, xmax = 1, ymin = 0,
    ymax = 1
  )
}

test_that("numbers are round, on their ticks and apart from each other", {
  ticks <- edge_ticks(one_mark(0.5, 233.5), 200, gap = 8)
  # Small ticks without a number lie half-way.
  expect_equal(ticks$label, c("", "50", "", "100", "", "150", "", "200", ""))
  expect_equal(ticks$at, (25 * (1:9) - 0.5) / 233)
  for (length in c(12, 25, 60, 110, 300, 700)) {
    for (ends in list(c(0.5, 5.5), c(233.5, 0.5), c(-718.7, -238.2), c(21.2, -3.4), c(-3, 3))) {
      for (edge in c("lower", "left")) {
        ticks <- edge_ticks(one_mark(ends[1], ends[2], edge, whole = FALSE), length, 8)
        said <- ticks[nzchar(ticks$label), ]
        expect_gte(nrow(said), 1)
        expect_true(all(ticks$at >= 0 & ticks$at <= 1))
        # The number stands where the edge has this value.
        expect_equal(ends[1] + said$at * diff(ends), as.numeric(said$label))
        room <- if (edge == "lower") label_width(said$label) else rep(label_size, nrow(said))
        expect_true(all(diff(said$at) * length > room[-1]))
      }
    }
  }
  whole <- edge_ticks(one_mark(0.5, 5.5), 700, 8)
  expect_equal(whole$label, as.character(1:5))
  # Too short for a round number: one that is there.
  expect_equal(edge_ticks(one_mark(0.5, 8.5), 9, 8)$label, "4")
  expect_equal(tick_labels(c(-100, 0.25, 0, 1e5)), c("-100", "0.25", "0", "100000"))
})

# Everything that ticks_grob() draws in a panel of this size in points.
drawn_ticks <- function(place, width, height) {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  grid::pushViewport(grid::viewport(
    width = grid::unit(width, "points"), height = grid::unit(height, "points")
  ))
  ticks_grob(place)
}

test_that("labels stay inside the panel and out of each other's way", {
  for (size in list(c(200, 200), c(90, 60), c(30, 200), c(200, 20))) {
    place <- rbind(one_mark(0.5, 512.5), one_mark(300.2, -20.7, "left", whole = FALSE))
    place$name <- c("x", "z")
    text <- drawn_ticks(place, size[1], size[2])[[3]]$children[[2]]
    x <- grid::convertX(text$x, "points", valueOnly = TRUE)
    y <- grid::convertY(text$y, "points", valueOnly = TRUE)
    width <- label_width(text$label)
    left <- x - text$hjust * width
    bottom <- y - text$vjust * label_size
    expect_true(all(left >= 0 & left + width <= size[1] + 1))
    expect_true(all(bottom >= -0.01 & bottom + label_size <= size[2] + 0.01))
    for (i in seq_along(x)) for (j in seq_len(i - 1)) {
      apart <- left[i] > left[j] + width[j] || left[j] > left[i] + width[i] ||
        abs(bottom[i] - bottom[j]) >= label_size
      expect_true(apart, info = paste(text$label[c(i, j)], collapse = " and "))
    }
  }
  # Each edge says once what runs along it, the left one from above.
  text <- drawn_ticks(rbind(one_mark(0.5, 60.5), one_mark(40.5, 20.5, "left")), 200, 200)[[3]]
  expect_equal(grep("x", text$children[[2]]$label, value = TRUE), c("x 5", "x 22"))
})

# The page, black but for what the layers `kept` draw.
page_of <- function(p, kept, size = 480) {
  skip_if_not(capabilities("cairo"), "this R has no cairo device")
  p$layers <- p$layers[kept]
  p <- p + ggplot2::theme(
    strip.text = ggplot2::element_blank(), plot.caption = ggplot2::element_blank(),
    plot.margin = ggplot2::margin(0, 0, 0, 0)
  )
  file <- withr::local_tempfile(fileext = ".png")
  grDevices::png(file, size, size, type = "cairo", res = 96)
  print(p)
  grDevices::dev.off()
  png::readPNG(file)
}

test_that("ticks lie on the page beside their voxels", {
  # 48 voxels of 10 pixels each; x is turned round in the picture.
  x <- as_scan(array(0L, c(48, 48, 1)), direction = diag(c(-1, 1, 1)), unit = "HU")
  p <- plot_slices(x, 1, 1, axes = "voxels")
  page <- page_of(p, 3)[, , 1]
  # Middles of the ticks, in pixels from the left or the upper edge.
  middles <- function(grey) {
    at <- which(grey > 0.3)
    vapply(split(at, cumsum(c(1, diff(at) > 1))), mean, 0, USE.NAMES = FALSE) - 0.5
  }
  columns <- middles(page[479, ])
  rows <- middles(page[, 2])
  # A tick every 5 voxels of 10 pixels; the middle of voxel 5 lies 45 pixels from the edge.
  expect_length(columns, 9)
  expect_lte(max(abs(columns - rev(480 - seq(45, 445, by = 50)))), 1)
  expect_length(rows, 9)
  expect_lte(max(abs(rows - seq(45, 445, by = 50))), 1)
})

test_that("letters and numbers stand on dark ground where the picture is white", {
  x <- as_scan(array(1000L, c(48, 48, 1)), unit = "HU")
  page <- page_of(plot_slices(x, 1, 1, axes = "voxels"), 1:3)
  grey <- (page[, , 1] + page[, , 2] + page[, , 3]) / 3
  # Beside the middle of the right edge: L.
  letter <- grey[232:248, 462:476]
  expect_lt(min(letter), 0.45)
  expect_gt(max(page[232:248, 462:476, 1]), 0.9)
  expect_true(any(abs(page[232:248, 462:476, 1] - page[232:248, 462:476, 3]) > 0.3))
  # Numbers along the lower edge; the middle of the picture stays as it is.
  expect_lt(min(grey[464:476, ]), 0.45)
  expect_true(all(grey[100:200, 100:400] == 1))
})

test_that("numbers are drawn without a warning, and only if asked for", {
  withr::local_pdf(withr::local_tempfile(fileext = ".pdf"))
  x <- as_scan(array(0:59, c(3, 4, 5)), spacing = c(0.5, 0.8, 4), unit = "HU")
  seg <- as_segmentation(x > 30, x, "bright")
  for (axes in c("voxels", "mm")) {
    expect_no_warning(print(plot_slices(x, axes = axes, segmentation = seg, outline = TRUE)))
    expect_no_warning(print(plot_planes(x, axes = axes, segmentation = seg)))
  }
  expect_length(plot_slices(x)$layers, 2)
  expect_length(plot_planes(x, lines = FALSE)$layers, 2)
  expect_match(plot_slices(x, axes = "mm")$labels$caption, "axes in mm LPS$")
  # (115, 2, 3) could be mm or voxels: the caption has both.
  p <- plot_planes(x, at = c(0.5, 1.6, 8), axes = "voxels")
  expect_match(p$labels$caption, "Through (0.5, 1.6, 8.0) mm LPS, voxel (2, 3, 3);", fixed = TRUE)
  expect_match(p$labels$caption, "axes in voxels$")
})
