#' Read and write NRRD
#'
#' NRRD (`.nrrd`, or a header `.nhdr` with the voxels in files beside it) is the format of
#' 3D Slicer. What `write_nrrd()` writes, `read_nrrd()` gives back: values, modality and
#' unit exactly, and the geometry to 15 digits. What else a scan knows of its acquisition
#' (`info`) is not kept, and of the files of other programs no text is taken over, because
#' some name the patient.
#'
#' The geometry is taken from the file's space directions, whatever its frame (LPS, RAS,
#' LAS); scans are always in LPS, and nothing is flipped in between. A file with spacings
#' alone says nothing about left and right: its axes are taken to run to the left, to the
#' back and up, with a warning. [scan_qc()] says where the geometry came from. Sheared
#' grids, colours and vectors are refused. Voxels without a value (`NaN` or infinite) are
#' told in a warning, because later steps refuse them: `x[!is.finite(x)] <- value` fills
#' them.
#'
#' @param path A file. `write_nrrd()` writes `.nrrd`, packed with gzip; an existing file is
#'   replaced, and never half written.
#' @param volume Which volume of a file that holds several, from 1.
#' @returns `read_nrrd()`: a `medvoxel_scan`. Labelmaps arrive as whole numbers;
#'   [read_segmentation()] reads them with their names and colours.
#'
#'   `write_nrrd()`: `x`, invisibly, so that it can stand in a pipe.
#' @seealso [read_nifti()], [read_segmentation()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' x <- as_scan(array(1:60, c(5, 4, 3)), spacing = c(0.5, 0.8, 4), modality = "CT", unit = "HU")
#' file <- tempfile(fileext = ".nrrd")
#' write_nrrd(x, file)
#' read_nrrd(file)
read_nrrd <- function(path, volume = NULL) {
  path <- check_path(path)
  check_number(volume, 1, null = TRUE, whole = TRUE)
  core_call("read_nrrd", path, volume = zero_based(volume), .progress = "Reading NRRD")
}

#' @rdname read_nrrd
#' @param x A scan or a segmentation. A segmentation keeps its names and colours in the
#'   file, as 3D Slicer does; give the file a name that ends in `.seg.nrrd`, so that
#'   Slicer opens it as a segmentation.
#' @export
write_nrrd <- function(x, path) {
  check_volume(x)
  core_call("write_nrrd", x, check_path(path, exists = FALSE), .progress = "Writing NRRD")
  invisible(x)
}
