#' Make a segmentation from an array of labels
#'
#' A segmentation is an integer array on a scan's grid with a table that names
#' its values. The label values are data: they are never shifted.
#'
#' @param x An array of whole numbers `[x, y, z]`, or a logical array; 0 is
#'   "no segment".
#' @param reference The scan (or segmentation) on whose grid it lies.
#' @param segments A data frame with the columns `value`, `name` and, if wished,
#'   `colour` (`"#RRGGBB"`); or a character vector of names for the values 1, 2,
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
  if (is_scan(x) || is_segmentation(x)) check_same_grid(x, reference)
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

new_segmentation <- function(x, spacing, origin, direction, segments) {
  structure(
    x,
    spacing = spacing, origin = origin, direction = direction, segments = segments,
    class = "medvoxel_segmentation"
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
  if (bad) {
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
  } else if (!is.data.frame(segments) || !all(c("value", "name") %in% names(segments))) {
    medvoxel_abort(
      "{.arg segments} must be names, or a data frame with {.field value} and {.field name}.",
      "input", call = call
    )
  }
  colour <- segments$colour %||% segment_colours(nrow(segments))
  data.frame(
    value = as.integer(segments$value), name = as.character(segments$name),
    colour = as.character(colour)
  )
}

# Okabe and Ito's colours, told apart with every kind of colour vision; the same
# list as in the Python core (a test compares them).
segment_colours <- function(count) {
  palette <- c("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
  rep_len(palette, count)
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
    "  %s  %s  %s voxels  %s ml", format(table$value), format(table$name),
    format(table$voxels, big.mark = ","), format(signif(table$volume_ml, 4))
  )
  count <- nrow(table)
  c(
    sprintf("<segmentation> %d segment%s", count, if (count == 1) "" else "s"),
    geometry_lines(x), rows
  )
}

#' @export
summary.medvoxel_segmentation <- function(object, ...) {
  table <- attr(object, "segments")
  labels <- array_only(object)
  table$voxels <- vapply(table$value, function(v) sum(labels == v), 0L)
  table$volume_ml <- table$voxels * prod(spacing(object)) / 1000
  table
}

#' @export
as.array.medvoxel_segmentation <- function(x, ...) array_only(x)

#' @export
`[.medvoxel_segmentation` <- function(x, i, j, k, ..., drop = TRUE) {
  x <- array_only(x)
  NextMethod()
}

#' @export
`dim<-.medvoxel_segmentation` <- `dim<-.medvoxel_scan`

# Labels are names, not quantities: comparing them makes sense, adding does not.
#' @export
Ops.medvoxel_segmentation <- function(e1, e2) {
  call <- caller_env()
  if (!.Generic %in% c("==", "!=", "<", ">", "<=", ">=")) {
    medvoxel_abort(
      c(
        "{.code {(.Generic)}} has no meaning for segment values.",
        i = "Use {.code as.array(x)} for the plain numbers."
      ),
      "input", call = call
    )
  }
  if (is.object(e1) && is.object(e2)) check_same_grid(e1, e2, call = call)
  get(.Generic, mode = "function")(operand(e1), operand(e2))
}
