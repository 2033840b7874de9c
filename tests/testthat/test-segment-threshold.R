scan <- as_scan(
  array(c(-50L, 99L, 100L, 200L, 201L, 900L), c(3, 2, 1)),
  spacing = c(0.5, 0.8, 4), origin = c(1, 2, 3), unit = "HU"
)

test_that("both bounds are inclusive", {
  skip_if_no_core()
  seg <- segment_threshold(scan, 100, 200)
  expect_s3_class(seg, "medvoxel_segmentation")
  expect_identical(as.array(seg), (as.array(scan) >= 100 & as.array(scan) <= 200) + 0L)
  expect_identical(affine(seg), affine(scan))
  expect_identical(segment_table(seg)$name, "100 to 200 HU")
})

test_that("one bound is enough", {
  skip_if_no_core()
  expect_identical(sum(as.array(segment_threshold(scan, lower = 200))), 3L)
  expect_identical(sum(as.array(segment_threshold(scan, upper = 99.5))), 2L)
  expect_identical(segment_table(segment_threshold(scan, 200, name = "bone"))$name, "bone")
})

test_that("x keeps its place when the axes differ", {
  skip_if_no_core()
  values <- array(seq_len(60), c(5, 4, 3))
  x <- as_scan(values, spacing = c(0.5, 0.8, 4))
  expect_identical(as.array(segment_threshold(x, 37, 37)) == 1L, values == 37)
})

test_that("Otsu's threshold is the best cut by definition", {
  skip_if_no_core()
  values <- withr::with_seed(1, round(c(rnorm(300, -80, 40), rnorm(60, 300, 120))))
  cuts <- head(sort(unique(values)), -1)
  between <- vapply(cuts, function(cut) {
    dark <- values[values <= cut]
    bright <- values[values > cut]
    length(dark) * length(bright) * (mean(dark) - mean(bright))^2
  }, 0)
  x <- as_scan(array(as.integer(values), c(10, 12, 3)), unit = "HU")
  seg <- segment_threshold(x, method = "otsu")
  expect_identical(as.array(seg) == 1L, as.array(x) > cuts[which.max(between)])
  expect_match(segment_table(seg)$name, "^above .* HU \\(Otsu\\)$")
})

test_that("bad arguments are refused before Python is asked", {
  expect_error(segment_threshold(scan, lower = NA), class = "medvoxel_error_input")
  expect_error(segment_threshold(scan, lower = "a"), class = "medvoxel_error_input")
  expect_error(segment_threshold(scan, 1, method = "minimum"), class = "medvoxel_error_input")
  expect_error(segment_threshold(scan, method = "li", side = "x"), class = "medvoxel_error_input")
  expect_error(segment_threshold(scan, method = "li", bins = 1), class = "medvoxel_error_input")
  expect_error(segment_threshold(array(1, c(2, 2, 2)), 1), class = "medvoxel_error_input")
})

test_that("the core's complaints arrive as conditions", {
  skip_if_no_core()
  expect_error(segment_threshold(scan), "lower, upper or both", class = "medvoxel_error_input")
  expect_error(segment_threshold(scan, 1, side = "below"), "side is for",
               class = "medvoxel_error_input")
  expect_error(segment_threshold(scan, 2, 1), "above upper", class = "medvoxel_error_input")
  expect_error(segment_threshold(scan, Inf), "finite", class = "medvoxel_error_input")
  expect_warning(
    seg <- segment_threshold(scan, lower = 5000), "-50 to 900 HU", class = "medvoxel_warning"
  )
  expect_identical(sum(as.array(seg)), 0L)
  expect_identical(nrow(segment_table(seg)), 1L)
})

test_that("an infinite bound is no bound", {
  skip_if_no_core()
  x <- as_scan(array(c(40L, 60L, 900L, 1100L), c(2, 2, 1)), unit = "HU")
  above <- segment_threshold(x, 300, name = "a")
  expect_identical(segment_threshold(x, 300, Inf, name = "a"), above)
  expect_identical(
    segment_threshold(x, -Inf, 300, name = "a"), segment_threshold(x, upper = 300, name = "a")
  )
})

test_that("each method of the histogram parts two tissues, and either side is kept", {
  skip_if_no_core()
  values <- withr::with_seed(1, round(c(rnorm(1500, 0, 20), rnorm(500, 400, 40))))
  x <- as_scan(array(as.integer(values), c(20, 20, 5)), unit = "HU")
  labels <- c(otsu = "Otsu", isodata = "IsoData", li = "Li", triangle = "Triangle", yen = "Yen")
  for (method in names(labels)) {
    above <- segment_threshold(x, method = method)
    below <- segment_threshold(x, method = method, side = "below")
    expect_true(all(as.array(above) + as.array(below) == 1L))
    expect_gt(mean((as.array(above) == 1L) == (seq_len(2000) > 1500)), 0.94)
    name <- segment_table(above)$name
    expect_match(name, sprintf("^above -?[0-9]+ HU \\(%s\\)$", labels[[method]]))
    expect_identical(segment_table(below)$name, sub("above", "up to", name))
  }
  # Ten bins cut in steps of a tenth of the range.
  steps <- (range(values)[1] + diff(range(values)) * (1:9) / 10)
  coarse <- segment_table(segment_threshold(x, method = "otsu", bins = 10))$name
  cut <- as.numeric(sub("above (\\S+) HU.*", "\\1", coarse))
  expect_lte(min(abs(cut + 1 - steps)), 1)
})

test_that("the scan is carried, and the code makes the labels again", {
  skip_if_no_core()
  made <- list(
    segment_threshold(scan, 100, 200.5, name = "some"),
    segment_threshold(scan, -60, method = "otsu", side = "below", bins = 50)
  )
  for (seg in made) {
    expect_identical(attr(seg, "scan"), scan)
    expect_identical(eval(str2lang(attr(seg, "history")$made)), seg)
  }
  expect_identical(
    attr(made[[2]], "history")$made,
    'segment_threshold(scan, lower = -60, method = "otsu", side = "below", bins = 50)'
  )
})
