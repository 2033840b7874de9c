#' Radiomics features of segments
#'
#' First order statistics, shape and textures of each segment, named and defined as in
#' pyradiomics or as in the IBSI standard. One row a segment, one column a feature: the table
#' goes straight into R's modelling functions. [radiomics_catalogue()] says what each feature
#' is, [radiomics_long()] turns the table round, [radiomics_provenance()] what it was made
#' from.
#'
#' A feature that is not defined for a segment is `NA`, never 0, and the column `note` says
#' why; it also warns where so few or so many grey levels occur that textures say little.
#'
#' @param scan A scan; or a list of scans, and then `seg` is a list of segmentations in the
#'   same order; or a segmentation that carries its scan, or a list of them, and then `seg` is
#'   left out. Names of a list are kept in the column `scan`.
#' @param seg A segmentation on the grid of the scan; or a list of them where segments overlap.
#' @param settings From [radiomics_settings()].
#' @returns A data frame of class `medvoxel_radiomics`. Its first columns are `scan`,
#'   `segment`, `value`, `voxels`, `voxels_used` (after resampling and re-segmentation),
#'   `bins` (grey levels that occur), `touches_border` and `note`; the others are features,
#'   such as `original_glcm_Contrast`.
#' @references J. J. M. van Griethuysen et al., "Computational radiomics system to decode the
#'   radiographic phenotype", *Cancer Research* 77 (2017) e104-e107. A. Zwanenburg et al., "The
#'   image biomarker standardization initiative", *Radiology* 295 (2020) 328-338.
#' @seealso [reliability()] for which features can be trusted, [segment_statistics()] for
#'   plain statistics.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' ankle <- ankle_phantom(spacing = c(1.5, 1.5, 4))
#' settings <- radiomics_settings(feature_classes = c("shape", "firstorder"), label = "tendon")
#' table <- radiomics(ankle$scan, ankle$truth, settings)
#' table
#' table$original_shape_MeshVolume
radiomics <- function(scan, seg = NULL, settings = radiomics_settings()) {
  pairs <- radiomics_pairs(scan, seg)
  check_radiomics_settings(settings)
  parts <- lapply(seq_along(pairs), function(number) {
    found <- core_call(
      "extract_radiomics", pairs[[number]]$scan, pairs[[number]]$seg, settings = settings,
      .progress = if (length(pairs) > 1) sprintf("Radiomics %d", number) else "Radiomics",
      .call = rlang::call2("radiomics")
    )
    radiomics_rows(found, names(pairs)[number])
  })
  bind_radiomics(parts, settings)
}

# Scans and segmentations by pairs, named.
radiomics_pairs <- function(scan, seg, call = caller_env()) {
  several <- is.list(scan) && !is_volume(scan)
  if (!several && is.list(seg) && !is_volume(seg)) {
    # Segments that overlap are in labelmaps of their own.
    for (one in seg) scan_and_segments(scan, one, call)
    return(list(list(scan = scan, seg = as_parts(name_all(seg, "seg", call)))) |>
             rlang::set_names(""))
  }
  if (!several) {
    return(list(scan = scan_and_segments(scan, seg, call)) |> rlang::set_names(""))
  }
  if (length(scan) == 0) medvoxel_abort("The list of scans is empty.", "input", call = call)
  if (!is.null(seg) && (!is.list(seg) || length(seg) != length(scan))) {
    medvoxel_abort(
      c(
        "With a list of scans, {.arg seg} must be a list of as many segmentations.",
        x = "There {?is/are} {length(scan)} scan{?s}."
      ),
      "input", call = call
    )
  }
  if (!is.null(names(seg)) && !is.null(names(scan))) {
    # Names say what belongs together, whatever the order.
    if (!setequal(names(seg), names(scan))) {
      medvoxel_abort(
        c(
          "The names of {.arg scan} and {.arg seg} differ.",
          x = "In one of them only: {.val {union(setdiff(names(scan), names(seg)),
               setdiff(names(seg), names(scan)))}}."
        ),
        "input", call = call
      )
    }
    seg <- seg[names(scan)]
  }
  scan <- name_all(scan, "scan", call)
  pairs <- lapply(seq_along(scan), function(i) scan_and_segments(scan[[i]], seg[[i]], call))
  rlang::set_names(pairs, names(scan))
}

radiomics_rows <- function(found, name) {
  table <- na_for_nan(data.frame(lapply(found$columns, unlist), check.names = FALSE))
  if (nzchar(name)) table <- cbind(data.frame(scan = name), table)
  list(table = table, provenance = provenance_rows(found$provenance, table))
}

# A segment without features lacks those of filters and aggregations that others have.
bind_radiomics <- function(parts, settings, features = NULL) {
  names <- unique(unlist(lapply(parts, function(part) names(part$table))))
  tables <- lapply(parts, function(part) {
    part$table[setdiff(names, names(part$table))] <- NA_real_
    part$table[names]
  })
  structure(
    do.call(rbind, tables), features = features %||% setdiff(names, radiomics_facts),
    settings = settings,
    provenance = do.call(rbind, lapply(parts, `[[`, "provenance")),
    class = c("medvoxel_radiomics", "data.frame")
  )
}

provenance_rows <- function(rows, table) {
  parts <- lapply(seq_along(rows), function(number) {
    facts <- rows[[number]]
    part <- data.frame(
      segment = table$segment[number], name = sub("^diagnostics_", "", names(facts)),
      value = vapply(facts, fact_text, "", USE.NAMES = FALSE)
    )
    if (is.null(table$scan)) part else cbind(data.frame(scan = table$scan[number]), part)
  })
  do.call(rbind, parts)
}

