#' Grow segments from seeds
#'
#' Each voxel joins the segment whose seed it can reach on the path with the least change
#' of grey values: the algorithm of 3D Slicer's Grow from seeds, with the same result and in
#' less time.
#'
#' It needs seeds of two segments at least, or of one where [editable_range()] or
#' [editable_area()] limit what may change. Voxels that may not change also bar the way, and
#' seeds there do not grow: `editable_area(seg, outside = TRUE)` would leave none.
#' Segments that are not visible (see [set_segment()]) do not grow; whether others may grow
#' over them says [overwrite()].
#'
#' @section Growing again:
#' The seeds are remembered. Look at the result with [plot_slices()], [paint()] more seeds
#' where it is wrong or [erase()] some, and call `grow_from_seeds()` again: all seeds grow
#' anew, and after more seeds only what they change is computed. Any other edit, such as
#' [smooth_segment()], keeps the labels as they are; all of them are then the seeds of the
#' next growth. Until then Python keeps 8 bytes for each voxel of the box that was grown in.
#'
#' @param seg A segmentation with seeds that carries its scan, see [segmentation()].
#' @param locality How many grey values a mm counts: 0 leaves distance out, more keeps
#'   segments near their seeds.
#' @param margin How far from the box of all seeds labels may grow, in mm. By default as in
#'   3D Slicer: a fifth of the box's extent on each side (half of it under a mask), and
#'   three voxels at least.
#' @param connectivity Neighbours of a voxel: 26 as in 3D Slicer, or 6 (across faces), which
#'   is faster.
#' @param spacing A working spacing in mm, one number or three (x, y, z): grow on larger
#'   voxels, which is much faster and less exact. `NULL` grows on the scan's own.
#' @returns The segmentation. A message says how the volumes have changed.
#' @references L. Zhu, I. Kolesov, Y. Gao, R. Kikinis, A. Tannenbaum, "An effective
#'   interactive medical image segmentation method using fast GrowCut", *MICCAI Interactive
#'   Medical Image Computing Workshop* (2014).
#' @seealso [paint()], [smooth_segment()], [islands()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' values <- array(0L, c(30, 30, 6))
#' values[10:20, 10:20, ] <- 100L
#' scan <- as_scan(values, spacing = c(0.5, 0.5, 3))
#' seg <- segmentation(scan, c("block", "outside")) |>
#'   paint("block", at = c(7, 7, 9), diameter = 2) |>
#'   paint("outside", at = rbind(c(1, 1, 0), c(14, 14, 15)), diameter = 2) |>
#'   grow_from_seeds()
#' seg
grow_from_seeds <- function(seg, locality = 0, margin = NULL, connectivity = 26,
                            spacing = NULL) {
  check_segmentation(seg)
  check_number(locality, 0, .Machine$integer.max)
  if (!is.null(margin)) check_length(margin, zero = TRUE)
  check_connectivity(connectivity, c(6, 26))
  if (!is.null(spacing)) check_spacing(spacing)
  scan_of(seg)
  arguments <- list(
    locality = locality, margin = margin, connectivity = connectivity, spacing = spacing
  )
  core <- list(
    locality = as.double(locality), margin = margin, connectivity = as.integer(connectivity),
    spacing = if (!is.null(spacing)) zyx(check_spacing(spacing))
  )
  edit_labels(seg, "grow_from_seeds", arguments, core, progress = "Growing")
}

# What the last growth started from, with the brushes since then; NULL when all labels are
# seeds.
remembered_seeds <- function(seg) {
  seeds <- attr(seg, "seeds")
  if (is.null(seeds)) return(NULL)
  new_segmentation(
    unpack_layers(seeds), spacing(seg), origin(seg), direction(seg), attr(seg, "segments")
  )
}
