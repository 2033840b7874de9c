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
#'
#'   The surface of a segmentation remembers the volume of its voxels: `print()` and
#'   `summary()` show it beside that of the surface.
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
  mesh <- core_call(
    "make_mesh", x, threshold = threshold, step_size = step_size, segments = segments,
    .progress = "Making the surface"
  )
  if (is_segmentation(x)) remember_voxels(mesh, x) else mesh
}

# Surfaces cut the corners of voxels, and smoothing may take more: what was measured on the
# voxels goes along. Python's meshes know of no such thing.
remember_voxels <- function(mesh, seg) {
  table <- segment_table(seg)
  chosen <- match(mesh$segments$value, table$value)
  mesh$segments <- table[chosen, , drop = FALSE]
  rownames(mesh$segments) <- NULL
  voxels <- tabulate(match(seg, mesh$segments$value), length(chosen))
  attr(mesh, "voxel_ml") <- voxels * prod(spacing(seg)) / 1000
  mesh
}

# A changed mesh with what the one it was made of had besides vertices and faces.
as_before <- function(changed, mesh) {
  changed$segments <- mesh$segments
  attr(changed, "voxel_ml") <- attr(mesh, "voxel_ml")
  changed
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
#' `method = "sinc"` is the low-pass filter of 3D Slicer's *Show 3D*, with its factor and
#' its default. A structure of many voxels keeps its volume (a ball with a radius of 12
#' voxels to 0.1 %), but one of few voxels is mostly edge, and shrinks: a ball with a radius
#' of 3 voxels by a quarter. `print()` shows the volume of the surface beside that of the
#' voxels. `"taubin"` shrinks and grows the surface in turns; it keeps small structures
#' better, and leaves more of the steps.
#'
#' @param mesh A mesh.
#' @param method `"sinc"` or `"taubin"`.
#' @param factor For `"sinc"`: 3D Slicer's smoothing factor, from 0 (nothing is changed)
#'   to 1.
#' @param iterations For `"taubin"`: how often the surface is shrunk and grown again, 10
#'   times by default.
#' @param faces Number of triangles wanted in all; segments share it by their size.
#' @returns A mesh; what was closed stays closed.
#' @references G. Taubin, T. Zhang and G. Golub, "Optimal surface smoothing as filter
#'   design", IBM research report RC 20404 (1996). G. Taubin, "A signal processing approach
#'   to fair surface design", *SIGGRAPH* 1995, 351-358. M. Garland and P. S. Heckbert,
#'   "Surface simplification using quadric error metrics", *SIGGRAPH* 1997, 209-216.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' x <- as_scan(array(0, c(20, 20, 10)), spacing = c(1, 1, 2))
#' values <- array(0L, dim(x))
#' values[5:15, 5:15, 3:7] <- 1L
#' m <- make_mesh(as_segmentation(values, x, "block"))
#' smooth_mesh(m)
#' smooth_mesh(m, method = "taubin", iterations = 20)
#' simplify_mesh(m, faces = 200)
smooth_mesh <- function(mesh, method = c("sinc", "taubin"), factor = 0.5, iterations = NULL) {
  check_mesh(mesh)
  method <- check_choice(method, c("sinc", "taubin"))
  check_number(factor, lower = 0, upper = 1)
  check_number(iterations, lower = 0, whole = TRUE, null = TRUE)
  smooth <- core_call(
    "smooth_mesh", mesh, method = method, factor = factor, iterations = iterations,
    .progress = "Smoothing"
  )
  as_before(smooth, mesh)
}

#' @rdname smooth_mesh
#' @export
simplify_mesh <- function(mesh, faces = 50000) {
  check_mesh(mesh)
  check_number(faces, lower = 1, whole = TRUE)
  as_before(core_call("simplify_mesh", mesh, faces = faces, .progress = "Simplifying"), mesh)
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
#'   gives. `summary()` of a mesh has both side by side: a data frame with the columns
#'   `faces`, `mesh_ml` and, for the mesh of a segmentation, `voxel_ml` and
#'   `difference_percent`.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' x <- as_scan(array(1000, c(10, 10, 10)), unit = "HU")
#' m <- make_mesh(x)
#' mesh_volume(m)
#' mesh_area(m)
#' is_watertight(m)
#'
#' seg <- segment_threshold(x, lower = 500, name = "block")
#' summary(smooth_mesh(make_mesh(seg)))
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
