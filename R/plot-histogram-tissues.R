# The named tissue ranges above a histogram. They overlap, so each name has a lane of
# its own wherever it would meet another.

histogram_tissues <- function(tissues, x, counted, call = caller_env()) {
  if (isTRUE(tissues)) {
    tissues <- if (identical(attr(x, "unit"), "HU")) tissue_ranges()
  } else if (isFALSE(tissues)) {
    tissues <- NULL
  } else {
    check_tissues(tissues, call)
  }
  if (is.null(tissues)) tissues <- empty_tissues()
  edges <- range(counted$edges)
  tissues <- tissues[tissues$upper >= edges[1] & tissues$lower <= edges[2], , drop = FALSE]
  tissues$left <- pmax(tissues$lower, edges[1])
  tissues$right <- pmin(tissues$upper, edges[2])
  place_names(tissues, edges)
}

empty_tissues <- function() {
  data.frame(tissue = character(), lower = numeric(), upper = numeric(), colour = character())
}

check_tissues <- function(tissues, call) {
  columns <- names(empty_tissues())
  if (!is.data.frame(tissues) || !all(columns %in% names(tissues))) {
    medvoxel_abort(
      c(
        "{.arg tissues} must be {.code TRUE}, {.code FALSE} or a data frame of ranges.",
        i = "It needs the columns {.field {columns}}, as {.fn tissue_ranges} has them."
      ),
      "input", call = call
    )
  }
}

# A name stands in its range where it fits, else right of it where there is room, else
# left of it, in the first lane where it touches no other. A letter is taken to be 1/70
# of the plot's width: true of a plot about 13 cm wide, and generous on a wider one.
place_names <- function(tissues, edges) {
  letter <- diff(edges) / 70
  gap <- letter * 0.6
  tissues <- tissues[order(tissues$left), , drop = FALSE]
  length_of <- nchar(tissues$tissue) * letter
  within <- tissues$right - tissues$left > length_of + 2 * gap
  to_right <- !within & tissues$right + gap + length_of <= edges[2]
  tissues$name_side <- ifelse(within, 0.5, ifelse(to_right, 0, 1))
  tissues$name_at <- ifelse(
    within, (tissues$left + tissues$right) / 2,
    ifelse(to_right, tissues$right + gap, tissues$left - gap)
  )
  tissues$name_colour <- ifelse(within & is_dark(tissues$colour), "white", "grey15")
  from <- ifelse(within | to_right, tissues$left, tissues$name_at - length_of)
  to <- ifelse(to_right, tissues$name_at + length_of, tissues$right)
  tissues$lane <- assign_lanes(from, to + letter)
  tissues
}

is_dark <- function(colour) {
  colSums(grDevices::col2rgb(colour) * c(0.299, 0.587, 0.114)) < 140
}

# Share of the picture's height; many lanes are narrower, so that bars keep room.
lane_height <- function(marks) min(0.05, 0.5 / max(marks$lane))

assign_lanes <- function(from, to) {
  lane <- integer(length(from))
  taken <- list()
  for (i in seq_along(from)) {
    free <- vapply(taken, function(t) all(from[i] >= t$to | to[i] <= t$from), NA)
    lane[i] <- if (any(free)) which(free)[1] else length(taken) + 1L
    already <- if (lane[i] <= length(taken)) taken[[lane[i]]]
    taken[[lane[i]]] <- list(from = c(already$from, from[i]), to = c(already$to, to[i]))
  }
  lane
}

# Faint bands behind the bars, a strong one in the lane with the name beside it. Lanes
# are heights in the picture, turned into percent on the axis's scale.
tissue_layers <- function(marks, top, scale) {
  if (nrow(marks) == 0) return(NULL)
  at <- function(height) top * height^(if (scale == "sqrt") 2 else 1)
  # A range of one value, such as water, still has to be seen.
  thin <- diff(range(marks$left, marks$right)) / 500
  point <- marks$right - marks$left < thin
  marks$left[point] <- marks$left[point] - thin / 2
  marks$right[point] <- marks$right[point] + thin / 2
  height <- lane_height(marks)
  middle <- 1 - height * (marks$lane - 0.3)
  marks$band_top <- at(middle + height / 3)
  marks$band_bottom <- at(middle - height / 3)
  marks$middle <- at(middle)
  list(
    ggplot2::geom_rect(
      ggplot2::aes(xmin = .data$left, xmax = .data$right, ymin = 0, ymax = .data$band_bottom),
      data = marks, fill = marks$colour, alpha = 0.18
    ),
    ggplot2::geom_rect(
      ggplot2::aes(
        xmin = .data$left, xmax = .data$right, ymin = .data$band_bottom, ymax = .data$band_top
      ),
      data = marks, fill = marks$colour
    ),
    ggplot2::geom_text(
      ggplot2::aes(.data$name_at, .data$middle, label = .data$tissue, hjust = .data$name_side),
      data = marks, size = 2.8, colour = marks$name_colour
    )
  )
}
