# Numbers along the lower and the left edge of each tile: voxel indices or LPS mm. Each
# tile has axes of its own, so they are drawn into it and not beside the panels.

axes_choices <- c("none", "voxels", "mm")

# Along a slice that lies oblique no edge is one LPS coordinate. What is less than anybody
# can read off a tile is let pass: 0.5 % of its longer side.
check_axes <- function(axes, x, views, call = caller_env()) {
  axes <- check_choice(axes, axes_choices, "axes", call)
  if (axes != "mm") return(axes)
  off <- vapply(views, tilt_mm, 0, x = x)
  if (any(off > 0.005 * vapply(views, function(view) max(view$size), 0))) {
    medvoxel_abort(
      c(
        "The scan lies oblique: mm along an edge are not one LPS coordinate.",
        x = "Within a slice they would be wrong by up to {signif(max(off), 2)} mm.",
        i = "Use {.code axes = \"voxels\"}, as {.code paint(unit = \"voxels\")} takes them."
      ),
      "geometry", call = call
    )
  }
  axes
}

# By how much at most the coordinates along the edges are wrong elsewhere in the slice.
tilt_mm <- function(view, x) {
  along <- lps_axes(view)
  max(abs(direction(x)[cbind(along, c(view$down, view$across))]) * rev(view$size) / 2)
}

# The LPS axis nearest to what runs across and what runs down.
lps_axes <- function(view) unlist(planes[[view$plane]][c("across", "vertical")], use.names = FALSE)

# Two rows, for the lower and the left edge: the name of the axis, and its values at the
# edge's lower or left end (`from`) and at the other (`to`).
axis_marks <- function(x, view, number, tile, axes) {
  if (axes == "none") return(NULL)
  axis <- c(view$across, view$down)
  # Voxels reach from half an index before the first to half an index after the last.
  ends <- cbind(from = c(0.5, 0.5), to = dim(x)[axis] + 0.5)
  turned <- c(view$flip_across, !view$flip_down)
  ends[turned, ] <- ends[turned, 2:1]
  shown <- axis
  if (axes == "mm") {
    shown <- lps_axes(view)
    for (i in 1:2) ends[i, ] <- edge_mm(x, view, number, axis[i], shown[i], ends[i, ])
  }
  data.frame(
    edge = c("lower", "left"), name = c("x", "y", "z")[shown], from = ends[, 1], to = ends[, 2],
    whole = axes == "voxels", tile[rep(1, 2), c("xmin", "xmax", "ymin", "ymax")],
    row.names = NULL
  )
}

# LPS coordinate `shown` at two indices along `axis`, in the middle of the slice.
edge_mm <- function(x, view, number, axis, shown, indices) {
  points <- matrix((dim(x) + 1) / 2, 2, 3, byrow = TRUE)
  points[, view$axis] <- number
  points[, axis] <- indices
  unname(voxel_to_mm(x, points)[, shown])
}

axes_caption <- function(axes) {
  c(none = "", voxels = "; axes in voxels", mm = "; axes in mm LPS")[[axes]]
}

# --- layout -----------------------------------------------------------------------

label_size <- 6.5

# Width in points, on any device: digits of Helvetica are 0.556 of the size wide.
label_width <- function(label) 0.56 * label_size * nchar(label)

# Where the ticks of an edge of `length` points are (from 0 to 1) and their labels; small
# ticks half-way between them have none.
edge_ticks <- function(mark, length, gap) {
  ends <- range(mark$from, mark$to)
  step <- tick_step(mark, length, gap)
  half <- if (!mark$whole || (step / 2) %% 1 == 0) step / 2 else step
  values <- seq(ceiling(ends[1] / half), floor(ends[2] / half)) * half
  if (ends[1] > floor(ends[2] / half) * half) values <- numeric()
  labelled <- abs(values / step - round(values / step)) < 1e-6
  if (!any(labelled)) {
    values <- tick_between(mark, ends)
    labelled <- TRUE
  }
  label <- ifelse(labelled, tick_labels(values), "")
  ticks <- data.frame(at = (values - mark$from) / (mark$to - mark$from), label = label)
  ticks[order(ticks$at), ]
}

# The smallest of 1, 2, 5, 10, ... whose labels have room.
tick_step <- function(mark, length, gap) {
  per_point <- abs(mark$to - mark$from) / length
  steps <- as.vector(outer(c(1, 2, 5), 10^(-3:5)))
  if (mark$whole) steps <- steps[steps >= 1]
  widest <- max(label_width(tick_labels(round(c(mark$from, mark$to)))))
  room <- if (mark$edge == "lower") widest else label_size
  fits <- steps / per_point >= room + gap
  if (any(fits)) steps[which(fits)[1]] else max(steps)
}

# One value for an edge too short for a round one.
tick_between <- function(mark, ends) {
  if (mark$whole || floor(mean(ends)) >= ends[1]) floor(mean(ends)) else signif(mean(ends), 3)
}

tick_labels <- function(values) {
  trimws(formatC(values + 0, format = "fg", digits = 7, big.mark = ""))
}

# --- drawing ----------------------------------------------------------------------

