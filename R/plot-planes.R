#' Three planes through a point
#'
#' Shows the axial, coronal and sagittal slice that meet at a point, at one scale, with
#' thin lines where they cut each other. Sides and proportions are as in [plot_slices()].
#'
#' @inheritParams plot_slices
#' @param at The point in LPS mm, (x, y, z). By default the middle of the segmentation, moved
#'   to the next slices that show as much of it as most do: between two legs there would be
#'   nothing to see. Without a segmentation the same with what is no air: values above -200
#'   HU; in other units, above the mean.
#' @param lines `FALSE` leaves the lines out.
#' @returns A ggplot object with three facets.
#' @seealso [plot_slices()] for many slices of one plane.
#' @export
#' @examples
#' grid <- expand.grid(x = 1:48, y = 1:40, z = 1:12)
#' ball <- (grid$x - 24)^2 + (grid$y - 20)^2 + 9 * (grid$z - 6)^2
#' x <- as_scan(
#'   array(ifelse(ball < 300, 60, -1000) + 900 * (ball < 60), c(48, 40, 12)),
#'   spacing = c(1, 1, 3), unit = "HU"
#' )
#' core <- as_segmentation(x > 500, x, "core")
#' plot_planes(x, segmentation = core)
#' plot_planes(core, opacity = 0, outline = TRUE)
#' plot_planes(x, axes = "mm")
plot_planes <- function(x, at = NULL, window = NULL, segmentation = NULL, opacity = 0.4,
                        outline = FALSE, lines = TRUE, interpolate = TRUE,
                        axes = c("none", "voxels", "mm")) {
  data <- plotted_data(x, segmentation)
  x <- data$scan
  check_number(opacity, lower = 0, upper = 1)
  overlay <- list(opacity = opacity, outline = check_outline(outline, 3))
  check_flag(lines)
  check_flag(interpolate)
  window <- resolve_window(window, x)
  index <- if (is.null(at)) middle_index(x, data$segmentation) else index_at(x, at)
  views <- lapply(names(planes), function(plane) slice_view(x, plane))
  axes <- check_axes(axes, x, views)
  pictures <- plane_pictures(x, views, index, window, data$segmentation, overlay)
  draw_planes(x, views, index, window, pictures, lines, interpolate, overlay$outline, axes)
}

index_at <- function(x, at, call = caller_env()) {
  if (!is.numeric(at) || length(at) != 3 || !all(is.finite(at))) {
    medvoxel_abort(
      "{.arg at} must be three finite numbers: LPS mm (x, y, z).", "input", call = call
    )
  }
  index <- as.vector(round(mm_to_voxel(x, at)))
  if (any(index < 1 | index > dim(x))) {
    ends <- apply(corners_mm(x), 2, range)
    reach <- sprintf("%s from %.1f to %.1f", c("x", "y", "z"), ends[1, ], ends[2, ])
    medvoxel_abort(
      c("The point {.arg at} lies outside the scan.", i = "The scan reaches, in mm: {reach}."),
      "input", call = call
    )
  }
  index
}

# Along each axis the middle of the voxels of visible segments, or of those that are no air.
middle_index <- function(x, segmentation) {
  middle <- (dim(x) + 1) %/% 2
  if (is.null(segmentation)) return(signal_index(x, middle))
  table <- attr(segmentation, "segments")
  hidden <- table$value[!is_visible(table)]
  counts <- lapply(dim(x), numeric)
  for (z in seq_len(dim(x)[3])) {
    labels <- .subset(segmentation, seq_len(dim(x)[1]), seq_len(dim(x)[2]), z)
    inside <- labels > 0 & !(labels %in% hidden)
    dim(inside) <- dim(x)[1:2]
    counts[[1]] <- counts[[1]] + rowSums(inside)
    counts[[2]] <- counts[[2]] + colSums(inside)
    counts[[3]][z] <- sum(inside)
  }
  if (sum(counts[[3]]) == 0) return(middle)
  vapply(counts, typical_middle, 0L)
}

# About 100 slices along each axis are enough to find the body; the middle is one of them.
signal_index <- function(x, middle) {
  index <- lapply(1:3, function(axis) {
    step <- max(1, dim(x)[axis] %/% 100)
    as.integer(seq.int((middle[axis] - 1) %% step + 1, dim(x)[axis], by = step))
  })
  values <- .subset(x, index[[1]], index[[2]], index[[3]], drop = FALSE)
  dim(values) <- lengths(index)
  signal <- is_signal(values, x)
  if (!any(signal)) return(middle)
  vapply(1:3, function(axis) {
    index[[axis]][typical_middle(apply(signal, axis, sum))]
  }, 0L)
}

