#' Combine segments by logic
#'
#' The logical operators of 3D Slicer: copy, add, subtract or intersect another segment,
#' invert, clear or fill one.
#'
#' A voxel has one segment here, so the `modifier` gives up the voxels that are copied or
#' added, also under `overwrite(seg, "none")`: adding merges two segments. Subtracting and
#' intersecting make sense with a segment of another segmentation (`other`).
#'
#' @param seg A segmentation.
#' @param segment Name or value of the segment that changes.
#' @param operation `"copy"` (the segment becomes the modifier), `"add"`, `"subtract"`,
#'   `"intersect"`; or without a modifier `"invert"`, `"clear"` (nothing is left), `"fill"`
#'   (everything).
#' @param modifier Name or value of the other segment.
#' @param other The segmentation that the modifier is in, on the same grid; `seg` itself by
#'   default.
#' @returns The segmentation. A message says how the volumes have changed.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' scan <- as_scan(array(0, c(30, 30, 6)), spacing = c(0.5, 0.5, 3))
#' seg <- segmentation(scan, c("tibia", "fibula")) |>
#'   paint("tibia", at = c(4, 4, 6), diameter = 4) |>
#'   paint("fibula", at = c(11, 11, 9), diameter = 4)
#' combine_segments(seg, "tibia", "add", "fibula")
combine_segments <- function(seg, segment,
                             operation = c(
                               "copy", "add", "subtract", "intersect", "invert", "clear", "fill"
                             ),
                             modifier = NULL, other = NULL) {
  check_segmentation(seg)
  operation <- check_choice(operation, eval(formals(combine_segments)$operation))
  value <- check_segment(segment, seg)
  if (!is.null(other)) check_segmentation(other)
  if (is.null(modifier) && !is.null(other)) {
    medvoxel_abort("{.arg other} needs a {.arg modifier}: the name of its segment.", "input")
  }
  source <- other %||% seg
  from <- if (!is.null(modifier)) check_segment(modifier, source)
  arguments <- list(
    segment = segment, operation = operation, modifier = modifier, other = other
  )
  core <- list(operation = operation, segment = value, modifier = from, other = other)
  edit_labels(seg, "combine_segments", arguments, core)
}
