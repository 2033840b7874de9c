skip_if_no_core()

oblique <- function(values) {
  a <- 0.3
  rotation <- matrix(c(cos(a), sin(a), 0, -sin(a), cos(a), 0, 0, 0, -1), 3)
  as_scan(values, spacing = c(0.5, 0.8, 4), origin = c(1, 2, 3), direction = rotation,
          modality = "CT", unit = "HU")
}
full_table <- function() {
  data.frame(
    value = c(200L, 3L), name = c("a", "M\u00fcller"), colour = c("#112233", "#445566"),
    visible = c(FALSE, TRUE), status = c("in progress", NA), code = c("SCT^13024002^Tendon", NA)
  )
}
there_and_back <- function(x) {
  core <- py_core()
  from_python(to_python(x, core), core)
}

test_that("a scan comes back identical, whatever its type", {
  unique_numbers <- array(1:60, c(3, 4, 5))
  for (values in list(unique_numbers, unique_numbers + 0.5, unique_numbers * -1L)) {
    x <- oblique(values)
    expect_identical(there_and_back(x), x)
  }
  x <- oblique(unique_numbers)
  attr(x, "info") <- list(kernel = "B30f", slices = 5L)
  expect_identical(there_and_back(x), x)
})

test_that("the first index of R is the last of Python", {
  core <- py_core()
  handle <- to_python(oblique(array(1:60, c(3, 4, 5))), core)
  expect_equal(unlist(reticulate::py_to_r(handle$array$shape)), c(5, 4, 3))
  # R's x[2, 3, 4] is Python's array[3, 2, 1].
  value <- reticulate::py_to_r(handle$array$item(3L, 2L, 1L))
  expect_equal(value, array(1:60, c(3, 4, 5))[2, 3, 4])
  expect_equal(unlist(reticulate::py_to_r(handle$grid$spacing)), c(4, 0.8, 0.5))
})

test_that("places agree in both languages", {
  core <- py_core()
  x <- oblique(array(0L, c(3, 4, 5)))
  handle <- to_python(x, core)
  place <- reticulate::py_to_r(handle$grid$index_to_lps(as_tuple(c(3, 2, 1))))
  expect_equal(as.vector(place), as.vector(voxel_to_mm(x, c(2, 3, 4))))
  expect_identical(reticulate::py_to_r(handle$grid$orientation), orientation(x))
})

test_that("a single slice and a single voxel keep three dimensions", {
  for (d in list(c(3, 4, 1), c(1, 1, 1), c(1, 4, 5))) {
    x <- oblique(array(seq_len(prod(d)), d))
    expect_identical(there_and_back(x), x)
  }
})

test_that("crossing shares memory and does not copy", {
  core <- py_core()
  handle <- to_python(oblique(array(1:60, c(3, 4, 5))), core)
  flags <- handle$array$flags
  expect_false(reticulate::py_to_r(flags$owndata))
  expect_false(reticulate::py_to_r(flags$writeable))
  expect_true(reticulate::py_to_r(flags$c_contiguous))
})

test_that("segmentations keep labels and table", {
  # The scan and the history stay in R.
  bare <- function(seg) {
    attr(seg, "scan") <- attr(seg, "history") <- NULL
    seg
  }
  x <- oblique(array(1:60, c(3, 4, 5)))
  one <- as_segmentation(x > 30, x, "upper half")
  expect_identical(there_and_back(one), bare(one))
  labels <- array(0L, dim(x))
  labels[1:5] <- 200L
  labels[6:9] <- 3L
  two <- as_segmentation(labels, x)
  expect_identical(there_and_back(two), bare(two))
  none <- as_segmentation(labels * 0L, x)
  expect_identical(there_and_back(none), bare(none))
  full <- as_segmentation(labels, x, full_table())
  expect_identical(segment_table(full), full_table())
  expect_identical(there_and_back(full), bare(full))
})

test_that("a segment table has what Python needs, also one of an older version", {
  table <- full_table()
  rows <- list(
    list(200L, "a", "#112233", FALSE, "in progress", "SCT^13024002^Tendon"),
    list(3L, "M\u00fcller", "#445566", TRUE, NULL, NULL)
  )
  expect_identical(segment_rows(table), rows)
  expect_identical(as_segment_table(rows), table)
  old <- segment_rows(table[c("value", "name", "colour")])
  expect_identical(old[[1]], list(200L, "a", "#112233", TRUE, NULL, NULL))
  expect_identical(as_segment_table(list()), table[0, ])
  x <- oblique(array(0L, c(3, 4, 5)))
  handle <- to_python(as_segmentation(array(0L, c(3, 4, 5)), x, table), py_core())
  text <- reticulate::py_str(handle$segments)
  expect_match(text, "visible=False, status='in progress', code='SCT^13024002", fixed = TRUE)
  expect_match(text, "visible=True, status=None, code=None", fixed = TRUE)
})

test_that("meshes count faces from 1 here and from 0 there", {
  table <- full_table()
  vertices <- rbind(c(0, 0, 0), c(1, 0, 0), c(0, 1, 0), c(0, 0, 1))
  colnames(vertices) <- c("x", "y", "z")
  faces <- rbind(c(1L, 3L, 2L), c(1L, 2L, 4L), c(1L, 4L, 3L), c(2L, 3L, 4L))
  mesh <- new_mesh(vertices, faces, rep(3L, 4), table)
  expect_identical(there_and_back(mesh), mesh)
  handle <- to_python(mesh, py_core())
  expect_equal(reticulate::py_to_r(handle$faces$min()), 0)
})

test_that("tables arrive with typed columns and NA for what is not known", {
  part <- list(columns = list(
    list(name = "a", type = "integer", values = 1L),
    list(name = "b", type = "double", values = list(NULL)),
    list(name = "c", type = "character", values = "x")
  ))
  expect_identical(as_table(part), data.frame(a = 1L, b = NA_real_, c = "x"))
})

test_that("what Python refuses is an error of the verb, and Python goes on", {
  verb <- function(x) core_call("resample", x, spacing = "nonsense")
  x <- oblique(array(1:60, c(3, 4, 5)))
  error <- expect_error(verb(x), class = "medvoxel_error")
  expect_match(deparse(error$call)[1], "verb")
  expect_match(error$traceback, "Traceback")
  expect_s3_class(there_and_back(x), "medvoxel_scan")
})
