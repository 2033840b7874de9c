#' What was found when a scan was read
#'
#' Every scan that was read from files carries a table of what was checked, what was
#' found and what was done about it. It stays with the scan through later steps, and
#' [scan_report()] prints it.
#'
#' @param x A scan.
#' @returns A data frame of the class `medvoxel_qc`, one row a check; without rows for a
#'   scan that was made from an array. Columns:
#'   \describe{
#'     \item{`check`}{what was looked at. For DICOM: slice order, duplicate positions,
#'       missing slices, slice spacing, gantry tilt, slice thickness (against the
#'       spacing), mixed orientation, kind of images, slope and intercept, stored values
#'       (bits and sign), photometric interpretation, padding, transfer syntax, frame of
#'       reference, patient, other series (left out), damaged files}
#'     \item{`found`, `done`}{what was found, and what was done about it}
#'     \item{`size_mm`}{how large a fault is, in mm: of one that was mended how large it
#'       was (the widest gap, the farthest shift); of one that is still there how far slices
#'       lie from their places}
#'     \item{`severity`}{`"ok"`; `"note"`: worth knowing; `"fixed"`: a fault that was
#'       mended; `"problem"`: a fault that is still there}
#'   }
#' @seealso [read_dicom()], whose `on_problem` decides what is done about a fault;
#'   [slice_files()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' folder <- tempfile("dicom")
#' write_phantom_dicom(folder, spacing = c(1.5, 1.5, 4))
#' file.remove(list.files(folder, full.names = TRUE)[5])
#' scan <- read_dicom(folder, on_problem = "fix")
#' scan_qc(scan)
#' subset(scan_qc(scan), severity == "fixed")
scan_qc <- function(x) {
  check_scan(x)
  table <- attr(x, "qc")
  if (!is.null(table)) return(structure(table, class = c("medvoxel_qc", "data.frame")))
  table <- data.frame(
    check = character(), found = character(), done = character(), size_mm = double(),
    severity = character()
  )
  structure(table, class = c("medvoxel_unchecked", "medvoxel_qc", "data.frame"))
}

#' @export
format.medvoxel_unchecked <- function(x, ...) {
  "<quality> nothing was checked: the scan was not read from files"
}

#' @export
print.medvoxel_qc <- function(x, ...) {
  cli::cat_line(format(x, ...))
  invisible(x)
}

#' @export
format.medvoxel_qc <- function(x, ..., width = getOption("width", 80)) {
  needed <- c("check", "found", "done", "severity")
  if (!all(needed %in% names(x))) return(table_lines(as.data.frame(unclass(x))))
  # Rows may have been chosen by a size that most of them lack.
  x <- x[!is.na(x$check), , drop = FALSE]
  if (nrow(x) == 0) return("<quality> none of the checks")
  title <- sprintf(
    "<quality> %d check%s: %s", nrow(x), if (nrow(x) == 1) "" else "s", quality_counts(x$severity)
  )
  mark <- c(ok = " ", note = "i", fixed = "+", problem = "!")[x$severity]
  text <- ifelse(nzchar(x$done), paste0(x$found, "; ", x$done), x$found)
  head <- paste0("  ", mark, " ", format(x$check), "  ")
  indent <- nchar(head[1])
  lines <- lapply(seq_along(text), function(i) {
    # Texts are wrapped beside the names of the checks.
    body <- strwrap(text[i], max(width - indent, 30))
    paste0(c(head[i], rep(strrep(" ", indent), max(length(body) - 1, 0))), body)
  })
  c(title, unlist(lines))
}

quality_counts <- function(severity) {
  words <- list(ok = c("ok", "ok"), note = c("note", "notes"), fixed = c("fixed", "fixed"),
                problem = c("problem", "problems"))
  counts <- table(factor(severity, names(words)))
  counts <- counts[counts > 0]
  said <- Map(function(name, n) paste(n, words[[name]][1 + (n > 1)]), names(counts), counts)
  paste(unlist(said), collapse = ", ")
}

# One line for print(): only what somebody should look at.
quality_line <- function(x) {
  severity <- attr(x, "qc")$severity
  severity <- severity[severity %in% c("fixed", "problem")]
  if (length(severity) > 0) sprintf("quality      %s: scan_qc()", quality_counts(severity))
}

#' Which file each slice was read from
#'
#' @param x A scan that [read_dicom()] read. It may have been cropped, or turned round by
#'   [reorient()] as long as its slices are those of the files.
#' @returns A data frame with one row a slice:
#'   \describe{
#'     \item{`slice`}{index along z, from 1}
#'     \item{`file`}{the file; for one in a zip file, the archive and the name in it with
#'       a `!` between. `NA` for a slice that was interpolated}
#'     \item{`frame`}{frame in the file, from 1}
#'     \item{`uid`}{its SOP Instance UID; `NA` when the file is not there any more}
#'     \item{`x`, `y`, `z`}{centre of the first voxel as the file gives it, LPS mm}
#'   }
#'   Without rows when the slices are not those of files any more, as after [resample()]
#'   or when slices became rows or columns.
#' @details
#' A scan keeps the paths of its files and no identifier of them: the UIDs are read from
#' the files when this function is called. Paths may name a patient;
#' `attr(x, "sources") <- NULL` takes them out of a scan that is given to others.
#' @seealso [scan_qc()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' folder <- tempfile("dicom")
#' write_phantom_dicom(folder, spacing = c(1.5, 1.5, 4))
#' scan <- read_dicom(folder)
#' head(slice_files(scan), 3)
slice_files <- function(x) {
  check_scan(x)
  sources <- attr(x, "sources")
  if (is.null(sources)) {
    return(data.frame(
      slice = integer(), file = character(), frame = integer(), uid = character(),
      x = double(), y = double(), z = double()
    ))
  }
  uids <- core_call("sop_instance_uids", as.list(unique(sources$file[!is.na(sources$file)])))
  uid <- vapply(uids, function(u) if (is.null(u)) NA_character_ else u, "")
  data.frame(
    slice = seq_len(nrow(sources)), file = sources$file, frame = sources$frame,
    uid = unname(uid[sources$file]), sources[c("x", "y", "z")]
  )
}
