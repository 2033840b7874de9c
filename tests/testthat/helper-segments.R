# A scan with thick slices, oblique and mirrored, as bad as real ones.
oblique_scan <- function(dim = c(20, 16, 6), spacing = c(0.5, 0.8, 4), seed = 1) {
  angle <- 0.3
  direction <- cbind(
    c(cos(angle), sin(angle), 0), c(-sin(angle), cos(angle), 0), c(0, 0, -1)
  )
  withr::with_seed(seed, {
    as_scan(
      array(as.integer(stats::rnorm(prod(dim), 50, 30)), dim), spacing = spacing,
      origin = c(-12, 30, 700), direction = direction, modality = "CT", unit = "HU"
    )
  })
}

# Millimetres from each voxel to a point, by the definition.
distance_to <- function(scan, point) {
  index <- as.matrix(expand.grid(lapply(dim(scan), seq_len)))
  away <- voxel_to_mm(scan, index) - rep(point, each = nrow(index))
  array(sqrt(rowSums(away^2)), dim(scan))
}

# Two segments with some voxels each, and some without.
two_segments <- function(scan = oblique_scan()) {
  middle <- as.vector(voxel_to_mm(scan, (dim(scan) + 1) / 2))
  aside <- as.vector(voxel_to_mm(scan, c(4, 4, 4)))
  segmentation(scan, c("core", "rim")) |>
    paint("core", at = middle, diameter = 5) |>
    paint("rim", at = aside, diameter = 4)
}

quietly <- function(code) suppressWarnings(suppressMessages(code))
