# testthat 3.1.6 has no working mock of its own for bindings of a package.
local_mocked_bindings_compat <- function(name, value, .local_envir = parent.frame()) {
  ns <- asNamespace("medvoxel")
  old <- get(name, envir = ns)
  set <- function(value) {
    unlock <- bindingIsLocked(name, ns)
    if (unlock) unlockBinding(name, ns)
    assign(name, value, envir = ns)
    if (unlock) lockBinding(name, ns)
  }
  set(value)
  withr::defer(set(old), envir = .local_envir)
}
