# A progress bar that Python drives: cli shows it when the work takes over two
# seconds. The callback is throttled in Python.

with_progress <- function(label, code) {
  if (is.null(label) || !wants_progress()) return(code(NULL))
  bar <- cli::cli_progress_bar(
    label, total = 100, clear = TRUE, .auto_close = FALSE,
    format = "{cli::pb_name} {cli::pb_bar} {cli::pb_percent} | {cli::pb_eta_str}"
  )
  # An interrupt can leave cli in the middle of a drawing; no bar is worth losing the work,
  # or the true reason why it ended.
  on.exit(try(cli::cli_progress_done(id = bar), silent = TRUE))
  # FALSE asks Python to stop.
  code(function(fraction, label) {
    tryCatch(
      {
        cli::cli_progress_update(set = 100 * fraction, id = bar)
        TRUE
      },
      interrupt = function(e) FALSE,
      error = function(e) TRUE
    )
  })
}

# In a page that is being knit a bar would be printed again and again.
wants_progress <- function() {
  isTRUE(getOption("medvoxel.progress", TRUE)) && !isTRUE(getOption("knitr.in.progress"))
}

# For work that a library does in one go and that cannot say how far it is: `size` above
# `large` takes seconds, and then at least what is being done is shown.
with_status <- function(label, size, large, code) {
  if (size > large && wants_progress()) cli::cli_progress_step(label)
  force(code)
}
