# Light text on a translucent dark ground, which can be read on air as well as on bright
# tissue, on a screen too: a rim around small letters would fill them.

ground_colour <- "#0000009E"

# x and y are units; the ground reaches a point beyond the text.
grounded_text <- function(x, y, label, hjust, vjust, colour, size, face = "plain") {
  if (length(label) == 0) return(grid::nullGrob())
  points <- function(v) grid::unit(v, "points")
  font <- grid::gpar(fontsize = size, fontface = face)
  grid::grobTree(
    grid::rectGrob(
      x - points(1 - 2 * hjust), y - points(1.4 * (1 - 2 * vjust)),
      grid::stringWidth(label) + points(2), points(0.73 * size + 2.8), hjust = hjust,
      vjust = vjust, gp = grid::gpar(fill = ground_colour, col = NA)
    ),
    grid::textGrob(label, x, y, hjust = hjust, vjust = vjust, gp = grid::gpar(col = colour)),
    gp = font
  )
}

# Text at x and y, moved inwards by `inset_x` and `inset_y` points.
geom_grounded_text <- function() {
  ggplot2::ggproto(
    "GeomGroundedText", ggplot2::Geom,
    required_aes = c("x", "y", "label", "hjust", "vjust", "inset_x", "inset_y"),
    extra_params = c("na.rm", "size", "text_colour"),
    draw_panel = function(data, panel_params, coord, size, text_colour) {
      place <- coord$transform(data, panel_params)
      grounded_text(
        grid::unit(place$x, "npc") + grid::unit(place$inset_x, "points"),
        grid::unit(place$y, "npc") + grid::unit(place$inset_y, "points"),
        place$label, place$hjust, place$vjust, text_colour, size, "bold"
      )
    },
    draw_key = ggplot2::draw_key_blank
  )
}
