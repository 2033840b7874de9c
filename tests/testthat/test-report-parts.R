# A block of bone in soft tissue in air, and a smaller one.
small_scan <- function(unit = "HU") {
  values <- array(-1000L, c(24, 20, 8))
  values[4:21, 4:17, ] <- 50L
  values[8:14, 8:12, 2:7] <- 900L
  as_scan(values, spacing = c(0.8, 1, 3), modality = "CT", unit = unit)
}

test_that("the parts are those of the verbs", {
  skip_if_no_core()
  x <- small_scan()
  parts <- report_parts(x)
  expect_s3_class(parts, "medvoxel_report_parts")
  expect_equal(parts$segmentation, segment_threshold(x, lower = 300, name = "300 HU and more"))
  expect_equal(parts$statistics, segment_statistics(x, parts$segmentation))
  expect_equal(parts$statistics$voxels, 7 * 5 * 6)
  expect_equal(parts$mesh$segments, segment_table(parts$segmentation))
  expect_match(parts$rule, "300 HU")
  expect_equal(parts$notes, character())
  expect_equal(parts$plane, "axial")
  expect_null(parts$tables$series)
  expect_output(print(parts), "report parts")
})

test_that("a segmentation or a function of the user's is taken", {
  skip_if_no_core()
  x <- small_scan()
  seg <- as_segmentation(x > 0, x, "body")
  expect_equal(report_parts(x, seg)$segmentation, seg)
  parts <- report_parts(x, function(x) as_segmentation(x > 0, x, "body"))
  expect_equal(parts$segmentation, seg)
  expect_match(parts$rule, "x > 0")
  moved <- as_segmentation(x > 0, as_scan(as.array(x), spacing = 2), "body")
  expect_error(report_parts(x, moved), class = "medvoxel_error_geometry")
  expect_error(report_parts(x, "bone"), class = "medvoxel_error_input")
  expect_error(report_parts(x, function(x) 1), class = "medvoxel_error_input")
})

test_that("the path in a function does not reach the report", {
  f <- function(x) as_segmentation(read_nifti("/home/smith/labels.nii"), x, "bone")
  expect_false(grepl("smith", function_rule(f)))
  expect_match(function_rule(f), 'read_nifti("[text]")', fixed = TRUE)
})

test_that("strings in a function do not reach the report, but for names of segments", {
  skip_if_no_core()
  f <- function(x, file = "mueller_a.rds") {
    # mueller in a comment
    pick <- function(y, from = "mueller_b", ...) y[1, , drop = FALSE]
    if (identical(x, NULL)) pick(readRDS(r"(mueller_c.rds)"), c(a = "mueller_d"), NULL)
    segment_threshold(x, lower = 250, name = "bone", method = "range")
  }
  rule <- report_parts(small_scan(), f)$rule
  expect_no_match(rule, "mueller")
  expect_match(rule, 'function (x, file = "[text]")', fixed = TRUE)
  expect_match(rule, 'pick <- function(y, from = "[text]", ...) y[1, , drop = FALSE]', fixed = TRUE)
  expect_match(rule, 'readRDS("[text]"), c(a = "[text]"), NULL)', fixed = TRUE)
  kept <- 'segment_threshold(x, lower = 250, name = "bone", method = "range")'
  expect_match(rule, kept, fixed = TRUE)
  # A name that is no segment's is a string like others.
  expect_match(function_rule(f, "body"), 'name = "[text]"', fixed = TRUE)
  expect_match(function_rule(function() "mueller"), 'function () "[text]"', fixed = TRUE)
  one <- function(x) sapply(x, function(y = "mueller") y)
  expect_match(function_rule(one), 'function(y = "[text]") y', fixed = TRUE)
  expect_match(function_rule(sum), "sum")
})

test_that("a series is chosen from folders only", {
  expect_error(report_parts(small_scan(), series = 2), "series", class = "medvoxel_error_input")
  file <- withr::local_tempfile(fileext = ".nii.gz")
  file.create(file)
  expect_error(report_parts(file, series = 2), "series", class = "medvoxel_error_input")
})

test_that("other values than HU are parted by k-means, without the background", {
  skip_if_no_core()
  parts <- report_parts(small_scan("stored values"))
  expect_match(parts$rule, "k-means")
  expect_match(parts$rule, "background")
  expect_equal(segment_table(parts$segmentation)$value, 2:3)
  labels <- as.array(parts$segmentation)
  expect_true(all(labels[1, , ] == 0))
  # The opening rounds the block's corners off.
  expect_equal(parts$statistics$min, c(50, 900))
  # A crop inside the body has no background to leave out.
  set.seed(1)
  crop <- as_scan(array(sample(c(10L, 500L, 900L), 1000, TRUE), c(10, 10, 10)))
  seg <- segment_kmeans(crop, classes = 3, opening = 0, islands = NULL)
  local_mocked_bindings_compat("segment_kmeans", function(...) seg)
  parts <- report_parts(crop)
  expect_equal(parts$segmentation, seg)
  expect_no_match(parts$rule, "background")
})

