# From the array's axes to what a radiologist sees: which axis is stacked, which runs
# across and which up, and which of them must be turned round.

# For each plane, in the patient's axes (1 right to left, 2 anterior to posterior, 3
# inferior to superior): the one stacked, the one that grows to the right of the picture,
# the one that is vertical, and whether that one grows upwards.
planes <- list(
  axial = list(stack = 3, across = 1, vertical = 2, grows_up = FALSE),
  coronal = list(stack = 2, across = 1, vertical = 3, grows_up = TRUE),
  sagittal = list(stack = 1, across = 2, vertical = 3, grows_up = TRUE)
)

# A list: `axis`, the array's axis that numbers the slices; `across` and `down`, the
# axes of the picture; `flip_across` and `flip_down`, whether the array must be turned
# round to run to the right and downwards; `size` in mm; `letters` of the left, right,
# upper and lower edge.
slice_view <- function(x, plane) {
  wanted <- planes[[plane]]
  axes <- patient_axes(x)
  across <- axes$axis[wanted$across]
  down <- axes$axis[wanted$vertical]
  flip_across <- !axes$grows[wanted$across]
  flip_down <- axes$grows[wanted$vertical] == wanted$grows_up
  to_right <- direction(x)[, across] * (if (flip_across) -1 else 1)
  to_bottom <- direction(x)[, down] * (if (flip_down) -1 else 1)
  list(
    plane = plane, axis = axes$axis[wanted$stack], across = across, down = down,
    flip_across = flip_across, flip_down = flip_down,
    size = (dim(x) * spacing(x))[c(across, down)],
    letters = c(
      side_letters(-to_right), side_letters(to_right), side_letters(-to_bottom),
      side_letters(to_bottom)
    )
  )
}

# For each axis of the patient the array's axis nearest to it, and whether that grows to
# the left, to posterior or to superior.
patient_axes <- function(x) {
  code <- strsplit(orientation(x), "")[[1]]
  patient_axis <- c(R = 1, L = 1, A = 2, P = 2, I = 3, S = 3)[code]
  axis <- order(patient_axis)
  list(axis = axis, grows = code[axis] %in% c("L", "P", "S"))
}

# "L", or "LA" and so on where the direction is oblique, the strongest first. Less than
# 15 degrees off is not said.
side_letters <- function(direction) {
  letters <- ifelse(direction > 0, c("L", "P", "S"), c("R", "A", "I"))
  said <- order(-abs(direction))
  said <- said[abs(direction[said]) > sin(pi / 12)]
  paste(letters[said], collapse = "")
}

# Values of one slice as a matrix [down, across] from the picture's upper left corner.
slice_matrix <- function(x, view, number) {
  index <- lapply(dim(x), seq_len)
  index[[view$axis]] <- as.integer(number)
  if (view$flip_across) index[[view$across]] <- rev(index[[view$across]])
  if (view$flip_down) index[[view$down]] <- rev(index[[view$down]])
  # `.subset()` copies nothing but the slice.
  values <- .subset(x, index[[1]], index[[2]], index[[3]], drop = FALSE)
  dim(values) <- dim(values)[-view$axis]
  if (view$across < view$down) t(values) else values
}
