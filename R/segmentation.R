#' Make a segmentation from an array of labels
#'
#' A segmentation is an integer array on a scan's grid with a table that names
#' its values. The label values are data: they are never shifted.
#'
#' @param x An array of whole numbers `[x, y, z]`, or a logical array; 0 is
#'   "no segment".
#' @param reference The scan (or segmentation) on whose grid it lies.
#' @param segments A data frame with the columns `value`, `name` and, if wished,
#'   `colour` (any that R knows), such as the table that [write_nifti()] leaves; or a
#'   character vector of names for the values 1, 2,
#'   3 ... Left out, the values that occur are named "segment 1" and so on.
#' @returns A `medvoxel_segmentation`: the integer array with the attributes
#'   `spacing`, `origin`, `direction` and `segments`.
#' @export
#' @examples
#' scan <- as_scan(array(rnorm(60), c(5, 4, 3)), spacing = c(0.5, 0.8, 4))
#' seg <- as_segmentation(scan > 0, scan, segments = "bright")
#' seg
#' segment_table(seg)
as_segmentation <- function(x, reference, segments = NULL) {
  check_volume(reference)
  if (is_volume(x) && !same_grid(x, reference)) abort_labels_elsewhere(x, reference)
  values <- check_numeric_array(x)
  check_labels(values)
  storage.mode(values) <- "integer"
  check_same_dim(values, reference)
  table <- check_segment_table(segments, values)
  new_segmentation(
    values, spacing(reference), origin(reference), direction(reference), table
  )
}

#' @rdname as_segmentation
#' @export
is_segmentation <- function(x) inherits(x, "medvoxel_segmentation")

#' The table of segments
#'
#' @param x A segmentation or a mesh.
#' @returns A data frame with the columns `value`, `name` and `colour`.
#' @export
#' @examples
#' scan <- as_scan(array(1:24, c(4, 3, 2)))
#' segment_table(as_segmentation(scan > 12, scan, "upper half"))
segment_table <- function(x) {
  if (inherits(x, "medvoxel_mesh")) return(x$segments)
  attr(check_segmentation(x), "segments")
}

# Grey values of labels must not be interpolated: the way leads through a segmentation.
abort_labels_elsewhere <- function(x, reference, call = caller_env()) {
  medvoxel_abort(
    c(
      "The labels lie on another grid than the reference.",
      x = "Labels: {describe_grid(x)}.",
      x = "Reference: {describe_grid(reference)}.",
      x = "Corners differ by up to {signif(corner_difference(x, reference), 3)} mm.",
      i = "Resample them as labels:
           {.code resample_to(as_segmentation(x, x), reference)}."
    ),
    "geometry", difference_mm = corner_difference(x, reference), call = call
  )
}

new_segmentation <- function(x, spacing, origin, direction, segments) {
  structure(
    x,
    spacing = spacing, origin = origin, direction = direction, segments = segments,
    class = c("medvoxel_segmentation", "medvoxel_volume")
  )
}

check_labels <- function(x, call = caller_env()) {
  if (is.double(x) && any(x != round(x))) {
    medvoxel_abort(
      c(
        "Labels must be whole numbers.",
        i = "To cut grey values into a segment use {.fn segment_threshold}."
      ),
      "input", call = call
    )
  }
  if (min(x) < 0 || max(x) > .Machine$integer.max) {
    medvoxel_abort(
      "Labels must lie between 0 and 2147483647, not {range(x)}.", "input", call = call
    )
  }
}

check_segment_table <- function(segments, labels, call = caller_env()) {
  found <- sort(unique(labels[labels != 0]))
  table <- fill_segment_table(segments, found, call)
  bad <- anyDuplicated(table$value) > 0 || any(table$value < 1) || anyDuplicated(table$name) > 0
  if (bad || any(!nzchar(table$name))) {
    medvoxel_abort(
      "Values and names of segments must each be used once; values are positive.",
      "input", call = call
    )
  }
  lost <- setdiff(found, table$value)
  if (length(lost) > 0) {
    medvoxel_abort(
      c(
        "Every label needs a row in the segment table.",
        x = "Without one: {.val {lost}}."
      ),
      "input", call = call
    )
  }
  table
}

