#' Keep, remove or split islands
#'
#' Islands are the connected parts of a segment. `islands()` has the six operations of 3D
#' Slicer; `split_islands()` makes each island a segment of its own (instances).
#'
#' @param seg A segmentation.
#' @param segment Name or value of the segment.
#' @param operation `"keep_largest"`; `"remove_small"`, those below `minimum_size`;
#'   `"keep_selected"` and `"remove_selected"`, those that hold the points `at`;
#'   `"add_selected"`, the parts without a segment that hold the points; `"split"`, as
#'   `split_islands()` does.
#' @param minimum_size Smaller islands are removed, by `"remove_small"` and by splitting.
#' @param size_unit Of `minimum_size`: `"voxels"` or `"mm3"`.
#' @param at Points in LPS mm, a vector of three (x, y, z) or a matrix with three columns.
#' @param connectivity Neighbours of a voxel: 6 (across faces), 18 or 26.
#' @returns The segmentation. A message says how the volumes have changed. The islands of
#'   "bone" become "bone 1", the largest, "bone 2" and so on.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' scan <- as_scan(array(0, c(30, 30, 6)), spacing = c(0.5, 0.5, 3))
#' seg <- segmentation(scan, "bone") |>
#'   paint("bone", at = rbind(c(4, 4, 6), c(11, 11, 9)), diameter = 4) |>
#'   paint("bone", at = c(13, 2, 0), diameter = 0.5)
#' islands(seg, "bone")
#' split_islands(seg, "bone", minimum_size = 5)
islands <- function(seg, segment,
                    operation = c(
                      "keep_largest", "remove_small", "keep_selected", "remove_selected",
                      "add_selected", "split"
                    ),
                    minimum_size = 1000, size_unit = c("voxels", "mm3"), at = NULL,
                    connectivity = 6) {
  check_segmentation(seg)
  value <- check_segment(segment, seg)
  operation <- check_choice(operation, eval(formals(islands)$operation))
  size_unit <- check_choice(size_unit, c("voxels", "mm3"))
  check_number(minimum_size, 0, 1e15)
  check_connectivity(connectivity, c(6, 18, 26))
  if (!is.null(at)) at <- check_points(at)
  sized <- operation %in% c("remove_small", "split")
  selected <- grepl("selected", operation)
  if (!sized && !missing(minimum_size)) abort_unused("minimum_size", operation)
  if (!selected && !is.null(at)) abort_unused("at", operation)
  arguments <- list(
    segment = segment, operation = operation, minimum_size = if (sized) minimum_size,
    size_unit = if (sized) size_unit, at = if (length(at) == 3) as.vector(at) else at,
    connectivity = connectivity
  )
  core <- list(
    segment = value, operation = operation, minimum_size = as.double(minimum_size),
    size_unit = size_unit, at = at, connectivity = as.integer(connectivity)
  )
  edit_labels(seg, "islands", arguments, core, progress = "Finding islands")
}

abort_unused <- function(arg, operation, call = caller_env()) {
  medvoxel_abort(
    c(
      "{.arg {arg}} has no meaning for {.code operation = {.val {operation}}}.",
      i = "Give the {.arg operation} that you mean: see {.code ?islands}."
    ),
    "input", call = call
  )
}

#' @rdname islands
#' @export
split_islands <- function(seg, segment, minimum_size = 1000,
                          size_unit = c("voxels", "mm3"), connectivity = 6) {
  check_segmentation(seg)
  value <- check_segment(segment, seg)
  size_unit <- check_choice(size_unit, c("voxels", "mm3"))
  check_number(minimum_size, 0, 1e15)
  check_connectivity(connectivity, c(6, 18, 26))
  arguments <- list(
    segment = segment, minimum_size = minimum_size, size_unit = size_unit,
    connectivity = connectivity
  )
  core <- list(
    segment = value, minimum_size = as.double(minimum_size), size_unit = size_unit,
    connectivity = as.integer(connectivity)
  )
  edit_labels(seg, "split_islands", arguments, core)
}
