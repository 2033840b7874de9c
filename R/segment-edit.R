# The way of every edit: to the core with what may change, back with what has, into the
# history.

# `arguments` are what the history shows; `core` the same as the core wants it.
edit_labels <- function(seg, verb, arguments, core = arguments, operation = verb,
                        progress = NULL, quiet = FALSE, seeds = NULL, call = caller_env()) {
  options <- masking_arguments(seg)
  if (operation == "grow_from_seeds") options$scan <- scan_of(seg, call)
  # A brush leaves a trace in the seeds too, where there are any.
  traced <- operation %in% c("paint", "erase") && !is.null(attr(seg, "seeds"))
  out <- do.call(core_call, c(
    list("edit", seg, operation), options, core,
    list(seeds = seeds, touched = traced, .progress = progress, .call = call)
  ))
  new <- out[[1]]
  state <- edit_state(seg)
  state$segments <- attr(new, "segments")
  state["seeds"] <- list(seeds_after(seg, operation, out[[4]]))
  extent <- one_based(unlist(out[[3]]))
  result <- add_step(seg, array_only(new), state, verb, arguments, extent)
  if (!quiet) tell_changes(out[[2]], verb, call)
  result
}

# Seeds are what was there before they grew. Brushes change them, and whatever else changes
# the labels makes these the seeds of the next growth.
seeds_after <- function(seg, operation, touched) {
  old <- attr(seg, "seeds")
  if (operation == "grow_from_seeds") return(old %||% pack_voxels(array_only(seg)))
  if (is.null(old) || !operation %in% c("paint", "erase")) return(NULL)
  change_places(old, one_based(touched[[1]]), as.integer(touched[[2]]))
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
  bullets <- sprintf("{lines[%d]}", seq_along(lines))
  medvoxel_inform(rlang::set_names(bullets, "i"))
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
