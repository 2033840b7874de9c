skip_if_no_report <- function() {
  skip_if_no_core()
  skip_if_not_installed("rmarkdown")
  skip_if_not_installed("knitr")
  skip_if_not(rmarkdown::pandoc_available("2.0"), "needs pandoc")
}

block_scan <- function() {
  values <- array(-1000L, c(24, 20, 8))
  values[4:21, 4:17, ] <- 50L
  values[8:14, 8:12, 2:7] <- 900L
  as_scan(values, spacing = c(0.8, 1, 3), modality = "CT", unit = "HU")
}

page_text <- function(file) {
  paste(readLines(file, warn = FALSE, encoding = "UTF-8"), collapse = "\n")
}

# The page without scripts, where plotly keeps addresses that it never opens.
page_without_scripts <- function(file) {
  gsub("(?s)<script.*?</script>", "", page_text(file), perl = TRUE)
}

# All bytes of a file as one text, unpacked if need be.
bytes_of <- function(file) {
  if (grepl("\\.gz$", file)) {
    con <- gzfile(file, "rb")
    on.exit(close(con))
    raw <- readBin(con, "raw", 5e7)
  } else {
    raw <- readBin(file, "raw", file.size(file))
  }
  rawToChar(raw[raw != 0])
}

test_that("a scan becomes a page and files, which agree with the verbs", {
  skip_if_no_report()
  folder <- withr::local_tempdir()
  output <- file.path(folder, "page.html")
  x <- block_scan()
  title <- "Foot & \"ankle\" <b>"
  suppressMessages(
    expect_message(result <- scan_report(x, output, title = title, open = FALSE), "page.html")
  )
  expect_equal(result, output)
  expect_setequal(
    list.files(folder, all.files = TRUE, no.. = TRUE),
    c("page.html", "labels.nii.gz", "labels.tsv", "surface.stl", "statistics.csv")
  )
  seg <- segment_threshold(x, lower = 300, name = "300 HU and more")
  labels <- as_segmentation(read_nifti(file.path(folder, "labels.nii.gz")), x, "300 HU and more")
  expect_equal(as.array(labels), as.array(seg))
  expect_equal(segment_table(labels), segment_table(seg))
  expect_equal(read.delim(file.path(folder, "labels.tsv"))$name, "300 HU and more")
  statistics <- read.csv(file.path(folder, "statistics.csv"), na.strings = "NA")
  expect_equal(statistics$volume_mm3, 7 * 5 * 6 * 0.8 * 1 * 3)
  expect_equal(names(statistics), names(segment_statistics(x, seg)))
  faces <- nrow(smooth_mesh(make_mesh(seg))$faces)
  expect_equal(file.size(file.path(folder, "surface.stl")), 84 + 50 * faces)

  page <- page_without_scripts(output)
  expect_match(page, "<title>Foot &amp; &quot;ankle&quot; &lt;b&gt;</title>", fixed = TRUE)
  for (heading in c("Acquisition", "Geometry", "Values", "Slices", "Three planes", "Surface",
                    "Measurements", "How this was made")) {
    expect_match(page, paste0(">", heading, "</h"), fixed = TRUE)
  }
  expect_match(page, "0.504", fixed = TRUE)
  expect_match(page, "24 x 20 x 8", fixed = TRUE)
  expect_match(page, "href='surface.stl'|href=\"surface.stl\"")
  expect_equal(lengths(gregexpr("<img [^>]*src=\"data:image/png", page)), 3)
  # The three planes are those in which the block is largest; the widget is there.
  expect_match(page_text(output), '"type":"mesh3d"', fixed = TRUE)
})

