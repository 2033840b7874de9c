# Which Python to use, and why: a pure function of a described state, so that the
# whole matrix is tested on a machine without Python. Another function acts on it.

envname <- "r-medvoxel"
# NumPy 2 arrays cross neither way before this reticulate.
reticulate_numpy2 <- "1.38"

# The state that the plan depends on; nothing here starts Python.
python_state <- function() {
  list(
    running = running_python(),
    reticulate_python = env_or_na("RETICULATE_PYTHON"),
    medvoxel_python = env_or_na("MEDVOXEL_PYTHON"),
    virtualenv = virtualenv_state(virtualenv_path()),
    managed = reticulate_has("py_require") &&
      !tolower(Sys.getenv("RETICULATE_USE_MANAGED_VENV", "yes")) %in% c("no", "false", "0"),
    reticulate = as.character(utils::packageVersion("reticulate"))
  )
}

env_or_na <- function(name) {
  value <- Sys.getenv(name, "")
  if (nzchar(value)) value else NA_character_
}

running_python <- function() {
  if (!reticulate::py_available(initialize = FALSE)) return(NA_character_)
  reticulate::py_config()$python
}

# Expanded: a child process is started without a shell that would know "~".
virtualenv_path <- function() path.expand(file.path(reticulate::virtualenv_root(), envname))

virtualenv_binary <- function(path) {
  if (.Platform$OS.type == "windows") {
    file.path(path, "Scripts", "python.exe")
  } else {
    file.path(path, "bin", "python")
  }
}

# A link to a Python that was since removed exists for `dir.exists()` but not here.
virtualenv_state <- function(path) {
  python <- virtualenv_binary(path)
  state <- if (!dir.exists(path)) "absent" else if (!file.exists(python)) "broken" else "present"
  list(path = path, python = python, state = state)
}

# Newer reticulate has functions that older ones lack. Looked up by name: a literal
# `reticulate::py_require` is an error for R CMD check with an old reticulate.
reticulate_has <- function(name) name %in% getNamespaceExports("reticulate")
reticulate_get <- function(name) getExportedValue("reticulate", name)

# Rules in the order in which they win.
python_plan <- function(state = python_state()) {
  plan <- if (!is.na(state$running)) {
    python_choice("running", state$running, "none")
  } else if (!is.na(state$reticulate_python) && state$reticulate_python != "managed") {
    variable_choice("RETICULATE_PYTHON", state$reticulate_python, "none")
  } else if (identical(state$reticulate_python, "managed") && state$managed) {
    # reticulate obeys this whatever we would rather have.
    python_choice("managed", NA_character_, "py_require")
  } else if (!is.na(state$medvoxel_python)) {
    variable_choice("MEDVOXEL_PYTHON", state$medvoxel_python, "use_python")
  } else if (state$virtualenv$state != "absent") {
    virtualenv_choice(state$virtualenv)
  } else if (state$managed) {
    python_choice("managed", NA_character_, "py_require")
  } else {
    python_choice(
      "none", NA_character_, "none",
      problem = "No Python has been set up for medvoxel.",
      fix = "install_medvoxel()"
    )
  }
  plan$requirements <- python_requirements(state$reticulate)
  structure(plan, class = "medvoxel_python_plan")
}

python_choice <- function(rule, python, action, problem = NULL, fix = NULL) {
  list(rule = rule, python = python, action = action, problem = problem, fix = fix)
}

variable_choice <- function(variable, python, action) {
  python <- path.expand(python)
  # A bare command name is looked up as a shell would.
  found <- if (grepl("[/\\\\]", python)) python else unname(Sys.which(python))
  if (nzchar(found) && file.exists(found) && !dir.exists(found)) {
    return(python_choice(variable, found, action))
  }
  python_choice(
    variable, python, "none",
    problem = sprintf("%s is set to '%s', which is not a Python.", variable, python),
    fix = sprintf('Sys.unsetenv("%s")', variable)
  )
}

virtualenv_choice <- function(virtualenv) {
  if (virtualenv$state == "broken") {
    return(python_choice(
      "virtualenv", virtualenv$python, "none",
      problem = sprintf("The virtualenv '%s' is broken: its Python is gone.", virtualenv$path),
      fix = "install_medvoxel(force = TRUE)"
    ))
  }
  python_choice("virtualenv", virtualenv$python, "use_virtualenv")
}

plan_reason <- function(plan) {
  switch(plan$rule,
    running = "it was already running in this session",
    RETICULATE_PYTHON = "the variable RETICULATE_PYTHON names it",
    MEDVOXEL_PYTHON = "the variable MEDVOXEL_PYTHON names it",
    virtualenv = sprintf("it is the virtualenv '%s'", envname),
    requested = "it was asked for with use_python() or its like",
    managed = "reticulate manages it for this session",
    "nothing was found"
  )
}

# --- requirements -----------------------------------------------------------------

# The one list is in pyproject.toml.
python_requirements <- function(reticulate = utils::packageVersion("reticulate"),
                                extras = character()) {
  project <- pyproject()
  optional <- project[["optional-dependencies"]]
  unknown <- setdiff(extras, names(optional))
  if (length(unknown) > 0) {
    medvoxel_abort(
      "There is no extra {.val {unknown}}; there is {.val {names(optional)}}.", "input"
    )
  }
  requirements <- c(project$dependencies, unlist(optional[extras], use.names = FALSE))
  if (numeric_version(reticulate) < reticulate_numpy2) {
    requirements <- sub("^(numpy[^A-Za-z,][^,]*)$", "\\1,<2", requirements)
  }
  requirements
}

pyproject <- function() {
  # RcppTOML comes with reticulate, so reading TOML costs no further dependency.
  RcppTOML::parseTOML(core_file("pyproject.toml"))$project
}

core_path <- function() system.file("python", package = "medvoxel", mustWork = TRUE)
core_file <- function(...) file.path(core_path(), ...)

# A name and its conditions on the version.
parse_requirement <- function(requirement) {
  name <- sub("^([A-Za-z0-9_.-]+).*$", "\\1", requirement)
  rest <- trimws(sub("^[A-Za-z0-9_.-]+", "", requirement))
  parts <- if (nzchar(rest)) trimws(strsplit(rest, ",")[[1]]) else character()
  list(
    name = name,
    operator = sub("^([<>=!~]+).*$", "\\1", parts),
    version = sub("^[<>=!~]+\\s*", "", parts)
  )
}

# Which requirements the installed versions (named character, NA = missing) do not meet.
unmet_requirements <- function(requirements, installed) {
  met <- vapply(requirements, function(requirement) {
    parsed <- parse_requirement(requirement)
    version <- installed[parsed$name]
    !is.na(version) && all(mapply(
      version_satisfies, version, parsed$operator, parsed$version
    ))
  }, NA)
  requirements[!met]
}

version_satisfies <- function(version, operator, bound) {
  # Release part only: "2.1.0rc1" counts as 2.1.0.
  release <- numeric_version(sub("^([0-9]+(\\.[0-9]+)*).*$", "\\1", version))
  get(operator, mode = "function")(release, numeric_version(bound))
}
