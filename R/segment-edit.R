# The way of every edit: to the core with what may change, back with what has, into the
# history.

# `arguments` are what the history shows; `core` the same as the core wants it; `then` may
# change the state once the labels are.
edit_labels <- function(seg, verb, arguments, core = arguments, operation = verb,
                        progress = NULL, quiet = FALSE, then = identity,
                        call = caller_env()) {
  options <- masking_arguments(seg)
  if (operation == "grow_from_seeds") options$scan <- scan_of(seg, call)
  # A brush leaves a trace in the seeds too, where there are any.
  traced <- operation %in% c("paint", "erase") && !is.null(attr(seg, "seeds"))
  seeds <- if (operation == "grow_from_seeds" || (traced && options$overwrite != "all")) {
    remembered_seeds(seg)
  }
  out <- do.call(core_call, c(
    list("edit", seg, operation), options, core,
    list(seeds = seeds, touched = traced, .progress = progress, .call = call)
  ))
  new <- out[[1]]
  state <- edit_state(seg)
  state$segments <- attr(new, "segments")
  brush <- if (traced) brush_places(out[[4]], dim(seg))
  state["seeds"] <- list(seeds_after(seg, operation, brush))
  result <- add_step(
    seg, array_only(new), then(state), verb, arguments, brush, one_based(out[[3]])
  )
  if (!quiet) tell_changes(out[[2]], verb, call)
  if (operation == "grow_from_seeds") tell_box(out[[4]])
  result
}

# Seeds are what was there before they grew. Brushes change them, and whatever else changes
# the labels makes these the seeds of the next growth.
seeds_after <- function(seg, operation, brush) {
  old <- attr(seg, "seeds")
  if (operation == "grow_from_seeds") return(old %||% list(pack_voxels(array_only(seg))))
  if (!is.null(brush)) with_layer(old, brush)
}

# Seeds are layers: to pack all of them again would make each brush slow.
with_layer <- function(seeds, brush) {
  if (length(brush) == 0) seeds else c(seeds, list(brush))
}

# The core's answer: places, and the one label that they all have now.
brush_places <- function(touched, dim) {
  at <- one_based(touched[[1]])
  pack_places(at, rep(as.integer(touched[[2]]), length(at)), dim)
}

# Volumes before and after, for people.
tell_changes <- function(changes, verb, call) {
  if (NROW(changes) == 0) return(invisible())
  changed <- changes[changes$before_ml != changes$after_ml, , drop = FALSE]
  if (nrow(changed) == 0) {
    medvoxel_inform(c(i = "{.fn {verb}}: no volume has changed."))
    return(invisible())
  }
  lines <- sprintf(
    "%s: %s to %s ml%s", shown_name(changed$segment), shown_ml(changed$before_ml),
    shown_ml(changed$after_ml), shown_percent(changed$after_ml / changed$before_ml - 1)
  )
  # Names may hold what cli takes for a template.
  bullets <- sprintf("{lines[%d]}", seq_len(min(length(lines), most_lines)))
  if (length(lines) > most_lines) bullets <- c(bullets, "and {length(lines) - most_lines} more.")
  medvoxel_inform(rlang::set_names(bullets, "i"))
}

most_lines <- 10

# Labels that end at straight edges puzzle whoever does not know why.
tell_box <- function(size) {
  if (is.null(size)) return(invisible())
  mm <- show_numbers(rev(unlist(size)), 3, " x ")
  medvoxel_inform(c(i = "Grown within a box of {mm} mm around the seeds; {.arg margin} widens it."))
}

shown_ml <- function(ml) vapply(signif(ml, 4), format, "", big.mark = ",")

# Not said of what has grown from next to nothing.
shown_percent <- function(part) {
  digits <- ifelse(abs(part) < 0.001, 3, 1)
  ifelse(is.finite(part) & part < 10, sprintf(" (%+.*f %%)", digits, 100 * part), "")
}

# Segments as the core wants them: values, or nothing for all.
core_segments <- function(segment, seg, call = caller_env()) {
  if (is.null(segment)) return(NULL)
  as.list(check_segment(segment, seg, several = TRUE, arg = "segment", call = call))
}
