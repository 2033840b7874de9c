test_that("conditions have a class for their kind and one for all", {
  for (kind in condition_kinds) {
    expect_error(medvoxel_abort("x", kind), class = paste0("medvoxel_error_", kind))
    expect_error(medvoxel_abort("x", kind), class = "medvoxel_error")
    expect_warning(medvoxel_warn("x", kind), class = paste0("medvoxel_warning_", kind))
  }
  expect_message(medvoxel_inform("x"), class = "medvoxel_message")
})

test_that("templates are evaluated where the caller stands", {
  f <- function(size) medvoxel_abort("size {size}", "input")
  expect_error(f(3), "size 3")
})
