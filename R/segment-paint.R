#' Paint and erase segments
#'
#' Paints with a brush in millimetres, along a line, into a box or a polygon; or whatever a
#' mask or a range of grey values says. `erase()` does the same with nothing for a colour.
#' Only what [editable_range()], [editable_area()] and [overwrite()] allow is changed.
#'
#' A brush paints every voxel whose centre it reaches, and always the voxel that holds the
#' point itself. Distances are true on every grid.
#'
#' What is painted before [grow_from_seeds()] are the seeds. What is painted or erased after
#' it is added to, or taken from, the same seeds, and the next `grow_from_seeds()` grows
#' them again.
#'
#' @param seg A segmentation, see [segmentation()].
#' @param segment Name or value of the segment; for `erase()` of one or several, all by
#'   default.
#' @param at Points, a vector of three (x, y, z) or a matrix with three columns.
#' @param diameter Of the brush, in mm.
#' @param sphere `TRUE` for a ball, `FALSE` for a disc on the slice of `plane` that is
#'   nearest to each point.
#' @param shape What the points are: `"points"`, each of them painted by the brush;
#'   `"stroke"`, the corners of a line along which the brush is drawn; `"polygon"`, the
#'   corners of a polygon on a slice of `plane`; `"box"`, two opposite corners.
#' @param plane `"axial"`, `"coronal"` or `"sagittal"`: the slices that discs and polygons
#'   lie on. On an oblique grid, the slices nearest to it.
#' @param unit Of `at`: `"mm"`, places in the patient (LPS); or `"voxels"`, indices counted
#'   from 1, where `plane` and the other arguments mean the same.
#' @param mask Instead of `at`: a logical array, or anything else on the same grid that is
#'   not 0 where to paint, such as `scan > 300`.
#' @param range Instead of `at`: `c(lower, upper)`, all voxels of the scan whose grey value
#'   lies between the two.
#' @returns The segmentation. A warning says when no voxel has changed.
#' @seealso [grow_from_seeds()], [editable_range()], [undo()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' scan <- as_scan(array(0, c(40, 40, 5)), spacing = c(0.5, 0.5, 3))
#' line <- rbind(c(2, 4, 6), c(9, 12, 6), c(16, 14, 6))
#' seg <- segmentation(scan, c("tendon", "air")) |>
#'   paint("tendon", at = line, shape = "stroke", diameter = 2) |>
#'   paint("air", at = c(1, 1, 1), shape = "points", unit = "voxels") |>
#'   erase("tendon", at = c(9, 12, 6), diameter = 1, sphere = FALSE)
#' seg
paint <- function(seg, segment, at = NULL, diameter = 5, sphere = TRUE,
                  shape = c("points", "stroke", "polygon", "box"),
                  plane = c("axial", "coronal", "sagittal"), unit = c("mm", "voxels"),
                  mask = NULL, range = NULL) {
  check_segmentation(seg)
  value <- check_segment(segment, seg)
  brush <- check_brush(seg, at, diameter, sphere, shape, plane, unit, mask, range)
  use_brush(seg, "paint", segment, value, brush)
}

#' @rdname paint
#' @export
erase <- function(seg, segment = NULL, at = NULL, diameter = 5, sphere = TRUE,
                  shape = c("points", "stroke", "polygon", "box"),
                  plane = c("axial", "coronal", "sagittal"), unit = c("mm", "voxels"),
                  mask = NULL, range = NULL) {
  check_segmentation(seg)
  values <- core_segments(segment, seg)
  brush <- check_brush(seg, at, diameter, sphere, shape, plane, unit, mask, range)
  use_brush(seg, "erase", segment, values, brush)
}

use_brush <- function(seg, verb, segment, values, brush, call = caller_env()) {
  new <- edit_labels(
    seg, verb, c(list(segment = segment), brush$shown), c(list(segment = values), brush$core),
    quiet = TRUE, call = call
  )
  step <- attr(new, "history")$steps[[attr(new, "history")$done]]
  # Where a segment has grown already, a brush may still add seeds to it.
  same <- is.null(step$changes) && identical(attr(new, "seeds"), attr(seg, "seeds"))
  if (same) warn_unchanged(seg, brush$core$mask, call)
  new
}

# The brush as the history shows it (`shown`, only what says something) and as the core
# wants it.
check_brush <- function(seg, at, diameter, sphere, shape, plane, unit, mask, range,
                        call = caller_env()) {
  if (sum(!is.null(at), !is.null(mask), !is.null(range)) != 1) {
    medvoxel_abort(
      c(
        "Say where to paint by one of {.arg at}, {.arg mask} and {.arg range}.",
        i = "For instance {.code at = c(12, -40, 850)}, a point in mm."
      ),
      "input", call = call
    )
  }
  if (!is.null(mask)) {
    mask <- check_mask(mask, seg, "mask", call)
    return(list(shown = list(mask = pack_voxels(mask)), core = list(mask = as_mask(mask))))
  }
  if (!is.null(range)) {
    mask <- range_mask(scan_of(seg, call), range, call)
    return(list(shown = list(range = range), core = list(mask = as_mask(mask))))
  }
  at <- check_points(at, "at", call)
  check_length(diameter, call = call)
  check_flag(sphere, call = call)
  shape <- check_choice(shape, c("points", "stroke", "polygon", "box"), call = call)
  plane <- check_choice(plane, c("axial", "coronal", "sagittal"), call = call)
  unit <- check_choice(unit, c("mm", "voxels"), call = call)
  brushed <- shape %in% c("points", "stroke")
  flat <- shape == "polygon" || (brushed && !sphere)
  if (unit == "voxels" && shape != "box") check_indices(at, seg, call)
  points <- if (unit == "voxels") unname(voxel_to_mm(seg, at)) else at
  list(
    shown = list(
      at = if (nrow(at) == 1) as.vector(at) else at, diameter = if (brushed) diameter,
      sphere = if (brushed) sphere, shape = shape, plane = if (flat) plane, unit = unit
    ),
    core = list(
      at = points, diameter = as.double(diameter), sphere = sphere, shape = shape, plane = plane
    )
  )
}

# Indices as the user counts them; a place in mm would say nothing to him.
check_indices <- function(at, seg, call) {
  outside <- which(apply(at, 1, function(p) any(p < 0.5 | p > dim(seg) + 0.5)))
  if (length(outside) == 0) return(invisible())
  ends <- paste(c("x", "y", "z"), "1 to", dim(seg))
  medvoxel_abort(
    c(
      "Point {outside[1]} of {.arg at} is no voxel of the scan: ({at[outside[1], ]}).",
      i = "Voxels are {ends}."
    ),
    "input", call = call
  )
}

range_mask <- function(scan, range, call) {
  if (!is.numeric(range) || length(range) != 2 || anyNA(range) || range[1] > range[2]) {
    medvoxel_abort(
      "{.arg range} must be {.code c(lower, upper)}; one of them may be infinite.",
      "input", call = call
    )
  }
  values <- array_only(scan)
  inside <- values >= range[1] & values <= range[2]
  # What is no number lies in no range.
  inside[is.na(inside)] <- FALSE
  storage.mode(inside) <- "integer"
  inside
}

warn_unchanged <- function(seg, mask, call) {
  medvoxel_warn(
    c(
      "No voxel has changed.",
      i = if (!is.null(mask) && !any(mask != 0)) {
        "There is no voxel in what was to be painted."
      } else if (is.null(attr(seg, "masking"))) {
        "What is there has the label already."
      } else {
        "What is there has the label already, or may not change: see the line {.val editable} of
         {.code print(seg)}."
      }
    ),
    "input", call = call
  )
}
