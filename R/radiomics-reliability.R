#' Which features can be trusted
#'
#' A feature that changes when the outline moves by half a voxel, or with the observer, is not
#' fit for a model. `reliability()` compares tables of the same segments: of several observers,
#' of a test and a retest, of other resampling, or of segments whose outline was moved, which
#' `perturb_segments()` makes.
#'
#' @param tables A named list of two or more tables from [radiomics()], one for each observer
#'   or repeat, with the same rows (`scan` and `segment`) in each. Every row is a case: the
#'   ICC needs two cases, and is worth something from about ten on.
#' @returns `reliability()`: a data frame with a row a feature: the number of `cases` and
#'   `observers`, the intraclass correlation `icc` (ICC(2,1), absolute agreement) with its
#'   95 % interval, `consistency` (ICC(3,1)), the within-case coefficient of `variation`, and
#'   a `note` where a number is missing. An ICC below 0.5 is often called poor, above 0.9
#'   excellent; what counts is the lower end of the interval.
#'
#'   `perturb_segments()`: a named list; each element is a list of segmentations, one a segment,
#'   because moved outlines may overlap. [radiomics()] takes it as `seg`.
#' @references P. E. Shrout and J. L. Fleiss, "Intraclass correlations: uses in assessing rater
#'   reliability", *Psychological Bulletin* 86 (1979) 420-428.
#' @seealso [agreement()] for the segmentations themselves.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' ankle <- ankle_phantom(spacing = c(1.5, 1.5, 3))
#' bones <- c("tibia", "talus", "calcaneus", "midfoot")
#' settings <- radiomics_settings(feature_classes = c("shape", "firstorder"), label = bones)
#' moved <- perturb_segments(ankle$truth, segment = bones, mm = c(-1.5, 1.5))
#' tables <- lapply(moved, function(seg) radiomics(ankle$scan, seg, settings))
#' trust <- reliability(tables)
#' head(trust[order(trust$icc_lower), c("feature", "icc", "icc_lower", "variation")])
reliability <- function(tables) {
  tables <- check_radiomics_tables(tables)
  first <- tables[[1]]
  features <- Filter(
    function(name) all(vapply(tables, function(table) is.numeric(table[[name]]), NA)),
    Reduce(intersect, lapply(tables, radiomics_features))
  )
  if (length(features) == 0 || nrow(first) == 0) {
    medvoxel_abort("The tables have no feature or no row in common.", "input")
  }
  values <- vapply(
    tables, function(table) as.matrix(as.data.frame(table)[features]),
    matrix(0, nrow(first), length(features))
  )
  dim(values) <- c(nrow(first), length(features), length(tables))
  # The core wants features, cases, observers; what R has no value for is NaN there.
  values <- aperm(values, c(2, 1, 3))
  values[is.na(values)] <- NaN
  na_for_nan(core_call("feature_reliability", values, as.list(features)))
}

check_radiomics_tables <- function(tables, call = caller_env()) {
  if (!is.list(tables) || is.data.frame(tables) || length(tables) < 2) {
    medvoxel_abort(
      "{.arg tables} must be a list of two or more tables from {.fn radiomics}.", "input",
      call = call
    )
  }
  tables <- name_all(tables, "tables", call)
  for (name in names(tables)) check_radiomics(tables[[name]], sprintf("tables$%s", name), call)
  keys <- lapply(tables, function(table) paste(table$scan, table$segment))
  for (name in names(tables)) {
    if (!identical(keys[[name]], keys[[1]])) {
      medvoxel_abort(
        c(
          "The tables must have the same scans and segments in the same rows.",
          x = "{.field {name}} differs from {.field {names(tables)[1]}}."
        ),
        "input", call = call
      )
    }
  }
  tables
}

#' @rdname reliability
#' @param seg A segmentation.
#' @param segment Names or values of segments; all by default.
#' @param mm How far the outline is moved, each in turn; positive grows.
#' @export
perturb_segments <- function(seg, segment = NULL, mm = c(-1, 1)) {
  check_segmentation(seg)
  values <- unlist(core_segments(segment, seg) %||% attr(seg, "segments")$value)
  if (!is.numeric(mm) || length(mm) == 0 || !all(is.finite(mm)) || any(mm == 0)) {
    medvoxel_abort("{.arg mm} must be numbers other than 0.", "input")
  }
  mm <- unique(mm)
  drawn <- lapply(values, function(value) one_segment(seg, value))
  move <- function(one) lapply(drawn, function(x) suppressMessages(margin(x, mm = one)))
  moved <- lapply(mm, move)
  rlang::set_names(c(list(drawn), moved), c("as drawn", sprintf("%+g mm", mm)))
}

# A labelmap of its own, so that neighbours do not take each other's voxels.
one_segment <- function(seg, value) {
  table <- attr(seg, "segments")
  labels <- array_only(seg)
  labels[labels != value] <- 0L
  part <- new_segmentation(
    labels, spacing(seg), origin(seg), direction(seg), table[table$value == value, ]
  )
  with_scan(part, attr(seg, "scan"))
}