test_that("the page loads nothing from elsewhere and is not too large", {
  skip_if_no_report()
  output <- withr::local_tempfile(fileext = ".html")
  scan_report(block_scan(), output, files = FALSE, open = FALSE, quiet = TRUE)
  expect_lt(file.size(output), 12e6)
  expect_equal(list.files(dirname(output), "^(labels|surface|statistics)"), character())
  page <- page_text(output)
  loading <- "<(script|link|img|iframe|source|video|audio|object|embed)\\b[^>]*>"
  tags <- regmatches(page, gregexpr(loading, page))[[1]]
  expect_gt(length(tags), 3)
  addresses <- regmatches(tags, regexpr("(src|href|data)=[\"'][^\"']{0,40}", tags))
  expect_true(all(grepl("^(src|href|data)=[\"'](data:|#)", addresses)))
  styles <- regmatches(page, gregexpr("(?s)<style.*?</style>", page, perl = TRUE))[[1]]
  expect_gt(length(styles), 0)
  expect_false(any(grepl("@import|url\\([\"']?(https?:)?//", styles)))
  expect_false(grepl("mathjax", page_without_scripts(output), ignore.case = TRUE))
})

test_that("the page holds no path, user or machine", {
  skip_if_no_report()
  folder <- withr::local_tempdir()
  output <- file.path(folder, "page.html")
  scan_report(block_scan(), output, open = FALSE, quiet = TRUE)
  secrets <- c(
    tempdir(), folder, getwd(), system.file(package = "medvoxel"), the_python(),
    Sys.info()[["nodename"]], path.expand("~/")
  )
  for (file in list.files(folder, full.names = TRUE)) {
    bytes <- bytes_of(file)
    for (secret in secrets[nchar(secrets) > 3]) {
      told <- grepl(secret, bytes, fixed = TRUE, useBytes = TRUE)
      expect_false(told, label = paste(basename(file), "tells", secret))
    }
  }
})

# Names in the header, in the names of folder and files, and in what people type.
plant_person <- function(folder, from) {
  pydicom <- reticulate::import("pydicom", convert = FALSE)
  dir.create(folder, recursive = TRUE)
  for (file in list.files(from, full.names = TRUE)) {
    data <- pydicom$dcmread(file)
    data$PatientName <- "Quibbleworth^Zebediah"
    data$PatientID <- "QX-77123"
    data$PatientBirthDate <- "19510203"
    data$OtherPatientNames <- "Thistlewood^Zebediah"
    data$PatientAddress <- "Nonesuch Lane 12"
    data$ReferringPhysicianName <- "Hippocrates^Doc"
    data$InstitutionName <- "Saint Nowhere"
    data$AccessionNumber <- "ACC-909"
    data$SeriesDescription <- "Foot Quibbleworth 1951-02-03"
    data$StudyDescription <- "Zebediah left foot"
    data$save_as(file.path(folder, paste0("quibbleworth_", basename(file))))
  }
}

test_that("no name, identifier or birth date of the patient reaches a file", {
  skip_if_no_report()
  root <- withr::local_tempdir()
  phantom <- file.path(root, "phantom")
  write_phantom_dicom(phantom, spacing = c(3, 3, 5))
  folder <- file.path(root, "Quibbleworth_Zebediah_19510203")
  plant_person(folder, phantom)
  # A damaged file is spoken of in a warning, with its name.
  damaged <- c(raw(128), charToRaw("DICM"), as.raw(1:50))
  writeBin(damaged, file.path(folder, "quibbleworth_bad.dcm"))
  results <- file.path(root, "results")
  dir.create(results)
  expect_warning(
    scan_report(folder, file.path(results, "report.html"), open = FALSE, quiet = TRUE),
    "bad.dcm"
  )
  files <- list.files(results, full.names = TRUE)
  expect_length(files, 5)
  expect_match(page_text(file.path(results, "report.html")), "Noted while working", fixed = TRUE)
  secrets <- c(
    "quibbleworth", "zebediah", "thistlewood", "QX-77123", "19510203", "1951-02-03", "03.02.1951",
    "nonesuch", "hippocrates", "saint nowhere", "acc-909"
  )
  for (file in files) {
    bytes <- tolower(iconv(bytes_of(file), "latin1", "ASCII", sub = "?"))
    found <- Filter(function(s) grepl(tolower(s), bytes, fixed = TRUE), secrets)
    expect_equal(found, character(), label = paste("what", basename(file), "tells"))
  }
})

