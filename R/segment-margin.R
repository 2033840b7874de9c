#' Grow, shrink and hollow segments
#'
#' `margin()` moves the outline of segments by a distance; `hollow()` turns segments into
#' shells. Distances are exact, on every grid.
#'
#' ggplot2 has a function `margin()` too: where both are attached, write `medvoxel::margin()`
#' or `ggplot2::margin()`.
#'
#' @param seg A segmentation.
#' @param segment Names or values of segments; all by default, one after the other.
#' @param mm Distance in mm: positive grows, negative shrinks. Under one voxel it is refused.
#' @returns The segmentation. A message says how the volumes have changed.
#' @seealso [smooth_segment()], [combine_segments()]; [overwrite()] for whose voxels may be
#'   taken.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' scan <- as_scan(array(0, c(30, 30, 6)), spacing = c(0.5, 0.5, 3))
#' seg <- segmentation(scan, "ball") |> paint("ball", at = c(7, 7, 7), diameter = 8)
#' margin(seg, "ball", mm = 1)
#' margin(seg, "ball", mm = -1)
#' hollow(seg, "ball", thickness = 1)
margin <- function(seg, segment = NULL, mm = 3) {
  check_segmentation(seg)
  values <- core_segments(segment, seg)
  check_number(mm)
  edit_labels(
    seg, "margin", list(segment = segment, mm = mm), list(segment = values, mm = as.double(mm)),
    progress = "Margin"
  )
}

#' @rdname margin
#' @param thickness Of the shell, in mm.
#' @param mode What the present outline becomes: the `"inside"` of the shell, its middle
#'   (`"medial"`), or its `"outside"`.
#' @export
hollow <- function(seg, segment = NULL, thickness = 3,
                   mode = c("inside", "medial", "outside")) {
  check_segmentation(seg)
  values <- core_segments(segment, seg)
  check_number(thickness, 0)
  mode <- check_choice(mode, c("inside", "medial", "outside"))
  edit_labels(
    seg, "hollow", list(segment = segment, thickness = thickness, mode = mode),
    list(segment = values, thickness = as.double(thickness), mode = mode),
    progress = "Hollowing"
  )
}
