test_that("the table holds the published ranges from dark to bright", {
  table <- tissue_ranges()
  expect_identical(names(table), c("tissue", "lower", "upper", "colour"))
  range_of <- function(tissue) {
    row <- match(tissue, table$tissue)
    c(table$lower[row], table$upper[row])
  }
  expect_identical(range_of("air"), c(-1000, -1000))
  expect_identical(range_of("fat"), c(-120, -90))
  expect_identical(range_of("water"), c(0, 0))
  expect_identical(range_of("muscle"), c(35, 55))
  expect_identical(range_of("cortical bone"), c(500, 1900))
  expect_false(is.unsorted(table$lower))
  expect_true(all(table$lower <= table$upper))
  expect_match(table$colour, "^#[0-9A-F]{6}$")
  expect_identical(anyDuplicated(table$tissue), 0L)
})

test_that("no Python is started for it", {
  skip_if_not_installed("callr")
  started <- fresh_session(function() {
    medvoxel::tissue_ranges()
    reticulate::py_available(initialize = FALSE)
  })
  expect_false(started)
})
