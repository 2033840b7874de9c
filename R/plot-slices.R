#' Montage of slices
#'
#' Shows slices side by side, at their true proportions in millimetres, the way
#' radiologists look at them: the patient's right is on the left of the picture; anterior
#' is up in axial slices and to the left in sagittal ones; superior is up in coronal and
#' sagittal ones. Small letters at the edges say which side is which.
#'
#' Planes are those of the patient, whatever way the array runs: of the array's axes the
#' one nearest to the patient's is taken. Slices are numbered as the array numbers them,
#' from 1. Nothing is resampled, so slices of an oblique scan lie oblique; the
#' letters then name both directions, such as `"AR"`.
#'
#' @param x A scan; or a segmentation that carries its scan, which is then laid over it.
#' @param rows,cols Number of rows and columns of the montage.
#' @param start Number of the first slice.
#' @param every Distance of the slices shown: `2` is every second. `NULL` spreads them
#'   over all slices from `start` on.
#' @param plane `"axial"`, `"coronal"` or `"sagittal"`.
#' @param window Values from black to white: `c(lower, upper)` or a name from
#'   [window_presets()]. By default `"wide"` (-200 to 600) for Hounsfield units; for other
#'   units from the 1st percentile of the values to the 99th of those above their mean.
#'   Images of the kind MONOCHROME1 are shown from white to black, as they are meant.
#' @param segmentation A segmentation on the scan's grid, laid over the slices in the
#'   segments' colours. Segments that are not visible (see [segment_table()]) are left out.
#' @param opacity Of that overlay, from 0 (invisible) to 1.
#' @param outline `TRUE` draws the border of each segment as a line along the edges of its
#'   voxels, inside the segment; a number is the width of that line, as in
#'   [ggplot2::geom_line()]. With `opacity = 0` there are outlines only.
#' @param slices Numbers of the slices to show, instead of `start` and `every`.
#' @param interpolate `FALSE` draws voxels as the rectangles they are.
#' @param axes Numbers along the lower and the left edge of each picture, to read off places
#'   for [paint()]: `"voxels"`, indices counted from 1 as `paint(unit = "voxels")` takes
#'   them; or `"mm"`, places in the patient (LPS). The first number of an edge says which of
#'   x, y and z runs along it; the third is the number of the slice. In a scan that lies
#'   oblique no edge is one LPS coordinate: `"mm"` is then an error, and `"voxels"` works.
#' @param ... Passed on to `plot_slices()`.
#' @returns A ggplot object, one facet for each slice. Slices beyond the last are left out.
#' @seealso [plot_histogram()], [window_presets()]
#' @export
#' @examples
#' grid <- expand.grid(x = 1:48, y = 1:40, z = 1:12)
#' ball <- (grid$x - 24)^2 + (grid$y - 20)^2 + 9 * (grid$z - 6)^2
#' x <- as_scan(
#'   array(ifelse(ball < 300, 60, -1000) + 900 * (ball < 60), c(48, 40, 12)),
#'   spacing = c(1, 1, 3), unit = "HU"
#' )
#' plot_slices(x, rows = 2, cols = 3, every = 2)
#' plot_slices(x, rows = 1, cols = 2, slices = c(20, 24), plane = "sagittal", window = "bone")
#' core <- as_segmentation(x > 500, x, "core")
#' plot_slices(x, rows = 1, cols = 3, start = 5, segmentation = core)
#' plot_slices(core, rows = 1, cols = 3, start = 5, opacity = 0, outline = TRUE)
#' plot_slices(x, rows = 1, cols = 2, slices = c(6, 8), axes = "voxels")
plot_slices <- function(x, rows = 4, cols = 5, start = 1, every = 2,
                        plane = c("axial", "coronal", "sagittal"), window = NULL,
                        segmentation = NULL, opacity = 0.4, outline = FALSE,
                        slices = NULL, interpolate = TRUE, axes = c("none", "voxels", "mm")) {
  data <- plotted_data(x, segmentation)
  x <- data$scan
  check_number(rows, lower = 1, upper = 100, whole = TRUE)
  check_number(cols, lower = 1, upper = 100, whole = TRUE)
  check_number(opacity, lower = 0, upper = 1)
  overlay <- list(opacity = opacity, outline = check_outline(outline, max(rows, cols)))
  check_flag(interpolate)
  plane <- check_choice(plane, c("axial", "coronal", "sagittal"))
  window <- resolve_window(window, x)
  view <- slice_view(x, plane)
  shown <- chosen_slices(dim(x)[view$axis], rows * cols, start, every, slices)
  axes <- check_axes(axes, x, list(view))
  budget <- pixel_budget(rows, cols)
  pictures <- slice_pictures(x, view, shown, window, data$segmentation, overlay, budget)
  draw_slices(x, view, shown, window, pictures, cols, interpolate, overlay$outline, axes)
}

