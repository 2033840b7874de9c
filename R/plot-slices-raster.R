# Pixels of the tiles. A data frame with a row for a pixel would have ten million rows
# for a montage of the usual size; here each tile is one image.

# More pixels than a tile can show are averaged before it is drawn: a page of tiles is
# about 3000 pixels wide on a good printer.
pixel_budget <- function(rows, cols) max(256, ceiling(3000 / max(rows, cols)))

# A list: `images`, one nativeRaster for each slice; `outlines` of the segments in each, see
# slice_outlines(); and `segments`, the rows of the segment table that can be seen in them.
# `overlay` says how the segmentation is shown: its `opacity` and its `outline`.
slice_pictures <- function(x, view, shown, window, segmentation, overlay, budget) {
  paint <- overlay_paint(segmentation)
  seen <- logical(length(paint$values))
  outlines <- vector("list", length(shown))
  images <- lapply(seq_along(shown), function(tile) {
    values <- slice_matrix(x, view, shown[tile])
    factor <- ceiling(dim(values) / budget)
    grey <- grey_levels(block_means(values, factor), window)
    if (is_inverted(x)) grey <- 255 - grey
    if (is.null(paint)) return(pack_pixels(grey, grey, grey))
    labels <- match(slice_matrix(segmentation, view, shown[tile]), paint$values, nomatch = 0L)
    seen <<- seen | tabulate(labels, length(seen)) > 0
    dim(labels) <- dim(values)
    if (!is.null(overlay$outline)) outlines[[tile]] <<- slice_outlines(labels, paint)
    blend_overlay(grey, labels, paint, overlay$opacity, factor)
  })
  list(images = images, outlines = outlines, segments = paint$table[seen, , drop = FALSE])
}

# 0 (black) to 255 (white).
grey_levels <- function(values, window) {
  255 * pmin(pmax((values - window[1]) / (window[2] - window[1]), 0), 1)
}

# In images of this kind low values are bright. Only their display is turned round.
is_inverted <- function(x) identical(attr(x, "info")$photometric, "MONOCHROME1")

overlay_paint <- function(segmentation) {
  if (is.null(segmentation)) return(NULL)
  table <- visible_segments(attr(segmentation, "segments"))
  list(table = table, values = table$value, rgb = grDevices::col2rgb(table$colour))
}

visible_segments <- function(table) table[is_visible(table), , drop = FALSE]

# Tables of older segmentations, and of meshes, may not say it.
is_visible <- function(table) table$visible %||% rep(TRUE, nrow(table))

# Colour over grey; a pixel that stands for several voxels takes the share that is covered.
blend_overlay <- function(grey, labels, paint, opacity, factor) {
  if (opacity == 0 || !any(labels > 0)) return(pack_pixels(grey, grey, grey))
  rest <- grey * (1 - opacity * block_means(labels > 0, factor))
  channel <- function(i) {
    colour <- matrix(c(0, paint$rgb[i, ])[labels + 1], nrow(labels))
    rest + opacity * block_means(colour, factor)
  }
  pack_pixels(channel(1), channel(2), channel(3))
}

# Means of blocks of factor[1] rows by factor[2] columns. The last block of a row or
# column takes the last voxels again where it would stand out, which keeps its place
# right to a fraction of a pixel.
block_means <- function(values, factor) {
  if (all(factor == 1)) return(values + 0)
  total <- 0
  for (i in seq_len(factor[1])) {
    rows <- every_nth(nrow(values), i, factor[1])
    for (j in seq_len(factor[2])) {
      total <- total + values[rows, every_nth(ncol(values), j, factor[2]), drop = FALSE]
    }
  }
  total / prod(factor)
}

every_nth <- function(count, first, step) {
  pmin(seq.int(first, by = step, length.out = ceiling(count / step)), count)
}

# R's own image format: a number for a pixel, bytes alpha, blue, green, red, row by row.
pack_pixels <- function(red, green, blue) {
  pixel <- round(t(red)) + 256 * round(t(green)) + 65536 * round(t(blue)) + 255 * 2^24 - 2^32
  structure(as.integer(pixel), dim = dim(red), class = "nativeRaster", channels = 4L)
}

# --- the layer --------------------------------------------------------------------

# Puts each facet's image where xmin, xmax, ymin and ymax say.
geom_slice <- function() {
  ggplot2::ggproto(
    "GeomSlice", ggplot2::Geom,
    required_aes = c("xmin", "xmax", "ymin", "ymax", "picture"),
    extra_params = c("na.rm", "images", "interpolate"),
    draw_panel = function(data, panel_params, coord, images, interpolate) {
      place <- coord$transform(data, panel_params)
      do.call(grid::gList, lapply(seq_len(nrow(place)), function(i) {
        grid::rasterGrob(
          images[[place$picture[i]]],
          x = place$xmin[i], y = place$ymin[i],
          width = place$xmax[i] - place$xmin[i], height = place$ymax[i] - place$ymin[i],
          just = c("left", "bottom"), interpolate = interpolate
        )
      }))
    },
    draw_key = ggplot2::draw_key_blank
  )
}

slice_layer <- function(mapping, images, interpolate) {
  ggplot2::layer(
    geom = geom_slice(), stat = "identity", position = "identity", mapping = mapping,
    params = list(images = images, interpolate = interpolate), show.legend = FALSE
  )
}
