# man/ and NAMESPACE must be what roxygen2 writes from the comments in R/.
# The argument is a copy of the project; it is overwritten.

copy <- commandArgs(TRUE)[[1]]
remark <- function(...) cat(..., "\n", file = "/dev/fd/3")

wanted <- read.dcf("DESCRIPTION", "RoxygenNote")[[1]]
here <- as.character(utils::packageVersion("roxygen2"))
if (here != wanted) {
  remark(sprintf("written by roxygen2 %s, here is %s", wanted, here))
  quit(status = 77)
}

roxygen2::roxygenise(copy)

generated <- function(folder) {
  files <- c("NAMESPACE", "DESCRIPTION", file.path("man", dir(file.path(folder, "man"))))
  files <- files[file.exists(file.path(folder, files))]
  files[!dir.exists(file.path(folder, files))]
}
files <- union(generated("."), generated(copy))
sums <- function(folder) unname(tools::md5sum(file.path(folder, files)))
stale <- files[!mapply(identical, sums("."), sums(copy))]
if (length(stale)) {
  message("These are not what roxygen2 writes; run make docs: ", paste(stale, collapse = ", "))
  for (file in stale) system2("diff", c("-u", shQuote(c(file, file.path(copy, file)))))
  quit(status = 1)
}
