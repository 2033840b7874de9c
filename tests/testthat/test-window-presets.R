test_that("presets are consistent windows with unique names", {
  presets <- window_presets()
  expect_named(presets, c("name", "level", "width", "lower", "upper", "shows"))
  expect_equal(anyDuplicated(presets$name), 0)
  expect_equal(presets$upper - presets$lower, presets$width)
  expect_equal((presets$upper + presets$lower) / 2, presets$level)
  # Level and width as radiologists say them: abdomen 50/400, bone 400/1800.
  expect_equal(unlist(presets[presets$name == "abdomen", c("lower", "upper")], use.names = FALSE),
               c(-150, 250))
  expect_equal(unlist(presets[presets$name == "bone", c("lower", "upper")], use.names = FALSE),
               c(-500, 1300))
})

test_that("a window is numbers, a name for HU, or chosen by the unit", {
  hu <- as_scan(array(-500:499, c(10, 10, 10)), unit = "HU")
  expect_equal(resolve_window(c(-10, 90), hu), c(-10, 90))
  expect_equal(resolve_window("lung", hu), c(-1350, 150))
  expect_equal(resolve_window(NULL, hu), c(-200, 600))
  expect_error(resolve_window("lungs", hu), class = "medvoxel_error_input")
  expect_error(resolve_window(c(5, 5), hu), class = "medvoxel_error_input")
  expect_error(resolve_window(c(90, -10), hu), class = "medvoxel_error_input")
  expect_error(resolve_window(c(0, NA), hu), class = "medvoxel_error_input")
  mr <- as_scan(array(0:999, c(10, 10, 10)), unit = "stored values")
  expect_error(resolve_window("lung", mr), "Hounsfield", class = "medvoxel_error_input")
})

test_that("without HU, air around the body does not decide the brightness", {
  # 90 % padding and dim air, 10 % tissue from 400 to 600.
  values <- c(rep(0, 50000), rep(5:14, 4000), seq(400, 600, length.out = 10000))
  x <- as_scan(array(values, c(100, 100, 10)), unit = "stored values")
  window <- resolve_window(NULL, x)
  expect_equal(window, c(5, 598), tolerance = 0.01)
  flat <- as_scan(array(7, c(3, 3, 3)))
  expect_equal(resolve_window(NULL, flat), c(6.5, 7.5))
})

test_that("the sample for percentiles visits every column and row", {
  x <- as_scan(array(rep(1:512, 512 * 8), c(512, 512, 8)))
  expect_gt(length(unique(sample_values(x, 20000))), 500)
  rows <- as_scan(array(rep(rep(1:512, each = 512), 8), c(512, 512, 8)))
  expect_gt(length(unique(sample_values(rows, 20000))), 500)
  expect_lt(length(sample_values(x, 20000)), 25000)
})
