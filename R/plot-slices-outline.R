# Outlines of segments, drawn along the edges of their voxels as lines and not as pixels.
# Each line lies inside its own segment, by half its width: two segments that touch show
# both of theirs, and at the border of a slice none is cut in half.

# The line width, or NULL for no outlines. TRUE is about a pixel of a screen in a montage,
# and two in a picture with the whole page to itself.
check_outline <- function(x, tiles, arg = rlang::caller_arg(x), call = caller_env()) {
  if (identical(x, FALSE)) return(NULL)
  if (identical(x, TRUE)) return(0.4 + 0.4 / tiles)
  good <- is.numeric(x) && length(x) == 1 && is.finite(x) && x > 0
  if (!good) {
    medvoxel_abort(
      c(
        "{.arg {arg}} must be {.code TRUE}, {.code FALSE} or a line width in mm above 0.",
        x = "You gave {.obj_type_friendly {x}}{show_value(x)}."
      ),
      "input", call = call
    )
  }
  x
}

# `labels` are rows of the table `paint`, [down, across]. A list: `lines` and their `colour`,
# see label_edges(), and `size`, the number of rows and columns.
slice_outlines <- function(labels, paint) {
  edges <- label_edges(labels)
  row <- edges[, "label"]
  list(lines = edges, colour = paint$table$colour[row], size = dim(labels))
}

# A matrix with a row for each straight piece of the border of a label: its ends x0, y0, x1,
# y1 in voxels from the upper left corner, to the right and downwards; for each of the
# four to which side (-1 or 1) it must be moved to lie inside; and the label.
label_edges <- function(labels) {
  # With a frame of nothing around it, a structure is closed where the slice ends.
  framed <- matrix(0L, nrow(labels) + 2, ncol(labels) + 2)
  framed[1 + seq_len(nrow(labels)), 1 + seq_len(ncol(labels))] <- labels
  inside <- which(framed > 0)
  step <- nrow(framed)
  level <- rbind(
    edge_runs(framed, inside, side = -1, along = step),
    edge_runs(framed, inside, side = 1, along = step)
  )
  upright <- rbind(
    edge_runs(framed, inside, side = -step, along = 1),
    edge_runs(framed, inside, side = step, along = 1)
  )
  edges <- rbind(level, upright[, c(2, 1, 4, 3, 6, 5, 8, 7, 9), drop = FALSE])
  colnames(edges) <- c("x0", "y0", "x1", "y1", "to_x0", "to_y0", "to_x1", "to_y1", "label")
  edges
}

# The edges to one side of the voxels, joined to runs; `side` and `along` are steps in the
# memory of the matrix. Where a run ends the border turns: around a corner of its label, or
# on along a voxel of it that juts out.
edge_runs <- function(framed, inside, side, along) {
  at <- inside[framed[inside] != framed[inside + side]]
  rows <- nrow(framed)
  # Runs follow each other, and so do their voxels.
  if (along != 1) at <- at[order((at - 1) %% rows, at)]
  label <- framed[at]
  same <- function(step) framed[at + step] == label
  goes_on <- function(step) same(step) & !same(step + side)
  first <- !goes_on(-along)
  last <- !goes_on(along)
  # Numbers of the voxels along the run, and across it.
  place <- function(at, across) {
    if (xor(along == 1, across)) (at - 1) %% rows else (at - 1) %/% rows
  }
  level <- place(at[first], across = TRUE) - (side < 0)
  inwards <- rep(-sign(side), length(level))
  cbind(
    place(at[first], FALSE) - 1, level, place(at[last], FALSE), level,
    ifelse(same(-along)[first], -1, 1), inwards, ifelse(same(along)[last], 1, -1), inwards,
    label[first]
  )
}

# --- the layer --------------------------------------------------------------------

geom_outline <- function() {
  ggplot2::ggproto(
    "GeomOutline", ggplot2::Geom,
    required_aes = c("xmin", "xmax", "ymin", "ymax", "picture"),
    extra_params = c("na.rm", "outlines", "width"),
    draw_panel = function(data, panel_params, coord, outlines, width) {
      place <- coord$transform(data, panel_params)
      do.call(grid::gList, lapply(seq_len(nrow(place)), function(i) {
        outline_grob(outlines[[place$picture[i]]], place[i, ], width)
      }))
    },
    draw_key = ggplot2::draw_key_blank
  )
}

outline_grob <- function(outline, place, width) {
  lines <- outline$lines
  if (length(lines) == 0) return(grid::nullGrob())
  lwd <- width * ggplot2::.pt
  # A line of width 1 is 1/96 inch wide.
  half <- lwd / 96 / 2
  across <- function(x, side) {
    at <- place$xmin + x / outline$size[2] * (place$xmax - place$xmin)
    grid::unit(at, "npc") + grid::unit(side * half, "inches")
  }
  down <- function(y, side) {
    at <- place$ymax - y / outline$size[1] * (place$ymax - place$ymin)
    grid::unit(at, "npc") - grid::unit(side * half, "inches")
  }
  grid::segmentsGrob(
    across(lines[, "x0"], lines[, "to_x0"]), down(lines[, "y0"], lines[, "to_y0"]),
    across(lines[, "x1"], lines[, "to_x1"]), down(lines[, "y1"], lines[, "to_y1"]),
    gp = grid::gpar(col = outline$colour, lwd = lwd, lineend = "square")
  )
}

outline_layer <- function(mapping, outlines, width) {
  if (is.null(width)) return(NULL)
  ggplot2::layer(
    geom = geom_outline(), stat = "identity", position = "identity", mapping = mapping,
    params = list(outlines = outlines, width = width), show.legend = FALSE
  )
}
