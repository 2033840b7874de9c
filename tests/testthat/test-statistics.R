turn <- function(angle) {
  matrix(c(cos(angle), sin(angle), 0, -sin(angle), cos(angle), 0, 0, 0, 1), 3)
}

case <- function() {
  values <- withr::with_seed(4, array(as.integer(round(rnorm(12 * 10 * 6, 100, 60))), c(12, 10, 6)))
  scan <- as_scan(
    values, spacing = c(0.5, 0.8, 4), origin = c(-12.5, 40, 7.25),
    direction = turn(0.4) %*% diag(c(1, 1, -1)), unit = "HU"
  )
  labels <- array(0L, dim(scan))
  labels[3:7, 2:8, 2:4] <- 5L
  labels[9:10, 4:5, 1] <- 2L
  table <- data.frame(value = c(5, 2, 9), name = c("tendon", "bone", "nothing"))
  list(scan = scan, seg = as_segmentation(labels, scan, table), labels = labels)
}

test_that("the numbers are those of R itself", {
  skip_if_no_core()
  case <- case()
  table <- segment_statistics(case$scan, case$seg, quantiles = c(0.05, 0.5, 0.95))
  expect_identical(table$value, c(5L, 2L, 9L))
  expect_identical(table$name, c("tendon", "bone", "nothing"))
  expect_identical(table$voxels, c(105L, 4L, 0L))
  expect_equal(table$volume_mm3, c(105, 4, 0) * 0.5 * 0.8 * 4)
  expect_equal(table$volume_ml, table$volume_mm3 / 1000)
  expect_identical(table$touches_border, c(FALSE, TRUE, FALSE))
  for (row in 1:2) {
    where <- case$labels == table$value[row]
    inside <- as.array(case$scan)[where]
    expect_equal(table$mean[row], mean(inside))
    expect_equal(table$sd[row], sd(inside))
    expect_equal(c(table$min[row], table$max[row]), as.double(range(inside)))
    expect_equal(
      unlist(table[row, c("q05", "q50", "q95")]), quantile(inside, c(0.05, 0.5, 0.95)),
      ignore_attr = TRUE
    )
    centre <- colMeans(voxel_to_mm(case$scan, which(where, arr.ind = TRUE)))
    expect_equal(
      unlist(table[row, c("centroid_x_mm", "centroid_y_mm", "centroid_z_mm")]), centre,
      ignore_attr = TRUE
    )
  }
})

test_that("what is not defined is NA with a reason, and the table is flat", {
  skip_if_no_core()
  case <- case()
  table <- segment_statistics(case$scan, case$seg)
  expect_s3_class(table, "data.frame")
  expect_false(any(vapply(table, is.list, NA)))
  expect_identical(table$note, c("", "", "the segment has no voxel"))
  expect_identical(table$mean[3], NA_real_)
  expect_false(is.nan(table$q50[3]))
  expect_true(all(c("q05", "q25", "q50", "q75", "q95") %in% names(table)))
})

test_that("surface area of a box, by hand", {
  skip_if_no_core()
  values <- array(0L, c(14, 11, 7))
  values[2:13, 2:10, 2:6] <- 1L
  x <- as_scan(values, spacing = c(0.5, 0.8, 4))
  side <- c(11 * 0.5, 8 * 0.8, 4 * 4) # between the outer voxel centres
  half <- c(0.25, 0.4, 2)
  faces <- 2 * (side[1] * side[2] + side[2] * side[3] + side[1] * side[3])
  edges <- 4 * (side[1] * sqrt(half[2]^2 + half[3]^2) + side[2] * sqrt(half[1]^2 + half[3]^2) +
                  side[3] * sqrt(half[1]^2 + half[2]^2))
  corners <- 4 * sqrt((half[1] * half[2])^2 + (half[2] * half[3])^2 + (half[1] * half[3])^2)
  table <- segment_statistics(x, segment_threshold(x, lower = 1))
  expect_equal(table$surface_area_mm2, faces + edges + corners, tolerance = 1e-6)
})

test_that("one quantile, no quantile, and unusual ones", {
  skip_if_no_core()
  case <- case()
  one <- segment_statistics(case$scan, case$seg, quantiles = 0.5)
  expect_identical(grep("^q[0-9]", names(one), value = TRUE), "q50")
  none <- segment_statistics(case$scan, case$seg, quantiles = numeric())
  expect_identical(grep("^q[0-9]", names(none), value = TRUE), character())
  odd <- segment_statistics(case$scan, case$seg, quantiles = c(0.025, 1))
  expect_identical(grep("^q[0-9]", names(odd), value = TRUE), c("q2_5", "q100"))
})

test_that("bad arguments are refused", {
  case <- case()
  expect_error(segment_statistics(case$scan, case$scan), class = "medvoxel_error_input")
  expect_error(
    segment_statistics(case$scan, case$seg, quantiles = c(5, 95)), class = "medvoxel_error_input"
  )
  empty <- as_segmentation(array(0L, dim(case$scan)), case$scan)
  expect_error(segment_statistics(case$scan, empty), "no segments", class = "medvoxel_error_input")
})

test_that("another grid is refused", {
  skip_if_no_core()
  case <- case()
  moved <- as_scan(as.array(case$scan), spacing = 1)
  expect_error(segment_statistics(moved, case$seg), class = "medvoxel_error_geometry")
})

test_that("a real scan is measured as R measures it", {
  skip_if_no_core()
  x <- read_nifti(test_data("leg-ct-mr", "nifti", "CT_image.nii.gz"))
  table <- segment_statistics(x, segment_threshold(x, lower = 300))
  inside <- as.array(x)[as.array(x) >= 300]
  expect_identical(table$voxels, length(inside))
  expect_equal(table$mean, mean(inside))
  expect_equal(table$q95, quantile(inside, 0.95), ignore_attr = TRUE)
})
