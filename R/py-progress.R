# A progress bar that Python drives: cli shows it when the work takes over two
# seconds. The callback is throttled in Python.

with_progress <- function(label, code) {
  # In a page that is being knit a bar would be printed again and again.
  wanted <- isTRUE(getOption("medvoxel.progress", TRUE)) &&
    !isTRUE(getOption("knitr.in.progress"))
  if (is.null(label) || !wanted) return(code(NULL))
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