test_that("a CT without bone, and a scan of one value", {
  skip_if_no_core()
  x <- small_scan()
  soft <- as_scan(pmin(as.array(x), 60L), reference = x, unit = "HU")
  expect_match(report_parts(soft)$rule, "k-means")
  flat <- as_scan(array(5L, c(6, 6, 6)))
  parts <- report_parts(flat)
  expect_null(parts$segmentation)
  expect_null(parts$mesh)
  expect_match(parts$rule, "alike")
  none <- report_parts(x, as_segmentation(array(0L, dim(x)), x))
  expect_null(none$segmentation)
  expect_match(none$rule, "no voxel")
})

test_that("the share of the border is that of the outer voxels", {
  labels <- array(0L, c(4, 5, 6))
  labels[1, , ] <- 1L
  x <- as_segmentation(labels, as_scan(array(0, c(4, 5, 6))), "side")
  outer <- c(labels[c(1, 4), , ], labels[, c(1, 5), ], labels[, , c(1, 6)])
  expect_equal(border_share(x, 1L), mean(outer))
  # Few slices: the first and the last are no border, they are all there is.
  thin <- as_segmentation(labels[, , 1:3], as_scan(array(0, c(4, 5, 3))), "side")
  expect_equal(border_share(thin, 1L), (15 + 6) / (2 * 15 + 2 * 12))
})

test_that("warnings and messages are noted as plain sentences, and still heard", {
  say <- function() {
    medvoxel_inform(c(i = "The unit is {.val stored values}.", " " = "Nothing is assumed."))
    medvoxel_warn(c("One file was left out.", i = "Copy it again."), "dicom")
    medvoxel_warn(c("One file was left out.", i = "Copy it again."), "dicom")
    warning("not ours")
  }
  heard <- 0
  notes <- withCallingHandlers(
    collect_notes(say()),
    warning = function(w) {
      heard <<- heard + 1
      tryInvokeRestart("muffleWarning")
    },
    message = function(m) {
      heard <<- heard + 1
      tryInvokeRestart("muffleMessage")
    }
  )
  expect_equal(heard, 3)
  expect_equal(notes, c(
    'The unit is "stored values". Nothing is assumed.', "One file was left out. Copy it again."
  ))
})

test_that("names of folders and files are taken out of notes", {
  root <- withr::local_tempdir()
  folder <- file.path(root, "Smith_Anna")
  dir.create(file.path(folder, "Smith_1950"), recursive = TRUE)
  file.create(file.path(folder, "Smith_1950", c("anna 01.dcm", "12")))
  notes <- c(
    sprintf("Damaged: %s/Smith_1950/anna 01.dcm and 12.", folder),
    "Left out: anna 01.dcm, Smith_1950/12. Spacing 12.5 mm, 120 slices.",
    paste("In", normalizePath(folder), "are two.")
  )
  clean <- without_paths(notes, folder)
  expect_false(any(grepl("smith|anna|1950", clean, ignore.case = TRUE)))
  expect_false(any(grepl(root, clean, fixed = TRUE)))
  expect_match(clean[2], "Spacing 12.5 mm, 120 slices.", fixed = TRUE)
  expect_equal(without_paths(character(), folder), character())
  expect_equal(without_paths("x", small_scan()), "x")
})

test_that("paths are taken out however they are written", {
  notes <- c(
    "In C:\\Users\\Smith  Anna\\scan 1 is a file.", "In 'C:\\\\Users\\\\Smith  Anna\\\\scan 1'.",
    "In C:/Users/Smith Anna/scan\u00a01.", "In C:/Users\\Smith\nAnna/scan 1, x/y is http://a.b."
  )
  for (path in c("C:/Users/Smith  Anna/scan 1", "C:\\Users\\Smith  Anna\\scan 1\\")) {
    clean <- without_paths(notes, path)
    expect_equal(clean, c(
      "In [name] is a file.", "In '[name]'.", "In [name].", "In [name], x/y is http://a.b."
    ))
  }
  folder <- file.path(withr::local_tempdir(), "Smith  Anna")
  dir.create(file.path(folder, "left  foot"), recursive = TRUE)
  file.create(file.path(folder, "left  foot", "anna  1.dcm"))
  said <- suppressWarnings(collect_notes(medvoxel_warn(
    "Left out: {file.path(folder, 'left  foot')}, left  foot\\anna  1.dcm, Smith  Anna.", "dicom"
  )))
  expect_match(said, "Smith Anna", fixed = TRUE)
  expect_no_match(without_paths(said, folder), "smith|anna|left f|foot", ignore.case = TRUE)
})

test_that("what is no scan and no path is refused", {
  expect_error(report_parts(1:3), class = "medvoxel_error_input")
  expect_error(report_parts("no/such/folder"), class = "medvoxel_error_file")
})

test_that("real scans give parts without a name of the patient", {
  skip_if_no_core()
  folders <- c("leg-ct-mr/ct-dicom/image", "leg-ct-mr/mr-dicom/image", "ct-trunk/dicom",
               "pelvis-ct/dicom")
  for (folder in folders) {
    path <- test_data(folder)
    suppressMessages(suppressWarnings(parts <- report_parts(path)))
    expect_gt(nrow(parts$statistics), 0)
    expect_gt(nrow(parts$mesh$faces), 0)
    expect_equal(sum(parts$tables$series$`In this report` == "yes"), 1)
    text <- unlist(c(parts$tables, parts$notes, parts$rule, parts$title))
    expect_false(any(grepl(path, text, fixed = TRUE)))
  }
})
