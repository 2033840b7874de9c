# The plotly widget of a mesh. It is made of a list, because plot_ly() and add_trace()
# lose the colour of a mesh3d trace.

mesh_widget <- function(mesh, opacity, hidden, elevation, azimuth) {
  rows <- which(mesh$segments$value %in% mesh$values)
  each <- function(make) {
    lapply(rows, function(row) {
      segment <- mesh$segments[row, ]
      trace <- make(segment, row)
      # Not there at first; a click on its entry in the legend shows it.
      if (segment$value %in% hidden) trace$visible <- "legendonly"
      trace
    })
  }
  surfaces <- each(function(segment, row) {
    surface_trace(mesh, segment, opacity[row], lamp(elevation, azimuth))
  })
  widget <- plotly::as_widget(list(
    data = c(surfaces, each(function(segment, row) legend_trace(segment))),
    layout = list(
      scene = mesh_scene(mesh, elevation, azimuth),
      showlegend = TRUE, font = list(color = "#3C4043", size = 13),
      legend = list(
        itemsizing = "constant", x = 0.01, y = 0.99, bgcolor = "rgba(255,255,255,0.75)"
      ),
      margin = list(l = 0, r = 0, t = 0, b = 0)
    )
  ))
  widget <- plotly::config(
    widget,
    displaylogo = FALSE, modeBarButtons = list(list("toImage", "resetCameraDefault3d"))
  )
  htmlwidgets::onRender(widget, follow_legend)
}

surface_trace <- function(mesh, segment, opacity, lamp) {
  faces <- mesh$faces[mesh$values == segment$value, , drop = FALSE]
  used <- sort(unique(as.vector(faces)))
  # A hundredth of a millimetre is finer than any scan, and short in the file.
  points <- unname(round(mesh$vertices[used, , drop = FALSE], 2))
  # plotly counts from 0.
  corners <- matrix(match(faces, used) - 1L, ncol = 3)
  name <- plain_label(segment$name)
  list(
    type = "mesh3d", name = name, legendgroup = as.character(segment$value), showlegend = FALSE,
    x = points[, 1], y = points[, 2], z = points[, 3],
    i = corners[, 1], j = corners[, 2], k = corners[, 3],
    color = segment$colour, opacity = opacity, flatshading = FALSE,
    lighting = list(
      ambient = 0.4, diffuse = 0.65, specular = 0.15, roughness = 0.7, fresnel = 0.05
    ),
    lightposition = as.list(rlang::set_names(1e5 * lamp, c("x", "y", "z"))),
    hoverinfo = "x+y+z+name",
    hovertemplate = paste0(
      "left %{x:.1f} mm<br>posterior %{y:.1f} mm<br>superior %{z:.1f} mm<extra>",
      name, "</extra>"
    )
  )
}

# Debian's plotly.js (1.31) has no legend for mesh3d. A trace without points stands in
# the legend instead: newer versions switch the whole group, and `follow_legend` does
# so in the old one.
legend_trace <- function(segment) {
  list(
    type = "scatter3d", mode = "markers", name = plain_label(segment$name),
    legendgroup = as.character(segment$value), showlegend = TRUE,
    x = list(NA), y = list(NA), z = list(NA), hoverinfo = "skip",
    marker = list(color = segment$colour, symbol = "square", size = 12)
  )
}

follow_legend <- "function(el) {
  el.on('plotly_restyle', function() {
    el.data.forEach(function(trace, index) {
      if (trace.type !== 'mesh3d') return;
      var entry = el.data.find(function(other) {
        return other.type === 'scatter3d' && other.legendgroup === trace.legendgroup;
      });
      var shown = function(t) { return t.visible === undefined || t.visible === true; };
      if (shown(entry) !== shown(trace)) {
        Plotly.restyle(el, {visible: shown(entry)}, [index]);
      }
    });
  });
}"

# All axes on one scale. Limits and proportions are fixed, so that the picture stays
# where it is when a segment is switched off.
mesh_scene <- function(mesh, elevation, azimuth) {
  ends <- apply(mesh$vertices, 2, range)
  margin <- 0.02 * max(ends[2, ] - ends[1, ], 1e-6)
  ends <- ends + c(-margin, margin)
  size <- ends[2, ] - ends[1, ]
  size <- size / max(size)
  axis <- function(title, i) {
    list(
      title = axis_title(title), tickfont = list(size = 11), range = ends[, i], autorange = FALSE,
      nticks = max(3, round(8 * size[[i]])), zeroline = FALSE, showspikes = FALSE,
      gridcolor = "#D5D8DC", linecolor = "#9AA0A6", showbackground = TRUE,
      backgroundcolor = "#F4F5F7", hoverformat = ".1f"
    )
  }
  list(
    xaxis = axis("Left (mm)", 1), yaxis = axis("Posterior (mm)", 2),
    zaxis = axis("Superior (mm)", 3),
    aspectmode = "manual", aspectratio = as.list(rlang::set_names(size, c("x", "y", "z"))),
    camera = mesh_camera(size, elevation, azimuth)
  )
}

# Far enough for the whole box, as plotly does it for a cube.
mesh_camera <- function(size, elevation, azimuth) {
  eye <- 1.3 * sqrt(sum(size^2)) * towards_viewer(elevation, azimuth)
  list(
    eye = as.list(rlang::set_names(eye, c("x", "y", "z"))),
    up = list(x = 0, y = 0, z = 1), center = list(x = 0, y = 0, z = -0.08)
  )
}

# A unit vector in LPS.
towards_viewer <- function(elevation, azimuth) {
  e <- elevation * pi / 180
  a <- azimuth * pi / 180
  c(cos(e) * cos(a), cos(e) * sin(a), sin(e))
}

# Above the viewer's left shoulder.
lamp <- function(elevation, azimuth) {
  view <- towards_viewer(elevation, azimuth)
  a <- azimuth * pi / 180
  right <- c(-sin(a), cos(a), 0)
  up <- c(
    view[2] * right[3] - view[3] * right[2], view[3] * right[1] - view[1] * right[3],
    view[1] * right[2] - view[2] * right[1]
  )
  towards <- view + 0.7 * up - 0.7 * right
  towards / sqrt(sum(towards^2))
}

# Before 1.43 a title was a string, and one that is long lay over the numbers; since 3.0
# it must not be a string.
axis_title <- function(text) {
  if (plotlyjs_version() >= "1.43") return(list(text = text))
  sub("^(.)[a-z]*", "\\1", text)
}

# plotly takes tags in a name for markup.
plain_label <- function(name) gsub("<", "\u2039", name, fixed = TRUE)

# What the installed package really ships, which is not what it declares: Debian puts
# another one in.
plotlyjs_version <- function() {
  if (is.null(the$plotlyjs)) {
    files <- list.files(
      system.file("htmlwidgets", "lib", "plotlyjs", package = "plotly"), "\\.js$",
      full.names = TRUE
    )
    start <- if (length(files)) readChar(files[1], 200, useBytes = TRUE) else ""
    found <- regmatches(start, regexec("plotly.js v([0-9.]+)", start))[[1]]
    the$plotlyjs <- numeric_version(if (length(found)) found[2] else "2.0")
  }
  the$plotlyjs
}