fact_text <- function(x) {
  if (is.list(x) || length(x) > 1) {
    return(as.character(jsonlite::toJSON(x, auto_unbox = TRUE, digits = NA)))
  }
  if (is.null(x)) "" else format(x, digits = 15)
}

radiomics_facts <- c(
  "scan", "segment", "value", "voxels", "voxels_used", "bins", "touches_border", "note"
)

# A user's own columns are none.
radiomics_features <- function(x) intersect(names(x), attr(x, "features"))

#' @export
`[.medvoxel_radiomics` <- function(x, ...) {
  part <- NextMethod()
  if (!is.data.frame(part)) return(part)
  for (name in c("features", "settings")) attr(part, name) <- attr(x, name)
  facts <- attr(x, "provenance")
  kept <- paste(facts$scan, facts$segment) %in% paste(part$scan, part$segment)
  attr(part, "provenance") <- facts[kept, , drop = FALSE]
  part
}

#' @export
rbind.medvoxel_radiomics <- function(..., deparse.level = 1) { # nolint: object_name_linter.
  tables <- Filter(Negate(is.null), list(...))
  for (table in tables) check_radiomics(table, "...")
  settings <- lapply(tables, attr, "settings")
  if (!all(vapply(settings, identical, NA, settings[[1]]))) {
    medvoxel_abort(
      c(
        "The tables were made with different settings, so their features are not the same.",
        i = "Compare them with {.fn reliability}, or make them with the same settings."
      ),
      "input"
    )
  }
  parts <- lapply(tables, function(table) {
    list(table = as.data.frame(table), provenance = attr(table, "provenance"))
  })
  features <- unique(unlist(lapply(tables, attr, "features")))
  bind_radiomics(parts, settings[[1]], features)
}

#' @export
print.medvoxel_radiomics <- function(x, ...) {
  features <- radiomics_features(x)
  cli::cat_line(sprintf(
    "<radiomics> %d row%s, %d features", nrow(x), if (nrow(x) == 1) "" else "s",
    length(features)
  ))
  shown <- c(setdiff(intersect(radiomics_facts, names(x)), "note"), utils::head(features, 4))
  print(as.data.frame(x)[shown], row.names = FALSE, digits = 4)
  if (length(features) > 4) cli::cat_line(sprintf("... and %d features more", length(features) - 4))
  for (note in setdiff(unique(x$note), "")) {
    rows <- which(x$note == note)
    who <- trimws(paste(x$scan, shown_name(x$segment)))[rows]
    if (length(who) > 3) who <- c(who[1:2], sprintf("%d more", length(who) - 2))
    cli::cat_line(sprintf("note on %s: %s", paste(who, collapse = ", "), note))
  }
  invisible(x)
}

#' @export
as.data.frame.medvoxel_radiomics <- function(x, ...) {
  attributes(x) <- attributes(x)[c("names", "row.names")]
  class(x) <- "data.frame"
  x
}

#' A radiomics table turned round, and what it was made from
#'
#' @param x A table from [radiomics()].
#' @returns `radiomics_long()`: a data frame with a row for each feature of each segment:
#'   `scan` (where there are several), `segment`, `image` (such as `"original"`), `class`,
#'   `feature`, `value`, `unit`. `radiomics_provenance()`: a data frame with `name` and
#'   `value` of each fact: versions, settings, hashes and geometry of image and mask, as in
#'   pyradiomics' diagnostics.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' ankle <- ankle_phantom(spacing = c(1.5, 1.5, 4))
#' settings <- radiomics_settings(feature_classes = "shape", label = c("talus", "calcaneus"))
#' table <- radiomics(ankle$scan, ankle$truth, settings)
#' head(radiomics_long(table))
#' head(radiomics_provenance(table))
radiomics_long <- function(x) {
  check_radiomics(x)
  features <- radiomics_features(x)
  names <- split_feature_names(features, attr(x, "settings")$definition)
  keys <- intersect(c("scan", "segment"), names(x))
  rows <- lapply(seq_len(nrow(x)), function(row) {
    data.frame(
      as.data.frame(x)[row, keys, drop = FALSE], names[c("image", "class", "feature")],
      value = unlist(as.data.frame(x)[row, features], use.names = FALSE), unit = names$unit,
      row.names = NULL
    )
  })
  if (length(rows) == 0) {
    none <- as.data.frame(x)[integer(), keys, drop = FALSE]
    return(cbind(none, names[integer(), c("image", "class", "feature")], data.frame(
      value = double(), unit = character()
    )))
  }
  do.call(rbind, rows)
}

# Columns are image_class_feature, or with IBSI's tags image_tag_aggregation.
split_feature_names <- function(columns, definition) {
  known <- radiomics_catalogue(definition)
  image <- sub("_.*", "", columns)
  rest <- substring(columns, nchar(image) + 2)
  name <- if (definition == "ibsi") {
    sub("_(2D|2_5D|3D)(_avg|_comb)?$", "", rest)
  } else {
    rest
  }
  key <- if (definition == "ibsi") known$name else paste(known$feature_class, known$name, sep = "_")
  row <- match(name, key)
  data.frame(
    image = image, class = known$feature_class[row],
    feature = if (definition == "ibsi") rest else known$name[row], unit = known$unit[row]
  )
}

#' @rdname radiomics_long
#' @export
radiomics_provenance <- function(x) {
  check_radiomics(x)
  attr(x, "provenance")
}

check_radiomics <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  if (inherits(x, "medvoxel_radiomics")) return(invisible(x))
  medvoxel_abort(
    c(
      "{.arg {arg}} must be a table from {.fn radiomics}, not {.obj_type_friendly {x}}.",
      i = "Joining or reshaping with other functions may have made a plain data frame of it."
    ),
    "input", call = call
  )
}
