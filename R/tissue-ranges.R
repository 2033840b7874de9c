#' Hounsfield units of common tissues
#'
#' Ranges that are usual on CT, for reading a histogram or choosing a threshold.
#' They overlap, and sources differ: they do not name a voxel. They hold for CT
#' scanners calibrated against water, not for cone-beam CT or MR.
#'
#' @returns A data frame with one row a tissue, from dark to bright: `tissue`,
#'   `lower` and `upper` in HU (equal for air and water, the fixed points of the
#'   scale), and `colour` for plots.
#' @references
#' "Hounsfield scale", section "Values for different body tissues and material",
#' Wikipedia, <https://en.wikipedia.org/wiki/Hounsfield_scale>. Blood is unclotted
#' blood; liver is 54 to 66 HU.
#' @seealso [plot_histogram()], which marks them.
#' @export
#' @examples
#' tissue_ranges()
tissue_ranges <- function() {
  # The Python core reads the same file.
  file <- system.file(
    "python", "medvoxel", "data", "tissue_ranges.csv", package = "medvoxel", mustWork = TRUE
  )
  utils::read.csv(file, colClasses = c("character", "numeric", "numeric", "character"))
}