test_that("texts of the files are shown, not run or read as Markdown", {
  skip_if_no_report()
  x <- block_scan()
  attr(x, "info") <- list(
    description = "a *b* <script>alert(1)</script> ![x](http://127.0.0.1/x.png)",
    kernel = "```\n# not a heading"
  )
  output <- withr::local_tempfile(fileext = ".html")
  seg <- as_segmentation(x > 300, x, "bone <i>| *x*")
  scan_report(x, output, seg, files = FALSE, open = FALSE, quiet = TRUE)
  page <- page_without_scripts(output)
  shown <- "a *b* &lt;script&gt;alert(1)&lt;/script&gt; ![x](http://127.0.0.1/x.png)"
  expect_match(page, shown, fixed = TRUE)
  expect_match(page, "bone &lt;i&gt;| *x*", fixed = TRUE)
  expect_no_match(page, "<h1[^>]*>not a heading")
  expect_no_match(page_text(output), "<script>alert(1)", fixed = TRUE)
})

test_that("a scan without a segment gives a page that says so", {
  skip_if_no_report()
  folder <- withr::local_tempdir()
  output <- file.path(folder, "page.html")
  flat <- as_scan(array(7, c(8, 9, 6)), spacing = c(1, 1, 4))
  scan_report(flat, output, open = FALSE, quiet = TRUE)
  expect_equal(list.files(folder), "page.html")
  expect_match(page_text(output), "no segment to measure", fixed = TRUE)
  expect_match(page_text(output), "All values of the scan are alike", fixed = TRUE)
})

test_that("results of an earlier scan do not stay beside the report of another", {
  skip_if_no_report()
  folder <- withr::local_tempdir()
  output <- file.path(folder, "page.html")
  results <- c("labels.nii.gz", "labels.tsv", "surface.stl", "statistics.csv")
  for (name in c(results, "labels.csv")) writeLines("old", file.path(folder, name))
  flat <- as_scan(array(7, c(8, 9, 6)), spacing = c(1, 1, 4))
  scan_report(flat, output, files = FALSE, open = FALSE, quiet = TRUE)
  expect_setequal(list.files(folder), c("page.html", "labels.csv", results))
  scan_report(flat, output, open = FALSE, quiet = TRUE)
  expect_setequal(
    list.files(folder, all.files = TRUE, no.. = TRUE), c("page.html", "labels.csv")
  )
})

test_that("a report's file is shown by an address that browsers know", {
  expect_equal(file_url("C:/Users/a b/page.html"), "file:///C:/Users/a%20b/page.html")
  expect_equal(file_url("/home/50% #1/page.html"), "file:///home/50%25%20%231/page.html")
  expect_equal(file_url("//server/share/page.html"), "file://server/share/page.html")
})

test_that("what fails leaves the old files as they were, and nothing besides", {
  skip_if_no_report()
  folder <- withr::local_tempdir()
  output <- file.path(folder, "page.html")
  writeLines("old", output)
  writeLines("old", file.path(folder, "surface.stl"))
  template <- withr::local_tempfile(
    fileext = ".Rmd", lines = c("---", "title: x", "output: html_document", "params:",
                                "  parts: null", "---", "```{r}", "stop('no such thing')", "```")
  )
  expect_error(
    scan_report(block_scan(), output, template = template, open = FALSE, quiet = TRUE),
    "no such thing", class = "medvoxel_error_file"
  )
  expect_setequal(list.files(folder, all.files = TRUE, no.. = TRUE), c("page.html", "surface.stl"))
  expect_equal(readLines(output), "old")
  expect_equal(readLines(file.path(folder, "surface.stl")), "old")
  expect_equal(list.files(tempdir(), "^medvoxel-report-"), character())
})

