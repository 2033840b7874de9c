#' Histogram of a scan's values
#'
#' Counts the voxels by value. Where the values are Hounsfield units, the ranges that
#' are usual for tissues are marked and named above the bars.
#'
#' Air fills most of many scans, so that on a plain scale every tissue would be a
#' flat line beside it. The axis of the voxels is therefore a square-root scale by
#' default; `scale = "linear"` gives the plain one.
#'
#' Where all values are whole numbers the bars are a whole number of values wide, so
#' that each covers equally many of them; there may then be somewhat fewer than
#' `bins`.
#'
#' @param x A scan.
#' @param bins Largest number of bars.
#' @param range Lowest and highest value to show. By default all values; of
#'   Hounsfield units those from -1024 to 3071, which scanners store. What lies outside
#'   is counted and said below the plot.
#' @param tissues `TRUE` to mark [tissue_ranges()] where the unit is HU, `FALSE` for
#'   none, or a data frame of your own with the columns `tissue`, `lower`, `upper` and
#'   `colour`.
#' @param segmentation A segmentation on the scan's grid; the voxels of each segment
#'   are then drawn over the bars in its colour.
#' @param scale `"sqrt"` or `"linear"`: the scale of the voxels' axis.
#' @returns A ggplot object. Its `data` has a row for each bar (and segment): `lower`,
#'   `upper`, `voxels` and `percent` of all voxels of the scan.
#' @seealso [tissue_ranges()], [plot_slices()]
#' @export
#' @examples
#' tissue <- c(rep(-1000, 5000), rnorm(3000, -100, 20), rnorm(3500, 50, 20), rnorm(500, 900, 200))
#' x <- as_scan(array(round(tissue), c(40, 30, 10)), spacing = c(1, 1, 3), unit = "HU")
#' plot_histogram(x)
#' plot_histogram(x, bins = 100, range = c(-200, 200), scale = "linear")
plot_histogram <- function(x, bins = 50, range = NULL, tissues = TRUE, segmentation = NULL,
                           scale = c("sqrt", "linear")) {
  check_scan(x)
  check_number(bins, lower = 1, upper = 10000, whole = TRUE)
  scale <- check_choice(scale, c("sqrt", "linear"))
  if (!is.null(segmentation)) check_segmentation(segmentation)
  if (!is.null(segmentation)) check_same_grid(x, segmentation)
  counted <- count_values(x, bins, histogram_range(x, range), segmentation)
  marks <- histogram_tissues(tissues, x, counted)
  draw_histogram(x, counted, marks, segmentation, scale)
}

histogram_range <- function(x, range, call = caller_env()) {
  if (is.null(range)) return(default_range(x, call))
  if (!is_rising(range)) {
    medvoxel_abort(
      "{.arg range} must be two rising numbers, {.code c(lowest, highest)}.", "input", call = call
    )
  }
  as.double(range)
}

is_rising <- function(x) {
  is.numeric(x) && length(x) == 2 && all(is.finite(x)) && x[1] < x[2]
}

# All values; of Hounsfield units what a scanner's 12 bits hold, because padding and
# metal may lie far outside.
default_range <- function(x, call) {
  range <- as.double(c(min(x), max(x)))
  if (!all(is.finite(range))) {
    medvoxel_abort(
      c(
        "The scan has infinite values, which no histogram can show.",
        i = "Say which part to show: {.code range = c(lowest, highest)}."
      ),
      "input", call = call
    )
  }
  overlaps <- range[1] < 3071 && range[2] > -1024
  if (!identical(attr(x, "unit"), "HU") || !overlaps) return(range)
  c(max(range[1], -1024), min(range[2], 3071))
}

# --- counting ---------------------------------------------------------------------

# A million voxels at a time: no copy of the scan, no row for a voxel.
chunk_starts <- function(x, size = 2^20) seq.int(1, length(x), by = size)
chunk_of <- function(x, start, size = 2^20) {
  .subset(x, seq.int(start, min(length(x), start + size - 1)))
}

is_whole <- function(x) {
  if (is.integer(x)) return(TRUE)
  for (start in chunk_starts(x)) {
    values <- chunk_of(x, start)
    if (any(values != round(values))) return(FALSE)
  }
  TRUE
}

# Edges of the bars. Those of whole numbers lie halfway between two numbers.
histogram_edges <- function(range, bins, whole) {
  if (!whole) {
    if (range[1] == range[2]) range <- range + c(-0.5, 0.5)
    return(seq(range[1], range[2], length.out = bins + 1))
  }
  first <- ceiling(range[1])
  count <- floor(range[2]) - first + 1
  width <- max(1, ceiling(count / bins))
  first - 0.5 + width * seq(0, max(1, ceiling(count / width)))
}

# A list: `edges`, and `voxels`, a matrix of bars by (all, segment 1, segment 2 ...).
count_values <- function(x, bins, range, segmentation = NULL) {
  edges <- histogram_edges(range, bins, is_whole(x))
  bars <- length(edges) - 1
  last <- edges[bars + 1]
  labels <- if (is.null(segmentation)) integer() else attr(segmentation, "segments")$value
  all_inside <- min(x) >= edges[1] && max(x) <= last
  count_chunk <- function(start) {
    values <- chunk_of(x, start)
    inside <- if (all_inside) TRUE else values >= edges[1] & values <= last
    bar <- as.integer((values[inside] - edges[1]) / (edges[2] - edges[1])) + 1L
    # The last edge belongs to the last bar.
    bar[bar > bars] <- as.integer(bars)
    if (length(labels) > 0) {
      segment <- match(chunk_of(segmentation, start)[inside], labels, nomatch = 0L)
      bar <- bar + as.integer(bars) * segment
    }
    tabulate(bar, bars * (length(labels) + 1))
  }
  voxels <- matrix(sum_over(chunk_starts(x), count_chunk, "Counting voxels"), bars)
  voxels[, 1] <- rowSums(voxels)
  list(edges = edges, voxels = voxels, total = length(x), outside = length(x) - sum(voxels[, 1]))
}

