#' Segment the tissues of a CT
#'
#' Presets that need no seeds: a range of Hounsfield units, islands and holes, in
#' millimetres. All look for the body first, so that table, clothes and the air around do
#' not count.
#'
#' | preset | what | how |
#' |---|---|---|
#' | `segment_body()` | all within the skin, with air | opened, large islands, holes filled |
#' | `segment_bone()` | bone with its marrow | closed, small holes filled |
#' | `segment_soft_tissue()` | muscle, organs, vessels, fluid, skin | range, outside bone |
#' | `segment_fat()` | fat below the skin and within, not marrow | range, outside bone |
#' | `segment_lung()` | one or two lungs with vessels and bronchi | large dark parts, not pure air |
#' | `segment_air()` | air in lungs, airways, bowel and sinuses, or around | range |
#' | `segment_tissues()` | all of them in one labelmap | the presets with their defaults |
#'
#' In `segment_tissues()` the segments together are the body. Where two presets find a
#' voxel, bone goes before lung and lung before the others; what none finds, such as voxels
#' that are half skin and half air, is the "rest of the body".
#'
#' @section What they cannot know:
#' * Vessels and bowel with contrast medium, metal and calcifications are as bright as bone.
#'   A higher `lower`, such as 250, loses many of the vessels, and thin cancellous bone.
#' * Voxels that are half air and half tissue have the values of fat.
#' * Stool with gas can be as dark as lung; consolidated lung is as bright as soft tissue.
#'   The trachea is kept where it hangs together with the lungs.
#' * A lung or a marrow cavity that the side of the scan cuts is open there, and not filled.
#' * Air that a slice encloses between limbs and trunk counts as body.
#'
#' Look at the result with [plot_slices()], and correct it with [paint()], [islands()] or
#' [smooth_segment()].
#'
#' @param x A CT in Hounsfield units; of stored values, see [hounsfield()]. For MR use
#'   [segment_kmeans()] or [segment_threshold()].
#' @param lower,upper Bounds in HU, both inclusive. -29 to 150 HU is the range for muscle,
#'   -190 to -30 HU that for fat in studies of body composition; lung is below -500 HU.
#' @param opening Radius in mm of the ball that table, clothes and tubes are too thin for;
#'   0 removes nothing.
#' @param share Islands of at least this part of the largest one belong to the body: both
#'   legs, but seldom an arm beside the trunk, for which a smaller part such as 0.02 is
#'   needed (and then a thick table stays). A warning says when a part of 2 % or more was
#'   left out.
#' @param body The body as `segment_body()` finds it, which it does by default. Give it to
#'   save the time, or to limit the search to a region.
#' @param closing Radius in mm of the ball that gaps between trabeculae, or vessels of the
#'   lung, are too narrow for; 0 closes nothing. Bones that lie nearer than twice as far are
#'   joined.
#' @param holes Area in mm² up to which a hole of bone in an axial slice is filled: the
#'   marrow in a shaft, but not the spinal canal. Holes closed in 3D are always filled.
#' @param smallest Volume in mm³ that an island must have. For lung the default is 30 ml.
#' @param where Air `"inside"` the body, `"around"` it, or `"both"`.
#' @returns A segmentation on the grid of the scan, which it carries, see
#'   [segmentation()]. When the scan holds none, such as lung in a leg, it is empty, with a
#'   warning.
#' @references S. Hu, E. A. Hoffman, J. M. Reinhardt, "Automatic lung segmentation for
#'   accurate quantitation of volumetric X-ray CT images", *IEEE Trans. Med. Imaging* 20
#'   (2001) 490-498.
#'
#'   J. Aubrey et al., "Measurement of skeletal muscle radiation attenuation and basis of
#'   its biological variation", *Acta Physiol.* 210 (2014) 489-497.
#'
#'   T. Yoshizumi et al., "Abdominal fat: standardized technique for measurement at CT",
#'   *Radiology* 211 (1999) 283-286.
#' @seealso [segment_threshold()] for any range, [tissue_ranges()], [segment_statistics()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' ct <- ankle_phantom(spacing = c(1, 1, 3))$scan
#' body <- segment_body(ct)
#' segment_bone(ct, body = body)
#' segment_tissues(ct, body = body)
segment_body <- function(x, lower = -300, opening = 3, share = 0.1) {
  check_scan(x)
  check_bounds(lower)
  check_number(opening, 0)
  check_number(share, 0, 1)
  run_preset("segment_body", x, list(lower = lower, opening = opening, share = share))
}

#' @rdname segment_body
#' @export
segment_bone <- function(x, lower = 150, closing = 3, holes = 150, smallest = 200,
                         body = NULL) {
  check_scan(x)
  check_bounds(lower)
  check_number(closing, 0)
  check_number(holes, 0)
  check_number(smallest, 0)
  run_preset("segment_bone", x, list(
    lower = lower, closing = closing, holes = holes, smallest = smallest, body = body
  ))
}

#' @rdname segment_body
#' @export
segment_soft_tissue <- function(x, lower = -29, upper = 150, smallest = 100, body = NULL) {
  check_scan(x)
  check_bounds(lower, upper)
  check_number(smallest, 0)
  run_preset("segment_soft_tissue", x, list(
    lower = lower, upper = upper, smallest = smallest, body = body
  ))
}

#' @rdname segment_body
#' @export
segment_fat <- function(x, lower = -190, upper = -30, smallest = 100, body = NULL) {
  check_scan(x)
  check_bounds(lower, upper)
  check_number(smallest, 0)
  run_preset("segment_fat", x, list(
    lower = lower, upper = upper, smallest = smallest, body = body
  ))
}

#' @rdname segment_body
#' @export
segment_lung <- function(x, upper = -500, closing = 5, smallest = 30000, body = NULL) {
  check_scan(x)
  check_bounds(upper = upper)
  check_number(closing, 0)
  check_number(smallest, 0)
  run_preset("segment_lung", x, list(
    upper = upper, closing = closing, smallest = smallest, body = body
  ))
}

#' @rdname segment_body
#' @export
segment_air <- function(x, where = c("inside", "around", "both"), upper = -500,
                        smallest = 10, body = NULL) {
  check_scan(x)
  where <- check_choice(where, c("inside", "around", "both"))
  check_bounds(upper = upper)
  check_number(smallest, 0)
  run_preset("segment_air", x, list(
    where = where, upper = upper, smallest = smallest, body = body
  ))
}

#' @rdname segment_body
#' @export
segment_tissues <- function(x, body = NULL) {
  check_scan(x)
  run_preset("segment_tissues", x, list(body = body))
}

run_preset <- function(verb, x, arguments, call = caller_env()) {
  if (!is.null(arguments$body)) check_segmentation(arguments$body, "body", call)
  label <- paste("Finding", gsub("_", " ", sub("segment_", "", verb)))
  seg <- rlang::inject(core_call(verb, x, !!!arguments, .progress = label, .call = call))
  with_scan(seg, x, verb_text(verb, arguments, "scan"))
}

check_bounds <- function(lower = 0, upper = 0, call = caller_env()) {
  check_number(lower, arg = "lower", call = call)
  check_number(upper, arg = "upper", call = call)
}
