# What Python says becomes a condition of R; its traceback is kept in a field and
# never reaches the console.

# `failure` is the list that bridge.py makes of an exception.
signal_failure <- function(failure, call) {
  kind <- if (failure$kind %in% condition_kinds) failure$kind else "python"
  hint <- failure$hint %||% default_hint(kind)
  message <- if (kind == "python") {
    sprintf("Something unexpected happened in Python: %s", failure$message)
  } else {
    failure$message
  }
  medvoxel_abort(
    c("{message}", if (!is.null(hint)) c(i = "{hint}")),
    kind,
    hint = hint, details = failure$details,
    python_type = failure$type, traceback = failure$traceback, call = call
  )
}

default_hint <- function(kind) {
  switch(kind,
    python = paste(
      "This is a fault of medvoxel. Please report it with the output of",
      "medvoxel_sitrep() and rlang::last_error()$traceback."
    ),
    memory = "Crop the scan or resample it to a larger spacing first.",
    environment = "medvoxel_sitrep() shows what is missing."
  )
}

# Each is a list with kind, message and hint.
signal_warnings <- function(warnings, call) {
  for (w in warnings) {
    message <- w$message
    hint <- w$hint
    medvoxel_warn(c("{message}", if (!is.null(hint)) c(i = "{hint}")), w$kind, call = call)
  }
}
