#' Read and write NIfTI
#'
#' NIfTI (`.nii`, `.nii.gz`) holds a scan or a labelmap with its geometry in one file.
#' What `write_nifti()` writes, `read_nifti()` gives back: values, modality and unit
#' exactly, the geometry to single precision (NIfTI stores its sform in 32 bits: about
#' seven digits). What else a scan knows of its acquisition (`info`) is not kept.
#'
#' The geometry is taken from the file's sform, else its qform, else its voxel size
#' alone (with a warning, because left and right are then unknown). NIfTI counts to the
#' right and to the front (RAS); scans are in LPS, as in DICOM, and nothing is flipped
#' in between. [scan_qc()] says which of them was used and, where a file has both, by how
#' much they differ: more than 0.1 mm is a warning when both name the same frame, and a
#' note when the sform leads to a template. Both forms are always written equal.
#'
#' Slope and intercept of the file are applied; a slope of 0 or `NaN` means none. Voxels
#' without a value (`NaN` or infinite) are told in a warning, because later steps refuse
#' them: `x[!is.finite(x)] <- value` fills them.
#'
#' @param path A file that ends in `.nii` or `.nii.gz`. An existing file is replaced,
#'   and never half written.
#' @param volume Which volume of a file that holds several, from 1.
#' @returns `read_nifti()`: a `medvoxel_scan`. Labelmaps arrive as whole numbers;
#'   [read_segmentation()] reads them with their names and colours.
#'
#'   `write_nifti()`: `x`, invisibly, so that it can stand in a pipe.
#' @seealso [read_dicom()], [read_nrrd()], [read_segmentation()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' x <- as_scan(array(1:60, c(5, 4, 3)), spacing = c(0.5, 0.8, 4), modality = "CT", unit = "HU")
#' file <- tempfile(fileext = ".nii.gz")
#' write_nifti(x, file)
#' read_nifti(file)
read_nifti <- function(path, volume = NULL) {
  path <- check_path(path)
  check_number(volume, 1, null = TRUE, whole = TRUE)
  core_call("read_nifti", path, volume = zero_based(volume), .progress = "Reading NIfTI")
}

#' @rdname read_nifti
#' @param x A scan or a segmentation. With a segmentation, a table of its segments is
#'   written beside the file (`labels.tsv` for `labels.nii.gz`), with the columns
#'   `index`, `name` and `color` of the BIDS standard; and, where a segment has something to
#'   say in them, `visible`, `status` and `code`.
#' @export
write_nifti <- function(x, path) {
  check_volume(x)
  core_call("write_nifti", x, check_path(path, exists = FALSE), .progress = "Writing NIfTI")
  invisible(x)
}
