#' List the DICOM series in a folder
#'
#' Shows what a folder holds before it is read: which series there are, how large
#' they are, and which of them are volumes.
#'
#' @param path A folder, searched with its subfolders; files that are not DICOM are
#'   passed over. Or one DICOM file, which stands for its series; a DICOMDIR, which stands
#'   for the images it lists; or a zip file of any of these.
#' @returns A data frame of the class `medvoxel_series`, one row a series, by series
#'   number. A series that mixes orientations, sizes, patients, or acquisitions at the
#'   same places (echoes, time points) has a row for each stack. Columns:
#'   \describe{
#'     \item{`series`}{the number to give to [read_dicom()]}
#'     \item{`kind`}{`"volume"`, or why it is none: `"localizer"`,
#'       `"secondary capture"`, `"colour image"`, `"multi-frame"` (frames without places),
#'       `"mosaic"` (many slices in one image), `"dose"`, `"segmentation"`,
#'       `"no position"` or `"not an image"`}
#'     \item{`modality`, `number`, `description`, `kernel`}{as in the files; parts of
#'       the patient's name, identifier and birth date in the description are replaced
#'       by `[removed]`}
#'     \item{`patient`}{which patient of those in the list, from 1}
#'     \item{`part`}{what tells a stack from others of the same series, such as
#'       `"echo time 2.46"`}
#'     \item{`problem`}{why the slices form no regular volume, such as
#'       `"missing slices"`; see `on_problem` of [read_dicom()]}
#'     \item{`slices`, `rows`, `columns`}{numbers of voxels}
#'     \item{`spacing_x`, `spacing_y`, `spacing_z`}{in mm; z from the positions of the
#'       slices, not from their thickness}
#'     \item{`folder`, `uid`}{where the files are, and the Series Instance UID}
#'   }
#' @seealso [read_dicom()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' folder <- tempfile("dicom")
#' write_phantom_dicom(folder, spacing = c(1.5, 1.5, 4))
#' list_series(folder)
list_series <- function(path) {
  table <- core_call("list_series", check_path(path), .progress = "Reading headers")
  table <- cbind(series = one_based(table$index), table[names(table) != "index"])
  structure(table, class = c("medvoxel_series", "data.frame"))
}

#' @export
print.medvoxel_series <- function(x, ...) {
  cli::cat_line(format(x, ...))
  invisible(x)
}

#' @export
format.medvoxel_series <- function(x, ..., width = getOption("width", 80)) {
  table <- as.data.frame(unclass(x))
  needed <- c("kind", "rows", "columns", "slices", "spacing_x", "spacing_y", "spacing_z")
  # Columns may have been taken out by the user.
  if (!all(needed %in% names(x))) return(table_lines(table))
  shown <- table[intersect(
    c("series", "kind", "modality", "number", "description", "part", "kernel"), names(x)
  )]
  if (!any(nzchar(shown$description))) shown$folder <- basename(as.character(table$folder))
  if (any(table$patient > 1)) shown$patient <- table$patient
  shown$voxels <- joined(x$rows, x$columns, x$rows, x$slices)
  shown$mm <- joined(
    x$spacing_x, signif(x$spacing_x, 4), signif(x$spacing_y, 4), signif(x$spacing_z, 4)
  )
  shown$problem <- table$problem
  c(series_title(x), table_lines(narrowed(shown, width)))
}

series_title <- function(x) {
  volumes <- sum(x$kind == "volume")
  bad <- sum(nzchar(x$problem %||% ""))
  sprintf(
    "<series> %d series, %d of them %s%s", nrow(x), volumes,
    if (volumes == 1) "a volume" else "volumes",
    if (bad > 0) sprintf(", %d with a problem", bad) else ""
  )
}

# What can be spared goes first; then long texts are shortened, but never below a few words.
narrowed <- function(table, width) {
  for (column in c("kernel", "number")) {
    if (max(nchar(table_lines(table))) > width) table[[column]] <- NULL
  }
  for (column in intersect(c("description", "folder", "part"), names(table))) {
    excess <- max(nchar(table_lines(table))) - width
    if (excess > 0) {
      table[[column]] <- shown_name(table[[column]], max(nchar(table[[column]]) - excess, 12))
    }
  }
  table
}

# "512 x 512 x 40", or nothing where `known` is missing.
joined <- function(known, ...) ifelse(is.na(known), "", paste(..., sep = " x "))

table_lines <- function(table) {
  table[] <- lapply(table, function(column) {
    column <- as.character(column)
    ifelse(is.na(column), "", column)
  })
  table <- table[vapply(table, function(column) any(nzchar(column)), NA)]
  columns <- Map(function(name, column) format(c(name, column)), names(table), table)
  sub(" +$", "", paste0("  ", do.call(paste, c(unname(columns), sep = "  "))))
}

