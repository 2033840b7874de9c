table_of <- function(values) {
  structure(
    data.frame(segment = paste0("s", seq_len(nrow(values))), voxels = 1L, values),
    settings = list(definition = "pyradiomics"),
    features = names(values), class = c("medvoxel_radiomics", "data.frame")
  )
}

test_that("a heat map shows each feature as deviations from its mean", {
  values <- data.frame(a = c(1, 2, 3, 4), b = c(10, 20, 30, 40), c = c(5, 5, 5, 5))
  plot <- plot_radiomics(table_of(values))
  data <- plot$data
  of <- function(name) data$score[data$feature == name][order(data$case[data$feature == name])]
  expect_equal(sort(of("a")), as.vector(scale(1:4)))
  expect_equal(of("a"), of("b"))
  expect_equal(of("c"), c(0, 0, 0, 0))
  # Features that are alike stand together.
  places <- match(c("a", "b", "c"), levels(data$feature))
  expect_equal(abs(diff(places[1:2])), 1)
  expect_no_error(ggplot2::ggplot_build(plot))
})

test_that("features that say the same are one group", {
  withr::local_seed(1)
  x <- stats::rnorm(12)
  values <- data.frame(
    a = x, b = 2 * x + stats::rnorm(12, sd = 0.01), c = -x + stats::rnorm(12, sd = 0.01),
    d = stats::rnorm(12), e = 3
  )
  groups <- correlated_features(table_of(values), threshold = 0.9)
  of <- function(name) groups$group[groups$feature == name]
  expect_identical(of("a"), of("b"))
  expect_identical(of("a"), of("c"))
  expect_false(of("d") == of("a"))
  expect_false(of("e") %in% c(of("a"), of("d")))
  expect_true(all(tapply(groups$representative, groups$group, sum) == 1))
})

test_that("what cannot be compared is refused", {
  one <- table_of(data.frame(a = 1))
  expect_error(plot_radiomics(one), "1 row", class = "medvoxel_error_input")
  two <- table_of(data.frame(a = 1:2))
  expect_error(correlated_features(two), "three rows", class = "medvoxel_error_input")
  expect_error(plot_radiomics(two, "b"), "b", class = "medvoxel_error_input")
  expect_error(plot_radiomics(data.frame(a = 1)), class = "medvoxel_error_input")
})
