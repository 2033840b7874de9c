#' Start a segmentation
#'
#' `segmentation()` starts the work on a scan: no voxel is labelled yet, and the segments
#' are named. The result carries its scan (in R's memory it is there only once), so that
#' each verb takes a segmentation and returns one:
#'
#' ```
#' segmentation(scan, c("air", "tendon", "ankle")) |>
#'   editable_range(2, 1000) |>
#'   paint("tendon", at = points) |>
#'   ...
#'   grow_from_seeds() |>
#'   smooth_segment("tendon", "closing", kernel = 3)
#' ```
#'
#' A segmentation is an integer array with the label value of each voxel, 0 for "no
#' segment", and a table of its segments, see [segment_table()]. It remembers each edit:
#' [undo()] takes it back, [as_script()] writes it down.
#'
#' @param scan A scan.
#' @param segments Names for the values 1, 2, 3 ...; or a data frame with the columns
#'   `value` and `name` and, if wished, `colour`, `visible`, `status` and `code`, see
#'   [segment_table()]. [add_segment()] adds more.
#' @returns A `medvoxel_segmentation`. `print()` shows the voxels and ml of each segment.
#' @seealso [paint()] and [grow_from_seeds()]; [editable_range()] for what may be changed;
#'   [smooth_segment()], [margin()], [islands()] and [fill_holes()] to correct;
#'   [plot_slices()], [segment_statistics()] and [write_segmentation()] for the result;
#'   [as_segmentation()] for an array of labels that you have.
#' @export
#' @examples
#' scan <- as_scan(array(rnorm(60), c(5, 4, 3)), spacing = c(0.5, 0.8, 4))
#' segmentation(scan, c("air", "tendon", "ankle"))
segmentation <- function(scan, segments = character()) {
  check_scan(scan)
  table <- check_segment_table(segments, integer())
  seg <- new_segmentation(
    array(0L, dim(scan)), spacing(scan), origin(scan), direction(scan), table
  )
  with_scan(seg, scan, verb_text("segmentation", list(segments = short_table(table)), "scan"))
}

#' Make a segmentation from an array of labels
#'
#' The label values are data: they are never shifted. To start with no labels at all, see
#' [segmentation()].
#'
#' @param x An array of whole numbers `[x, y, z]`, or a logical array; 0 is
#'   "no segment".
#' @param reference The scan (or segmentation) on whose grid it lies.
#' @param segments A data frame with the columns `value`, `name` and, if wished,
#'   `colour` (any that R knows) and so on, such as the table that [write_nifti()] leaves;
#'   or a character vector of names for the values 1, 2, 3 ... Left out, a segmentation
#'   keeps its table, and the values of an array are named "segment 1" and so on.
#' @returns A `medvoxel_segmentation`: the integer array with the attributes
#'   `spacing`, `origin`, `direction` and `segments`. When the reference is a scan, it is
#'   carried along, as by [segmentation()].
#' @export
#' @examples
#' scan <- as_scan(array(rnorm(60), c(5, 4, 3)), spacing = c(0.5, 0.8, 4))
#' seg <- as_segmentation(scan > 0, scan, segments = "bright")
#' seg
#' segment_table(seg)
as_segmentation <- function(x, reference, segments = NULL) {
  check_volume(reference)
  if (is_volume(x) && !same_grid(x, reference)) abort_labels_elsewhere(x, reference)
  if (is_segmentation(x)) segments <- segments %||% attr(x, "segments")
  values <- check_numeric_array(x)
  check_labels(values)
  storage.mode(values) <- "integer"
  check_same_dim(values, reference)
  table <- check_segment_table(segments, values)
  seg <- new_segmentation(
    values, spacing(reference), origin(reference), direction(reference), table
  )
  with_scan(seg, carried_scan(reference))
}

# The scan that something on its grid is, or carries.
carried_scan <- function(x) if (is_scan(x)) x else attr(x, "scan")

#' @rdname as_segmentation
#' @export
is_segmentation <- function(x) inherits(x, "medvoxel_segmentation")

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

new_segmentation <- function(x, spacing, origin, direction, segments, scan = NULL,
                             masking = NULL, seeds = NULL, history = NULL) {
  structure(
    x,
    spacing = spacing, origin = origin, direction = direction, segments = segments,
    scan = scan, masking = masking, seeds = seeds, history = history,
    class = c("medvoxel_segmentation", "medvoxel_volume")
  )
}

# The segmentation with the scan that it was made from. `made` is code that makes it again
# from a variable `scan`; without it as_script() writes the labels down.
with_scan <- function(seg, scan, made = NULL) {
  attr(seg, "scan") <- scan
  attr(seg, "history") <- new_history(seg, made)
  seg
}

scan_of <- function(seg, call = caller_env()) {
  scan <- attr(seg, "scan")
  if (is.null(scan)) {
    medvoxel_abort(
      c(
        "The segmentation carries no scan.",
        i = "Give it one that lies on its grid: {.code as_segmentation(seg, scan)}."
      ),
      "input", call = call
    )
  }
  scan
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

#' @export
print.medvoxel_segmentation <- function(x, ...) {
  cli::cat_line(format(x, ...))
  invisible(x)
}

#' @export
format.medvoxel_segmentation <- function(x, ...) {
  table <- summary(x)
  hidden <- if (all(table$visible)) "" else ifelse(table$visible, "", "  (not visible)")
  rows <- sprintf(
    "  %s  %s  %s voxels  %s ml%s%s", format(table$value), format(shown_name(table$name)),
    format(table$voxels, big.mark = ","), format(signif(table$volume_ml, 4)),
    ifelse(is.na(table$status), "", paste0("  ", table$status)), hidden
  )
  count <- nrow(table)
  c(
    sprintf("<segmentation> %d segment%s", count, if (count == 1) "" else "s"),
    geometry_lines(x), scan_line(x), masking_line(x), history_line(x), rows
  )
}

scan_line <- function(x) {
  scan <- attr(x, "scan")
  if (is.null(scan)) return(NULL)
  title <- shown_name(scan_title(scan), 80)
  paste("scan        ", if (nzchar(title)) title else "carried, without a description")
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
  table$voxels <- count_labels(labels, table$value)
  table$volume_ml <- table$voxels * prod(spacing(object)) / 1000
  table
}


# One pass over the voxels where the values allow it.
count_labels <- function(labels, values) {
  top <- max(values, 0L)
  if (top > 1e6) return(vapply(values, function(v) sum(labels == v), 0L))
  tabulate(labels, top)[values]
}