#' Read a DICOM series
#'
#' Reads one series as a scan. Slices are put in order by their positions in the
#' patient, the slice spacing is measured from the positions, and the rescale slope
#' and intercept of each file are applied, without overflow. What does not form one
#' regular volume of one patient is refused with a reason.
#'
#' @param path A folder, searched with its subfolders; one DICOM file, which stands for
#'   its series in its own folder; a DICOMDIR, which stands for the images it lists; or a
#'   zip file of any of these, which is unpacked into a temporary folder and nowhere else.
#' @param series Which series, when there are several: its number in [list_series()]
#'   or its Series Instance UID. Left out, the only volume is read, or the largest one
#'   with a warning that names the others.
#' @param on_problem What to do when the slices form no regular volume:
#'   * `"error"` refuses them, with the reason. Nothing is ever stacked silently.
#'   * `"fix"` mends what can be mended, with a warning: missing slices are interpolated,
#'     uneven spacing is resampled along the normal, a tilted gantry is sheared back (by
#'     the positions of the slices, not by the tilt tag), and exact copies of files are
#'     left out. Of a series of several stacks the largest is taken. Padding is set to
#'     air (-1000 HU, or the smallest value) before anything
#'     is interpolated.
#'   * `"warn"` stacks the slices as if they were regular, with a warning that says how
#'     large the error is. Copies, and other images at the place of one, are left out.
#' @returns A `medvoxel_scan`. Its unit is `"HU"` for CT. Where the files have no slope
#'   and intercept it is `"stored values"`, which a message says: nothing is assumed
#'   silently, and [hounsfield()] applies an assumption of yours. `attr(x, "info")`
#'   holds acquisition facts; nothing in a scan identifies the patient.
#' @details
#' Compressed files are decoded (RLE, JPEG lossless, JPEG-LS, JPEG 2000). Enhanced
#' multi-frame CT and MR are read frame by frame, by the position of each frame. Values of
#' MONOCHROME1 images are not inverted; [plot_slices()] inverts their display. A real-world
#' value mapping is applied where there is no slope and intercept. Localizers, dose
#' reports, secondary captures and other series of the folder are left out.
#'
#' These are no regular volume, and are refused with an error of the class
#' `medvoxel_error_dicom` unless `on_problem` says otherwise: missing slices, two slices
#' at one place, uneven spacing (more than 1 % of it), a tilted gantry, several frames of
#' reference. A series that mixes orientations, sizes, echoes or time points is split: each
#' stack is a row of [list_series()], to be chosen with `series`. Images of two patients
#' are never stacked. Damaged files are left out with a warning where the others still form
#' a volume.
#'
#' [scan_qc()] lists what was checked, found and done; [slice_files()] names the file of
#' each slice.
#' @seealso [list_series()], [read_nifti()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' folder <- tempfile("dicom")
#' write_phantom_dicom(folder, spacing = c(1.5, 1.5, 4))
#' scan <- read_dicom(folder)
#' scan
read_dicom <- function(path, series = NULL, on_problem = c("error", "fix", "warn")) {
  path <- check_path(path)
  check_series(series)
  on_problem <- check_choice(on_problem, c("error", "fix", "warn"))
  scan <- core_call(
    "read_dicom", path, series = zero_based(series), on_problem = on_problem,
    .progress = "Reading DICOM", .in_place = TRUE
  )
  tell_stored_values(scan)
  scan
}

check_series <- function(series, call = caller_env()) {
  uid <- rlang::is_string(series) && grepl("[.]", series)
  if (is.null(series) || uid) return(invisible(series))
  number <- rlang::is_integerish(series, n = 1, finite = TRUE) && !is.object(series)
  if (!number || series < 1 || series > .Machine$integer.max) {
    medvoxel_abort(
      c(
        "{.arg series} must be a number from the first column of {.fn list_series}, or a UID.",
        x = "You gave {.obj_type_friendly {series}}{show_value(series)}."
      ),
      "input", call = call
    )
  }
  invisible(series)
}

tell_stored_values <- function(scan) {
  if (attr(scan, "unit") != "stored values") return(invisible())
  modality <- attr(scan, "modality")
  files <- if (nzchar(modality)) paste(modality, "files") else "files"
  medvoxel_inform(c(
    i = "The {files} have no rescale slope and intercept: the unit is {.val stored values}.",
    " " = if (modality %in% c("", "CT")) {
      paste(
        "Nothing is assumed. For a CT, {.code hounsfield(x, slope = 1, intercept = -1024)}",
        "is the usual guess."
      )
    }
  ))
}
