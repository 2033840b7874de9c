# A bright block in a dark scan, with noise that leaves no doubt.
block_scan <- function() {
  values <- array(0L, c(30, 24, 6))
  values[10:20, 8:16, 2:5] <- 100L
  withr::with_seed(4, values <- values + sample(-9:9, length(values), TRUE))
  as_scan(values, spacing = c(0.5, 0.8, 4), unit = "HU")
}

seeded <- function(scan = block_scan()) {
  segmentation(scan, c("block", "around")) |>
    paint("block", at = c(15, 12, 3), unit = "voxels", diameter = 1.5) |>
    paint("around", at = rbind(c(2, 2, 1), c(29, 23, 6)), unit = "voxels", diameter = 1)
}

test_that("segments grow until they meet where the grey values change", {
  skip_if_no_core()
  scan <- block_scan()
  expect_message(seg <- grow_from_seeds(seeded(scan)), "block", class = "medvoxel_message")
  expect_identical(seg == "block", scan > 50)
  expect_identical(seg == "around", scan <= 50)
})

test_that("one segment is enough within a mask, and the message names what is missing", {
  skip_if_no_core()
  scan <- block_scan()
  one <- segmentation(scan, "block") |> paint("block", at = c(15, 12, 3), unit = "voxels")
  error <- expect_error(grow_from_seeds(one), class = "medvoxel_error_input")
  expect_match(conditionMessage(error), "paint()", fixed = TRUE)
  expect_match(conditionMessage(error), "editable_range()", fixed = TRUE)
  grown <- quietly(one |> editable_range(lower = 50) |> grow_from_seeds())
  expect_identical(grown == "block", scan > 50)
  expect_error(grow_from_seeds(segmentation(scan, c("a", "b"))), class = "medvoxel_error_input")
})

test_that("more seeds grow from the seeds that were there, not from what they grew to", {
  skip_if_no_core()
  scan <- oblique_scan()
  at <- function(...) as.vector(voxel_to_mm(scan, c(...)))
  first <- two_segments(scan)
  more <- function(seg) {
    quietly(
      seg |>
        paint("rim", at = at(10, 12, 3), diameter = 2) |>
        erase("core", at = at(10, 8, 3), diameter = 1.5) |>
        paint("core", at = at(17, 3, 5), diameter = 1)
    )
  }
  again <- quietly(first |> grow_from_seeds() |> more() |> grow_from_seeds())
  at_once <- quietly(first |> more() |> grow_from_seeds())
  expect_identical(as.array(again), as.array(at_once))
  other <- quietly(grow_from_seeds(again, locality = 5))
  expect_identical(
    as.array(other), as.array(quietly(first |> more() |> grow_from_seeds(locality = 5)))
  )
})

test_that("after another edit all labels are seeds", {
  skip_if_no_core()
  grown <- quietly(grow_from_seeds(seeded()))
  shrunk <- quietly(margin(grown, "block", mm = -1))
  again <- quietly(grow_from_seeds(shrunk))
  labelled <- as.array(shrunk) != 0
  expect_false(all(labelled))
  expect_identical(as.array(again)[labelled], as.array(shrunk)[labelled])
  expect_true(all(as.array(again) != 0))
})

test_that("undo brings the seeds back", {
  skip_if_no_core()
  seg <- seeded()
  grown <- quietly(grow_from_seeds(seg))
  expect_identical(as.array(undo(grown)), as.array(seg))
  expect_identical(quietly(grow_from_seeds(undo(grown))), grown)
})

test_that("hidden segments neither grow nor vanish", {
  skip_if_no_core()
  seg <- seeded() |>
    add_segment("note", value = 9) |>
    paint("note", at = c(2, 20, 2), unit = "voxels", diameter = 3) |>
    set_segment("note", visible = FALSE)
  kept <- quietly(seg |> overwrite("visible") |> grow_from_seeds())
  expect_identical(kept == "note", seg == "note")
  taken <- quietly(grow_from_seeds(seg))
  expect_false(any(taken == "note"))
})

test_that("seeds are added where other segments have grown, also where none may be overwritten", {
  skip_if_no_core()
  seg <- overwrite(two_segments(), "none")
  grown <- quietly(grow_from_seeds(seg))
  here <- unname(which(grown == "rim" & seg == 0, arr.ind = TRUE)[1, ])
  more <- paint(grown, "core", at = here, unit = "voxels", diameter = 0.1)
  expect_identical(more[here[1], here[2], here[3]], 1L)
  fresh <- seg |> paint("core", at = here, unit = "voxels", diameter = 0.1)
  expect_identical(
    as.array(quietly(grow_from_seeds(more))), as.array(quietly(grow_from_seeds(fresh)))
  )
  # What was drawn, and did not grow, is as safe as ever.
  drawn <- unname(which(seg == "rim", arr.ind = TRUE)[1, ])
  kept <- quietly(paint(grown, "core", at = drawn, unit = "voxels", diameter = 0.1))
  expect_identical(kept[drawn[1], drawn[2], drawn[3]], 2L)
})

