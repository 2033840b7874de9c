# Three islands of 27, 8 and 1 voxels, and a hole of one voxel in the first.
three_islands <- function() {
  labels <- array(0L, c(12, 12, 6))
  labels[2:4, 2:4, 2:4] <- 1L
  labels[3, 3, 3] <- 0L
  labels[7:8, 7:8, 2:3] <- 1L
  labels[11, 11, 5] <- 1L
  scan <- as_scan(array(0, dim(labels)), spacing = c(0.5, 0.8, 4))
  as_segmentation(labels, scan, c("bone", "other"))
}

counts <- function(seg) summary(seg)$voxels

test_that("each operation keeps and removes what it says", {
  skip_if_no_core()
  seg <- three_islands()
  at <- function(...) as.vector(voxel_to_mm(seg, c(...)))
  count <- function(...) counts(quietly(islands(seg, "bone", ...)))[1]
  expect_identical(count(), 26L)
  expect_identical(count("remove_small", minimum_size = 8), 34L)
  expect_identical(count("remove_small", minimum_size = 8.1 * 1.6, size_unit = "mm3"), 26L)
  expect_identical(count("remove_small", minimum_size = 8 * 1.6, size_unit = "mm3"), 34L)
  expect_identical(count("keep_selected", at = at(7, 8, 2)), 8L)
  expect_identical(count("remove_selected", at = rbind(at(7, 8, 2), at(11, 11, 5))), 26L)
  expect_identical(count("add_selected", at = at(3, 3, 3)), 36L)
  expect_identical(count("split", minimum_size = 2), 26L)
})

test_that("islands become segments of their own, the largest first", {
  skip_if_no_core()
  split <- quietly(split_islands(three_islands(), "bone", minimum_size = 0))
  table <- segment_table(split)
  expect_identical(table$name, c("bone 1", "bone 2", "bone 3", "other"))
  expect_identical(table$value, c(1L, 3L, 4L, 2L))
  expect_identical(counts(split), c(26L, 8L, 1L, 0L))
  expect_identical(split == "bone 2", array(
    seq_len(864) %in% which(three_islands() == 1 & slice.index(split, 1) %in% 7:8), dim(split)
  ))
})

test_that("corners connect where 26 neighbours are asked for", {
  skip_if_no_core()
  labels <- array(0L, c(4, 4, 2))
  labels[cbind(1:3, 1:3, 1)] <- 1L
  seg <- as_segmentation(labels, as_scan(array(0, c(4, 4, 2))), "chain")
  expect_identical(counts(quietly(islands(seg, "chain"))), 1L)
  expect_identical(counts(quietly(islands(seg, "chain", connectivity = 26))), 3L)
})

test_that("what is missing or elsewhere is named", {
  skip_if_no_core()
  seg <- three_islands()
  expect_error(islands(seg, "bone", "keep_selected"), "at", class = "medvoxel_error_input")
  expect_error(
    islands(seg, "bone", "keep_selected", at = c(0, 0, 0)), "not in segment",
    class = "medvoxel_error_input"
  )
  expect_error(islands(seg, "bone", "keep_best"), class = "medvoxel_error_input")
  expect_error(islands(seg, c("bone", "other")), class = "medvoxel_error_input")
  expect_error(islands(seg, "bone", connectivity = 8), class = "medvoxel_error_input")
  expect_error(split_islands(seg, "other"), "no voxels", class = "medvoxel_error_input")
})

test_that("arguments of another operation are not passed over", {
  seg <- three_islands()
  expect_error(islands(seg, "bone", minimum_size = 5), "keep_largest")
  expect_error(islands(seg, "bone", at = c(1, 1, 1)), class = "medvoxel_error_input")
})
