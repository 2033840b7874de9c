#' Copy DICOM files without what says whose they are
#'
#' Copies a folder of DICOM files and takes out what identifies the patient, after the
#' Basic Application Level Confidentiality Profile of the DICOM standard (PS3.15). The
#' copies have the values and the geometry of the originals, and fit together as they did:
#' a structure set still finds its images. The originals are never touched.
#'
#' @param from A folder with its subfolders, one file, a DICOMDIR or a zip file.
#' @param to The folder for the copies. It must be new or empty, and lie neither inside
#'   `from` nor around it: nothing is ever overwritten. Copies are named by number, such as
#'   `P7KQ2MZ4XAB/series-001/slice-0001.dcm`, because file names often name the patient.
#' @param dates What becomes of dates. `"shift"` moves all dates of a patient back by the
#'   same random number of days (1 to 3652), so that intervals are kept, and keeps the times
#'   of the day; `"remove"` removes both. Birth dates are always removed.
#' @param keep Names of elements that the profile would remove or empty, by their keywords
#'   in the standard, such as `"SeriesDescription"`, `"PatientSex"`, `"PatientAge"` or
#'   `"ROIName"`. Parts of the patient's name, identifiers and birth date are taken out of
#'   texts that are kept. Identifiers, names of persons and dates cannot be kept.
#' @param include_flagged Whether to copy images that may show who the patient is in their
#'   pixels: secondary captures, ultrasound, photographs, screenshots, kinds of objects that
#'   are not known, and what says so in its header (Burned In Annotation). Left out by default,
#'   they are listed in the result with the reason. Structured reports, documents and drawings
#'   are always left out: the profile would leave nothing of them.
#' @param secret A text of at least eight characters. A later call with the same secret gives
#'   the same patients the same pseudonyms, UIDs and shift of dates, so that a study can grow.
#'   Without one, a random key is used and forgotten: nobody can lead the copies back, and a
#'   later call cannot continue. Who has the secret and knows a patient's number can find
#'   the copies: keep it as carefully as the originals.
#' @returns A data frame of the class `medvoxel_deidentified`, one row for each file in
#'   `from`:
#'   \describe{
#'     \item{`from`}{the original; this column names patients if the files do}
#'     \item{`to`}{its copy, `NA` where it was left out}
#'     \item{`patient`}{the pseudonym: name, identifier and folder of the copies}
#'     \item{`series`}{the number in the name of its folder}
#'     \item{`status`}{`"written"` or `"left out"`}
#'     \item{`reason`}{why it was left out, or why a copy is flagged; else `""`}
#'   }
#'   When it is stopped, or fails, everything that was written is removed again.
#' @details
#' The rules are the table of the standard (PS3.15 table E.1-1), as the Python package
#' dicom-anonymizer keeps it, applied also inside of sequences. Where the table leaves a
#' choice, the file stays legal: elements are emptied or get a dummy value. In some things
#' this is stricter than the table: private elements, curves and overlays are removed as
#' whole groups, drawings in the unused bits of pixels are cleared, and texts and bytes that
#' the table does not mention are removed, but for those that say how the values were made
#' (manufacturer, kernel, units and their like) and codes. The head of each file is written
#' anew. The copies say what was done (Patient Identity Removed, De-identification Method).
#'
#' What it cannot do:
#'
#' * **See what pixels show.** A face can be rendered from a scan of the head; ears, teeth
#'   and implants are recognisable, too. Use a defacing tool before you share such scans.
#'   Texts burned into pixels are found only where the header says that they are there, and
#'   comments inside of compressed pixels are not looked for.
#' * **Know what is rare.** A rare disease, an unusual date or a number that is public
#'   elsewhere can identify a patient who has no name.
#' * **Decide for you.** Whether the copies are anonymous in the sense of the law depends on
#'   who gets them. Look at some of them before they leave the house.
#' @seealso [read_dicom()]; scans never hold names, identifiers or dates anyway.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' from <- tempfile("from")
#' to <- tempfile("to")
#' write_phantom_dicom(from, spacing = c(1.5, 1.5, 4))
#' # Names of regions are kept with keep = "ROIName"
#' files <- deidentify_dicom(from, to)
#' files
#' read_dicom(to)
deidentify_dicom <- function(from, to, dates = c("shift", "remove"), keep = NULL,
                             include_flagged = FALSE, secret = NULL) {
  from <- check_path(from)
  to <- check_path(to, exists = FALSE)
  dates <- check_choice(dates, c("shift", "remove"))
  check_keywords(keep)
  check_flag(include_flagged)
  check_string(secret, null = TRUE)
  table <- core_call(
    "deidentify_dicom", from, to, dates = dates, keep = if (length(keep)) as.list(keep),
    include_flagged = include_flagged, secret = secret, .progress = "De-identifying"
  )
  names(table)[match(c("source", "target"), names(table))] <- c("from", "to")
  structure(table, class = c("medvoxel_deidentified", "data.frame"), folder = to)
}

check_keywords <- function(keep, call = caller_env()) {
  if (is.null(keep) || (is.character(keep) && !anyNA(keep))) return(invisible(keep))
  medvoxel_abort(
    c(
      "{.arg keep} must be names of DICOM elements, not {.obj_type_friendly {keep}}.",
      i = "For instance {.code keep = c(\"SeriesDescription\", \"PatientSex\")}."
    ),
    "input", call = call
  )
}

#' @export
print.medvoxel_deidentified <- function(x, ...) {
  cli::cat_line(format(x, ...))
  invisible(x)
}

#' @export
format.medvoxel_deidentified <- function(x, ...) {
  # Columns may have been taken out by the user.
  if (!all(c("patient", "series", "status", "reason") %in% names(x))) {
    return(table_lines(as.data.frame(unclass(x))))
  }
  written <- x$status == "written"
  flagged <- written & nzchar(x$reason)
  title <- sprintf(
    "<deidentified> %d of %s copied: %s of %s", sum(written), counted(nrow(x), "file"),
    counted(length(unique(x$series[written])), "series", "series"),
    counted(length(unique(x$patient[written])), "patient")
  )
  folder <- attr(x, "folder")
  c(
    title,
    if (!is.null(folder) && any(written)) paste("  in", folder),
    reason_lines("Left out:", x$reason[!written]),
    reason_lines("Copied although flagged:", x$reason[flagged]),
    if (any(written)) {
      c("Before you share them:", paste0("  ", c(
        "look at some copies: texts in pixels are not searched for",
        "remove faces from scans of the head: they can be rendered",
        "keep this table to yourself: `from` may name patients"
      )))
    }
  )
}

counted <- function(count, one, many = paste0(one, "s")) {
  paste(count, if (count == 1) one else many)
}

# One line for each reason, the most frequent first.
reason_lines <- function(title, reasons) {
  if (length(reasons) == 0) return(NULL)
  counts <- sort(table(reasons), decreasing = TRUE)
  c(title, sprintf("  %s  %s", format(as.vector(counts)), names(counts)))
}
