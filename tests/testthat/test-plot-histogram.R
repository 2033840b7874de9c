ct_like <- function() {
  set.seed(1)
  values <- round(c(
    rep(-1000, 3000), rnorm(1500, -100, 15), rnorm(1200, 50, 15), runif(300, 300, 1500)
  ))
  as_scan(array(as.integer(values), c(20, 30, 10)), spacing = c(0.5, 0.8, 4), unit = "HU")
}

test_that("bars count as hist() does", {
  x <- ct_like()
  p <- plot_histogram(x, bins = 40)
  expect_s3_class(p, "ggplot")
  bars <- p$data
  expect_lte(nrow(bars), 40)
  expect_equal(sum(bars$voxels), length(x))
  expect_equal(sum(bars$percent), 100)
  peer <- hist(as.array(x), breaks = c(bars$lower, max(bars$upper)), plot = FALSE)
  expect_equal(bars$voxels, peer$counts)
  # Every bar covers the same number of whole values.
  expect_true(all((bars$upper - bars$lower) == round(bars$upper - bars$lower)))
  expect_equal(bars$lower %% 1, rep(0.5, nrow(bars)))
})

test_that("values that are not whole are counted too, the largest among them", {
  set.seed(2)
  x <- as_scan(array(rnorm(4000), c(20, 20, 10)))
  bars <- plot_histogram(x, bins = 17)$data
  expect_equal(nrow(bars), 17)
  expect_equal(sum(bars$voxels), 4000)
  peer <- hist(as.array(x), breaks = seq(min(x), max(x), length.out = 18), plot = FALSE)
  expect_equal(bars$voxels, peer$counts)
  # The largest lies on the last edge.
  quarters <- as_scan(array(c(0, 0.25, 0.5, 0.75, 1, 0.1, 0.1, 0.9), c(2, 2, 2)))
  expect_equal(plot_histogram(quarters, bins = 4)$data$voxels, c(3, 1, 1, 3))
})

test_that("counting in pieces gives the same as at once", {
  set.seed(3)
  values <- sample.int(3000, 2.3e6, TRUE) - 1000L
  x <- as_scan(array(values, c(230, 100, 100)))
  bars <- plot_histogram(x, bins = 30)$data
  peer <- tabulate((values + 999L) %/% 100L + 1L, 30)
  expect_equal(bars$voxels, as.numeric(peer))
})

test_that("a chosen range is counted alone, and the rest is said", {
  x <- ct_like()
  p <- plot_histogram(x, bins = 50, range = c(-200, 200))
  inside <- as.array(x) >= min(p$data$lower) & as.array(x) <= max(p$data$upper)
  expect_equal(sum(p$data$voxels), sum(inside))
  expect_match(p$labels$caption, sprintf("%s voxels", format(sum(!inside), big.mark = ",")))
  expect_null(plot_histogram(x)$labels$caption)
  expect_error(plot_histogram(x, range = c(5, 5)), class = "medvoxel_error_input")
  # Metal and padding do not stretch a CT's axis.
  x <- as_scan(array(c(-2048L, 0:997, 30000L), c(10, 10, 10)), unit = "HU")
  p <- plot_histogram(x)
  expect_gte(min(p$data$lower), -1025)
  expect_lt(max(p$data$upper), 3200)
  expect_match(p$labels$caption, "2 voxels .* outside -1024 to")
})

test_that("one value, and infinite values", {
  p <- plot_histogram(as_scan(array(3L, c(2, 2, 2))))
  expect_equal(p$data$voxels, 8)
  p <- plot_histogram(as_scan(array(0.5, c(2, 2, 2))))
  expect_equal(sum(p$data$voxels), 8)
  x <- as_scan(array(1:8 + 0.5, c(2, 2, 2)))
  x[1, 1, 1] <- Inf
  expect_error(plot_histogram(x), "infinite", class = "medvoxel_error_input")
})

