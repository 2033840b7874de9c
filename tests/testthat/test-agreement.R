# A segment of that many voxels.
filled <- function(count, spacing = c(0.5, 0.8, 4)) {
  scan <- as_scan(array(0L, c(5, 4, 3)), spacing = spacing)
  as_segmentation(array(seq_len(60) <= count, c(5, 4, 3)), scan, "tendon")
}

# Shrout and Fleiss (1979), table 2: six targets, four judges.
judges <- cbind(
  c(9, 6, 8, 7, 10, 6), c(2, 1, 4, 1, 5, 2), c(5, 3, 6, 2, 6, 4), c(8, 2, 8, 6, 9, 7)
)

test_that("the correlations are those that were published", {
  skip_if_no_core()
  observers <- lapply(1:4, function(j) lapply(judges[, j], filled))
  names(observers) <- c("anna", "ben", "eve", "tom")
  found <- agreement(observers)
  expect_identical(found$icc$type, c("ICC(2,1)", "ICC(3,1)"))
  expect_equal(round(found$icc$icc, 2), c(0.29, 0.71))
  expect_equal(found$icc$lower, c(0.019, 0.342), tolerance = 2e-2)
  expect_equal(found$icc$upper, c(0.761, 0.946), tolerance = 1e-3)
  expect_identical(found$icc$cases, c(6L, 6L))
  expect_identical(nrow(found$pairs), 36L)
  expect_equal(
    found$pairs$dice,
    unlist(lapply(1:6, function(i) {
      utils::combn(4, 2, function(p) 2 * min(judges[i, p]) / sum(judges[i, p]))
    }))
  )
  expect_equal(found$summary$dice_mean, mean(found$pairs$dice))
  expect_equal(found$summary$dice_sd, sd(found$pairs$dice))
})

test_that("one case has no correlation, with a reason", {
  skip_if_no_core()
  found <- agreement(list(anna = filled(10), ben = filled(20)))
  expect_equal(found$pairs$dice, 2 / 3)
  expect_identical(found$icc$icc, c(NA_real_, NA_real_))
  expect_match(found$icc$note, "needs two cases")
  expect_output(print(found), "2 observers, 1 case\\b")
})

test_that("cases are matched by name, and gaps are said", {
  skip_if_no_core()
  found <- agreement(list(
    anna = list(one = filled(10), two = filled(20), three = filled(30)),
    ben = list(three = filled(33), two = filled(0), one = filled(10))
  ))
  expect_identical(found$pairs$case, c("one", "two", "three"))
  expect_equal(found$pairs$dice, c(1, 0, 60 / 63))
  expect_identical(found$pairs$note, c("", "no voxel from ben", ""))
  expect_identical(found$summary$missing, 0L)
  expect_match(found$icc$note, "1 of 3 cases left out")
})

test_that("lists without names are counted, half named ones refused", {
  skip_if_no_core()
  found <- agreement(list(filled(10), filled(20), filled(20)))
  expect_identical(found$pairs$observer_b, c("2", "3", "3"))
  expect_error(agreement(list(a = filled(1), filled(2))), class = "medvoxel_error_input")
  # A word that R's own dict() would take for itself.
  expect_identical(agreement(list(convert = filled(1), x = filled(1)))$summary$dice_mean, 1)
})

test_that("what is no list of segmentations is refused in R", {
  expect_error(agreement(filled(10)), "named list", class = "medvoxel_error_input")
  expect_error(
    agreement(list(anna = filled(1), ben = 3)), "observers\\$ben", class = "medvoxel_error_input"
  )
  expect_error(
    agreement(list(anna = list(filled(1)), ben = list(3))), "observers\\$ben\\$1",
    class = "medvoxel_error_input"
  )
  skip_if_no_core()
  expect_error(agreement(list(anna = filled(1))), "two", class = "medvoxel_error_input")
  expect_error(
    agreement(list(anna = filled(1), ben = filled(1, c(1, 1, 1)))), "ben",
    class = "medvoxel_error_geometry"
  )
})
