#' medvoxel: from DICOM folders to surfaces, segments and reports
#'
#' Read a folder of DICOM files with [read_dicom()], look at it with
#' [plot_histogram()] and [plot_slices()], bring it to another spacing with
#' [resample()], make a surface with [make_mesh()], segment it with
#' [segment_threshold()] or [segment_kmeans()], measure it with
#' [segment_statistics()], or do all of that at once with [scan_report()].
#'
#' The heavy work is done in Python. Call [install_medvoxel()] once, and
#' [medvoxel_sitrep()] when something does not work.
#'
#' @section Options:
#' * `medvoxel.progress`: `FALSE` switches progress bars off.
#'
#' @section Environment variables:
#' * `MEDVOXEL_PYTHON`: the Python to use for medvoxel. `RETICULATE_PYTHON`,
#'   where it is set, wins.
#'
#' @section Places and axes:
#' The array of a scan is indexed `[x, y, z]` = (column, row, slice), 1-based.
#' Places in the patient are millimetres in DICOM's LPS frame: x grows to the
#' patient's left, y to posterior, z to superior. NIfTI files are in RAS; they
#' are turned round when they are read and written.
#'
#' @keywords internal
"_PACKAGE"

#' @importFrom rlang .data caller_env `%||%`
NULL

# What the session remembers: the Python core, the plan that led to it.
the <- new.env(parent = emptyenv())
