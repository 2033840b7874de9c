moved_box <- function(by, spacing = c(0.5, 0.8, 4)) {
  scan <- as_scan(array(0L, c(24, 20, 12)), spacing = spacing)
  labels <- array(0L, dim(scan))
  labels[6:14 + by[1], 5:12 + by[2], 4:7 + by[3]] <- 1L
  as_segmentation(labels, scan, "box")
}

test_that("a moved box is as far away as it was moved, in mm of each axis", {
  skip_if_no_core()
  for (spacing in list(c(0.5, 0.8, 4), c(1, 1, 5))) {
    for (axis in 1:3) {
      by <- replace(c(0, 0, 0), axis, 2)
      mm <- 2 * spacing[axis]
      table <- surface_distance(
        moved_box(c(0, 0, 0), spacing), moved_box(by, spacing), tolerance = mm
      )
      expect_equal(table$hausdorff_mm, mm)
      expect_equal(table$surface_dice, 1)
      expect_lt(table$mean_mm, mm)
      expect_equal(table$area_a_mm2, table$area_b_mm2)
    }
  }
})

test_that("equal surfaces are at distance 0", {
  skip_if_no_core()
  box <- moved_box(c(0, 0, 0))
  table <- surface_distance(box, box, tolerance = 0)
  expect_identical(
    unlist(table[c("hausdorff_mm", "hausdorff95_mm", "mean_mm", "surface_dice")]),
    c(hausdorff_mm = 0, hausdorff95_mm = 0, mean_mm = 0, surface_dice = 1)
  )
  expect_equal(table$tolerance_mm, 0)
})

test_that("an empty segment has no distance", {
  skip_if_no_core()
  box <- moved_box(c(0, 0, 0))
  empty <- as_segmentation(array(0L, dim(box)), box, "box")
  table <- surface_distance(box, empty)
  expect_identical(table$hausdorff_mm, NA_real_)
  expect_identical(table$surface_dice, NA_real_)
  expect_identical(table$note, "no voxel in b")
})

test_that("the tolerance is checked", {
  box <- moved_box(c(0, 0, 0))
  expect_error(surface_distance(box, box, tolerance = -1), class = "medvoxel_error_input")
  expect_error(surface_distance(box, box, tolerance = Inf), class = "medvoxel_error_input")
  expect_error(surface_distance(box, 1), class = "medvoxel_error_input")
})
