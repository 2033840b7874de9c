# What a montage and the three planes are drawn with. A tile is a facet whose axes are
# millimetres from the lower left corner.

# `tiles` has a row for each facet (`slice`) with the corners of its image; `marks` are its
# `letters`, the numbers along its edges (`axes`, or NULL) and `lines` across it (or NULL).
draw_tiles <- function(tiles, marks, size, pictures, interpolate, outline) {
  place <- ggplot2::aes(
    xmin = .data$xmin, xmax = .data$xmax, ymin = .data$ymin, ymax = .data$ymax,
    picture = .data$picture
  )
  ggplot2::ggplot(tiles) +
    slice_layer(place, pictures$images, interpolate) +
    outline_layer(place, pictures$outlines, outline) +
    line_layer(marks$lines) +
    letter_layer(marks$letters) +
    tick_layer(marks$axes) +
    legend_layers(pictures$segments) +
    ggplot2::coord_fixed(xlim = c(0, size[1]), ylim = c(0, size[2]), expand = FALSE) +
    theme_slices()
}

# Corners of a view's image in the middle of a tile of this size.
centred_tile <- function(view, size) {
  corner <- (size - view$size) / 2
  data.frame(
    xmin = corner[1], xmax = corner[1] + view$size[1],
    ymin = corner[2], ymax = corner[2] + view$size[2]
  )
}

window_words <- function(x, window) {
  order <- if (is_inverted(x)) "white to black (MONOCHROME1):" else "black to white:"
  trimws(paste(order, show_numbers(window, 4, " to "), attr(x, "unit")))
}

# Which side of the patient each edge is. In a thin slab, beside the `longest` side of all
# tiles, two letters would meet: they are left out. `more` is by how many points the left and
# the lower letter lie further inside.
edge_letters <- function(view, tile, longest, more = c(0, 0)) {
  middle <- c(tile$xmin + tile$xmax, tile$ymin + tile$ymax) / 2
  letters <- data.frame(
    x = c(tile$xmin, tile$xmax, middle[1], middle[1]),
    y = c(middle[2], middle[2], tile$ymax, tile$ymin),
    letter = view$letters, hjust = c(0, 1, 0.5, 0.5), vjust = c(0.5, 0.5, 1, 0),
    inset_x = c(4 + more[1], -4, 0, 0), inset_y = c(0, 0, -3, 3 + more[2])
  )
  letters[rep(view$size >= 0.25 * longest, each = 2), ]
}

letter_layer <- function(letters) {
  ggplot2::layer(
    geom = geom_grounded_text(), stat = "identity", position = "identity", data = letters,
    mapping = ggplot2::aes(
      .data$x, .data$y, label = .data$letter, hjust = .data$hjust, vjust = .data$vjust,
      inset_x = .data$inset_x, inset_y = .data$inset_y
    ),
    params = list(size = 6.5, text_colour = "#F2D272"), show.legend = FALSE, inherit.aes = FALSE
  )
}

# Nothing is drawn at no place; only the legend needs the layer.
legend_layers <- function(segments) {
  if (is.null(segments) || nrow(segments) == 0) return(NULL)
  segments$name <- factor(segments$name, segments$name)
  list(
    ggplot2::geom_rect(
      ggplot2::aes(
        fill = .data$name, xmin = .data$nowhere, xmax = .data$nowhere, ymin = .data$nowhere,
        ymax = .data$nowhere
      ),
      data = cbind(segments, nowhere = NA_real_), na.rm = TRUE
    ),
    ggplot2::scale_fill_manual(
      values = rlang::set_names(segments$colour, segments$name), name = NULL
    )
  )
}

theme_slices <- function() {
  text <- function(size, ...) ggplot2::element_text(colour = "grey85", size = size, ...)
  ggplot2::theme_void(base_size = 11) +
    ggplot2::theme(
      plot.background = ggplot2::element_rect(fill = "black", colour = NA),
      panel.background = ggplot2::element_rect(fill = "black", colour = NA),
      panel.spacing = ggplot2::unit(2, "pt"),
      plot.margin = ggplot2::margin(3, 3, 3, 3),
      strip.text = text(8, margin = ggplot2::margin(1.5, 0, 1.5, 0)),
      plot.caption = text(8, hjust = 0, margin = ggplot2::margin(3, 0, 0, 2)),
      legend.position = "bottom", legend.text = text(9),
      legend.key.size = ggplot2::unit(10, "pt"),
      legend.margin = ggplot2::margin(2, 0, 0, 0)
    )
}