test_that("a range that changes between growths is obeyed", {
  skip_if_no_core()
  scan <- oblique_scan()
  first <- quietly(two_segments(scan) |> editable_range(0, 80) |> grow_from_seeds())
  masked <- editable_range(first, 40, 120)
  second <- quietly(
    masked |> paint("rim", at = c(4, 12, 5), unit = "voxels") |> grow_from_seeds()
  )
  barred <- as.array(scan < 40 | scan > 120)
  expect_identical(as.array(second)[barred], as.array(first)[barred])
  expect_true(any(as.array(second)[!barred] != as.array(first)[!barred]))
})

test_that("a working spacing gives nearly the same, and keeps the seeds", {
  skip_if_no_core()
  scan <- block_scan()
  seg <- seeded(scan)
  coarse <- quietly(grow_from_seeds(seg, spacing = c(1, 1.6, 4), connectivity = 6))
  expect_identical(dim(coarse), dim(scan))
  same <- mean(as.array(coarse) == as.array(quietly(grow_from_seeds(seg))))
  expect_gt(same, 0.97)
  labelled <- as.array(seg) != 0
  expect_identical(as.array(coarse)[labelled], as.array(seg)[labelled])
})

test_that("whole numbers grow the same in every type", {
  skip_if_no_core()
  whole <- oblique_scan()
  double <- whole + 0
  expect_type(double, "double")
  labels <- lapply(list(whole, double), function(scan) {
    as.array(quietly(grow_from_seeds(two_segments(scan))))
  })
  expect_identical(labels[[1]], labels[[2]])
})

test_that("arguments are checked, and a scan is needed", {
  seg <- segmentation(block_scan(), c("a", "b"))
  expect_error(grow_from_seeds(seg, locality = -1), class = "medvoxel_error_input")
  expect_error(grow_from_seeds(seg, margin = "a"), class = "medvoxel_error_input")
  expect_error(grow_from_seeds(seg, spacing = 0), class = "medvoxel_error_input")
  expect_error(grow_from_seeds(block_scan()), class = "medvoxel_error_input")
  attr(seg, "scan") <- NULL
  expect_error(grow_from_seeds(seg), "carries no scan", class = "medvoxel_error_input")
})

test_that("ten strokes segment a tendon with its resolution and noise", {
  skip_if_no_core()
  skip_on_cran()
  ankle <- quietly(ankle_phantom(spacing = c(0.2, 0.2, 3), noise = 25, seed = 1))
  strokes <- 0
  stroke <- function(seg, segment, ..., diameter = 2, sphere = TRUE) {
    strokes <<- strokes + 1
    paint(
      seg, segment, at = rbind(...), unit = "voxels", shape = "stroke", diameter = diameter,
      sphere = sphere
    )
  }
  dice <- function(seg) {
    table <- overlap(ankle$truth, seg)
    table$dice[table$name == "tendon"]
  }
  # Those of the vignette.
  grown <- quietly(
    segmentation(ankle$scan, c("tendon", "ankle")) |>
      editable_range(2, 1000) |>
      stroke(
        "tendon", c(348, 642, 13), c(347, 638, 17), c(345, 631, 20), c(342, 620, 26),
        c(338, 605, 32), c(335, 590, 39), diameter = 3
      ) |>
      stroke("tendon", c(325, 634, 18), c(370, 634, 18)) |>
      stroke("tendon", c(322, 597, 37), c(350, 597, 37)) |>
      stroke("ankle", c(345, 560, 8), c(345, 600, 15), c(345, 560, 20)) |>
      stroke("ankle", c(345, 440, 20), c(345, 420, 28), c(330, 350, 39)) |>
      stroke("ankle", c(300, 470, 39), c(380, 520, 39)) |>
      stroke("ankle", c(341, 571, 30), c(341, 569, 34), c(341, 570, 39)) |>
      stroke(
        "ankle", c(345, 629, 12), c(345, 628, 14), c(345, 625, 16), c(347, 611, 18),
        diameter = 1
      ) |>
      stroke(
        "ankle", c(322, 600, 16), c(345, 625, 16), c(370, 600, 16), diameter = 1,
        sphere = FALSE
      ) |>
      stroke("ankle", c(300, 545, 38), c(340, 568, 38), c(380, 545, 38), sphere = FALSE) |>
      grow_from_seeds(locality = 5)
  )
  expect_lte(strokes, 12)
  expect_gte(dice(grown), 0.90)
  smoothed <- quietly(
    grown |>
      editable_range() |>
      smooth_segment("tendon", "closing", kernel = 3) |>
      smooth_segment("tendon", "mean", kernel = 2)
  )
  expect_gte(dice(smoothed), 0.93)
})

test_that("growth that ended at its box says so", {
  skip_if_no_core()
  seg <- segmentation(oblique_scan(), c("a", "b")) |>
    paint("a", at = c(8, 8, 3), unit = "voxels", diameter = 1) |>
    paint("b", at = c(9, 10, 3), unit = "voxels", diameter = 1)
  expect_message(grow_from_seeds(seg), "box of .* mm around the seeds")
  expect_no_message(grow_from_seeds(seg, margin = 100), message = "box of")
})
