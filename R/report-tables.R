# The tables of a report: text that is ready to print.

report_tables <- function(parts, series) {
  unit <- attr(parts$scan, "unit")
  list(
    series = if (!is.null(series)) series_rows(series, parts$scan),
    acquisition = acquisition_rows(parts$scan),
    geometry = geometry_rows(parts$scan),
    quality = quality_rows(parts$scan),
    statistics = if (!is.null(parts$statistics)) statistics_rows(parts$statistics, unit),
    versions = version_rows()
  )
}

# A table of two columns; rows without a value are left out.
fact_table <- function(...) {
  facts <- Filter(function(v) length(v) == 1 && !is.na(v) && nzchar(v), list(...))
  data.frame(what = names(facts), value = vapply(facts, one_line, ""), row.names = NULL)
}

# Files may hold line breaks where none belong.
one_line <- function(x) trimws(gsub("[[:cntrl:]]+", " ", as.character(x)))

series_rows <- function(series, scan) {
  number <- function(x) ifelse(is.na(x), "", format(x, trim = TRUE))
  spacing <- sprintf(
    "%s x %s x %s", signif(series$spacing_x, 4), signif(series$spacing_y, 4),
    signif(series$spacing_z, 4)
  )
  rows <- data.frame(
    Series = number(series$number), Modality = series$modality,
    Description = one_line(series$description),
    Kind = series$kind, Part = series$part, Images = series$slices,
    Size = ifelse(is.na(series$columns), "", paste(series$columns, "x", series$rows)),
    `Spacing (mm)` = ifelse(is.na(series$spacing_x), "", spacing), Kernel = series$kernel,
    Problem = series$problem,
    `In this report` = ifelse(is_series_of(series, scan), "yes", ""), check.names = FALSE
  )
  rows[vapply(rows, function(column) any(nzchar(column)), NA)]
}

# Which row the scan was read from; several when they cannot be told apart.
is_series_of <- function(series, scan) {
  number <- attr(scan, "info")$number
  same_number <- if (is.null(number)) is.na(series$number) else series$number %in% number
  series$kind == "volume" & same_number & series$columns %in% dim(scan)[1] &
    series$rows %in% dim(scan)[2] & series$modality == attr(scan, "modality")
}

# Only these facts: nothing that a file may hold besides reaches the report.
acquisition_rows <- function(scan) {
  info <- attr(scan, "info")
  number <- function(x, unit = "") if (!is.null(x)) trimws(paste(format(signif(x, 6)), unit))
  fact_table(
    Modality = attr(scan, "modality"), Description = info$description,
    `Series number` = number(info$number), Manufacturer = info$manufacturer, Model = info$model,
    Kernel = info$kernel, `Tube voltage` = number(info$kvp, "kV"),
    `Slice thickness` = number(info$slice_thickness, "mm"), Images = number(info$slices),
    Compression = compression_name(info$transfer_syntax), `Bits stored` = number(info$bits_stored),
    `Photometric interpretation` = info$photometric,
    `Rescale slope` = number(info$rescale_slope),
    `Rescale intercept` = number(info$rescale_intercept),
    `Values are` = if (nzchar(attr(scan, "unit"))) value_title(scan) else "of an unknown unit"
  )
}

compression_name <- function(syntax) {
  if (is.null(syntax)) return(NULL)
  known <- c(
    "1.2.840.10008.1.2" = "none", "1.2.840.10008.1.2.1" = "none",
    "1.2.840.10008.1.2.2" = "none", "1.2.840.10008.1.2.1.99" = "deflate",
    "1.2.840.10008.1.2.5" = "run length, lossless",
    "1.2.840.10008.1.2.4.50" = "JPEG, lossy", "1.2.840.10008.1.2.4.51" = "JPEG, lossy",
    "1.2.840.10008.1.2.4.57" = "JPEG, lossless", "1.2.840.10008.1.2.4.70" = "JPEG, lossless",
    "1.2.840.10008.1.2.4.80" = "JPEG-LS, lossless", "1.2.840.10008.1.2.4.81" = "JPEG-LS, lossy",
    "1.2.840.10008.1.2.4.90" = "JPEG 2000, lossless", "1.2.840.10008.1.2.4.91" = "JPEG 2000"
  )
  if (syntax %in% names(known)) known[[syntax]] else syntax
}

geometry_rows <- function(scan) {
  spacing <- spacing(scan)
  range <- c(min(scan), max(scan))
  fact_table(
    `Voxels (x, y, z)` = show_dim(scan),
    `Spacing (x, y, z)` = paste(show_numbers(spacing, 5, " x "), "mm"),
    `Extent (x, y, z)` = paste(show_numbers(dim(scan) * spacing, 4, " x "), "mm"),
    `Voxel volume` = paste(format(signif(prod(spacing), 4)), "mm\u00b3"),
    `Axes grow to` = axis_words(orientation(scan)),
    `First voxel, LPS` = paste(show_numbers(origin(scan), 5, ", "), "mm"),
    `Angle to the patient's axes` = oblique_words(direction(scan)),
    Values = trimws(paste(show_numbers(range, 6, " to "), attr(scan, "unit")))
  )
}

