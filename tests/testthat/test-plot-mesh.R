# Two tetrahedra in two segments.
pair_mesh <- function(names = c("left", "right")) {
  corner <- rbind(c(0, 0, 0), c(10, 0, 0), c(0, 10, 0), c(0, 0, 20.123456))
  colnames(corner) <- c("x", "y", "z")
  faces <- rbind(c(1L, 3L, 2L), c(1L, 2L, 4L), c(2L, 3L, 4L), c(1L, 4L, 3L))
  new_mesh(
    rbind(corner, corner + 30), rbind(faces, faces + 4L), rep(c(2L, 5L), each = 4),
    data.frame(value = c(2L, 5L), name = names, colour = c("#E69F00", "#56B4E9"))
  )
}

traces <- function(widget, type) Filter(function(t) t$type == type, widget$x$data)

test_that("the widget has a surface and a legend entry for each segment", {
  w <- plot_mesh(pair_mesh(), opacity = c(0.4, 1))
  expect_s3_class(w, "htmlwidget")
  surfaces <- traces(w, "mesh3d")
  entries <- traces(w, "scatter3d")
  expect_identical(vapply(surfaces, `[[`, "", "name"), c("left", "right"))
  expect_identical(vapply(surfaces, `[[`, "", "color"), c("#E69F00", "#56B4E9"))
  expect_identical(vapply(surfaces, `[[`, 0, "opacity"), c(0.4, 1))
  expect_identical(
    vapply(entries, `[[`, "", "legendgroup"), vapply(surfaces, `[[`, "", "legendgroup")
  )
  expect_true(all(vapply(entries, `[[`, NA, "showlegend")))
})

test_that("faces count from 0 and each trace has vertices of its own", {
  second <- traces(plot_mesh(pair_mesh()), "mesh3d")[[2]]
  expect_identical(cbind(second$i, second$j, second$k), pair_mesh()$faces[1:4, ] - 1L)
  expect_equal(second$z, c(30, 30, 30, 50.12))
})

test_that("axes have one scale and do not move when a segment is switched off", {
  scene <- plot_mesh(pair_mesh())$x$layout$scene
  range <- vapply(scene[c("xaxis", "yaxis", "zaxis")], function(a) diff(a$range), 0)
  ratio <- unlist(scene$aspectratio)
  expect_equal(unname(range / ratio), rep(unname(range[1] / ratio[1]), 3))
  expect_identical(scene$aspectmode, "manual")
  expect_false(scene$xaxis$autorange)
})

test_that("the viewer stands in front of the patient, to the left and above", {
  eye <- plot_mesh(pair_mesh())$x$layout$scene$camera$eye
  expect_gt(eye$x, 0)
  expect_lt(eye$y, 0)
  expect_gt(eye$z, 0)
  front <- plot_mesh(pair_mesh(), azimuth = -90, elevation = 0)$x$layout$scene$camera$eye
  expect_equal(c(front$x, front$z), c(0, 0))
})

test_that("axis titles suit the plotly.js that is installed", {
  local_mocked_bindings_compat("plotlyjs_version", function() numeric_version("1.31.2"))
  expect_identical(plot_mesh(pair_mesh())$x$layout$scene$yaxis$title, "P (mm)")
  local_mocked_bindings_compat("plotlyjs_version", function() numeric_version("2.35"))
  expect_identical(plot_mesh(pair_mesh())$x$layout$scene$yaxis$title$text, "Posterior (mm)")
})

test_that("the version of plotly.js is read from its file", {
  expect_s3_class(plotlyjs_version(), "numeric_version")
  expect_true(plotlyjs_version() > "1.0")
})

test_that("names are shown as they are", {
  w <- plot_mesh(pair_mesh(c("a <b>bold</b> one", "</script>")))
  names <- vapply(traces(w, "mesh3d"), `[[`, "", "name")
  expect_false(any(grepl("<", names)))
})

test_that("a mesh beyond the budget is simplified, and the page stays small", {
  skip_if_no_core()
  skip_if_not_installed("htmlwidgets")
  index <- expand.grid(x = 1:110, y = 1:110, z = 1:60)
  wave <- array(sin(index$x / 3) + cos(index$y / 4) + sin(index$z / 2), c(110, 110, 60))
  m <- make_mesh(as_scan(wave), threshold = 0.2)
  expect_gt(nrow(m$faces), 50000)
  w <- plot_mesh(m)
  expect_lte(length(traces(w, "mesh3d")[[1]]$i), 50000)
  skip_if_not(rmarkdown::pandoc_available(), "no pandoc")
  path <- withr::local_tempfile(fileext = ".html")
  htmlwidgets::saveWidget(w, path, selfcontained = TRUE)
  expect_lt(file.size(path), 10e6)
  expect_lt(length(traces(plot_mesh(m, max_faces = 5000), "mesh3d")[[1]]$i), 5001)
})

