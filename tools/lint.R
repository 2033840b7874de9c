# Style of the R files, as .lintr says.

found <- lintr::lint_package()
for (folder in Filter(dir.exists, c("tools", "bench", "data-raw"))) {
  found <- c(found, lapply(lintr::lint_dir(folder), function(lint) {
    lint$filename <- file.path(folder, lint$filename)
    lint
  }))
}
for (lint in found) {
  cat(sprintf("%s:%d: %s [%s]\n", lint$filename, lint$line_number, lint$message, lint$linter))
}
quit(status = as.integer(length(found) > 0))