sum_over <- function(starts, count, label) {
  with_progress(label, function(tell) {
    total <- 0
    for (i in seq_along(starts)) {
      total <- total + count(starts[i])
      if (!is.null(tell)) tell(i / length(starts), label)
    }
    total
  })
}

histogram_table <- function(counted, segments) {
  bars <- nrow(counted$voxels)
  data.frame(
    segment = rep(c("all voxels", segments), each = bars),
    lower = counted$edges[-(bars + 1)], upper = counted$edges[-1],
    voxels = as.vector(counted$voxels),
    percent = 100 * as.vector(counted$voxels) / counted$total
  )
}

# --- drawing ----------------------------------------------------------------------

draw_histogram <- function(x, counted, marks, segmentation, scale) {
  segments <- if (!is.null(segmentation)) attr(segmentation, "segments")
  table <- histogram_table(counted, segments$name)
  table$segment <- factor(table$segment, unique(table$segment))
  # The bars keep below the zone of the tissue names.
  zone <- if (nrow(marks) > 0) 0.05 + lane_height(marks) * max(marks$lane) else 0
  top <- max(table$percent, 1e-6) / (1 - zone)^(if (scale == "sqrt") 2 else 1)
  box <- ggplot2::aes(
    xmin = .data$lower, xmax = .data$upper, ymin = 0, ymax = .data$percent, fill = .data$segment
  )
  colours <- rlang::set_names(c("grey55", segments$colour), levels(table$segment))
  ggplot2::ggplot(table) +
    tissue_layers(marks, top, scale) +
    ggplot2::geom_rect(box, show.legend = !is.null(segments)) +
    ggplot2::scale_fill_manual(values = colours, name = NULL) +
    histogram_axis(top, max(table$percent), scale) +
    ggplot2::scale_x_continuous(expand = c(0.01, 0)) +
    ggplot2::labs(
      x = value_title(x),
      y = if (scale == "sqrt") "Voxels (%, square-root scale)" else "Voxels (%)",
      subtitle = histogram_subtitle(x, counted), caption = histogram_caption(counted),
      alt = paste0("Histogram of the scan's values: ", histogram_subtitle(x, counted), ".")
    ) +
    theme_medvoxel()
}

# `scale_y_sqrt()` takes its transformation with it in every version of ggplot2.
histogram_axis <- function(top, highest, scale) {
  make <- if (scale == "sqrt") ggplot2::scale_y_sqrt else ggplot2::scale_y_continuous
  breaks <- if (scale == "sqrt") root_breaks(highest) else pretty(c(0, highest))
  make(
    limits = c(0, top), breaks = breaks[breaks <= highest * 1.05], labels = plain_number,
    expand = c(0, 0)
  )
}

# Round numbers that lie about evenly on a square-root scale, 0 and near the top among them.
root_breaks <- function(highest) {
  round_numbers <- c(1, 2, 5) %o% 10^(-6:2)
  candidates <- sort(c(0, round_numbers, 15, 30, 40, 60, 80))
  candidates <- candidates[candidates <= highest * 1.05]
  wanted <- seq(0, sqrt(highest), length.out = 6)
  nearest <- vapply(wanted, function(w) which.min(abs(sqrt(candidates) - w)), 1L)
  unique(candidates[nearest])
}

# No scientific notation on an axis that clinicians read.
plain_number <- function(x) vapply(x, function(v) format(v, scientific = FALSE, digits = 4), "")

histogram_subtitle <- function(x, counted) {
  width <- counted$edges[2] - counted$edges[1]
  wide <- trimws(paste(format(signif(width, 3)), attr(x, "unit")))
  sprintf("%s voxels, each bar %s wide", count_in_words(counted$total), wide)
}

histogram_caption <- function(counted) {
  if (counted$outside == 0) return(NULL)
  ends <- range(counted$edges)
  # Edges halfway between whole numbers: say the numbers.
  if (all(ends %% 1 == 0.5)) ends <- ends + c(0.5, -0.5)
  sprintf(
    "Not shown: %s voxel%s (%s %%) outside %s to %s.",
    count_in_words(counted$outside), if (counted$outside == 1) "" else "s",
    format(signif(100 * counted$outside / counted$total, 2)), format(ends[1]), format(ends[2])
  )
}

count_in_words <- function(n) {
  if (n >= 1e6) return(paste(format(signif(n / 1e6, 3)), "million"))
  format(n, big.mark = ",", scientific = FALSE)
}

# What the values are, as the title of an axis.
value_title <- function(x) {
  unit <- attr(x, "unit")
  if (identical(unit, "HU")) return("Hounsfield units (HU)")
  if (nzchar(unit)) capitalise(unit) else "Value"
}

capitalise <- function(x) paste0(toupper(substr(x, 1, 1)), substring(x, 2))

theme_medvoxel <- function() {
  ggplot2::theme_minimal(base_size = 11) +
    ggplot2::theme(
      panel.grid.minor = ggplot2::element_blank(),
      panel.grid.major.x = ggplot2::element_blank(),
      panel.grid.major.y = ggplot2::element_line(colour = "grey92"),
      axis.line.x = ggplot2::element_line(colour = "grey40"),
      axis.ticks.x = ggplot2::element_line(colour = "grey40"),
      plot.subtitle = ggplot2::element_text(colour = "grey35"),
      plot.caption = ggplot2::element_text(colour = "grey35", hjust = 0),
      plot.caption.position = "plot", legend.position = "bottom"
    )
}