# What was checked when the scan was read; a scan made of an array was not.
quality_rows <- function(scan) {
  checks <- attr(scan, "qc")
  if (is.null(checks)) return(NULL)
  size <- ifelse(is.na(checks$size_mm), "", format(signif(checks$size_mm, 3), trim = TRUE))
  data.frame(
    Check = checks$check, Found = one_line(checks$found), Done = one_line(checks$done),
    `Size (mm)` = size, Result = checks$severity, check.names = FALSE
  )
}

axis_words <- function(code) {
  words <- c(
    L = "left", R = "right", A = "anterior", P = "posterior", S = "superior", I = "inferior"
  )
  sprintf("%s (%s)", paste(words[strsplit(code, "")[[1]]], collapse = ", "), code)
}

oblique_words <- function(direction) {
  degrees <- oblique_angle(direction)
  if (degrees < 0.05) "none" else sprintf("up to %.1f degrees", degrees)
}

statistics_rows <- function(statistics, unit) {
  # A long unit is said below the table.
  mean <- if (nzchar(unit) && nchar(unit) <= 6) sprintf("Mean (%s)", unit) else "Mean"
  number <- function(x, digits = 4) {
    ifelse(is.na(x), "", format(signif(x, digits), trim = TRUE, scientific = FALSE, big.mark = ",",
                                drop0trailing = TRUE))
  }
  each <- function(x) vapply(x, number, "")
  rows <- data.frame(
    Segment = statistics$name, Voxels = format(statistics$voxels, big.mark = ",", trim = TRUE),
    volume = each(statistics$volume_ml), area = each(statistics$surface_area_mm2 / 100),
    mean = each(statistics$mean), sd = each(statistics$sd), median = each(statistics$q50),
    range = ifelse(
      is.na(statistics$q05), "", paste(each(statistics$q05), "to", each(statistics$q95))
    ),
    border = ifelse(statistics$touches_border, "yes", "no"), row.names = NULL
  )
  names(rows) <- c(
    "Segment", "Voxels", "Volume (ml)", "Surface (cm\u00b2)", mean, "SD", "Median", "5 % to 95 %",
    "At border"
  )
  rows
}

# Versions only: no path, no user, no machine.
version_rows <- function() {
  report <- medvoxel_sitrep()
  packages <- c("ggplot2", "plotly", "rmarkdown", "knitr")
  there <- Filter(function(p) requireNamespace(p, quietly = TRUE), packages)
  versions <- vapply(there, function(p) format(utils::packageVersion(p)), "")
  python <- report$report$packages
  python <- python[!is.na(python)]
  fact_table(
    medvoxel = report$versions[["medvoxel"]],
    R = paste0(report$versions[["R"]], ", ", R.version$platform),
    `R packages` = paste(
      c("reticulate", names(versions)), c(report$versions[["reticulate"]], versions),
      collapse = ", "
    ),
    Python = first_word(report$report$python),
    `Python packages` = paste(names(python), python, collapse = ", "),
    pandoc = pandoc_words()
  )
}

first_word <- function(x) if (length(x) == 1) sub("\\s.*", "", x)

pandoc_words <- function() {
  if (!requireNamespace("rmarkdown", quietly = TRUE)) return(NULL)
  if (rmarkdown::pandoc_available()) format(rmarkdown::pandoc_version())
}

# --- proportions of the pictures -----------------------------------------------------------

# Width, rows, columns and height by width of the montage and of the three planes, so that
# the pictures fill their place: they have the scan's own proportions.
picture_shapes <- function(scan, plane, legend, width = 9) {
  view <- slice_view(scan, plane)
  tile <- view$size[2] / view$size[1]
  count <- dim(scan)[view$axis]
  cols <- min(if (tile < 1.6) 5 else 7, count)
  rows <- min(4, ceiling(count / cols))
  below <- if (legend) 0.5 else 0.25
  size <- do.call(pmax, lapply(names(planes), function(p) slice_view(scan, p)$size))
  each <- size[2] / size[1]
  strip <- 0.17
  list(
    width = width, rows = rows, cols = cols,
    montage = limit_shape((rows * (width / cols * tile + strip) + below) / width),
    planes = limit_shape((width / 3 * each + strip + below) / width)
  )
}

limit_shape <- function(ratio) min(max(ratio, 0.15), 1.4)
