#' From a folder of DICOM files to a report
#'
#' Reads the scan, segments it, makes the surface, measures, and writes one HTML file that
#' opens without a network: series, acquisition and geometry, histogram, montage, three
#' planes, a surface to turn, measurements, how they were made, and the versions of
#' all software. Beside it lie the results as files.
#'
#' No name, identifier or birth date of the patient reaches the report or the files, nor
#' any path of your machine. What you write into `title` and the names of segments is
#' yours to check. A function given as `segmentation` is quoted in the report, without its
#' comments and with `"[text]"` in place of every string, but for the names of segments and of
#' methods; the names of its variables and arguments stay.
#'
#' The page is an R Markdown template, in RStudio under *File > New File > R Markdown >
#' From Template*: change it there and knit it, or give your version as `template`.
#'
#' @inheritParams report_parts
#' @param x A folder of DICOM files (or a zip file of one), a NIfTI or NRRD file, a scan, or
#'   what [report_parts()] gave.
#' @param output The HTML file to write; its folder must exist. Files of the same names
#'   are replaced.
#' @param title Title of the report; by default modality and description of the scan.
#' @param files Whether to write, in the same folder, the labelmap `labels.nii.gz` with
#'   its table `labels.tsv`, the surface `surface.stl` (LPS mm) and `statistics.csv`.
#'   Those of them that lie there from an earlier report and were not made this time, as
#'   when no voxel was segmented, are removed. With `FALSE` they stay as they are.
#' @param template An R Markdown file made from the template; by default the template.
#' @param open Whether to show the report in the browser.
#' @param quiet Whether to say nothing while working.
#' @returns The path of the report, invisibly.
#' @seealso [report_parts()] for what the template gets.
#' @export
#' @examplesIf interactive() && medvoxel::medvoxel_available()
#' folder <- tempfile()
#' write_phantom_dicom(folder)
#' scan_report(folder, file.path(tempdir(), "report.html"))
scan_report <- function(x, output = "report.html", segmentation = NULL, title = NULL,
                        series = NULL, on_problem = c("error", "fix", "warn"), files = TRUE,
                        template = NULL, open = rlang::is_interactive(), quiet = FALSE) {
  on_problem <- check_choice(on_problem, c("error", "fix", "warn"))
  check_report_tools()
  output <- check_report_output(output)
  check_string(title, null = TRUE)
  check_flag(files)
  check_flag(open)
  check_flag(quiet)
  template <- if (is.null(template)) report_template() else check_path(template)
  step <- report_steps(quiet)
  parts <- given_parts(x, segmentation, series) %||%
    read_parts(x, segmentation, series, on_problem, step)
  stage <- staging_folder()
  on.exit(unlink(stage, recursive = TRUE), add = TRUE)
  if (files) step("Writing the results as files", write_report_files(parts, stage))
  parts$files <- list.files(stage)
  step("Drawing the report", render_report(parts, template, title, stage, basename(output)))
  stale <- if (files) setdiff(result_files, parts$files) else character()
  publish(stage, c(basename(output), parts$files), dirname(output), stale)
  if (!quiet) medvoxel_inform(c(v = "The report is {.file {output}}."))
  if (open) utils::browseURL(file_url(normalizePath(output, "/")))
  invisible(output)
}

given_parts <- function(x, segmentation, series, call = caller_env()) {
  if (!inherits(x, "medvoxel_report_parts")) return(NULL)
  if (!is.null(segmentation) || !is.null(series)) {
    medvoxel_abort(
      "The parts of a report have their segmentation and series already: leave both out.",
      "input", call = call
    )
  }
  x
}

# An absolute path with forward slashes as an address: "C:/a b" is "file:///C:/a%20b", a
# share "//server/x" is "file://server/x".
file_url <- function(path) {
  path <- utils::URLencode(enc2utf8(path), reserved = TRUE, repeated = TRUE)
  path <- gsub("%3A", ":", gsub("%2F", "/", path, fixed = TRUE), fixed = TRUE)
  slashes <- attr(regexpr("^/{0,2}", path), "match.length")
  paste0("file:", strrep("/", c(3, 2, 0)[slashes + 1]), path)
}

# Runs each step and, unless quiet, shows what is being done and how long it took.
report_steps <- function(quiet) {
  function(label, code) {
    if (!quiet) cli::cli_progress_step(label)
    force(code)
  }
}

# --- what must be there before the work begins ---------------------------------------

check_report_tools <- function(call = caller_env()) {
  missing <- Filter(function(p) !is_installed(p), c("rmarkdown", "knitr"))
  if (length(missing) > 0) {
    names <- paste0('"', missing, '"', collapse = ", ")
    if (length(missing) > 1) names <- sprintf("c(%s)", names)
    install <- sprintf("install.packages(%s)", names)
    medvoxel_abort(
      c("A report needs the package{?s} {.pkg {missing}}.", i = "Next: {.code {install}}"),
      "environment", fix = install, call = call
    )
  }
  if (!has_pandoc()) {
    medvoxel_abort(
      c(
        "A report needs pandoc 2.0 or newer, which was not found.",
        i = "RStudio brings it along. On Debian and Ubuntu: {.code sudo apt-get install pandoc}"
      ),
      "environment", call = call
    )
  }
}

