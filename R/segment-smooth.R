#' Smooth segments
#'
#' Smooths the outline of segments with a kernel in mm, as 3D Slicer's Smoothing does.
#'
#' * `"median"`: each voxel takes what most of the box around it is; removes what is thinner
#'   than half the kernel, from inside and outside alike. `"mean"` is the same for a mask,
#'   and the name that is sometimes given to it.
#' * `"opening"`: removes what a ball cannot reach from inside, such as spikes.
#' * `"closing"`: fills what a ball cannot reach from outside, such as gaps and holes.
#' * `"gaussian"`: smooths strongly, `kernel` is the standard deviation.
#' * `"joint"`: smooths several segments together, so that no gap opens between them;
#'   `kernel` is the standard deviation of a Gaussian.
#'
#' The kernel has an odd number of voxels along each axis; a message says how many they are,
#' and one that stays within a voxel along all axes is refused. Along an axis with larger
#' voxels it may be one voxel wide: nothing is smoothed there.
#'
#' @param seg A segmentation.
#' @param segment Names or values of segments; all by default.
#' @param method See below.
#' @param kernel Diameter in mm; for `"gaussian"` and `"joint"` the standard deviation.
#' @returns The segmentation. A message says how the volumes have changed.
#' @seealso [margin()], [islands()], [fill_holes()]; [editable_range()] for what may change.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' scan <- as_scan(array(0, c(30, 30, 6)), spacing = c(0.5, 0.5, 3))
#' seg <- segmentation(scan, "ball") |>
#'   paint("ball", at = c(7, 7, 7), diameter = 10) |>
#'   erase(at = c(7, 7, 6), diameter = 1)
#' smooth_segment(seg, "ball", "closing", kernel = 3)
smooth_segment <- function(seg, segment = NULL,
                           method = c("median", "mean", "gaussian", "opening", "closing", "joint"),
                           kernel = 3) {
  check_segmentation(seg)
  values <- core_segments(segment, seg)
  method <- check_choice(
    method, c("median", "mean", "gaussian", "opening", "closing", "joint")
  )
  check_length(kernel)
  tell_kernel(seg, kernel, method)
  arguments <- list(segment = segment, method = method, kernel = kernel)
  core <- list(segment = values, method = method, kernel = as.double(kernel))
  edit_labels(seg, "smooth_segment", arguments, core, progress = "Smoothing")
}

tell_kernel <- function(seg, kernel, method, call = caller_env()) {
  if (method %in% c("gaussian", "joint")) {
    sigma <- show_numbers(kernel / spacing(seg), 3, " x ")
    medvoxel_inform(c(i = "Gaussian: standard deviation {kernel} mm ({sigma} voxels)."))
    return(invisible())
  }
  size <- core_call(
    "kernel_size", as.double(kernel), spacing = zyx(spacing(seg)), .call = call
  )
  voxels <- rev(as.integer(unlist(size)))
  mm <- show_numbers(voxels * spacing(seg), 3, " x ")
  medvoxel_inform(c(i = "Kernel: {paste(voxels, collapse = ' x ')} voxels ({mm} mm)."))
}
