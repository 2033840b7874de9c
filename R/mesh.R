#' Make a surface
#'
#' Makes a closed surface of triangles: of a scan at a threshold, or of each segment of
#' a segmentation. Vertices are millimetres in the patient (LPS), whatever the direction
#' of the scan; faces are wound outwards; where a structure meets the border of the scan
#' the surface ends at the border of its last voxels.
#'
#' Marching cubes work on the structure's bounding box. A whole number stands for what
#' was rounded to it, so in a scan of whole numbers the surface around values of at least
#' 300 lies at 299.5.
#'
#' @param x A scan or a segmentation.
#' @param threshold For a scan: voxels of at least this value are inside.
#' @param step_size Look at every `step_size`-th voxel only: coarser and faster.
#' @param segments For a segmentation: names or values of the segments wanted; all by
#'   default.
#' @returns A `medvoxel_mesh`: a list with `vertices` (a matrix with the columns x, y, z),
#'   `faces` (a matrix of row numbers of `vertices`, counted from 1), `values` (the
#'   segment of each face) and `segments` (the table of segments). A scan gives one
#'   segment of value 1.
#' @seealso [smooth_mesh()] and [simplify_mesh()] to better it, [plot_mesh()] to look,
#'   [mesh_volume()] to measure, [write_mesh()] to keep it.
#' @references T. Lewiner et al., "Efficient implementation of marching cubes' cases with
#'   topological guarantees", *Journal of Graphics Tools* 8 (2003) 1-15.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' grid <- expand.grid(x = 1:20, y = 1:20, z = 1:10)
#' away <- sqrt((grid$x - 10)^2 + (grid$y - 10)^2 + 4 * (grid$z - 5)^2)
#' x <- as_scan(array(600 - 50 * away, c(20, 20, 10)), spacing = c(1, 1, 2), unit = "HU")
#' m <- make_mesh(x, threshold = 300)
#' m
#' # A ball of 6 mm:
#' mesh_volume(m)
#' 4 / 3 * pi * 6^3
make_mesh <- function(x, threshold = 300, step_size = 1, segments = NULL) {
  check_volume(x)
  check_number(threshold)
  check_number(step_size, lower = 1, whole = TRUE)
  if (!is.null(segments)) segments <- as.list(check_segment_choice(segments, x))
  core_call(
    "make_mesh", x, threshold = threshold, step_size = step_size, segments = segments,
    .progress = "Making the surface"
  )
}

check_segment_choice <- function(segments, x, call = caller_env()) {
  if (!is_segmentation(x)) {
    medvoxel_abort(
      c(
        "{.arg segments} can be chosen of a segmentation, and {.arg x} is a scan.",
        i = "Make a segmentation with {.fn segment_threshold}, or leave {.arg segments} out."
      ),
      "input", call = call
    )
  }
  table <- segment_table(x)
  unknown <- setdiff(segments, if (is.numeric(segments)) table$value else table$name)
  if (length(segments) == 0 || length(unknown) > 0) {
    medvoxel_abort(
      c(
        if (length(unknown)) "There is no segment {.val {unknown}}." else "No segment was chosen.",
        i = "Segments here: {.val {table$name}}."
      ),
      "input", call = call
    )
  }
  segments
}

#' Smooth or simplify a surface
#'
#' `smooth_mesh()` takes away the steps that voxels leave, without shrinking the
#' structure. `simplify_mesh()` describes a surface with fewer triangles, which makes
#' files and web pages small.
#'
#' @param mesh A mesh.
#' @param iterations How often the surface is shrunk and grown again.
#' @param faces Number of triangles wanted in all; segments share it by their size.
#' @returns A mesh; what was closed stays closed.
#' @references G. Taubin, "A signal processing approach to fair surface design", *SIGGRAPH*
#'   1995, 351-358. M. Garland and P. S. Heckbert, "Surface simplification using quadric
#'   error metrics", *SIGGRAPH* 1997, 209-216.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' x <- as_scan(array(0, c(20, 20, 10)), spacing = c(1, 1, 2))
#' values <- array(0L, dim(x))
#' values[5:15, 5:15, 3:7] <- 1L
#' m <- make_mesh(as_segmentation(values, x, "block"))
#' smooth_mesh(m)
#' simplify_mesh(m, faces = 200)
smooth_mesh <- function(mesh, iterations = 10) {
  check_mesh(mesh)
  check_number(iterations, lower = 0, whole = TRUE)
  core_call("smooth_mesh", mesh, iterations = iterations, .progress = "Smoothing")
}

#' @rdname smooth_mesh
#' @export
simplify_mesh <- function(mesh, faces = 50000) {
  check_mesh(mesh)
  check_number(faces, lower = 1, whole = TRUE)
  core_call("simplify_mesh", mesh, faces = faces, .progress = "Simplifying")
}

#' Measure a surface
#'
#' @param mesh A mesh.
#' @returns A vector with one element a segment, by name: `mesh_volume()` the volume
#'   enclosed in mm³, `mesh_area()` the area in mm², `is_watertight()` whether the surface
#'   encloses its inside without a gap.
#'
#'   The surface of a mask runs half way between voxels and cuts their corners, so its
#'   volume is a little smaller than that of the voxels, which [segment_statistics()]
#'   gives.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' x <- as_scan(array(1000, c(10, 10, 10)), unit = "HU")
#' m <- make_mesh(x)
#' mesh_volume(m)
#' mesh_area(m)
#' is_watertight(m)
mesh_volume <- function(mesh) measure_mesh(mesh, "mesh_volume", 0)

#' @rdname mesh_volume
#' @export
mesh_area <- function(mesh) measure_mesh(mesh, "mesh_area", 0)

#' @rdname mesh_volume
#' @export
is_watertight <- function(mesh) measure_mesh(mesh, "is_watertight", NA)

measure_mesh <- function(mesh, name, type, call = caller_env()) {
  check_mesh(mesh, call = call)
  by_value <- with_status(
    "Measuring the surface", nrow(mesh$faces), large_mesh, core_call(name, mesh, .call = call)
  )
  table <- mesh$segments
  result <- vapply(as.character(table$value), function(v) by_value[[v]], type)
  rlang::set_names(result, table$name)
}

#' Write a surface to a file
#'
#' @param mesh A mesh.
#' @param path Where to. The suffix chooses the format: `.stl` (triangles only), `.ply`
#'   (with the segments' colours) or `.obj` (one named object for each segment).
#' @returns `mesh`, invisibly.
#' @details Coordinates are LPS mm, and the file's header says so (`SPACE=LPS`), which 3D
#'   Slicer reads. The file is written under another name and renamed when it is complete.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' x <- as_scan(array(1000, c(10, 10, 10)), unit = "HU")
#' path <- tempfile(fileext = ".stl")
#' write_mesh(make_mesh(x), path)
#' file.size(path)
write_mesh <- function(mesh, path) {
  check_mesh(mesh)
  check_string(path)
  with_status(
    "Writing the surface", nrow(mesh$faces), large_mesh,
    core_call("write_mesh", mesh, path.expand(path))
  )
  invisible(mesh)
}

# Faces from which on a library may need more than two seconds.
large_mesh <- 4e5
