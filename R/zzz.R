.onLoad <- function(libname, pkgname) {
  # Declares and never starts Python, installs or prints. What goes wrong here is
  # said at first use, where there is someone to read it.
  try(declare_python(), silent = TRUE)
}
