# Every verb that edits, on a segmentation with the segments "core" and "rim".
edits <- list(
  paint = function(seg) paint(seg, "core", at = c(9, 9, 3), unit = "voxels", diameter = 12),
  paint_stroke = function(seg) {
    paint(seg, "rim", at = rbind(c(1, 1, 1), c(20, 16, 6)), unit = "voxels", shape = "stroke")
  },
  paint_box = function(seg) {
    paint(seg, "rim", at = rbind(c(3, 2, 2), c(15, 12, 5)), unit = "voxels", shape = "box")
  },
  paint_polygon = function(seg) {
    corners <- rbind(c(2, 2, 3), c(18, 3, 3), c(9, 15, 3))
    paint(seg, "rim", at = corners, unit = "voxels", shape = "polygon")
  },
  paint_mask = function(seg) paint(seg, "core", mask = array(TRUE, dim(seg))),
  paint_range = function(seg) paint(seg, "core", range = c(20, Inf)),
  erase = function(seg) erase(seg, at = c(9, 9, 3), unit = "voxels", diameter = 12),
  erase_mask = function(seg) erase(seg, "rim", mask = array(TRUE, dim(seg))),
  grow_from_seeds = function(seg) grow_from_seeds(seg, locality = 1),
  grow_coarse = function(seg) grow_from_seeds(seg, spacing = 1.5, connectivity = 6),
  median = function(seg) smooth_segment(seg, "core", "median", kernel = 3),
  mean = function(seg) smooth_segment(seg, NULL, "mean", kernel = 3),
  gaussian = function(seg) smooth_segment(seg, "core", "gaussian", kernel = 1),
  opening = function(seg) smooth_segment(seg, "core", "opening", kernel = 4),
  closing = function(seg) smooth_segment(seg, "core", "closing", kernel = 2),
  joint = function(seg) smooth_segment(seg, NULL, "joint", kernel = 1),
  margin = function(seg) margin(seg, "core", mm = 2),
  margin_in = function(seg) margin(seg, "core", mm = -1),
  hollow = function(seg) hollow(seg, "core", thickness = 1, mode = "medial"),
  islands = function(seg) islands(seg, "core", "remove_small", minimum_size = 200),
  islands_add = function(seg) {
    free <- which(as.array(seg) == 0 & seg_allowed(seg), arr.ind = TRUE)
    if (nrow(free) == 0) return(seg)
    islands(seg, "core", "add_selected", at = as.vector(voxel_to_mm(seg, free[1, ])))
  },
  split_islands = function(seg) split_islands(seg, "rim", minimum_size = 0),
  combine_segments = function(seg) combine_segments(seg, "core", "add", "rim"),
  invert = function(seg) combine_segments(seg, "core", "invert"),
  clear = function(seg) combine_segments(seg, "rim", "clear"),
  fill = function(seg) combine_segments(seg, "rim", "fill"),
  other = function(seg) {
    combine_segments(seg, "core", "subtract", "dark", other = as_segmentation(
      as.array(attr(seg, "scan")) < 50, attr(seg, "scan"), "dark"
    ))
  },
  fill_holes = function(seg) fill_holes(seg, "core", plane = "axial"),
  fill_between_slices = function(seg) {
    drawn <- c("core", "rim")
    fill_between_slices(seg, drawn, plane = "axial")
  }
)

seg_allowed <- function(seg) attr(seg, "allowed_for_test") %||% array(TRUE, dim(seg))

# Where the masks of this file let voxels change, by the definition.
masks <- list(
  range = list(
    set = function(seg) editable_range(seg, 20, 75.5),
    allowed = function(seg, scan) as.array(scan >= 20 & scan <= 75.5)
  ),
  inside = list(
    set = function(seg) editable_area(seg, inside = "core"),
    allowed = function(seg, scan) seg == "core"
  ),
  outside = list(
    set = function(seg) editable_area(seg, outside = TRUE),
    allowed = function(seg, scan) seg == 0
  ),
  mask = list(
    set = function(seg) {
      half <- array(rep(1:20 > 8, 96), dim(seg))
      editable_range(editable_area(seg, inside = half, outside = "rim"), upper = 60)
    },
    allowed = function(seg, scan) {
      array(rep(1:20 > 8, 96), dim(seg)) & seg != "rim" & as.array(scan) <= 60
    }
  )
)

drawn_segments <- function(scan) {
  # With an empty slice and a hole, so that every verb has something to do.
  two_segments(scan) |>
    paint("core", at = c(9, 9, 1), unit = "voxels", sphere = FALSE, diameter = 3) |>
    erase("core", at = c(10, 8, 3), unit = "voxels", diameter = 0.1)
}

