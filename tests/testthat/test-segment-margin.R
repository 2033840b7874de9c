# Millimetres from each voxel to the nearest voxel of a mask, by the definition.
distance_to_mask <- function(scan, mask) {
  points <- voxel_to_mm(scan, which(mask, arr.ind = TRUE))
  nearest <- lapply(seq_len(nrow(points)), function(i) distance_to(scan, points[i, ]))
  do.call(pmin, nearest)
}

test_that("a margin reaches every voxel within its distance and no other", {
  skip_if_no_core()
  scan <- oblique_scan(c(14, 12, 5))
  seg <- segmentation(scan, "a") |>
    paint("a", at = rbind(c(5, 5, 3), c(8, 6, 3)), unit = "voxels", diameter = 2)
  inside <- seg == "a"
  grown <- quietly(margin(seg, "a", mm = 2.1))
  expect_identical(grown == "a", distance_to_mask(scan, inside) <= 2.1)
  shrunk <- quietly(margin(grown, "a", mm = -1.1))
  expect_identical(shrunk == "a", distance_to_mask(scan, grown != "a") > 1.1)
})

test_that("a shell lies inside, around and on the outline", {
  skip_if_no_core()
  scan <- as_scan(array(0, c(31, 31, 9)), spacing = c(0.5, 0.5, 2))
  seg <- segmentation(scan, "a") |> paint("a", at = c(7.5, 7.5, 8), diameter = 9)
  inside <- seg == "a"
  within <- quietly(hollow(seg, "a", thickness = 1, mode = "outside")) == "a"
  around <- quietly(hollow(seg, "a", thickness = 1, mode = "inside")) == "a"
  expect_true(all(inside[within]))
  expect_false(any(inside[around]))
  expect_identical(around, distance_to_mask(scan, inside) <= 1 & !inside)
  expect_identical(within, inside & distance_to_mask(scan, !inside) <= 1)
})

test_that("the volumes are said, and what would do nothing is refused", {
  skip_if_no_core()
  seg <- two_segments()
  before <- summary(seg)$volume_ml[1]
  said <- rlang::catch_cnd(margin(seg, "core", mm = 1), "medvoxel_message")
  after <- summary(quietly(margin(seg, "core", mm = 1)))$volume_ml[1]
  expect_match(conditionMessage(said), format(signif(before, 4)), fixed = TRUE)
  expect_match(conditionMessage(said), format(signif(after, 4)), fixed = TRUE)
  expect_error(margin(seg, "core", mm = 0.4), "one voxel", class = "medvoxel_error_input")
  expect_error(margin(seg, "core", mm = 0), class = "medvoxel_error_input")
  expect_error(hollow(seg, "core", thickness = -1), class = "medvoxel_error_input")
  expect_error(hollow(seg, "core", mode = "both"), class = "medvoxel_error_input")
})

test_that("numbers are meant for ggplot2's function of this name", {
  expect_identical(margin(1, 2, 3, 4), ggplot2::margin(1, 2, 3, 4))
  expect_identical(margin(t = 5, unit = "cm"), ggplot2::margin(t = 5, unit = "cm"))
  expect_identical(margin(), ggplot2::margin())
  expect_error(margin("a"), class = "medvoxel_error_input")
  expect_error(margin(oblique_scan(), 1), class = "medvoxel_error_input")
})