fill_segment_table <- function(segments, found, call) {
  if (is.null(segments)) {
    segments <- data.frame(value = found, name = sprintf("segment %d", found))
  } else if (is.character(segments)) {
    segments <- data.frame(value = seq_along(segments), name = segments)
  } else if (is.data.frame(segments)) {
    # The table that write_nifti() leaves has the names of the BIDS standard.
    names(segments) <- sub("^index$", "value", sub("^color$", "colour", names(segments)))
  }
  if (!is.data.frame(segments) || !all(c("value", "name") %in% names(segments))) {
    medvoxel_abort(
      "{.arg segments} must be names, or a data frame with {.field value} and {.field name}.",
      "input", call = call
    )
  }
  value <- segments$value
  if (!is.numeric(value) || anyNA(value) || any(value != round(value)) || anyNA(segments$name)) {
    medvoxel_abort(
      "Segments need a whole number in {.field value} and a name, without gaps.",
      "input", call = call
    )
  }
  data.frame(
    value = as.integer(value), name = as.character(segments$name),
    colour = hex_colours(segments$colour %||% segment_colours(nrow(segments)), call)
  )
}

# Every name that R knows for a colour, as the files and Python want it.
hex_colours <- function(colour, call) {
  colour <- as.character(colour)
  known <- vapply(colour, function(one) {
    !is.na(one) && !inherits(try(grDevices::col2rgb(one), silent = TRUE), "try-error")
  }, NA)
  rgb <- if (all(known)) grDevices::col2rgb(colour)
  if (is.null(rgb)) {
    bad <- unique(colour[!known])
    medvoxel_abort(
      c(
        "Not every {.field colour} is one that R knows: {.val {bad}}.",
        i = "Use {.val #RRGGBB} or a name from {.fn colours}."
      ),
      "input", call = call
    )
  }
  grDevices::rgb(rgb[1, ], rgb[2, ], rgb[3, ], maxColorValue = 255)
}

# Okabe and Ito's colours, told apart with every kind of colour vision; beyond them hues
# in steps of the golden angle. The same as in the Python core (a test compares them).
segment_colours <- function(count) {
  palette <- c("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
  more <- seq_len(max(count - 7, 0)) + 6
  c(palette[seq_len(min(count, 7))], vapply(more, further_colour, ""))
}

further_colour <- function(index) {
  hue <- (index * 0.6180339887) %% 1 * 6
  value <- c(0.95, 0.65, 0.9)[index %% 3 + 1]
  saturation <- c(0.75, 0.85, 0.45)[index %% 3 + 1]
  k <- (c(5, 3, 1) + hue) %% 6
  level <- value - value * saturation * pmax(0, pmin(k, 4 - k, 1))
  paste0("#", paste(sprintf("%02X", as.integer(floor(255 * level + 0.5))), collapse = ""))
}

#' @export
print.medvoxel_segmentation <- function(x, ...) {
  cli::cat_line(format(x, ...))
  invisible(x)
}

#' @export
format.medvoxel_segmentation <- function(x, ...) {
  table <- summary(x)
  rows <- sprintf(
    "  %s  %s  %s voxels  %s ml", format(table$value), format(shown_name(table$name)),
    format(table$voxels, big.mark = ","), format(signif(table$volume_ml, 4))
  )
  count <- nrow(table)
  c(
    sprintf("<segmentation> %d segment%s", count, if (count == 1) "" else "s"),
    geometry_lines(x), rows
  )
}

# A name in one line that leaves room for the rest.
shown_name <- function(x, width = 40) {
  x <- trimws(gsub("[[:cntrl:]]+", " ", x))
  ifelse(nchar(x) > width, paste0(substr(x, 1, width - 3), "..."), x)
}

#' @export
summary.medvoxel_segmentation <- function(object, ...) {
  table <- attr(object, "segments")
  labels <- array_only(object)
  table$voxels <- vapply(table$value, function(v) sum(labels == v), 0L)
  table$volume_ml <- table$voxels * prod(spacing(object)) / 1000
  table
}

# Names of segments stand for their values, in comparisons and when voxels are set.
segment_values <- function(x, seg, call) {
  if (!is.character(x)) return(x)
  table <- attr(seg, "segments")
  found <- match(x, table$name)
  if (anyNA(found)) {
    medvoxel_abort(
      c(
        "There is no segment {.val {x[is.na(found)]}}.",
        i = "Segments here: {.val {table$name}}."
      ),
      "input", call = call
    )
  }
  table$value[found]
}

check_new_labels <- function(value, seg, call) {
  value <- segment_values(value, seg, call)
  known <- c(0L, attr(seg, "segments")$value)
  if (!(is.numeric(value) || is.logical(value)) || !all(value %in% known)) {
    medvoxel_abort(
      c(
        "New labels must be 0 or stand in the segment table: {.val {known[-1]}}.",
        i = "Another segment is added with
             {.code as_segmentation(labels, scan, segments = )}."
      ),
      "input", call = call
    )
  }
  as.integer(value)
}
