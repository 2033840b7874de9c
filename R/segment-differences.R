# Labels and their differences as runs of voxels, compressed: what the history keeps.

# Where two arrays differ, as runs of neighbours in the order of R's memory with the same
# value before and after; NULL where nothing differs. `at`: the places that differ.
voxel_runs <- function(before, after, at = which(before != after)) {
  if (length(at) == 0) return(NULL)
  runs_of(at, before[at], after[at])
}

# `at` ascends.
runs_of <- function(at, old, new) {
  starts <- c(TRUE, diff(at) != 1L | diff(old) != 0L | diff(new) != 0L)
  first <- which(starts)
  list(
    start = at[first], length = diff(c(first, length(at) + 1L)), before = old[first],
    after = new[first]
  )
}

apply_runs <- function(values, runs, back = FALSE) {
  if (is.null(runs)) return(values)
  at <- sequence(runs$length, from = runs$start)
  values[at] <- rep(if (back) runs$before else runs$after, runs$length)
  values
}

count_changed <- function(packed) {
  if (is.null(packed)) 0 else sum(as.double(unpack_runs(packed)$length))
}

# Gaps are smaller than places, and bytes of one rank are alike: both help the compression.
pack_runs <- function(runs) {
  if (is.null(runs)) return(NULL)
  numbers <- c(diff(c(0L, runs$start)), runs$length, runs$before, runs$after)
  bytes <- matrix(writeBin(as.integer(numbers), raw(), endian = "little"), 4)
  memCompress(as.vector(t(bytes)), "gzip")
}

unpack_runs <- function(packed) {
  if (is.null(packed)) return(NULL)
  bytes <- matrix(memDecompress(packed, "gzip"), ncol = 4)
  numbers <- readBin(as.vector(t(bytes)), "integer", nrow(bytes), endian = "little")
  parts <- matrix(numbers, ncol = 4)
  list(
    start = cumsum(parts[, 1]), length = parts[, 2], before = parts[, 3], after = parts[, 4]
  )
}

# --- whole arrays of labels ----------------------------------------------------------

new_voxels <- function(packed, dim) structure(packed, dim_of = dim, class = "medvoxel_voxels")
is_voxels <- function(x) inherits(x, "medvoxel_voxels")

pack_voxels <- function(x) {
  at <- which(x != 0L)
  pack_places(at, x[at], dim(x))
}

# The labels at some places, which ascend; 0 elsewhere.
pack_places <- function(at, labels, dim) {
  packed <- if (length(at) > 0) pack_runs(runs_of(at, integer(length(at)), labels))
  new_voxels(packed %||% raw(), dim)
}

unpack_voxels <- function(x) {
  size <- attr(x, "dim_of")
  values <- array(0L, size)
  if (length(x) == 0) values else apply_runs(values, unpack_runs(unclass_raw(x)))
}

# Places that were packed, with their labels, which may be 0.
places_of <- function(x) {
  runs <- if (length(x) > 0) unpack_runs(unclass_raw(x))
  list(
    at = sequence(as.integer(runs$length), from = runs$start),
    labels = rep(as.integer(runs$after), as.integer(runs$length))
  )
}

# Labels that were packed, one set after the other, each over the ones before.
unpack_layers <- function(layers) {
  values <- unpack_voxels(layers[[1]])
  for (layer in layers[-1]) {
    places <- places_of(layer)
    values[places$at] <- places$labels
  }
  values
}

unclass_raw <- function(x) {
  attributes(x) <- NULL
  x
}
