#' The table of segments
#'
#' Each segment has a row: the label `value` that stands for it in the array, its `name`
#' and `colour`, whether it is `visible`, the `status` of the work on it, and what it is as
#' a coded term (`code`). `set_segment()` changes a row, `add_segment()` adds one without
#' voxels, and `remove_segment()` takes segments out together with their voxels.
#'
#' A segment that is not visible is not drawn, does not grow in [grow_from_seeds()], and
#' keeps its voxels under `overwrite(seg, "visible")`.
#'
#' @param x A segmentation or a mesh.
#' @returns `segment_table()`: a data frame with a row a segment. The others: the
#'   segmentation.
#' @export
#' @examples
#' scan <- as_scan(array(1:24, c(4, 3, 2)))
#' seg <- segmentation(scan, c("tendon", "ankle")) |>
#'   add_segment("air", colour = "skyblue") |>
#'   set_segment("tendon", status = "in progress", code = "SCT^13024002^Tendon")
#' segment_table(seg)
segment_table <- function(x) {
  if (inherits(x, "medvoxel_mesh")) return(x$segments)
  attr(check_segmentation(x), "segments")
}

#' @rdname segment_table
#' @param seg A segmentation.
#' @param segment Name or value of a segment; for `remove_segment()` of one or several.
#' @param name Name of the segment, used once in a table.
#' @param colour Any that R knows, such as `"#E69F00"` or `"orange"`.
#' @param visible `TRUE` or `FALSE`.
#' @param status `"not started"`, `"in progress"`, `"completed"` or `"flagged"`, as in 3D
#'   Slicer; `NA` for none.
#' @param code A coded term `"scheme^value^meaning"`, such as `"SCT^13024002^Tendon"`;
#'   `NA` for none.
#' @export
set_segment <- function(seg, segment, name = NULL, colour = NULL, visible = NULL,
                        status = NULL, code = NULL) {
  check_segmentation(seg)
  new <- list(name = name, colour = colour, visible = visible, status = status, code = code)
  new <- Filter(Negate(is.null), new)
  if (length(new) == 0) return(seg)
  table <- attr(seg, "segments")
  row <- match(check_segment(segment, seg), table$value)
  for (column in names(new)) {
    check_one(new[[column]], column)
    table[[column]][row] <- new[[column]]
  }
  set_table(seg, table, "set_segment", c(list(segment = segment), new))
}

#' @rdname segment_table
#' @param value The label value of the new segment; by default one more than the largest.
#' @export
add_segment <- function(seg, name, colour = NULL, value = NULL, status = NA, code = NA) {
  check_segmentation(seg)
  check_string(name)
  check_number(value, 1, .Machine$integer.max, null = TRUE, whole = TRUE)
  check_one(status, "status")
  check_one(code, "code")
  if (!is.null(colour)) check_one(colour, "colour")
  old <- attr(seg, "segments")
  row <- data.frame(
    value = as.integer(value %||% free_value(old$value)), name = name,
    colour = colour %||% free_colour(old$colour), visible = TRUE,
    status = as.character(status), code = as.character(code)
  )
  set_table(
    seg, rbind(old, row), "add_segment",
    list(name = name, colour = colour, value = value, status = given(status), code = given(code))
  )
}

#' @rdname segment_table
#' @export
remove_segment <- function(seg, segment) {
  check_segmentation(seg)
  values <- check_segment(segment, seg, several = TRUE)
  edit_labels(
    seg, "remove_segment", list(segment = segment), core = list(segment = as.list(values)),
    quiet = TRUE, then = function(state) without_area(state, values)
  )
}

# An area cannot be said by segments that are gone.
without_area <- function(state, values) {
  for (part in c("inside", "outside")) {
    area <- state$masking[[part]]
    if (!is.numeric(area) || !any(area %in% values)) next
    left <- setdiff(area, values)
    state$masking[[part]] <- if (length(left) > 0) left
    if (length(left) == 0) {
      medvoxel_inform(c(i = "What may change is not limited to {part} a removed segment any more."))
    }
  }
  if (length(state$masking) == 0) state["masking"] <- list(NULL)
  state
}

# One more than the largest, or where no number is left the smallest unused.
free_value <- function(taken) {
  top <- max(0L, taken)
  if (top < .Machine$integer.max) return(top + 1L)
  setdiff(seq_len(length(taken) + 1), taken)[1]
}

given <- function(x) if (!is.na(x)) x

check_one <- function(x, arg, call = caller_env()) {
  if (length(x) != 1) {
    medvoxel_abort("{.arg {arg}} must be one value, not {length(x)}.", "input", call = call)
  }
}

