# What can happen only once in a session, such as starting Python, is tested in a
# new one. The code runs with the installed package and an environment of its own.
fresh_session <- function(code, env = character(), args = list()) {
  testthat::skip_if_not_installed("callr")
  testthat::skip_if_not(
    nzchar(system.file("Meta", package = "medvoxel")), "needs the installed package"
  )
  # reticulate must neither offer a download nor find what the machine has besides.
  quiet <- c(
    RETICULATE_MINICONDA_ENABLED = "FALSE", RETICULATE_USE_MANAGED_VENV = "no",
    RETICULATE_PYTHON = NA, MEDVOXEL_PYTHON = NA,
    # Set by reticulate when the session that runs the tests started Python.
    VIRTUAL_ENV = NA
  )
  quiet[names(env)] <- env
  withr::local_envvar(quiet)
  callr::r(code, args = args, env = character(), libpath = .libPaths(), show = FALSE)
}

# A virtualenv with nothing in it; `packages` (name = version) are only claimed.
bare_virtualenv <- function(packages = character(), .local_envir = parent.frame()) {
  python <- tryCatch(base_python(), error = function(e) NULL)
  testthat::skip_if(is.null(python), "no Python to make a virtualenv from")
  root <- withr::local_tempdir(.local_envir = .local_envir)
  path <- file.path(root, "r-medvoxel")
  system2(python, c("-m", "venv", "--without-pip", shQuote(path)), stdout = FALSE)
  site <- list.files(path, "^site-packages$", recursive = TRUE, include.dirs = TRUE,
                     full.names = TRUE)[1]
  for (name in names(packages)) {
    info <- file.path(site, sprintf("%s-%s.dist-info", gsub("-", "_", name), packages[name]))
    dir.create(info)
    writeLines(c("Metadata-Version: 2.1", paste("Name:", name), paste("Version:", packages[name])),
               file.path(info, "METADATA"))
  }
  root
}

# The Python that the tests themselves use.
the_python <- function() python_plan()$python
