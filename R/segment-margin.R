#' Grow, shrink and hollow segments
#'
#' `margin()` moves the outline of segments by a distance; `hollow()` turns segments into
#' shells. Distances are exact, on every grid.
#'
#' ggplot2 has a function `margin()` too. Given numbers, as in `theme(plot.margin = margin(1, 1,
#' 1, 1))`, this one calls that one; where ggplot2 was attached later, write
#' `medvoxel::margin()`.
#'
#' @param seg A segmentation.
#' @param segment Names or values of segments; all by default, one after the other.
#' @param mm Distance in mm: positive grows, negative shrinks. Under one voxel it is refused.
#' @param ... Passed on to [ggplot2::margin()] when `seg` is a number or left out.
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
margin <- function(seg, segment = NULL, mm = 3, ...) {
  if (missing(seg) || (is.numeric(seg) && !is_volume(seg))) {
    # Meant is the function of ggplot2, which is hidden by this one.
    call <- sys.call()
    call[[1]] <- quote(ggplot2::margin)
    return(eval(call, parent.frame()))
  }
  check_dots_empty(...)
  check_segmentation(seg)
  values <- core_segments(segment, seg)
  check_number(mm, -.Machine$integer.max, .Machine$integer.max)
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
  check_length(thickness)
  mode <- check_choice(mode, c("inside", "medial", "outside"))
  edit_labels(
    seg, "hollow", list(segment = segment, thickness = thickness, mode = mode),
    list(segment = values, thickness = as.double(thickness), mode = mode),
    progress = "Hollowing"
  )
}