# The first of the palette that no segment has.
free_colour <- function(taken) {
  palette <- segment_colours(length(taken) + 1)
  setdiff(palette, taken)[1]
}

set_table <- function(seg, table, verb, arguments, call = caller_env()) {
  table <- check_segment_table(table, integer(), call)
  state <- edit_state(seg)
  state$segments <- table
  add_step(seg, array_only(seg), state, verb, arguments, changed = integer())
}

# --- what users give ---------------------------------------------------------------

segment_statuses <- c("not started", "in progress", "completed", "flagged")

check_segment_table <- function(segments, labels, call = caller_env()) {
  found <- sort(unique(labels[labels != 0]))
  table <- fill_segment_table(segments, found, call)
  twice <- c(table$name[duplicated(table$name)], table$value[duplicated(table$value)])
  if (length(twice) > 0) {
    medvoxel_abort(
      c(
        "Values and names of segments must each be used once.",
        x = "Used twice: {.val {unique(twice)}}."
      ),
      "input", call = call
    )
  }
  if (any(table$value < 1) || any(!nzchar(table$name))) {
    medvoxel_abort(
      "Segments need a name, and a value of 1 or more: 0 is \"no segment\".", "input", call = call
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
  if (is.factor(segments)) segments <- as.character(segments)
  if (is.null(segments)) {
    segments <- data.frame(value = found, name = sprintf("segment %d", as.integer(found)))
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
  whole <- is.numeric(value) && all(is.finite(value)) && all(value == round(value)) &&
    all(value <= .Machine$integer.max)
  if (!whole || anyNA(segments$name)) {
    medvoxel_abort(
      "Segments need a whole number in {.field value} and a name, without gaps.",
      "input", call = call
    )
  }
  count <- nrow(segments)
  data.frame(
    value = as.integer(value), name = as.character(segments$name),
    colour = hex_colours(segments$colour %||% segment_colours(count), call),
    visible = check_visible(segments$visible %||% rep(TRUE, count), call),
    status = check_status(segments$status %||% rep(NA, count), call),
    code = check_code(segments$code %||% rep(NA, count), call)
  )
}

check_visible <- function(visible, call) {
  if (is.logical(visible) && !anyNA(visible)) return(visible)
  medvoxel_abort(
    "{.field visible} of a segment must be {.code TRUE} or {.code FALSE}.", "input", call = call
  )
}

check_status <- function(status, call) {
  status <- without_blanks(status)
  if (all(is.na(status) | status %in% segment_statuses)) return(status)
  medvoxel_abort(
    "{.field status} of a segment must be one of {.or {.val {segment_statuses}}}, or NA.",
    "input", call = call
  )
}

# Tables in files say "n/a" for what is not known.
without_blanks <- function(x) {
  x <- as.character(x)
  x[x %in% c("", "n/a")] <- NA
  x
}

check_code <- function(code, call) {
  code <- without_blanks(code)
  part <- "[^^[:cntrl:]]*[^^[:cntrl:][:space:]][^^[:cntrl:]]*"
  pattern <- sprintf("^%s$", paste(rep(part, 3), collapse = "\\^"))
  if (all(is.na(code) | grepl(pattern, code))) return(code)
  medvoxel_abort(
    "{.field code} of a segment must be {.val scheme^value^meaning}, such as
     {.val SCT^13024002^Tendon}, or NA.",
    "input", call = call
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

# Names or values of segments as values.
check_segment <- function(segment, seg, several = FALSE, arg = rlang::caller_arg(segment),
                          call = caller_env()) {
  force(arg)
  if (is.factor(segment)) segment <- as.character(segment)
  good <- (is.character(segment) || rlang::is_integerish(segment)) && length(segment) > 0 &&
    !anyNA(segment) && (several || length(segment) == 1)
  if (!good) {
    what <- if (several) "names or values of segments" else "the name or value of one segment"
    medvoxel_abort(
      c(
        "{.arg {arg}} must be {what}, not {.obj_type_friendly {segment}}{show_value(segment)}.",
        i = "Segments here: {.val {attr(seg, 'segments')$name}}."
      ),
      "input", call = call
    )
  }
  values <- segment_values(segment, seg, call)
  unknown <- setdiff(values, attr(seg, "segments")$value)
  if (length(unknown) > 0) {
    medvoxel_abort(
      c(
        "There is no segment {.val {unknown}}.",
        i = "Segments here: {.val {attr(seg, 'segments')$name}}."
      ),
      "input", call = call
    )
  }
  as.integer(unique(values))
}