test_that("no voxel outside the mask ever changes, whatever the verb", {
  skip_if_no_core()
  scan <- oblique_scan()
  seg <- drawn_segments(scan)
  for (mask in names(masks)) {
    masked <- masks[[mask]]$set(seg)
    allowed <- masks[[mask]]$allowed(seg, scan)
    expect_true(any(allowed) && !all(allowed))
    attr(masked, "allowed_for_test") <- allowed
    refused <- character()
    busy <- 0
    for (name in names(edits)) {
      after <- tryCatch(quietly(edits[[name]](masked)), medvoxel_error_input = function(e) NULL)
      if (is.null(after)) {
        refused <- c(refused, name)
        next
      }
      different <- as.array(after) != as.array(seg)
      busy <- busy + any(different)
      expect_false(any(different & !allowed), info = paste(mask, name))
    }
    # Where all seeds are barred, nothing can grow.
    barred <- if (mask == "outside") c("grow_from_seeds", "grow_coarse") else character()
    expect_identical(refused, barred, info = mask)
    # Within a segment or without any, some verbs have nothing to do.
    expect_gt(busy, length(edits) / 3)
  }
})

test_that("no verb is left out here", {
  everything <- asNamespace("medvoxel")
  verbs <- Filter(function(name) {
    calls <- all.names(body(everything[[name]]))
    any(c("edit_labels", "fill_labels") %in% calls)
  }, Filter(function(name) is.function(everything[[name]]), getNamespaceExports(everything)))
  used <- unlist(lapply(edits, function(edit) all.names(body(edit))))
  # It removes segments with all of their voxels or not at all, see test-segment-table.R.
  expect_identical(setdiff(verbs, c(used, "remove_segment")), character())
})

test_that("without a mask each of these verbs does change voxels", {
  skip_if_no_core()
  seg <- drawn_segments(oblique_scan())
  same <- vapply(edits, function(edit) {
    identical(as.array(quietly(edit(seg))), as.array(seg))
  }, NA)
  # A single island is split into itself.
  expect_identical(setdiff(names(same)[same], "split_islands"), character())
})

test_that("the segments of others are taken as the policy says", {
  skip_if_no_core()
  seg <- two_segments() |>
    add_segment("hidden") |>
    paint("hidden", at = c(12, 12, 4), unit = "voxels", diameter = 4) |>
    set_segment("hidden", visible = FALSE)
  all_of_it <- array(TRUE, dim(seg))
  taken <- function(policy) {
    after <- quietly(paint(overwrite(seg, policy), "core", mask = all_of_it))
    c(rim = any(after == "rim"), hidden = any(after == "hidden"))
  }
  expect_identical(taken("all"), c(rim = FALSE, hidden = FALSE))
  expect_identical(taken("visible"), c(rim = FALSE, hidden = TRUE))
  expect_identical(taken("none"), c(rim = TRUE, hidden = TRUE))
})

test_that("a restriction is shown, and taken away again", {
  seg <- segmentation(oblique_scan(), c("core", "rim"))
  set <- seg |>
    editable_range(2, 1000) |>
    editable_area(inside = "core", outside = TRUE) |>
    overwrite("none")
  expect_snapshot(print(set))
  free <- set |> editable_range() |> editable_area() |> overwrite("all")
  expect_null(attr(free, "masking"))
  expect_match(format(editable_range(seg, upper = 5)), "up to 5 HU", all = FALSE)
})

test_that("what cannot be meant is refused", {
  scan <- oblique_scan()
  seg <- segmentation(scan, "core")
  expect_error(editable_range(seg, 5, 2), "Swap", class = "medvoxel_error_input")
  expect_error(editable_range(scan, 5), class = "medvoxel_error_input")
  bare <- seg
  attr(bare, "scan") <- NULL
  expect_error(editable_range(bare, 5), "as_segmentation", class = "medvoxel_error_input")
  expect_error(editable_area(seg, inside = "bone"), "core", class = "medvoxel_error_input")
  wrong <- array(TRUE, c(2, 2, 2))
  expect_error(editable_area(seg, inside = wrong), class = "medvoxel_error_geometry")
  moved <- as_scan(array(1, dim(scan)), spacing = 1)
  expect_error(editable_area(seg, inside = moved), class = "medvoxel_error_geometry")
  expect_error(overwrite(seg, "some"), class = "medvoxel_error_input")
})
