#' Install what medvoxel needs in Python
#'
#' Makes the virtualenv `r-medvoxel`, or completes or repairs it, and installs
#' the Python packages there. It touches nothing else on the machine. When
#' everything is in place it says so and does nothing.
#'
#' @param python The Python to build the virtualenv from; left out, the first
#'   suitable one is taken: at least version 3.10, with a shared library that R
#'   can load, and with the modules `venv` and `ensurepip`.
#' @param extras Further sets of packages, by the names under
#'   `optional-dependencies` in the package's `pyproject.toml`; `"dev"` is what
#'   the package's own tests need.
#' @param force Throw the virtualenv away first and build it again.
#' @param ask Ask before something is downloaded; by default when R is
#'   interactive.
#' @returns The path of the virtualenv's Python, invisibly.
#' @seealso [medvoxel_sitrep()] to see what is there.
#' @export
#' @examples
#' \dontrun{
#' # Downloads about 150 MB, once.
#' install_medvoxel()
#' # Builds a broken environment again.
#' install_medvoxel(force = TRUE)
#' }
install_medvoxel <- function(python = NULL, extras = character(), force = FALSE,
                             ask = interactive()) {
  check_string(python, null = TRUE)
  check_flag(force)
  check_flag(ask)
  plan <- install_plan(
    virtualenv_state(virtualenv_path()), python_requirements(extras = extras), force
  )
  if (length(plan$install) == 0) {
    cli::cli_inform(c(v = "Everything is in place in {.path {plan$path}}."))
    return(invisible(plan$python))
  }
  if (plan$create) plan$base <- base_python(python)
  print(plan)
  if (ask && !confirm()) {
    medvoxel_abort("Nothing was installed.", "cancelled")
  }
  apply_install_plan(plan)
  tell_installed(plan)
  invisible(plan$python)
}

# Pure but for asking the virtualenv what it has, which `installed` can replace.
install_plan <- function(virtualenv, requirements, force = FALSE,
                         installed = installed_versions) {
  create <- force || virtualenv$state != "present"
  missing <- if (create) {
    requirements
  } else {
    unmet_requirements(requirements, installed(virtualenv$python, requirements))
  }
  structure(
    list(
      path = virtualenv$path, python = virtualenv$python, state = virtualenv$state,
      remove = create && virtualenv$state != "absent", create = create,
      install = missing, requirements = requirements, base = NULL
    ),
    class = "medvoxel_install_plan"
  )
}

installed_versions <- function(python, requirements) {
  environment_report(python, requirements)$packages
}

#' @export
print.medvoxel_install_plan <- function(x, ...) {
  packages <- requirement_names(x$install)
  cli::cli_inform(c(
    "medvoxel will",
    if (x$remove) c("*" = "remove the {x$state} virtualenv {.path {x$path}}"),
    if (x$create) c("*" = "create the virtualenv {.path {x$path}} from {.path {x$base}}"),
    if (length(packages)) c("*" = "download and install {.pkg {packages}}")
  ))
  invisible(x)
}

confirm <- function() {
  answer <- readline("Go on? [Y/n] ")
  tolower(trimws(answer)) %in% c("", "y", "yes")
}

apply_install_plan <- function(plan, call = caller_env()) {
  if (plan$remove) unlink(plan$path, recursive = TRUE)
  install_step(
    "The virtualenv could not be made.",
    "Make sure that {.path {plan$path}} can be written.", {
      if (plan$create) {
        # reticulate's virtualenv_create() refuses a base without pip from 1.41 on, as
        # Debian's is, and puts the newest NumPy in first.
        status <- system2(plan$base, c("-m", "venv", shQuote(plan$path)))
        if (status != 0) rlang::abort(sprintf("python -m venv ended with status %d.", status))
      }
    }, plan, call
  )
  install_step(
    "The Python packages could not be installed.",
    "Check the connection to PyPI (or the proxy, in {.envvar HTTPS_PROXY}) and the lines above,
     then call {.code install_medvoxel()} again.",
    # All of them, though only some are missing: what these need must not put a NumPy in
    # place that reticulate cannot use.
    reticulate::virtualenv_install(plan$path, packages = plan$requirements), plan, call
  )
}

install_step <- function(problem, hint, code, plan, call) {
  tryCatch(force(code), error = function(e) {
    detail <- sub("\n.*", "", trimws(conditionMessage(e)))
    medvoxel_abort(c("{problem}", x = "{detail}", i = hint), "environment", call = call)
  })
}

# Python cannot be exchanged in a session in which another one runs.
tell_installed <- function(plan) {
  running <- running_python()
  cli::cli_inform(c(v = "medvoxel's Python is ready in {.path {plan$path}}."))
  if (!is.na(running) && !same_file(running, plan$python)) {
    cli::cli_inform(c("!" = "Another Python runs in this session: restart R to use the new one."))
  }
  the$core <- NULL
}

same_file <- function(a, b) {
  # Not resolved through links: every virtualenv's Python links to the same base.
  identical(
    normalizePath(dirname(a), mustWork = FALSE), normalizePath(dirname(b), mustWork = FALSE)
  )
}

# --- the Python to build from --------------------------------------------------------

