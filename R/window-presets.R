#' Named display windows for CT
#'
#' A window is the range of values that is spread over the greys from black to
#' white; everything below is black, everything above white. Radiologists give it
#' as level (its middle) and width. [plot_slices()] takes the names.
#'
#' The figures are the usual ones for CT in Hounsfield units; hospitals differ by
#' some tens of units. `"wide"` is this package's default for CT: it shows fat,
#' muscle and bone in one picture. It is no clinical standard.
#'
#' @returns A data frame with the columns `name`, `level`, `width`, `lower` and
#'   `upper` (HU) and `shows`.
#' @seealso [plot_slices()]
#' @references M. Murphy, D. Bell and others, "Windowing (CT)", Radiopaedia.org.
#' @export
#' @examples
#' window_presets()
window_presets <- function() {
  presets <- data.frame(
    name = c(
      "wide", "soft tissue", "bone", "lung", "mediastinum", "abdomen", "liver", "spine",
      "brain", "subdural", "temporal bone"
    ),
    level = c(200, 40, 400, -600, 50, 50, 30, 50, 40, 75, 600),
    width = c(800, 400, 1800, 1500, 350, 400, 150, 250, 80, 215, 2800),
    shows = c(
      "fat, muscle, tendon and bone together; the default", "muscle, tendon, organs",
      "cortical and cancellous bone", "lung, airways", "vessels, lymph nodes, heart",
      "abdominal organs", "liver lesions", "discs, spinal canal", "grey and white matter",
      "blood along the skull", "middle and inner ear"
    )
  )
  presets$lower <- presets$level - presets$width / 2
  presets$upper <- presets$level + presets$width / 2
  presets[c("name", "level", "width", "lower", "upper", "shows")]
}

# `c(lower, upper)` from what the user gave: two numbers, a preset's name or nothing.
resolve_window <- function(window, x, call = caller_env()) {
  if (is.null(window)) return(default_window(x))
  if (is.character(window)) return(preset_window(window, x, call))
  if (!is_rising(window)) {
    medvoxel_abort(
      c(
        "{.arg window} must be two rising numbers, {.code c(lower, upper)}, or a preset's name.",
        x = "You gave {.obj_type_friendly {window}}: {format(window)}.",
        i = "See {.fn window_presets}."
      ),
      "input", call = call
    )
  }
  as.double(window)
}

preset_window <- function(name, x, call) {
  presets <- window_presets()
  check_choice(name, presets$name, arg = "window", call = call)
  if (!identical(attr(x, "unit"), "HU")) {
    unit <- attr(x, "unit")
    unit <- if (nzchar(unit)) unit else "not stated"
    medvoxel_abort(
      c(
        "The window {.val {name}} is in Hounsfield units, and the scan is not.",
        x = "The unit of its values: {unit}.",
        i = "Give the window as {.code c(lower, upper)}, or leave it out."
      ),
      "input", call = call
    )
  }
  unlist(presets[presets$name == name, c("lower", "upper")], use.names = FALSE)
}

# Values that are not HU have no known scale. Black is the 1st percentile and white the
# 99th of what is brighter than the mean: the air around the body, often most of a scan,
# must not decide how bright tissue is. The lowest value is left out where others
# exist, because padding outside the field of view repeats it.
default_window <- function(x) {
  if (identical(attr(x, "unit"), "HU")) {
    return(preset_window("wide", x))
  }
  values <- sample_values(x)
  inside <- values[values > min(values)]
  if (length(inside) == 0) return(values[1] + c(-0.5, 0.5))
  tissue <- inside[inside >= mean(inside)]
  window <- c(
    stats::quantile(inside, 0.01, names = FALSE), stats::quantile(tissue, 0.99, names = FALSE)
  )
  if (window[1] < window[2]) window else c(min(values), max(values))
}

# Every nth voxel: enough for percentiles, the same each time. The step shares no factor
# with the size of a slice, so that it visits all columns and rows.
sample_values <- function(x, size = 2e5) {
  step <- max(1, floor(length(x) / size))
  while (common_factor(step, prod(dim(x)[1:2])) > 1) step <- step + 1
  values <- as.double(.subset(x, seq.int(1, length(x), by = step)))
  values[is.finite(values)]
}

common_factor <- function(a, b) if (b == 0) a else common_factor(b, a %% b)
