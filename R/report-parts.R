#' What a report shows
#'
#' Does the work behind [scan_report()] and gives its contents as a list. The report's
#' template uses nothing else; use it in R Markdown files of your own.
#'
#' Without a segmentation of yours one is made by a simple rule, which the report names:
#' of Hounsfield units all voxels of 300 HU and more, mostly bone; of other values
#' [segment_kmeans()] with three classes, without the class that fills the border of the
#' scan, which is background. It is a first look, no diagnosis.
#'
#' @param x A folder of DICOM files (or a zip file of one), a NIfTI or NRRD file, or a scan.
#' @param segmentation A segmentation on the scan's grid, or a function that makes one
#'   of the scan, such as `\(x) segment_threshold(x, lower = 150)`. By default see below.
#' @param series,on_problem Which series of the folder, and what to do when its slices form
#'   no regular volume, as for [read_dicom()]; for DICOM only.
#' @returns A list of class `medvoxel_report_parts`:
#'
#' | element | what |
#' |---|---|
#' | `scan`, `segmentation`, `mesh` | the scan, its segments, their surface |
#' | `statistics` | as [segment_statistics()] gives them |
#' | `tables` | data frames ready to print: `series`, `acquisition`, `geometry`, `quality` ... |
#' | `rule` | how the segmentation was made, in words |
#' | `notes` | warnings and messages of the work, without paths and file names |
#' | `title` | modality and description |
#' | `plane`, `shape` | plane in which the slices were taken; proportions of the pictures |
#'
#' `segmentation`, `statistics` and `mesh` are `NULL` when no voxel was segmented.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' x <- as_scan(array(c(rep(40L, 900), rep(900L, 100)), c(10, 10, 10)), unit = "HU")
#' parts <- report_parts(x)
#' parts$rule
#' parts$statistics
report_parts <- function(x, segmentation = NULL, series = NULL,
                         on_problem = c("error", "fix", "warn")) {
  on_problem <- check_choice(on_problem, c("error", "fix", "warn"))
  read_parts(x, segmentation, series, on_problem, report_steps(quiet = TRUE))
}

read_parts <- function(x, segmentation, series, on_problem, step, call = caller_env()) {
  notes <- collect_notes({
    source <- step("Reading the scan", report_source(x, series, on_problem, call))
    scan <- source$scan
    made <- step("Segmenting", report_segmentation(scan, segmentation, call))
    filled <- !is.null(made$segmentation)
    statistics <- if (filled) step("Measuring", segment_statistics(scan, made$segmentation))
    mesh <- if (filled) step("Making the surface", report_mesh(made$segmentation))
  })
  parts <- list(
    scan = scan, segmentation = made$segmentation, mesh = mesh, statistics = statistics,
    rule = made$rule, notes = without_paths(notes, x), title = report_title(scan),
    plane = acquired_plane(scan)
  )
  parts$shape <- picture_shapes(scan, parts$plane, filled)
  parts$tables <- report_tables(parts, source$series)
  structure(parts, class = "medvoxel_report_parts")
}

#' @export
print.medvoxel_report_parts <- function(x, ...) {
  cli::cat_line("<report parts> ", x$title)
  cli::cat_line("  ", names(x))
  invisible(x)
}

# --- the scan -------------------------------------------------------------------------

report_source <- function(x, series, on_problem, call) {
  if (is_scan(x)) {
    check_no_series(series, "scan", call)
    return(list(scan = check_scan(x, call = call)))
  }
  path <- check_path(x, call = call)
  if (!dir.exists(path) && grepl("\\.(nii|nii\\.gz)$", path, ignore.case = TRUE)) {
    check_no_series(series, "NIfTI file", call)
    return(list(scan = only_volume(read_nifti(path), "read_nifti", call)))
  }
  if (!dir.exists(path) && grepl("\\.(nrrd|nhdr)$", path, ignore.case = TRUE)) {
    check_no_series(series, "NRRD file", call)
    return(list(scan = only_volume(read_nrrd(path), "read_nrrd", call)))
  }
  list(
    scan = read_dicom(path, series = series, on_problem = on_problem),
    series = list_series(path)
  )
}

