fake_table <- function(values, segments = letters[seq_len(nrow(values))]) {
  structure(
    data.frame(segment = segments, values), settings = list(definition = "pyradiomics"),
    features = names(values),
    class = c("medvoxel_radiomics", "data.frame")
  )
}

test_that("the published example comes out", {
  skip_if_no_core()
  # Shrout and Fleiss (1979), table 2.
  judges <- cbind(
    c(9, 6, 8, 7, 10, 6), c(2, 1, 4, 1, 5, 2), c(5, 3, 6, 2, 6, 4), c(8, 2, 8, 6, 9, 7)
  )
  tables <- lapply(1:4, function(judge) {
    fake_table(data.frame(x = judges[, judge], y = seq_len(6) + 0))
  })
  found <- reliability(tables)
  expect_identical(found$feature, c("x", "y"))
  expect_equal(round(found$icc, 2), c(0.29, 1))
  expect_equal(round(found$consistency[1], 2), 0.71)
  expect_equal(found$variation[2], 0)
})

test_that("missing values are NA with a note", {
  skip_if_no_core()
  tables <- list(
    a = fake_table(data.frame(x = c(1, 2, 3), y = NA_real_)),
    b = fake_table(data.frame(x = c(1.1, NA, 3.2), y = NA_real_))
  )
  found <- reliability(tables)
  expect_identical(found$cases, c(2L, 0L))
  expect_match(found$note[1], "1 of 3")
  expect_identical(found$icc[2], NA_real_)
})

test_that("tables of other rows are refused", {
  one <- fake_table(data.frame(x = 1:3))
  expect_error(reliability(list(one)), "two or more", class = "medvoxel_error_input")
  expect_error(
    reliability(list(a = one, b = fake_table(data.frame(x = 1:3), c("a", "b", "d")))), "b",
    class = "medvoxel_error_input"
  )
  expect_error(reliability(list(one, data.frame(x = 1:3))), class = "medvoxel_error_input")
})

test_that("outlines are moved in and out, and neighbours leave each other alone", {
  skip_if_no_core()
  scan <- oblique_scan()
  labels <- array(0L, dim(scan))
  labels[3:9, 4:12, 2:5] <- 1L
  labels[10:16, 4:12, 2:5] <- 2L
  seg <- as_segmentation(labels, scan, c("p", "q"))
  moved <- perturb_segments(seg, mm = c(-0.8, 0.8, 0.8))
  expect_named(moved, c("as drawn", "-0.8 mm", "+0.8 mm"))
  voxels <- vapply(moved, function(one) summary(one[[2]])$voxels, 0L)
  expect_true(voxels[2] < voxels[1] && voxels[1] < voxels[3])
  alone <- quietly(margin(as_segmentation(labels == 2, scan, "q"), mm = 0.8))
  expect_identical(moved[[3]][[2]] == "q", alone == "q")
  settings <- radiomics_settings(feature_classes = "firstorder")
  tables <- lapply(moved, function(one) radiomics(scan, one, settings))
  expect_identical(tables[[3]]$segment, c("p", "q"))
  expect_gt(nrow(reliability(tables)), 10)
  expect_error(perturb_segments(seg, mm = 0), class = "medvoxel_error_input")
})
