# Starting the Python core, at first use and not before.

# Runs from .onLoad: says to reticulate what we would like, without starting
# anything, so that a Python chunk that runs first also finds our Python.
declare_python <- function(plan = python_plan()) {
  switch(plan$action,
    use_python = reticulate::use_python(plan$python, required = FALSE),
    use_virtualenv = reticulate::use_virtualenv(dirname(dirname(plan$python)), required = FALSE),
    py_require = reticulate_get("py_require")(plan$requirements)
  )
  invisible(plan)
}

py_core <- function(call = caller_env()) {
  if (!is.null(the$core) && !reticulate::py_is_null_xptr(the$core)) return(the$core)
  plan <- python_plan()
  plan <- start_python(plan, call)
  check_core_packages(plan, call)
  the$core <- import_core(plan, call)
  the$plan <- plan
  the$core
}

start_python <- function(plan, call) {
  if (!is.null(plan$problem)) abort_environment(plan$problem, plan$fix, plan, call = call)
  tryCatch(
    {
      if (plan$action == "py_require") declare_python(plan)
      # The hint from .onLoad loses against an active virtualenv, or any Python with NumPy.
      ours <- plan$action %in% c("use_python", "use_virtualenv") && !user_chose_python()
      if (ours) reticulate::use_python(plan$python, required = TRUE)
      started <- reticulate::py_config()$python
    },
    error = function(e) {
      abort_environment(
        "Python could not be started.", "install_medvoxel(force = TRUE)", plan,
        detail = conditionMessage(e), call = call
      )
    }
  )
  if (is.na(plan$python) || !same_file(plan$python, started)) plan$python <- started
  if (!ours && plan$action %in% c("use_python", "use_virtualenv")) plan$rule <- "requested"
  plan
}

# Whether use_python() or its like was called in this session, by the user or by another
# package; reticulate says so in the words that it prints in py_config().
user_chose_python <- function() {
  forced <- reticulate::py_discover_config()$forced
  is.character(forced) && any(grepl("function$", forced))
}

# Python runs now; whichever won, it must have what the core needs.
check_core_packages <- function(plan, call) {
  installed <- running_versions(requirement_names(plan$requirements))
  if (is_numpy_too_new(installed)) {
    abort_environment(
      sprintf(
        "NumPy %s cannot exchange arrays with reticulate %s; it needs reticulate >= %s.",
        installed[["numpy"]], utils::packageVersion("reticulate"), reticulate_numpy2
      ),
      "install_medvoxel(force = TRUE)", plan, call = call
    )
  }
  unmet <- unmet_requirements(plan$requirements, installed)
  if (length(unmet) > 0) {
    abort_environment(
      sprintf("Python has no %s.", paste(unmet, collapse = ", ")),
      fix_for_missing(plan, unmet), plan, missing = unmet, call = call
    )
  }
}

requirement_names <- function(requirements) {
  vapply(requirements, function(r) parse_requirement(r)$name, "", USE.NAMES = FALSE)
}

is_numpy_too_new <- function(installed, reticulate = utils::packageVersion("reticulate")) {
  numpy <- installed["numpy"]
  !is.na(numpy) && version_satisfies(numpy, ">=", "2") && reticulate < reticulate_numpy2
}

# What to type depends on whose Python it is.
fix_for_missing <- function(plan, unmet) {
  if (plan$rule == "virtualenv") return("install_medvoxel()")
  if (plan$rule %in% c("running", "requested")) {
    return("install_medvoxel(), then restart R and load medvoxel before Python is started")
  }
  # With them goes NumPy's ceiling, which they might lift.
  packages <- union(unmet, grep("^numpy\\b", plan$requirements, value = TRUE))
  sprintf("reticulate::py_install(c(%s))", paste0('"', packages, '"', collapse = ", "))
}

# reticulate's own conversion is enough here: a few strings.
running_versions <- function(names) {
  metadata <- reticulate::import("importlib.metadata", convert = TRUE)
  vapply(names, function(name) {
    tryCatch(as.character(metadata$version(name)), error = function(e) NA_character_)
  }, "")
}

import_core <- function(plan, call) {
  tryCatch(
    reticulate::import_from_path(
      "medvoxel.bridge", path = core_path(), convert = FALSE, delay_load = FALSE
    ),
    error = function(e) {
      abort_environment(
        "The Python core could not be loaded.", "medvoxel_sitrep()", plan,
        detail = conditionMessage(e), call = call
      )
    }
  )
}

# `fix` is a line of R to type.
abort_environment <- function(problem, fix, plan, ..., detail = NULL, call = caller_env()) {
  where <- if (!is.na(plan$python)) {
    sprintf("Python: %s (%s).", plan$python, plan_reason(plan))
  }
  detail <- if (!is.null(detail)) sub("\n.*", "", trimws(detail))
  medvoxel_abort(
    c(
      "{problem}",
      if (!is.null(detail)) c(x = "{detail}"),
      if (!is.null(where)) c(i = "{where}"),
      i = "Next: {.code {fix}}"
    ),
    "environment", plan = plan, fix = fix, ..., call = call
  )
}

#' Can medvoxel work here?
#'
#' Asks whether the Python that medvoxel would use exists and has all packages,
#' without starting it in this session. The examples of this package use it, and
#' scripts may branch on it.
#'
#' @returns `TRUE` or `FALSE`. When `FALSE`, [medvoxel_sitrep()] says why.
#' @export
#' @examples
#' medvoxel_available()
medvoxel_available <- function() {
  if (!is.null(the$core)) return(TRUE)
  plan <- python_plan()
  # A managed environment would have to be downloaded to be asked.
  if (!is.null(plan$problem) || is.na(plan$python)) return(FALSE)
  report <- environment_report(plan$python, plan$requirements)
  is.null(report$error) && !is_numpy_too_new(report$packages) &&
    length(unmet_requirements(plan$requirements, report$packages)) == 0
}
