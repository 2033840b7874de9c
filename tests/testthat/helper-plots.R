# Tiles of a montage, back as numbers.

# A tile as grey levels, [down, across] from the upper left corner.
tile_pixels <- function(p, tile = 1) tile_channel(p, 1, tile)

# 1 red, 2 green, 3 blue
tile_channel <- function(p, channel, tile = 1) {
  image <- p$layers[[1]]$geom_params$images[[tile]]
  byte <- bitwAnd(bitwShiftR(as.integer(image), 8L * (channel - 1L)), 255L)
  matrix(byte, nrow(image), byrow = TRUE)
}

# Every way in which an array can run along the patient's axes.
all_directions <- function() {
  orders <- list(c(1, 2, 3), c(1, 3, 2), c(2, 1, 3), c(2, 3, 1), c(3, 1, 2), c(3, 2, 1))
  signs <- as.matrix(expand.grid(c(-1, 1), c(-1, 1), c(-1, 1)))
  unlist(lapply(orders, function(order) {
    lapply(seq_len(8), function(i) diag(3)[, order] %*% diag(signs[i, ]))
  }), recursive = FALSE)
}

rotation <- function(degrees, axis) {
  a <- degrees * pi / 180
  turn <- matrix(c(cos(a), sin(a), -sin(a), cos(a)), 2)
  m <- diag(3)
  m[-axis, -axis] <- turn
  m
}