is_installed <- function(package) requireNamespace(package, quietly = TRUE)
has_pandoc <- function() rmarkdown::pandoc_available("2.0")

check_report_output <- function(output, call = caller_env()) {
  check_string(output, arg = "output", call = call)
  output <- path.expand(output)
  if (!grepl("\\.html?$", output, ignore.case = TRUE)) {
    medvoxel_abort(
      "{.arg output} must be the name of an HTML file, not {.file {output}}.", "input", call = call
    )
  }
  folder <- dirname(output)
  if (!dir.exists(folder)) {
    medvoxel_abort(
      c(
        "The folder {.path {folder}} of the report does not exist.",
        i = "Make it first: {.code dir.create({deparse(folder)}, recursive = TRUE)}"
      ),
      "file", call = call
    )
  }
  if (file.access(folder, 2) != 0) {
    medvoxel_abort("The folder {.path {folder}} cannot be written to.", "file", call = call)
  }
  output
}

report_template <- function() {
  system.file(
    "rmarkdown", "templates", "scan-report", "skeleton", "skeleton.Rmd",
    package = "medvoxel", mustWork = TRUE
  )
}

# --- making and publishing ------------------------------------------------------------

# A folder of our own: the template is copied there, so that nothing is ever written
# into the package, and all results wait there until every one of them is whole.
staging_folder <- function() {
  path <- tempfile("medvoxel-report-")
  dir.create(path)
  path
}

# What write_report_files() may make.
result_files <- c("labels.nii.gz", "labels.tsv", "surface.stl", "statistics.csv")

write_report_files <- function(parts, folder) {
  if (!is.null(parts$segmentation)) {
    write_nifti(parts$segmentation, file.path(folder, "labels.nii.gz"))
    utils::write.csv(
      parts$statistics, file.path(folder, "statistics.csv"), row.names = FALSE,
      fileEncoding = "UTF-8"
    )
  }
  if (!is.null(parts$mesh)) write_mesh(parts$mesh, file.path(folder, "surface.stl"))
}

render_report <- function(parts, template, title, folder, name, call = caller_env(2)) {
  page <- template
  if (identical(template, report_template())) {
    page <- file.path(folder, "scan-report.Rmd")
    file.copy(template, page)
  }
  title <- title %||% parts$title
  old <- options(knitr.duplicate.label = "allow")
  on.exit(options(old))
  tryCatch(
    suppressMessages(rmarkdown::render(
      page,
      output_file = name, output_dir = folder, intermediates_dir = folder,
      output_options = list(pandoc_args = c("--metadata", paste0("title=", title))),
      params = list(parts = parts), envir = new.env(parent = globalenv()), quiet = TRUE,
      encoding = "UTF-8"
    )),
    error = function(e) {
      reason <- sub("\n.*", "", cli::ansi_strip(conditionMessage(e)))
      medvoxel_abort(
        c(
          "The report could not be drawn from its template.", x = "{reason}",
          i = "{.fn report_parts} gives its contents one by one, to see which of them fails."
        ),
        "file", parent = NA, cause = e, call = call
      )
    }
  )
}

# First all files are copied beside their targets under other names: a full disk leaves the
# old files as they were. Then they are put in place; `stale` are old files to remove.
publish <- function(stage, names, folder, stale = character(), call = caller_env()) {
  waiting <- hidden_names(folder, names, "part")
  on.exit(unlink(waiting))
  copied <- file.copy(file.path(stage, names), waiting, overwrite = TRUE)
  whole <- copied & file.size(waiting) == file.size(file.path(stage, names))
  if (!all(whole) || !replace_files(waiting, names, folder, stale)) {
    medvoxel_abort(
      c(
        "The report could not be written to {.path {folder}}.",
        i = "See whether the disk is full, or one of the files is open in another program."
      ),
      "file", call = call
    )
  }
}

# The old files are kept aside until all new ones are in place, and come back when one of
# them cannot be. Returns whether all went well.
replace_files <- function(waiting, names, folder, stale) {
  targets <- file.path(folder, names)
  old <- Filter(function(n) file.exists(file.path(folder, n)), c(names, stale))
  aside <- hidden_names(folder, old, "old")
  old <- file.path(folder, old)
  # A folder in the place of a file is not ours to move.
  if (any(dir.exists(old))) return(FALSE)
  if (rename_all(old, aside) && rename_all(waiting, targets)) {
    unlink(aside)
    return(TRUE)
  }
  moved <- file.exists(aside)
  unlink(setdiff(targets[!file.exists(waiting)], old[!moved]))
  rename_all(aside[moved], old[moved])
  FALSE
}

hidden_names <- function(folder, names, end) {
  if (length(names) == 0) return(character())
  file.path(folder, sprintf(".%s.%d.%s", names, Sys.getpid(), end))
}

rename_all <- function(from, to) {
  for (i in seq_along(from)) if (!rename_file(from[i], to[i])) return(FALSE)
  TRUE
}

# The failure is told by the caller, with what to do.
rename_file <- function(from, to) suppressWarnings(file.rename(from, to))
