# A progress bar that Python drives: cli shows it when the work takes over two
# seconds. The callback is throttled in Python.

with_progress <- function(label, code) {
  if (is.null(label) || !isTRUE(getOption("medvoxel.progress", TRUE))) return(code(NULL))
  bar <- cli::cli_progress_bar(
    label, total = 100, clear = TRUE, .auto_close = FALSE,
    format = "{cli::pb_name} {cli::pb_bar} {cli::pb_percent} | {cli::pb_eta_str}"
  )
  on.exit(cli::cli_progress_done(id = bar))
  code(function(fraction, label) {
    cli::cli_progress_update(set = 100 * fraction, id = bar)
    TRUE
  })
}