# A report shows one volume; of several it cannot say which.
only_volume <- function(code, reader, call) {
  tryCatch(code, medvoxel_error_input = function(e) {
    if (is.null(e$details$count)) rlang::cnd_signal(e)
    medvoxel_abort(
      c(
        "The file holds {e$details$count} volumes, and a report shows one.",
        i = "Read it first: {.code scan_report({reader}(path, volume = 1))}."
      ),
      "input", call = call
    )
  })
}

check_no_series <- function(series, what, call) {
  if (is.null(series)) return(invisible())
  medvoxel_abort(
    c(
      "{.arg series} chooses one series of a DICOM folder, and a {what} has but one.",
      i = "Leave it out, or give the folder instead of the {what}."
    ),
    "input", call = call
  )
}

report_title <- function(scan) {
  title <- scan_title(scan)
  if (nzchar(title)) title else "Scan report"
}

# The plane of the slices as they were taken: the one across the array's third axis.
acquired_plane <- function(scan) {
  third <- substr(orientation(scan), 3, 3)
  c(S = "axial", I = "axial", A = "coronal", P = "coronal", L = "sagittal", R = "sagittal")[[third]]
}

# --- the segmentation -----------------------------------------------------------------

# A list: the segmentation, or NULL where it has no voxel, and the rule in words.
report_segmentation <- function(scan, segmentation, call) {
  made <- if (is.null(segmentation)) {
    default_segmentation(scan)
  } else if (is.function(segmentation)) {
    by_function(scan, segmentation)
  } else {
    list(segmentation = segmentation, rule = "The segmentation was given.")
  }
  check_segmentation(made$segmentation, "segmentation", call)
  check_same_grid(scan, made$segmentation, call = call)
  if (max(made$segmentation) == 0) {
    made <- list(rule = paste(made$rule, "It has no voxel, so there is nothing to measure."))
  }
  made
}

by_function <- function(scan, f) {
  made <- f(scan)
  names <- if (is_segmentation(made)) segment_table(made)$name
  list(segmentation = made, rule = function_rule(f, names))
}

# Methods of the package's verbs: words that tell nothing of a patient.
method_words <- c("range", "otsu", "cubic", "linear", "nearest")

# The function as it was written, without its comments and strings: those may be paths,
# names of files and of patients. Names of segments stand in the tables anyway.
function_rule <- function(f, names = character()) {
  if (!is.primitive(f)) {
    keep <- c(names, method_words)
    f <- as.function(c(blank_strings(formals(f), keep), list(blank_strings(body(f), keep))))
  }
  code <- trimws(paste(trimws(deparse(f)), collapse = " "))
  paste("The segmentation was made by this function:", code)
}

blank_strings <- function(code, keep) {
  if (is.character(code)) return(ifelse(code %in% keep, code, "[text]"))
  if (!is.call(code) && !is.pairlist(code) && !is.list(code)) return(code)
  # One by one and in place: an empty argument, as in `x[1, ]`, cannot be handed on.
  for (i in seq_along(code)) {
    if (is.character(code[[i]]) || is.recursive(code[[i]])) {
      code[[i]] <- blank_strings(code[[i]], keep)
    }
  }
  code
}

default_segmentation <- function(scan) {
  if (identical(attr(scan, "unit"), "HU") && max(scan) >= 300) return(bone_segmentation(scan))
  kmeans_segmentation(scan)
}

bone_segmentation <- function(scan) {
  list(
    segmentation = segment_threshold(scan, lower = 300, name = "300 HU and more"),
    rule = paste(
      "All voxels of 300 HU and more: mostly bone, but also contrast agent, calcifications,",
      "metal and parts of the table."
    )
  )
}

