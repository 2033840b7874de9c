chain <- function(scan = oblique_scan()) {
  at <- function(...) as.vector(voxel_to_mm(scan, c(...)))
  quietly(
    segmentation(scan, c("core", "rim")) |>
      set_segment("rim", colour = "grey40") |>
      editable_range(-40, 140) |>
      paint("core", at = at(10, 8, 3), diameter = 3.3) |>
      paint("rim", at = rbind(at(2, 2, 1), at(18, 14, 6)), shape = "stroke", diameter = 1) |>
      grow_from_seeds(locality = 0.1) |>
      paint("core", at = c(3, 12, 5), unit = "voxels", diameter = 2) |>
      paint("rim", mask = array(rep_len(c(TRUE, rep(FALSE, 40)), 1920), dim(scan))) |>
      grow_from_seeds(locality = 0.1) |>
      editable_range() |>
      editable_area(outside = scan < 0) |>
      smooth_segment("core", "median", kernel = 2.4) |>
      erase("rim", range = c(100, Inf)) |>
      margin("core", mm = 1 / 3 + 0.7) |>
      islands("core", "remove_small", minimum_size = 3) |>
      split_islands("rim", minimum_size = 0)
  )
}

test_that("the script makes the same labels again, also after a save and reload", {
  skip_if_no_core()
  scan <- oblique_scan()
  seg <- chain(scan)
  script <- as_script(seg)
  place <- rlang::env(scan = scan)
  quietly(eval(parse(text = script), place))
  expect_identical(as.array(place$seg), as.array(seg))
  expect_identical(segment_table(place$seg), segment_table(seg))
  expect_identical(labels_sha256(place$seg), labels_sha256(seg))

  path <- withr::local_tempfile(fileext = ".rds")
  saveRDS(seg, path)
  expect_identical(unclass(as_script(readRDS(path))), unclass(script))
})

test_that("the script stands on its own in a new session", {
  skip_if_no_core()
  seg <- chain()
  path <- withr::local_tempfile(fileext = ".R")
  expect_invisible(as_script(seg, path))
  sha <- fresh_session(
    function(path, scan) {
      place <- list2env(list(scan = scan))
      suppressWarnings(suppressMessages(sys.source(path, place)))
      medvoxel::labels_sha256(place$seg)
    },
    c(MEDVOXEL_PYTHON = the_python()), list(path, oblique_scan())
  )
  expect_identical(sha, labels_sha256(seg))
})

test_that("a script whose labels come out otherwise stops", {
  skip_if_no_core()
  seg <- two_segments()
  other <- rlang::env(scan = oblique_scan(c(20, 16, 7)))
  expect_error(eval(parse(text = as_script(seg)), other), "labels_sha256")
})

test_that("edits are undone and made again one by one", {
  skip_if_no_core()
  seg <- chain()
  steps <- nrow(history(seg))
  expect_identical(steps, 15L)
  states <- list(seg)
  for (step in seq_len(steps)) states[[step + 1]] <- undo(states[[step]])
  expect_true(all(as.array(states[[steps + 1]]) == 0))
  expect_identical(undo(seg, 4), states[[5]])
  again <- states[[steps + 1]]
  for (step in rev(seq_len(steps))) {
    again <- redo(again)
    expect_identical(again, states[[step]])
  }
  expect_identical(redo(undo(seg, 9), 9), seg)
})

test_that("what was undone is lost by another edit, and said to be nothing more", {
  skip_if_no_core()
  seg <- two_segments() |> undo() |> paint("rim", at = c(9, 9, 3), unit = "voxels")
  expect_identical(history(seg)$undone, c(FALSE, FALSE))
  expect_error(redo(seg), "nothing to redo", class = "medvoxel_error_input")
  expect_error(undo(seg, 3), "only 2 edits", class = "medvoxel_error_input")
  expect_error(undo(segmentation(oblique_scan(), "a")), class = "medvoxel_error_input")
})

test_that("the table of edits counts voxels and shows the calls", {
  skip_if_no_core()
  scan <- as_scan(array(0, c(9, 9, 3)), spacing = c(0.5, 0.5, 3))
  seg <- segmentation(scan, "ball") |>
    paint("ball", at = c(2, 2, 3), diameter = 1.1) |>
    overwrite("none") |>
    paint("ball", at = matrix(rep(c(1, 1, 0), 4), 4, byrow = TRUE), diameter = 0.1) |>
    undo()
  table <- history(seg)
  expect_identical(table$voxels, c(5, 0, 1))
  expect_identical(table$undone, c(FALSE, FALSE, TRUE))
  expect_snapshot(print(table))
  expect_snapshot(print(as_script(seg)))
})

test_that("labels of another source stand in the script", {
  scan <- oblique_scan()
  labels <- array(0L, dim(scan))
  labels[scan > 60] <- 7L
  seg <- as_segmentation(labels, scan, data.frame(value = 7, name = "bright \"{x}\""))
  place <- rlang::env(scan = scan)
  eval(parse(text = as_script(seg)), place)
  expect_identical(as.array(place$seg), labels)
  expect_identical(segment_table(place$seg), segment_table(seg))
})

test_that("voxels set by hand are a step too", {
  skip_if_no_core()
  seg <- two_segments()
  new <- seg
  new[1:3, 1:2, 1] <- "rim"
  expect_identical(nrow(history(new)), 3L)
  expect_identical(undo(new), undo(redo(undo(new))))
  expect_identical(as.array(undo(new)), as.array(seg))
  place <- rlang::env(scan = oblique_scan())
  quietly(eval(parse(text = as_script(new)), place))
  expect_identical(as.array(place$seg), as.array(new))
})

