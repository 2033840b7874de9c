#' What edits may change
#'
#' Set once, obeyed by every edit that follows, as the masking of 3D Slicer's Segment
#' Editor: no voxel outside the range and the area ever changes, whatever the verb. (R's own
#' `seg[...] <- value` is no verb: it sets what it is told to.)
#'
#' * `editable_range()`: only voxels whose grey value lies in a range.
#' * `editable_area()`: only voxels inside or outside segments, as they are at the time of
#'   each edit; or of a mask, such as one that [segment_body()] made.
#' * `overwrite()`: whether a segment that grows may take the voxels of others.
#'
#' Each of them without further arguments takes its restriction away.
#'
#' @param seg A segmentation that carries its scan, see [segmentation()].
#' @param lower,upper Bounds in the unit of the scan, both inclusive; `NULL` is no bound.
#' @param inside,outside Names or values of segments; `TRUE` for all of them; or a mask on
#'   the same grid: another segmentation or a logical array. With both, a voxel must be
#'   inside the one and outside the other.
#' @param policy Whose voxels a segment may take: `"all"`, of every other segment, as is
#'   3D Slicer's and our default; `"visible"`, of those that are visible, see
#'   [set_segment()]; `"none"`, only voxels without a segment.
#' @returns The segmentation; no voxel has changed.
#' @seealso [paint()], [grow_from_seeds()], [smooth_segment()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' scan <- as_scan(array(1:60, c(5, 4, 3)), spacing = c(0.5, 0.8, 4))
#' seg <- segmentation(scan, c("low", "high")) |>
#'   editable_range(lower = 31) |>
#'   paint("high", mask = array(TRUE, dim(scan)))
#' seg
editable_range <- function(seg, lower = NULL, upper = NULL) {
  check_segmentation(seg)
  check_number(lower, null = TRUE)
  check_number(upper, null = TRUE)
  if (!is.null(lower) && !is.null(upper) && lower > upper) {
    medvoxel_abort(
      c(
        "{.arg lower} ({lower}) is above {.arg upper} ({upper}).",
        i = "Swap them."
      ),
      "input"
    )
  }
  # An infinite bound is none, as everywhere in R.
  if (identical(as.double(lower), -Inf)) lower <- NULL
  if (identical(as.double(upper), Inf)) upper <- NULL
  if (!is.null(lower) || !is.null(upper)) scan_of(seg)
  arguments <- list(lower = lower, upper = upper)
  set_masking(seg, arguments, "editable_range", arguments)
}

#' @rdname editable_range
#' @export
editable_area <- function(seg, inside = NULL, outside = NULL) {
  check_segmentation(seg)
  parts <- list(inside = inside, outside = outside)
  areas <- lapply(names(parts), function(name) as_area(parts[[name]], seg, name))
  names(areas) <- names(parts)
  recorded <- lapply(names(parts), function(name) {
    if (is_voxels(areas[[name]])) areas[[name]] else parts[[name]]
  })
  names(recorded) <- names(parts)
  set_masking(seg, areas, "editable_area", recorded)
}

#' @rdname editable_range
#' @export
overwrite <- function(seg, policy = c("all", "visible", "none")) {
  check_segmentation(seg)
  policy <- check_choice(policy, c("all", "visible", "none"))
  set_masking(seg, list(overwrite = policy), "overwrite", list(policy = policy))
}

set_masking <- function(seg, new, verb, arguments) {
  state <- edit_state(seg)
  masking <- state$masking %||% list()
  masking[names(new)] <- new
  if (identical(masking$overwrite, "all")) masking$overwrite <- NULL
  masking <- Filter(Negate(is.null), masking)
  state["masking"] <- list(if (length(masking) > 0) masking)
  add_step(seg, array_only(seg), state, verb, arguments, changed = integer())
}

# Segments by value, TRUE for all, or the voxels of a mask.
as_area <- function(x, seg, arg, call = caller_env()) {
  if (is.null(x) || isFALSE(x)) return(NULL)
  if (isTRUE(x)) return(TRUE)
  if (is.array(x)) return(pack_voxels(check_mask(x, seg, arg, call)))
  check_segment(x, seg, several = TRUE, arg = arg, call = call)
}

# A mask on the grid of a segmentation, as 0 and 1.
check_mask <- function(x, seg, arg = rlang::caller_arg(x), call = caller_env()) {
  force(arg)
  if (is_volume(x)) check_same_grid(x, seg, call = call)
  x <- check_numeric_array(x, arg, call)
  if (!identical(dim(x), dim(seg))) {
    medvoxel_abort(
      c(
        "{.arg {arg}} must have the dimensions of the segmentation.",
        x = "It has {show_dim(x)}, the segmentation {show_dim(seg)}.",
        i = "Bring a scan or segmentation to this grid with {.fn resample_to}."
      ),
      "geometry", call = call
    )
  }
  array(as.integer(x != 0), dim(x))
}

# The arguments of the core that say what may change.
masking_arguments <- function(seg) {
  masking <- attr(seg, "masking")
  range <- c(masking$lower, masking$upper)
  segments <- function(area) if (is.null(area) || isTRUE(area)) area else as.list(area)
  by_mask <- c(is_voxels(masking$inside), is_voxels(masking$outside))
  list(
    scan = if (!is.null(range)) attr(seg, "scan"),
    lower = masking$lower, upper = masking$upper,
    inside = if (!by_mask[1]) segments(masking$inside),
    outside = if (!by_mask[2]) segments(masking$outside),
    area = area_mask(masking, by_mask), overwrite = masking$overwrite %||% "all"
  )
}

area_mask <- function(masking, by_mask) {
  if (!any(by_mask)) return(NULL)
  if (!by_mask[2]) return(as_mask(unpack_voxels(masking$inside)))
  outside <- 1L - unpack_voxels(masking$outside)
  as_mask(if (by_mask[1]) outside * unpack_voxels(masking$inside) else outside)
}

masking_line <- function(x) {
  masking <- attr(x, "masking")
  if (is.null(masking)) return(NULL)
  paste("editable    ", paste(masking_words(masking, x), collapse = "; "))
}

masking_words <- function(masking, seg) {
  unit <- attr(attr(seg, "scan"), "unit") %||% ""
  low <- masking$lower
  high <- masking$upper
  range <- if (!is.null(low) && !is.null(high)) {
    sprintf("%s to %s %s", format(low), format(high), unit)
  } else if (!is.null(low)) {
    sprintf("from %s %s", format(low), unit)
  } else if (!is.null(high)) {
    sprintf("up to %s %s", format(high), unit)
  }
  c(
    trimws(range %||% character()),
    area_words(masking$inside, "inside", seg), area_words(masking$outside, "outside", seg),
    if (!is.null(masking$overwrite)) c(
      visible = "overwrites visible segments", none = "overwrites no segment"
    )[[masking$overwrite]]
  )
}

area_words <- function(area, word, seg) {
  if (is.null(area)) return(NULL)
  if (isTRUE(area)) return(paste(word, "all segments"))
  if (is_voxels(area)) return(paste(word, "a mask"))
  table <- attr(seg, "segments")
  names <- table$name[match(area, table$value)]
  paste(word, paste(shown_name(ifelse(is.na(names), area, names)), collapse = ", "))
}