test_that("the still picture is a ggplot that holds its pixels", {
  skip_if_no_core()
  p <- plot_mesh(pair_mesh(), interactive = FALSE, width = 300, height = 200)
  expect_s3_class(p, "ggplot")
  image <- p$layers[[1]]$geom_params$grob$raster
  expect_identical(dim(image), c(200L, 300L))
  expect_gt(length(unique(as.vector(unclass(image)))), 50)
  path <- withr::local_tempfile(fileext = ".png")
  ggplot2::ggsave(path, p, width = 3, height = 2, dpi = 100)
  expect_gt(file.size(path), 3000)
})

test_that("hidden segments wait in the widget's legend", {
  shown_at_first <- function(widget) {
    vapply(widget$x$data, function(t) !identical(t$visible, "legendonly"), NA)
  }
  # Surfaces of left and right, then their entries in the legend.
  expect_identical(shown_at_first(plot_mesh(pair_mesh())), c(TRUE, TRUE, TRUE, TRUE))
  w <- plot_mesh(pair_mesh(), hide = "left", opacity = c(0.4, 1))
  expect_identical(shown_at_first(w), c(FALSE, TRUE, FALSE, TRUE))
  expect_identical(vapply(traces(w, "mesh3d"), `[[`, 0, "opacity"), c(0.4, 1))
  expect_identical(shown_at_first(plot_mesh(pair_mesh(), hide = 5)), c(TRUE, FALSE, TRUE, FALSE))
  table <- pair_mesh()
  table$segments$visible <- c(TRUE, FALSE)
  expect_identical(shown_at_first(plot_mesh(table)), c(TRUE, FALSE, TRUE, FALSE))
  expect_identical(shown_at_first(plot_mesh(table, hide = character())), rep(TRUE, 4))
  expect_identical(shown_at_first(plot_mesh(table, hide = c(2, 5))), rep(FALSE, 4))
})

test_that("hidden segments are left out of the still picture", {
  expect_error(plot_mesh(pair_mesh(), hide = "skin"), "skin", class = "medvoxel_error_input")
  expect_error(plot_mesh(pair_mesh(), hide = TRUE), "hide", class = "medvoxel_error_input")
  skip_if_no_core()
  pixels <- function(...) {
    p <- plot_mesh(pair_mesh(), interactive = FALSE, width = 300, height = 300, ...)
    as.vector(unclass(p$layers[[1]]$geom_params$grob$raster))
  }
  # Bytes are alpha, blue, green, red; the left one is orange and the right one blue.
  orange <- function(pixel) {
    sum(bitwAnd(pixel, 255L) > 1.5 * bitwAnd(bitwShiftR(pixel, 16), 255L))
  }
  expect_gt(orange(pixels()), 100)
  expect_equal(orange(pixels(hide = "left")), 0)
  table <- pair_mesh()
  table$segments$visible <- c(FALSE, TRUE)
  picture <- function(...) plot_mesh(table, FALSE, width = 300, height = 300, ...)
  grob <- function(p) as.vector(unclass(p$layers[[1]]$geom_params$grob$raster))
  expect_equal(orange(grob(picture())), 0)
  expect_gt(orange(grob(picture(hide = character()))), 100)
  expect_error(
    plot_mesh(pair_mesh(), FALSE, hide = c("left", "right")), "All segments are hidden",
    class = "medvoxel_error_input"
  )
})

test_that("pixels keep their colours and places", {
  pixels <- array(0L, c(2, 3, 3))
  pixels[1, 1, ] <- c(255L, 0L, 0L)
  pixels[2, 3, ] <- c(1L, 2L, 254L)
  raster <- as_native_raster(pixels)
  expect_identical(dim(raster), c(2L, 3L))
  # R packs a pixel as opacity, blue, green, red, row by row: 0xff0000ff, 0xff000000 ...
  # and 0xfffe0201, here as signed numbers.
  black <- -16777216L
  expect_identical(as.vector(unclass(raster)), c(-16776961L, rep(black, 4), -130559L))
})

test_that("bad arguments are named", {
  expect_error(plot_mesh(1), class = "medvoxel_error_input")
  expect_error(plot_mesh(pair_mesh(), opacity = 2), "opacity", class = "medvoxel_error_input")
  expect_error(plot_mesh(pair_mesh(), opacity = c(1, 1, 1)), "2 segments")
  expect_error(plot_mesh(pair_mesh(), interactive = NA), class = "medvoxel_error_input")
  expect_error(plot_mesh(pair_mesh(), max_faces = 3), class = "medvoxel_error_input")
  empty <- pair_mesh()
  empty$faces <- empty$faces[0, ]
  empty$values <- integer()
  expect_error(plot_mesh(empty), "no faces", class = "medvoxel_error_input")
})