test_that("fifty edits of a large labelmap take less room than two copies of it", {
  skip_if_no_core()
  scan <- as_scan(array(0L, c(160, 160, 30)), spacing = c(0.5, 0.5, 3))
  seg <- segmentation(scan, c("a", "b"))
  withr::local_seed(3)
  noise <- array(stats::runif(length(scan)) < 0.2, dim(scan))
  seg <- paint(seg, "b", mask = noise)
  for (edit in 1:49) {
    at <- stats::runif(3, 10, 60)
    seg <- quietly(paint(seg, c("a", "b")[edit %% 2 + 1], at = at, diameter = 15))
  }
  expect_identical(nrow(history(seg)), 50L)
  without <- seg
  attr(without, "history") <- NULL
  copy <- as.double(object.size(array_only(seg)))
  kept <- length(serialize(attr(seg, "history"), NULL))
  expect_lt(kept, 2 * copy)
  expect_lt(length(serialize(seg, NULL)) - length(serialize(without, NULL)), 2 * copy)
})

test_that("history() without a segmentation is that of R", {
  expect_error(history(3), class = "medvoxel_error_input")
  expect_error(history(segmentation(oblique_scan(), "a"), 3), class = "medvoxel_error_input")
})

test_that("numbers in a script are those that were given", {
  for (x in list(0.1, 1 / 3, pi * 1e-7, 1e300, c(0.1, 2, 1 / 7), 123456789.123456789, -5)) {
    expect_identical(eval(str2lang(code_of(x))), x)
  }
  points <- matrix(c(1 / 3, 2, 3, 4, 5, 6), 2)
  expect_identical(eval(str2lang(code_of(points))), points)
  expect_identical(code_of("a \"b\""), "\"a \\\"b\\\"\"")
})

test_that("a script means the same in every locale", {
  skip_if_no_core()
  name <- "Sehne \u00e4\u65e5\U0001f9b6 \"{x}\" \\ \t'"
  scan <- oblique_scan()
  seg <- segmentation(scan, c(name, "b")) |> paint(name, at = c(5, 5, 3), unit = "voxels")
  expect_true(all(utf8ToInt(paste(as_script(seg), collapse = "")) < 127))
  path <- withr::local_tempfile(fileext = ".R")
  as_script(seg, path)
  place <- rlang::env(scan = scan)
  sys.source(path, place)
  expect_identical(segment_table(place$seg), segment_table(seg))
})

test_that("a script says all arguments, and the version that wrote it", {
  skip_if_no_core()
  script <- as_script(quietly(grow_from_seeds(two_segments())))
  expect_match(script, "connectivity = 26", all = FALSE)
  expect_match(script, as.character(utils::packageVersion("medvoxel")), all = FALSE, fixed = TRUE)
  expect_error(
    as_script(two_segments(), file.path(tempfile(), "x.R")), "does not exist",
    class = "medvoxel_error_file"
  )
})

test_that("a script is written whole or not at all", {
  skip_if_no_core()
  folder <- withr::local_tempdir()
  seg <- two_segments()
  expect_error(as_script(seg, folder), "cannot be written", class = "medvoxel_error_file")
  path <- file.path(folder, "seg.R")
  as_script(seg, path)
  expect_identical(list.files(folder, all.files = TRUE, no.. = TRUE), "seg.R")
  expect_identical(readLines(path), as.vector(unclass(as_script(seg))))
  expect_false(file.exists(paste0(folder, ".part")))
})

test_that("masks and assignments are kept once, also in a file", {
  skip_if_no_core()
  scan <- as_scan(array(0L, c(100, 100, 20)), spacing = c(0.5, 0.5, 3))
  withr::local_seed(5)
  noise <- array(stats::runif(length(scan)) < 0.5, dim(scan))
  seg <- segmentation(scan, c("a", "b")) |>
    editable_area(inside = noise) |>
    paint("b", at = c(25, 25, 30), diameter = 12) |>
    paint("a", at = c(2, 2, 3)) |>
    grow_from_seeds() |>
    quietly()
  for (edit in 1:40) {
    seg <- quietly(paint(seg, "a", at = stats::runif(3, 5, 45), diameter = 4))
  }
  for (edit in 1:5) seg[edit, 3, 4] <- "b"
  kept <- length(serialize(attr(seg, "history"), NULL))
  expect_lt(kept, 2 * 4 * length(scan))
  place <- rlang::env(scan = scan)
  quietly(eval(parse(text = as_script(seg)), place))
  expect_identical(as.array(place$seg), as.array(seg))
  expect_identical(undo(seg, 45), redo(undo(seg, 46)))
})

test_that("what a crop took along is in the script", {
  skip_if_no_core()
  seg <- two_segments() |>
    editable_range(upper = 60) |>
    overwrite("none") |>
    editable_area(outside = array(rep(c(TRUE, FALSE), 960), c(20, 16, 6))) |>
    crop(first = c(2, 2, 1), last = c(18, 14, 6))
  seg <- quietly(seg |> paint("rim", mask = array(TRUE, dim(seg))))
  place <- rlang::env(scan = attr(seg, "scan"))
  quietly(eval(parse(text = as_script(seg)), place))
  expect_identical(as.array(place$seg), as.array(seg))
})

test_that("what a file says of itself is never code", {
  scan <- oblique_scan()
  attr(scan, "info") <- list(description = "knee\nstop(\"run\") #")
  seg <- segmentation(scan, "a")
  place <- rlang::env(scan = scan)
  expect_no_error(eval(parse(text = as_script(seg)), place))
  expect_length(grep("stop(\"run", format(seg), fixed = TRUE), 1)
})