base_python <- function(python = NULL, call = caller_env()) {
  candidates <- if (is.null(python)) python_candidates() else path.expand(python)
  checks <- lapply(candidates, check_base_python)
  good <- vapply(checks, function(check) is.null(check$problem), NA)
  if (any(good)) return(candidates[good][1])
  seen <- sprintf("%s: %s", candidates, vapply(checks, function(c) c$problem %||% "", ""))
  medvoxel_abort(
    c(
      "No Python was found that a virtualenv for R can be built from.",
      rlang::set_names(escape_braces(seen), rep("x", length(seen))),
      i = base_python_hint(checks)
    ),
    "environment", call = call
  )
}

python_candidates <- function() {
  starter <- if (reticulate_has("virtualenv_starter")) {
    reticulate_get("virtualenv_starter")(">=3.10")
  }
  # The system's own Python first: it was built with the C++ library that R uses.
  found <- c(
    if (.Platform$OS.type != "windows") "/usr/bin/python3", starter,
    Sys.which(c("python3", "python"))
  )
  found <- unique(found[nzchar(found)])
  found[file.exists(found)]
}

# One child process asks everything that can be wrong with a base Python.
check_base_python <- function(python) {
  # A file: a command line with several lines is not the same on every system.
  script <- tempfile(fileext = ".py")
  on.exit(unlink(script))
  writeLines(c(
    "import sys, sysconfig, importlib.util as u, os",
    "v = sysconfig.get_config_var",
    # Debian keeps the library in a package of its own, so what was built may not be there.
    "files = [os.path.join(v(d) or '', v(n) or '') for d in ('LIBDIR', 'LIBPL')",
    "         for n in ('INSTSONAME', 'LDLIBRARY')]",
    "shared = os.name == 'nt' or v('Py_ENABLE_SHARED') and any(map(os.path.isfile, files))",
    "framework = v('PYTHONFRAMEWORK')",
    "has = all(u.find_spec(m) for m in ('venv', 'ensurepip'))",
    "print('%d.%d' % sys.version_info[:2], int(bool(shared or framework)), int(has))"
  ), script)
  answer <- run_python(python, shQuote(script))
  parts <- strsplit(trimws(answer$output %||% ""), " ")[[1]]
  if (!is.null(answer$error) || length(parts) != 3) {
    return(list(problem = "it does not run", kind = "broken"))
  }
  if (numeric_version(parts[1]) < "3.10") {
    return(list(problem = sprintf("version %s is older than 3.10", parts[1]), kind = "version"))
  }
  if (parts[2] == "0") {
    return(list(problem = "it has no shared library that R could load", kind = "shared"))
  }
  if (parts[3] == "0") {
    return(list(problem = "it has no module venv or ensurepip", kind = "venv"))
  }
  list(problem = NULL)
}

base_python_hint <- function(checks) {
  kinds <- vapply(checks, function(check) check$kind %||% "", "")
  if ("venv" %in% kinds) {
    return("On Debian and Ubuntu: {.code sudo apt install python3-venv}")
  }
  if ("shared" %in% kinds) {
    return("On Debian and Ubuntu: {.code sudo apt install libpython3-dev}")
  }
  "Install Python 3.10 or newer, for instance with {.code reticulate::install_python()}."
}

escape_braces <- function(x) gsub("([{}])", "\\1\\1", x)

# --- child processes -------------------------------------------------------------------

# What a Python reports of itself, without starting it in this session.
environment_report <- function(python, requirements = character()) {
  names <- requirement_names(requirements)
  answer <- run_python(python, c(shQuote(core_file("medvoxel", "environment.py")), names))
  if (!is.null(answer$error)) return(list(error = answer$error, packages = no_versions(names)))
  report <- tryCatch(jsonlite::fromJSON(answer$output), error = function(e) NULL)
  if (is.null(report)) {
    return(list(error = "it gave no readable answer", packages = no_versions(names)))
  }
  report$packages <- vapply(names, function(n) report$packages[[n]] %||% NA_character_, "")
  report
}

no_versions <- function(names) rlang::set_names(rep(NA_character_, length(names)), names)

run_python <- function(python, args) {
  # R's own library path and an active virtualenv would mislead another Python.
  # Set here and not by system2(env = ): on Windows that puts them into the command line.
  restore <- set_environment(c(
    LD_LIBRARY_PATH = NA, PYTHONHOME = NA, PYTHONPATH = NA, PYTHONDONTWRITEBYTECODE = "1"
  ))
  on.exit(restore())
  output <- tryCatch(
    suppressWarnings(system2(python, args, stdout = TRUE, stderr = FALSE)),
    error = function(e) structure(conditionMessage(e), status = 127L)
  )
  status <- attr(output, "status") %||% 0L
  if (status != 0) return(list(error = sprintf("it ended with status %d", status)))
  list(output = paste(output, collapse = "\n"))
}

# Set variables (NA unsets) and return a function that puts the old values back.
set_environment <- function(values) {
  old <- Sys.getenv(names(values), unset = NA, names = TRUE)
  apply_environment(values)
  function() apply_environment(old)
}

apply_environment <- function(values) {
  gone <- is.na(values)
  Sys.unsetenv(names(values)[gone])
  if (any(!gone)) do.call(Sys.setenv, as.list(values[!gone]))
}