test_that("parts that were made before are taken as they are", {
  skip_if_no_report()
  output <- withr::local_tempfile(fileext = ".html")
  parts <- report_parts(block_scan())
  parts$rule <- "Drawn by hand."
  scan_report(parts, output, files = FALSE, open = FALSE, quiet = TRUE)
  expect_match(page_text(output), "Drawn by hand.", fixed = TRUE)
  expect_error(scan_report(parts, output, series = 1), class = "medvoxel_error_input")
})

test_that("a template of the user's is taken", {
  skip_if_no_report()
  output <- withr::local_tempfile(fileext = ".html")
  template <- withr::local_tempfile(
    fileext = ".Rmd",
    lines = c("---", "title: x", "output: html_document", "params:", "  parts: null", "---",
              "`r parts <- params$parts; sum(parts$statistics$voxels)` voxels are bright")
  )
  scan_report(block_scan(), output, template = template, files = FALSE, open = FALSE, quiet = TRUE)
  expect_match(page_text(output), "210 voxels are bright", fixed = TRUE)
})

test_that("the template knits on its own, as RStudio would do it", {
  skip_if_no_report()
  folder <- withr::local_tempdir()
  skeleton <- list.files(dirname(report_template()))
  withr::local_dir(folder)
  rmarkdown::draft("mine.Rmd", dirname(dirname(report_template())), edit = FALSE)
  expect_equal(list.files(folder), "mine.Rmd")
  rmarkdown::render("mine.Rmd", quiet = TRUE, envir = new.env(parent = globalenv()))
  expect_setequal(list.files(folder), c("mine.Rmd", "mine.html"))
  page <- page_text("mine.html")
  expect_match(page, "300 HU and more", fixed = TRUE)
  expect_match(page, '"type":"mesh3d"', fixed = TRUE)
  # Nothing is ever written into the package.
  expect_equal(list.files(dirname(report_template())), skeleton)
})

test_that("the template's settings choose series and segmentation", {
  skip_if_no_report()
  folder <- withr::local_tempdir()
  dicom <- file.path(folder, "dicom")
  write_phantom_dicom(dicom, spacing = c(3, 3, 5))
  page <- file.path(folder, "page.Rmd")
  file.copy(report_template(), page)
  rmarkdown::render(
    page, quiet = TRUE, envir = new.env(parent = globalenv()),
    params = list(path = dicom, series = "1", method = "threshold", lower = 250, window = "bone")
  )
  text <- page_text(file.path(folder, "page.html"))
  expect_match(text, "segment_threshold", fixed = TRUE)
  expect_match(text, "In this report", fixed = TRUE)
})

test_that("a report can be made from within a page that is being knit", {
  skip_if_no_report()
  folder <- withr::local_tempdir()
  writeLines(c(
    "```{r setup, include = FALSE}", "knitr::opts_chunk$set(echo = FALSE)", "```",
    "```{r one}",
    "result <- scan_report(scan, output, files = FALSE, open = FALSE, quiet = TRUE)",
    "cat(basename(result))", "```", "```{r two}",
    "cat('still here', knitr::opts_chunk$get('out.width'), knitr::opts_chunk$get('echo'))", "```"
  ), file.path(folder, "outer.Rmd"))
  env <- new.env(parent = globalenv())
  env$scan_report <- scan_report
  env$scan <- block_scan()
  env$output <- file.path(folder, "inner.html")
  withr::local_dir(folder)
  knitr::knit("outer.Rmd", "outer.md", envir = env, quiet = TRUE)
  text <- paste(readLines("outer.md"), collapse = "\n")
  expect_match(text, "inner.html", fixed = TRUE)
  # The outer page's own settings are back.
  expect_match(text, "still here FALSE", fixed = TRUE)
  expect_match(page_text("inner.html"), "Measurements", fixed = TRUE)
})