kmeans_segmentation <- function(scan, classes = 3) {
  found <- length(unique(sample_values(scan)))
  if (found < 2) {
    empty <- as_segmentation(array(0L, dim(scan)), scan)
    return(list(segmentation = empty, rule = "All values of the scan are alike."))
  }
  classes <- min(classes, found)
  # All islands: the largest alone would be one of two legs.
  segmentation <- segment_kmeans(scan, classes = classes, islands = NULL)
  rule <- sprintf(
    "The values were parted into %d classes by k-means, and specks and holes removed.", classes
  )
  if (border_share(segmentation, 1L) <= 0.5) return(list(segmentation = segmentation, rule = rule))
  list(
    segmentation = drop_label(segmentation, 1L),
    rule = paste(rule, "The darkest fills the border of the scan: it is background, and left out.")
  )
}

# Share of the scan's outer voxels that have this label.
border_share <- function(segmentation, label) {
  labels <- array_only(segmentation)
  n <- dim(labels)
  outer <- c(
    labels[c(1, n[1]), , ], labels[, c(1, n[2]), ],
    if (n[3] > 5) labels[, , c(1, n[3])]
  )
  mean(outer == label)
}

drop_label <- function(segmentation, label) {
  table <- attr(segmentation, "segments")
  labels <- array_only(segmentation)
  labels[labels == label] <- 0L
  as_segmentation(labels, segmentation, table[table$value != label, ])
}

report_mesh <- function(segmentation) {
  smooth_mesh(make_mesh(segmentation))
}

# --- notes ------------------------------------------------------------------------------

# Runs the code and returns the warnings and messages of this package as plain sentences.
# They still reach the console, each once: listing and reading a folder find the same.
collect_notes <- function(code) {
  notes <- character()
  keep <- function(condition) {
    note <- plain_sentence(conditionMessage(condition))
    known <- note %in% notes
    notes <<- unique(c(notes, note))
    if (!known) return()
    tryInvokeRestart("muffleWarning")
    tryInvokeRestart("muffleMessage")
  }
  withCallingHandlers(code, medvoxel_warning = keep, medvoxel_message = keep)
  notes
}

# cli breaks lines and marks them with symbols.
plain_sentence <- function(message) {
  message <- gsub("(^|\n)[i\u2139x\u2716!*\u2022] ", "\\1", cli::ansi_strip(message))
  trimws(gsub("\\s*\n\\s*", " ", message))
}

# Names of folders and files often hold the name of a patient.
without_paths <- function(notes, path) {
  if (length(notes) == 0 || !is.character(path)) return(notes)
  full <- normalizePath(path, "/", mustWork = FALSE)
  inside <- if (dir.exists(path)) list.files(path, recursive = TRUE) else character()
  names <- unique(c(path, full, path.expand("~"), getwd(), inside, basename(inside),
                    unlist(strsplit(dirname(inside), "/")), basename(full)))
  # Not "/" or "..".
  names <- names[grepl("[^/\\\\.[:space:]]", names)]
  # The longest first, and only whole words: a file may be called "12".
  for (name in names[order(-nchar(names))]) {
    word <- sprintf("(?<![[:alnum:]_.-])%s(?![[:alnum:]_-]|\\.[[:alnum:]])", path_pattern(name))
    notes <- gsub(word, "[name]", notes, perl = TRUE)
  }
  notes
}

# A path however it is written: Windows and Python have backslashes, doubled in quotes, and
# a message that was laid out has single spaces, or some that do not break.
path_pattern <- function(path) {
  pieces <- strsplit(path, "[/\\\\]+")[[1]]
  words <- lapply(strsplit(pieces, "[[:space:]]+"), function(w) {
    paste0(ifelse(nzchar(w), paste0("\\Q", w, "\\E"), ""), collapse = "[\\s\u00a0]+")
  })
  paste(words, collapse = "[/\\\\]+")
}
