#' Read and write segmentations
#'
#' A segmentation is written and read with the table of its segments. The content of the
#' file, and where that leaves a choice its name, says what it is:
#'
#' * `.nii`, `.nii.gz`: a labelmap. Its segments are in a table beside it: `labels.tsv`
#'   for `labels.nii.gz`, as [write_nifti()] and BIDS have it. Tables of 3D Slicer
#'   (`labels.ctbl`) and ITK-SNAP (`labels.label`, `labels.txt`) are read as well, also
#'   beside a plain `.nrrd`.
#' * `.seg.nrrd`, `.nrrd`: a segmentation of 3D Slicer, which opens what is written here.
#' * `.dcm`: a DICOM segmentation; or a structure set (read only), whose contours are
#'   filled on the voxels of `reference`.
#'
#' A folder with one DICOM segmentation or structure set can be read as well.
#'
#' Of a table of 3D Slicer or ITK-SNAP, which list more than was segmented, only the rows
#' whose value occurs are taken. Without a table, the values that occur are named
#' "segment 1" and so on. Labels that are
#' stored as floating point numbers are read when they are whole.
#'
#' @section What is kept of the segment table:
#' | | name, colour | value | visible | status | code |
#' |:-|:-:|:-:|:-:|:-:|:-:|
#' | NIfTI with its `.tsv` | yes | yes | yes | yes | yes |
#' | NRRD of 3D Slicer | yes | yes | no | yes | yes |
#' | DICOM segmentation | yes | 1, 2, 3 ... | no | no | yes |
#' | DICOM structure set (read) | yes | 1, 2, 3 ... | no | no | yes |
#' | Tables of other programs (read) | yes | yes | no | no | no |
#'
#' What a format does not keep comes back as usual: visible, without status and code.
#' The `.tsv` has columns `visible`, `status` and `code` when a segment has something to say
#' in them. 3D Slicer keeps what is visible in its scene, not in the file.
#'
#' The code is the *type* of 3D Slicer's terminology and of the DICOM segmentation. Its
#' category is written as "Tissue", and of what other programs wrote, category, modifier
#' and region are not kept. A type "Tissue" (SNOMED CT 85756007) stands there for nothing
#' chosen, and is read as no code.
#'
#' Names come back as they are, tabs and line breaks included, except that DICOM allows 64
#' characters and neither of these, and that spaces at the ends are taken away. A warning
#' tells of names that are changed.
#'
#' @section The scan that was segmented:
#' The result carries the scan that is given as `reference`, as that of [segmentation()]
#' does. It then lies on exactly the grid of that scan, and where this
#' would need interpolation there is an error instead. It says both geometries and how many
#' millimetres they differ; `resample_to()` brings one to the other. Nothing
#' is interpolated when the file only has its axes in another order or direction, or when
#' 3D Slicer has cut the empty margin off: the voxels are put where they belong.
#'
#' A DICOM segmentation read without a reference holds only the slices that have something
#' in them.
#'
#' @section DICOM segmentations:
#' They are written beside the images that were segmented, and refer to them. So `reference`
#' must be a scan as [read_dicom()] read it: from files that are still there (not from a zip
#' file), with all the identifiers that the standard asks for, and without interpolated
#' slices. Values of segments become 1, 2, 3 ... Where this cannot be had, an error says so,
#' and `.seg.nrrd` is the way.
#'
#' @section Segments that overlap:
#' A segmentation here has one label for each voxel. Files of 3D Slicer and DICOM may have
#' several; of two segments the later one is on top, and a warning counts the voxels of
#' each pair. A segment whose value is used by another, too, gets a new one.
#'
#' @param path A file; or for reading, a folder of DICOM with one segmentation in it. An
#'   existing file is replaced, and never half written.
#' @param reference The scan (or segmentation) that was segmented. A structure set needs
#'   it, and so does writing DICOM. When writing, by default the scan that `x` carries.
#' @returns `read_segmentation()`: a `medvoxel_segmentation`.
#'
#'   `write_segmentation()`: `x`, invisibly, so that it can stand in a pipe.
#' @seealso [as_segmentation()], [segment_table()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' scan <- as_scan(array(1:60, c(5, 4, 3)), spacing = c(0.5, 0.8, 4))
#' seg <- as_segmentation(scan > 40, scan, segments = "upper third")
#' file <- tempfile(fileext = ".seg.nrrd")
#' write_segmentation(seg, file)
#' read_segmentation(file, reference = scan)
read_segmentation <- function(path, reference = NULL) {
  path <- check_path(path)
  if (!is.null(reference)) check_reference(reference)
  seg <- core_call(
    "read_segmentation", path, reference = reference, .progress = "Reading segmentation"
  )
  scan <- if (is_scan(reference)) reference else attr(reference, "scan")
  if (is.null(scan)) seg else with_scan(seg, scan)
}

#' @rdname read_segmentation
#' @param x A segmentation. The ending of `path` chooses the format: `.nii` or `.nii.gz`,
#'   `.seg.nrrd` or `.nrrd`, `.dcm`.
#' @export
write_segmentation <- function(x, path, reference = NULL) {
  check_segmentation(x)
  reference <- reference %||% attr(x, "scan")
  if (!is.null(reference)) check_reference(reference)
  core_call(
    "write_segmentation", x, check_path(path, exists = FALSE), reference = reference,
    .progress = "Writing segmentation"
  )
  invisible(x)
}

# Only the geometry of a reference is looked at, so that its voxels may lack values.
check_reference <- function(reference, call = caller_env()) {
  if (is_volume(reference)) return(invisible(reference))
  medvoxel_abort(
    c(
      "{.arg reference} must be a scan or a segmentation, not {.obj_type_friendly {reference}}.",
      i = "Read the scan with {.fn read_dicom} or {.fn read_nifti}."
    ),
    "input", call = call
  )
}