test_that("segments are counted on their own", {
  x <- ct_like()
  labels <- array(0L, dim(x))
  labels[as.array(x) > -200 & as.array(x) < 0] <- 7L
  labels[as.array(x) >= 300] <- 2L
  seg <- as_segmentation(labels, x, data.frame(value = c(7, 2), name = c("fat", "bone")))
  p <- plot_histogram(x, segmentation = seg)
  counts <- tapply(p$data$voxels, p$data$segment, sum)
  expect_equal(counts[["all voxels"]], length(x))
  expect_equal(counts[["fat"]], sum(labels == 7))
  expect_equal(counts[["bone"]], sum(labels == 2))
  bone <- p$data[p$data$segment == "bone", ]
  expect_equal(sum(bone$voxels[bone$upper <= 299]), 0)
  other <- as_scan(array(0, dim(x)), spacing = 1)
  expect_error(
    plot_histogram(other, segmentation = seg), class = "medvoxel_error_geometry"
  )
})

# Where each tissue's name really lies, in the unit of the axis, on a page this wide.
name_extents <- function(p, inches) {
  file <- withr::local_tempfile(fileext = ".pdf")
  grDevices::pdf(file, inches, 4.5)
  on.exit(grDevices::dev.off())
  table <- ggplot2::ggplotGrob(p)
  fixed <- sum(grid::convertWidth(table$widths, "in", valueOnly = TRUE))
  axis <- range(p$data$lower, p$data$upper)
  per_inch <- diff(axis) * 1.02 / (inches - fixed)
  marks <- p$layers[[3]]$data
  width <- vapply(marks$tissue, function(name) {
    text <- grid::textGrob(name, gp = grid::gpar(fontsize = 2.8 * ggplot2::.pt))
    grid::convertWidth(grid::grobWidth(text), "in", valueOnly = TRUE)
  }, 0) * per_inch
  from <- marks$name_at - width * marks$name_side
  data.frame(
    lane = marks$lane, from = from, to = from + width, left = marks$left, right = marks$right,
    within = marks$name_side == 0.5
  )
}

test_that("names of tissues overlap neither each other nor other ranges", {
  x <- ct_like()
  for (range in list(NULL, c(-200, 200), c(-1024, 3071), c(0, 500))) {
    extents <- name_extents(plot_histogram(x, range = range), 5.5)
    expect_gt(nrow(extents), 3)
    for (lane in split(extents, extents$lane)) {
      from <- pmin(lane$from, lane$left)
      to <- pmax(lane$to, lane$right)
      order <- order(from)
      expect_true(all(to[order][-length(order)] < from[order][-1]))
    }
    names <- extents[!extents$within, ]
    expect_true(all(names$to <= names$left | names$from >= names$right))
  }
})

test_that("tissues are marked for HU only, unless asked for", {
  x <- ct_like()
  expect_gt(length(plot_histogram(x)$layers), length(plot_histogram(x, tissues = FALSE)$layers))
  plain <- as_scan(as.array(x), unit = "stored values")
  expect_length(plot_histogram(plain)$layers, 1)
  own <- data.frame(tissue = "metal", lower = 400, upper = 900, colour = "#FF0000")
  p <- plot_histogram(plain, tissues = own)
  expect_equal(p$layers[[3]]$data$tissue, "metal")
  expect_error(plot_histogram(x, tissues = "fat"), class = "medvoxel_error_input")
  expect_equal(p$labels$x, "Stored values")
  expect_equal(plot_histogram(x)$labels$x, "Hounsfield units (HU)")
})

test_that("the axis is readable and its breaks are round", {
  for (highest in c(0.02, 0.7, 5, 33, 100)) {
    breaks <- root_breaks(highest)
    expect_equal(breaks[1], 0)
    expect_gte(length(breaks), 3)
    expect_true(all(diff(sqrt(breaks)) > sqrt(highest) / 12))
    expect_gt(max(breaks), 0.6 * highest)
  }
  expect_equal(plain_number(c(0, 0.00001, 100)), c("0", "0.00001", "100"))
})

test_that("both scales draw without a warning", {
  withr::local_pdf(withr::local_tempfile(fileext = ".pdf"))
  x <- ct_like()
  expect_no_warning(print(plot_histogram(x)))
  expect_no_warning(print(plot_histogram(x, scale = "linear") + ggplot2::ggtitle("calf")))
  expect_error(plot_histogram(x, scale = "log"), class = "medvoxel_error_input")
  expect_error(plot_histogram(1:3), class = "medvoxel_error_input")
})