# What is brighter than the air around the patient. Padding outside the field of view
# repeats the lowest value and would pull the mean down.
is_signal <- function(values, x) {
  if (identical(attr(x, "unit"), "HU")) return(values > -200)
  if (is_inverted(x)) values <- -values
  inside <- values[values > min(values)]
  if (length(inside) == 0) return(values > min(values))
  values > mean(inside)
}

# The slice nearest to the median of the voxels that has as many of them as half of the
# slices with any.
typical_middle <- function(counts) {
  middle <- which(cumsum(counts) >= sum(counts) / 2)[1]
  typical <- which(counts >= stats::median(counts[counts > 0]))
  typical[which.min(abs(typical - middle))]
}

plane_pictures <- function(x, views, index, window, segmentation, overlay) {
  each <- lapply(views, function(view) {
    slice_pictures(x, view, index[view$axis], window, segmentation, overlay, pixel_budget(1, 3))
  })
  seen <- unique(unlist(lapply(each, function(e) e$segments$value)))
  table <- if (!is.null(segmentation)) attr(segmentation, "segments")
  list(
    images = lapply(each, function(e) e$images[[1]]),
    outlines = lapply(each, function(e) e$outlines[[1]]),
    segments = table[table$value %in% seen, , drop = FALSE]
  )
}

draw_planes <- function(x, views, index, window, pictures, lines, interpolate, outline, axes) {
  size <- do.call(pmax, lapply(views, function(view) view$size))
  names <- vapply(views, function(v) sprintf("%s, slice %d", v$plane, index[v$axis]), "")
  slice <- factor(names, names)
  tiles <- do.call(rbind, lapply(views, centred_tile, size = size))
  tiles <- cbind(data.frame(slice = slice, picture = seq_along(views)), tiles)
  of_each <- function(make) {
    do.call(rbind, lapply(seq_along(views), function(i) {
      made <- make(views[[i]], tiles[i, ])
      if (!is.null(made)) cbind(made, slice = slice[rep(i, nrow(made))])
    }))
  }
  numbers <- function(view, tile) axis_marks(x, view, index[view$axis], tile, axes)
  letters <- function(view, tile) {
    edge_letters(view, tile, max(size), letter_insets(numbers(view, tile)))
  }
  marks <- list(
    letters = of_each(letters), axes = of_each(numbers),
    lines = if (lines) of_each(function(v, tile) cut_lines(x, v, tile, index))
  )
  draw_tiles(tiles, marks, size, pictures, interpolate, outline) +
    ggplot2::facet_wrap(~slice, nrow = 1) +
    ggplot2::labs(
      x = NULL, y = NULL, caption = planes_caption(x, index, window, axes),
      alt = paste0("Three planes: ", paste(names, collapse = "; "), ".")
    )
}

planes_caption <- function(x, index, window, axes) {
  mm <- sprintf("%.1f", voxel_to_mm(x, index))
  voxel <- if (axes == "voxels") sprintf(", voxel (%s)", paste(index, collapse = ", "))
  sprintf(
    "Through (%s) mm LPS%s; %s%s", paste(mm, collapse = ", "), voxel %||% "",
    window_words(x, window), axes_caption(axes)
  )
}

# Where the two other planes cut this one.
cut_lines <- function(x, view, tile, index) {
  across <- (index[view$across] - 0.5) * spacing(x)[view$across]
  down <- (index[view$down] - 0.5) * spacing(x)[view$down]
  at_x <- if (view$flip_across) tile$xmax - across else tile$xmin + across
  at_y <- if (view$flip_down) tile$ymin + down else tile$ymax - down
  data.frame(
    x = c(at_x, tile$xmin), xend = c(at_x, tile$xmax), y = c(tile$ymin, at_y),
    yend = c(tile$ymax, at_y)
  )
}

line_layer <- function(lines) {
  if (is.null(lines)) return(NULL)
  ggplot2::geom_segment(
    ggplot2::aes(x = .data$x, y = .data$y, xend = .data$xend, yend = .data$yend),
    data = lines, colour = "#7FD1E8", alpha = 0.6, linewidth = 0.25
  )
}