# How far the letters must move inwards for the numbers: at the left and the lower edge.
letter_insets <- function(marks) {
  if (is.null(marks)) return(c(0, 0))
  left <- marks[marks$edge == "left", ]
  widest <- tick_labels(round(c(left$from, left$to)))
  # In a flat picture the one label with the name stands beside the letter.
  flat <- left$ymax - left$ymin < 0.25 * (left$xmax - left$xmin)
  if (flat[1]) widest <- paste(left$name, widest)
  c(max(label_width(widest)) + 4, label_size + 4.5)
}

geom_ticks <- function() {
  ggplot2::ggproto(
    "GeomTicks", ggplot2::Geom,
    required_aes = c("xmin", "xmax", "ymin", "ymax", "edge", "name", "from", "to", "whole"),
    draw_panel = function(data, panel_params, coord) {
      place <- coord$transform(data, panel_params)
      # How many labels fit is known only when it is drawn.
      grid::delayGrob(ticks_grob(place), list(ticks_grob = ticks_grob, place = place))
    },
    draw_key = ggplot2::draw_key_blank
  )
}

tick_layer <- function(marks) {
  if (is.null(marks)) return(NULL)
  ggplot2::layer(
    geom = geom_ticks(), stat = "identity", position = "identity", data = marks,
    mapping = ggplot2::aes(
      xmin = .data$xmin, xmax = .data$xmax, ymin = .data$ymin, ymax = .data$ymax,
      edge = .data$edge, name = .data$name, from = .data$from, to = .data$to,
      whole = .data$whole
    ),
    show.legend = FALSE, inherit.aes = FALSE
  )
}

ticks_grob <- function(place) {
  panel <- c(
    grid::convertWidth(grid::unit(1, "npc"), "points", valueOnly = TRUE),
    grid::convertHeight(grid::unit(1, "npc"), "points", valueOnly = TRUE)
  )
  lower <- lower_ticks(place[place$edge == "lower", ], panel)
  left <- left_ticks(place[place$edge == "left", ], panel, lower)
  ticks <- rbind(lower, left)
  lines <- function(colour, width) {
    grid::segmentsGrob(
      ticks$x, ticks$y, ticks$xend, ticks$yend, default.units = "points",
      gp = grid::gpar(col = colour, lwd = width, lineend = "butt")
    )
  }
  said <- ticks[nzchar(ticks$label), ]
  grid::gList(
    lines(ground_colour, 3), lines(tick_colour, 1),
    grounded_text(
      grid::unit(said$label_x, "points"), grid::unit(said$label_y, "points"), said$label,
      said$hjust, said$vjust, tick_colour, label_size
    )
  )
}

tick_colour <- "#F2F2F2"

# Ends of ticks and places of labels, in points from the lower left corner of the panel.
lower_ticks <- function(mark, panel) {
  from <- mark$xmin * panel[1]
  length <- (mark$xmax - mark$xmin) * panel[1]
  base <- mark$ymin * panel[2]
  ticks <- edge_ticks(mark, length, gap = 8)
  x <- from + ticks$at * length
  half <- label_width(paste(mark$name, ticks$label)) / 2
  # Labels must not be cut off at the border of the panel.
  ticks$label[x - half < 1 | x + half > panel[1] - 1] <- ""
  data.frame(
    x = x, xend = x, y = base, yend = base + ifelse(nzchar(ticks$label), 3, 1.8),
    label = name_first(ticks$label, mark$name), label_x = x, label_y = base + 4.5, hjust = 0.5,
    vjust = 0, row.names = NULL
  )
}

left_ticks <- function(mark, panel, lower) {
  from <- mark$ymin * panel[2]
  length <- (mark$ymax - mark$ymin) * panel[2]
  base <- mark$xmin * panel[1]
  ticks <- edge_ticks(mark, length, gap = 11)
  # From above: the first is named.
  ticks <- ticks[rev(seq_len(nrow(ticks))), ]
  y <- from + ticks$at * length
  half <- label_size / 2
  end <- base + 4.5 + label_width(paste(mark$name, ticks$label))
  ticks$label[y - half < 0 | y + half > panel[2]] <- ""
  # In the corner they must not run into those of the lower edge.
  ticks$label[meets_lower(end, y - half, lower)] <- ""
  data.frame(
    x = base, xend = base + ifelse(nzchar(ticks$label), 3, 1.8), y = y, yend = y,
    label = name_first(ticks$label, mark$name), label_x = base + 4.5, label_y = y, hjust = 0,
    vjust = 0.5, row.names = NULL
  )
}

meets_lower <- function(end, bottom, lower) {
  lower <- lower[nzchar(lower$label), ]
  if (nrow(lower) == 0) return(rep(FALSE, length(end)))
  first <- min(lower$label_x - label_width(lower$label) / 2)
  bottom < lower$label_y[1] + label_size & end + 1 > first
}

# "x 50", "100", "150"
name_first <- function(labels, name) {
  first <- which(nzchar(labels))[1]
  if (!is.na(first)) labels[first] <- paste(name, labels[first])
  labels
}