#' @rdname plot_slices
#' @export
plot.medvoxel_segmentation <- function(x, ...) plot_slices(x, ...)

# A scan and what is laid over it; a segmentation is laid over the scan that it carries.
plotted_data <- function(x, segmentation, call = caller_env()) {
  if (is_segmentation(x)) {
    if (is.null(segmentation)) return(list(scan = scan_of(x, call), segmentation = x))
    medvoxel_abort(
      c(
        "{.arg x} is a segmentation, so {.arg segmentation} must be left out.",
        i = "Give the scan as {.arg x} to lay another segmentation over it."
      ),
      "input", call = call
    )
  }
  check_scan(x, "x", call)
  if (!is.null(segmentation)) {
    check_segmentation(segmentation, "segmentation", call)
    check_same_grid(x, segmentation, call)
  }
  list(scan = x, segmentation = segmentation)
}

chosen_slices <- function(count, tiles, start, every, slices, call = caller_env()) {
  if (!is.null(slices)) return(asked_slices(count, slices, tiles, call))
  check_number(start, lower = 1, whole = TRUE, call = call)
  check_number(every, lower = 1, whole = TRUE, null = TRUE, call = call)
  if (start > count) {
    medvoxel_abort(
      c(
        "{.arg start} is beyond the last slice.",
        x = "You asked for slice {start}; along this plane there {?is/are} {count}."
      ),
      "input", call = call
    )
  }
  if (is.null(every)) return(spread_slices(start, count, tiles))
  seq.int(start, count, by = every)[seq_len(min(tiles, (count - start) %/% every + 1))]
}

# The middles of equal parts of the stack.
spread_slices <- function(start, count, tiles) {
  unique(floor(start + (seq_len(tiles) - 0.5) / tiles * (count - start + 1)))
}

asked_slices <- function(count, slices, tiles, call) {
  if (!is.numeric(slices) || length(slices) == 0 || anyNA(slices) || any(slices != round(slices))) {
    medvoxel_abort("{.arg slices} must be whole numbers.", "input", call = call)
  }
  slices <- unique(slices)
  there <- slices >= 1 & slices <= count
  if (!any(there)) {
    medvoxel_abort(
      "None of the {.arg slices} exists: along this plane they are 1 to {count}.",
      "input", call = call
    )
  }
  if (!all(there)) {
    medvoxel_warn(
      "Not shown, because the slices are 1 to {count}: {slices[!there]}.", "input", call = call
    )
  }
  if (sum(there) > tiles) {
    medvoxel_warn(
      c(
        "{sum(there)} slices do not fit into {tiles} tile{?s}; the first are shown.",
        i = "Raise {.arg rows} or {.arg cols}."
      ),
      "input", call = call
    )
  }
  slices[there][seq_len(min(tiles, sum(there)))]
}

# --- drawing ----------------------------------------------------------------------

draw_slices <- function(x, view, shown, window, pictures, cols, interpolate, outline, axes) {
  names <- sprintf("slice %d", shown)
  tiles <- data.frame(slice = factor(names, names), picture = seq_along(shown))
  tiles <- cbind(tiles, centred_tile(view, view$size))
  numbers <- do.call(rbind, lapply(seq_along(shown), function(i) {
    numbers <- axis_marks(x, view, shown[i], tiles[i, ], axes)
    if (!is.null(numbers)) cbind(numbers, slice = tiles$slice[i])
  }))
  marks <- list(
    letters = edge_letters(view, tiles[1, ], max(view$size), letter_insets(numbers)),
    axes = numbers
  )
  draw_tiles(tiles, marks, view$size, pictures, interpolate, outline) +
    ggplot2::facet_wrap(~slice, ncol = cols) +
    ggplot2::labs(
      x = NULL, y = NULL, caption = slices_caption(x, view, window, axes),
      alt = slices_alt(view, shown, pictures$segments)
    )
}

slices_caption <- function(x, view, window, axes) {
  sprintf(
    "%s slices of %s mm; %s%s", capitalise(view$plane), show_numbers(view$size, 3, " x "),
    window_words(x, window), axes_caption(axes)
  )
}

slices_alt <- function(view, shown, segments) {
  over <- if (!is.null(segments) && nrow(segments) > 0) {
    paste0(" with ", paste(segments$name, collapse = ", "), " laid over")
  }
  sprintf("Montage of %d %s slices%s.", length(shown), view$plane, over %||% "")
}
