# Install the package from this folder into the first library that can be written to,
# unless the same sources are installed there already.

sources <- c("DESCRIPTION", "NAMESPACE", "R", "inst", "man", "LICENSE")
files <- sort(unlist(lapply(sources[file.exists(sources)], function(source) {
  if (dir.exists(source)) list.files(source, recursive = TRUE, full.names = TRUE) else source
})))
files <- grep("__pycache__|\\.pyc$|\\.egg-info", files, value = TRUE, invert = TRUE)
state <- c(R.version.string, paste(unname(tools::md5sum(files)), files))

find_library <- function() {
  writable <- Filter(function(path) file.access(path, 2) == 0, .libPaths())
  if (length(writable)) {
    return(writable[[1]])
  }
  own <- path.expand(strsplit(Sys.getenv("R_LIBS_USER"), .Platform$path.sep)[[1]][1])
  if (is.na(own) || own == "NULL" || !dir.create(own, recursive = TRUE, showWarnings = FALSE)) {
    stop("No R library can be written to. Set R_LIBS_USER to a folder of your own.", call. = FALSE)
  }
  own
}

target <- find_library()
# The record lies in the installed package, so it goes when the package goes.
record <- file.path(target, "medvoxel", "installed-from.md5")
if (file.exists(record) && identical(readLines(record), state)) {
  quit(status = 0)
}

message("Installing the R package medvoxel into ", target)
log <- tempfile(fileext = ".log")
status <- system2(
  file.path(R.home("bin"), "R"),
  c("CMD", "INSTALL", "--no-multiarch", paste0("--library=", shQuote(target)), "."),
  stdout = log, stderr = log
)
if (status != 0) {
  writeLines(tail(readLines(log), 30), stderr())
  stop("R CMD INSTALL failed.", call. = FALSE)
}
writeLines(state, record)
