# Every condition of the package is made here, so that each has a class, the
# caller's name, what happened, and one next step.

#' Conditions that medvoxel signals
#'
#' Every error has the class `medvoxel_error` and one that says what kind it is,
#' so that a script can react to it with [tryCatch()]:
#'
#' | class | when |
#' |---|---|
#' | `medvoxel_error_input` | an argument has the wrong type, size or value |
#' | `medvoxel_error_geometry` | two grids disagree, or a grid is impossible |
#' | `medvoxel_error_dicom` | DICOM files cannot be read or do not form one volume |
#' | `medvoxel_error_file` | a file cannot be read or written |
#' | `medvoxel_error_environment` | Python or one of its packages is missing |
#' | `medvoxel_error_memory` | the result would not fit into memory |
#' | `medvoxel_error_cancelled` | the work was stopped |
#' | `medvoxel_error_python` | something unexpected happened in Python |
#'
#' Errors that come from Python keep its traceback in the field `traceback` and
#' the type of the exception in `python_type`. Warnings have the class
#' `medvoxel_warning`, messages `medvoxel_message`.
#'
#' @name medvoxel_conditions
#' @examples
#' tryCatch(
#'   as_scan(1:3),
#'   medvoxel_error_input = function(e) conditionMessage(e)
#' )
NULL

condition_kinds <- c(
  "input", "geometry", "dicom", "file", "environment", "memory", "cancelled", "python"
)

condition_class <- function(type, kind) {
  c(sprintf("medvoxel_%s_%s", type, kind), paste0("medvoxel_", type))
}

# `message` is a cli template, evaluated where the caller stands.
medvoxel_abort <- function(message, kind, ..., call = caller_env(), .envir = parent.frame()) {
  cli::cli_abort(message, class = condition_class("error", kind), ..., call = call, .envir = .envir)
}

medvoxel_warn <- function(message, kind, ..., call = caller_env(), .envir = parent.frame()) {
  cli::cli_warn(
    message, class = condition_class("warning", kind), ..., call = call, .envir = .envir
  )
}

medvoxel_inform <- function(message, ..., .envir = parent.frame()) {
  cli::cli_inform(message, class = "medvoxel_message", ..., .envir = .envir)
}