test_that("what cannot work is said before the work begins", {
  x <- block_scan()
  expect_error(scan_report(x, "report.pdf"), class = "medvoxel_error_input")
  expect_error(scan_report(x, character()), class = "medvoxel_error_input")
  expect_error(
    scan_report(x, "no/such/folder/report.html"), "dir.create", class = "medvoxel_error_file"
  )
  output <- withr::local_tempfile(fileext = ".html")
  expect_error(
    scan_report(x, output, series = 2, quiet = TRUE), "series", class = "medvoxel_error_input"
  )
  expect_error(scan_report(x, output, title = 3), class = "medvoxel_error_input")
  expect_error(scan_report(x, output, template = "no.Rmd"), class = "medvoxel_error_file")
  expect_false(file.exists(output))
})

test_that("missing tools are named with the line that installs them", {
  local_mocked_bindings_compat("is_installed", function(package) package != "rmarkdown")
  error <- expect_error(
    scan_report(block_scan()), "rmarkdown", class = "medvoxel_error_environment"
  )
  expect_equal(error$fix, 'install.packages("rmarkdown")')
  local_mocked_bindings_compat("is_installed", function(package) TRUE)
  local_mocked_bindings_compat("has_pandoc", function() FALSE)
  expect_error(scan_report(block_scan()), "pandoc", class = "medvoxel_error_environment")
})

test_that("files are published together or not at all", {
  stage <- withr::local_tempdir()
  folder <- withr::local_tempdir()
  writeLines("new", file.path(stage, "a"))
  writeLines("old", file.path(folder, "a"))
  expect_error(publish(stage, c("a", "missing"), folder), class = "medvoxel_error_file")
  expect_equal(readLines(file.path(folder, "a")), "old")
  expect_equal(list.files(folder, all.files = TRUE, no.. = TRUE), "a")
  publish(stage, "a", folder)
  expect_equal(readLines(file.path(folder, "a")), "new")
  expect_equal(list.files(folder, all.files = TRUE, no.. = TRUE), "a")
})

test_that("a file that cannot be put in place brings all old ones back", {
  stage <- withr::local_tempdir()
  folder <- withr::local_tempdir()
  for (name in c("a", "b", "c")) writeLines("new", file.path(stage, name))
  for (name in c("a", "c", "stale")) writeLines("old", file.path(folder, name))
  as_before <- function() {
    expect_setequal(list.files(folder, all.files = TRUE, no.. = TRUE), c("a", "c", "stale"))
    for (name in c("a", "c", "stale")) expect_equal(readLines(file.path(folder, name)), "old")
  }
  rename <- rename_file
  # Three old files are kept aside, then three new ones put in place: each of them fails once.
  for (failing in 1:6) {
    turn <- 0
    local_mocked_bindings_compat("rename_file", function(from, to) {
      turn <<- turn + 1
      turn != failing && rename(from, to)
    })
    expect_error(
      publish(stage, c("a", "b", "c"), folder, "stale"), class = "medvoxel_error_file"
    )
    as_before()
  }
  local_mocked_bindings_compat("rename_file", rename)
  # A folder where a file should be is left alone.
  dir.create(file.path(folder, "b"))
  expect_error(publish(stage, c("a", "b", "c"), folder), class = "medvoxel_error_file")
  expect_true(dir.exists(file.path(folder, "b")))
  unlink(file.path(folder, "b"), recursive = TRUE)
  as_before()
  publish(stage, c("a", "b", "c"), folder, "stale")
  expect_setequal(list.files(folder, all.files = TRUE, no.. = TRUE), c("a", "b", "c"))
  for (name in c("a", "b", "c")) expect_equal(readLines(file.path(folder, name)), "new")
})

test_that("a real CT goes from its folder to a page", {
  skip_if_no_report()
  path <- test_data("leg-ct-mr/ct-dicom/image")
  folder <- withr::local_tempdir()
  scan_report(path, file.path(folder, "report.html"), open = FALSE, quiet = TRUE)
  expect_length(list.files(folder), 5)
  expect_lt(file.size(file.path(folder, "report.html")), 12e6)
  page <- page_text(file.path(folder, "report.html"))
  expect_match(page, "149 x 138 x 47", fixed = TRUE)
  expect_false(grepl(path, page, fixed = TRUE))
})
