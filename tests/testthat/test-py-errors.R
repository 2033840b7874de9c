failure <- function(kind, message = "It is {broken}.", hint = NULL) {
  list(kind = kind, message = message, hint = hint, details = list(path = "p"),
       type = "SomeError", traceback = "Traceback ...")
}

test_that("a Python failure becomes a classed condition with its traceback in a field", {
  error <- expect_error(
    signal_failure(failure("dicom", hint = "Use {this}."), NULL), class = "medvoxel_error_dicom"
  )
  expect_match(conditionMessage(error), "It is {broken}.", fixed = TRUE)
  expect_match(conditionMessage(error), "Use {this}.", fixed = TRUE)
  expect_false(grepl("Traceback", conditionMessage(error)))
  expect_identical(error$traceback, "Traceback ...")
  expect_identical(error$python_type, "SomeError")
  expect_identical(error$details$path, "p")
})

test_that("what is unexpected asks for a report", {
  error <- expect_error(signal_failure(failure("what?"), NULL), class = "medvoxel_error_python")
  expect_match(conditionMessage(error), "medvoxel_sitrep")
})

test_that("warnings keep their kind", {
  expect_warning(
    signal_warnings(list(list(kind = "dicom", message = "a {b}", hint = NULL)), NULL),
    class = "medvoxel_warning_dicom"
  )
})
