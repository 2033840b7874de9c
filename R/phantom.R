#' An ankle to practise on
#'
#' Builds a scan of an ankle in millimetres from parameters and a seed, together with
#' the true segmentation. No patient stands behind it. Skin, fat, muscles, the bones
#' from tibia to midfoot with cortical shell and spongy inside, and an Achilles tendon
#' that joins the calcaneus; noise and partial volume as a scanner makes them.
#'
#' The seed varies size, pose, fat and tendon a little, as between patients. The same
#' seed gives the same ankle on every grid, and the same bytes on every machine.
#'
#' @param spacing Voxel spacing in mm, (x, y, z); one number stands for all three.
#'   `c(0.1989, 0.1989, 3)` gives 704 x 704 x 40 voxels.
#' @param shape Number of voxels, (x, y, z); by default as many as fill
#'   140 x 140 x 120 mm.
#' @param modality `"CT"`, in Hounsfield units; or `"MR"`, like a T1-weighted image, in
#'   stored values.
#' @param pathology `"none"`; `"tendinopathy"`, a tendon thickened like a spindle with
#'   changed texture; `"rupture"`, a gap in the tendon with retracted ends.
#' @param side `"left"` or `"right"` ankle.
#' @param noise Standard deviation of the noise, in the unit of the scan.
#' @param bias Strength of a smooth multiplicative field, such as receiver coils cause;
#'   by default 0 for CT and 0.15 for MR.
#' @param direction A 3 x 3 matrix as for [as_scan()], for an oblique or mirrored scan.
#' @param seed A whole number.
#' @returns A list with `scan`, a `medvoxel_scan` of integers, and `truth`, a
#'   `medvoxel_segmentation` on the same grid: the structure at the centre of each voxel.
#'   Its segments always have the same values: 1 skin, 2 fat, 3 muscle, 4 tibia,
#'   5 fibula, 6 talus, 7 calcaneus, 8 midfoot, 9 soft tissue (joint capsules, vessels
#'   and all other tendons), 10 tendon (the Achilles tendon), and with a rupture 11 gap.
#' @seealso [write_phantom_dicom()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' ankle <- ankle_phantom(spacing = c(1.5, 1.5, 4))
#' ankle$scan
#' ankle$truth
ankle_phantom <- function(spacing = c(0.6, 0.6, 2), shape = NULL, modality = c("CT", "MR"),
                          pathology = c("none", "tendinopathy", "rupture"),
                          side = c("left", "right"), noise = 15, bias = NULL,
                          direction = NULL, seed = 1) {
  phantom <- core_call(
    "ankle_phantom",
    spacing = zyx(check_spacing(spacing)), shape = check_shape(shape),
    modality = check_choice(modality, c("CT", "MR")),
    pathology = check_choice(pathology, c("none", "tendinopathy", "rupture")),
    side = check_choice(side, c("left", "right")),
    noise = check_number(noise, 0), bias = check_number(bias, 0, null = TRUE),
    direction = if (!is.null(direction)) matrix_rows(check_direction(direction)),
    seed = as.integer(check_number(seed, 0, .Machine$integer.max, whole = TRUE)),
    .progress = "Building the phantom"
  )
  list(scan = phantom[[1]], truth = with_scan(phantom[[2]], phantom[[1]]))
}

check_shape <- function(shape, call = caller_env()) {
  if (is.null(shape)) return(NULL)
  if (!is.numeric(shape) || length(shape) != 3 || anyNA(shape) || any(shape < 1) ||
        any(shape != round(shape))) {
    medvoxel_abort(
      "{.arg shape} must be three positive whole numbers (x, y, z).", "input", call = call
    )
  }
  zyx(as.integer(shape))
}

#' Write a phantom as DICOM
#'
#' Writes an ankle as a legal DICOM series, one file a slice, so that the whole line
#' from DICOM to the report can be tried without anyone's data.
#'
#' CT is written with rescale slope 1 and intercept -1024; MR without slope and
#' intercept, as many MR series are. The numbering of the files runs from top to
#' bottom, against the positions: readers have to go by position.
#'
#' @param path The new folder; the folder above it must exist.
#' @param scan What to write: the scan of [ankle_phantom()], or one changed since. By
#'   default a phantom is built from `...`.
#' @param ... Arguments of [ankle_phantom()], when no `scan` is given.
#' @param patient Patient ID. The name is always "Volunteer^Synthetic": it is no person.
#' @param overwrite Whether a series that this function wrote there before may be
#'   replaced.
#' @returns `path`, invisibly.
#' @seealso [read_dicom()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' folder <- tempfile("ankle")
#' write_phantom_dicom(folder, spacing = c(1.5, 1.5, 4))
#' list_series(folder)
write_phantom_dicom <- function(path, scan = NULL, ..., patient = "MEDVOXEL-PHANTOM",
                                overwrite = FALSE) {
  target <- check_path(path, exists = FALSE)
  check_string(patient)
  check_flag(overwrite)
  if (is.null(scan)) {
    scan <- ankle_phantom(...)$scan
  } else {
    check_scan(scan)
    check_dots_empty(...)
  }
  core_call(
    "write_phantom_dicom", target, scan = scan, patient = patient, overwrite = overwrite,
    .progress = "Writing DICOM"
  )
  invisible(path)
}
