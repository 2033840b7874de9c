#' Look at a surface
#'
#' Draws a mesh in 3D: as a widget to turn, zoom and toggle segments in, in RStudio's
#' viewer and in HTML reports (it needs no network); or as a still picture, which needs
#' neither browser nor display.
#'
#' Axes are millimetres in the patient, all on one scale: they grow to the patient's
#' left, to posterior and to superior. At first the viewer stands in front of the patient,
#' to the left, and a little above.
#'
#' @param mesh A mesh.
#' @param interactive `TRUE` for a plotly widget, `FALSE` for a still picture.
#' @param max_faces Budget of triangles for the widget. A larger mesh is simplified first,
#'   see [simplify_mesh()]: 50000 triangles take about 1.5 MB of an HTML file, beside
#'   4 MB for plotly itself. The still picture always shows all of them.
#' @param opacity Of the surfaces in the widget, from 0 (invisible) to 1; one number, or
#'   one a segment in the order of [segment_table()].
#' @param hide Names or values of segments that are not shown at first in the widget (a
#'   click on their entry in the legend shows them), and are left out of the still picture.
#'   By default those that are not visible by [segment_table()]; `character()` shows all.
#' @param elevation,azimuth Where the viewer stands, in degrees: above the axial plane, and
#'   from the patient's left towards posterior (-90 is in front, 0 left, 90 behind).
#' @param width,height Size of the still picture in pixels.
#' @returns An htmlwidget, or a ggplot object.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' x <- as_scan(array(0, c(20, 20, 10)), spacing = c(1, 1, 2))
#' values <- array(0L, dim(x))
#' values[5:15, 5:15, 3:7] <- 1L
#' m <- smooth_mesh(make_mesh(as_segmentation(values, x, "block")))
#' plot_mesh(m, interactive = FALSE, width = 600, height = 600)
#' if (interactive()) plot_mesh(m)
#'
#' values[8:12, 8:12, 4:6] <- 2L
#' m <- make_mesh(as_segmentation(values, x, c("shell", "core")))
#' plot_mesh(m, interactive = FALSE, hide = "shell", width = 600, height = 600)
plot_mesh <- function(mesh, interactive = TRUE, max_faces = 50000, opacity = 1,
                      hide = NULL, elevation = 20, azimuth = -60, width = 1200, height = 1200) {
  check_mesh(mesh)
  check_flag(interactive)
  check_number(max_faces, lower = 100, whole = TRUE)
  check_number(elevation, lower = -90, upper = 90)
  check_number(azimuth)
  check_has_faces(mesh)
  hidden <- hidden_segments(mesh, hide)
  if (interactive) {
    opacity <- check_opacity(opacity, nrow(mesh$segments))
    if (nrow(mesh$faces) > max_faces) mesh <- simplify_mesh(mesh, max_faces)
    return(mesh_widget(mesh, opacity, hidden, elevation, azimuth))
  }
  check_number(width, lower = 100, whole = TRUE)
  check_number(height, lower = 100, whole = TRUE)
  pixels <- core_call(
    "draw_mesh", mesh, width = width, height = height, elevation = elevation,
    azimuth = azimuth, hide = as.list(hidden), .progress = "Drawing the surface"
  )
  picture_plot(pixels)
}

check_has_faces <- function(mesh, call = caller_env()) {
  if (nrow(mesh$faces) == 0) {
    medvoxel_abort("The mesh has no faces, so there is nothing to draw.", "input", call = call)
  }
}

# Values of the segments that a plot does not show.
hidden_segments <- function(mesh, hide, call = caller_env()) {
  table <- mesh$segments
  if (is.null(hide)) return(table$value[!is_visible(table)])
  known <- if (is.character(hide)) table$name else table$value
  unknown <- setdiff(hide, known)
  if (!(is.character(hide) || is.numeric(hide)) || length(unknown) > 0) {
    medvoxel_abort(
      c(
        "{.arg hide} must be names or values of segments.",
        x = if (length(unknown)) "There is no segment {.val {unknown}}.",
        i = "Segments here: {.val {table$name}}."
      ),
      "input", call = call
    )
  }
  table$value[known %in% hide]
}

check_opacity <- function(x, count, call = caller_env()) {
  good <- is.numeric(x) && length(x) %in% c(1, count) && !anyNA(x) && all(x >= 0 & x <= 1)
  if (!good) {
    medvoxel_abort(
      "{.arg opacity} must be one number from 0 to 1, or one for each of {count} segment{?s}.",
      "input", call = call
    )
  }
  rep_len(x, count)
}

# The picture lies in the plot itself, so that it prints wherever a plot does.
picture_plot <- function(pixels) {
  height <- dim(pixels)[1]
  width <- dim(pixels)[2]
  image <- grid::rasterGrob(
    as_native_raster(pixels), width = grid::unit(1, "npc"), height = grid::unit(1, "npc")
  )
  ggplot2::ggplot() +
    ggplot2::annotation_custom(image, xmin = 0, xmax = width, ymin = 0, ymax = height) +
    ggplot2::coord_fixed(xlim = c(0, width), ylim = c(0, height), expand = FALSE) +
    ggplot2::theme_void()
}

# Red, green and blue from 0 to 255, [down, across, colour], as R's packed pixels.
as_native_raster <- function(pixels) {
  packed <- pixels[, , 1] + 256L * pixels[, , 2] + 65536L * pixels[, , 3]
  # The uppermost byte, opacity 255, is the sign of R's 32-bit integers.
  packed <- packed - 16777216L
  structure(
    as.integer(t(packed)), dim = dim(packed), class = "nativeRaster", channels = 4L
  )
}
