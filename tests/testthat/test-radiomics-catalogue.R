test_that("every feature that can be computed stands in the catalogue", {
  skip_if_no_core()
  catalogue <- radiomics_catalogue()
  expect_setequal(unique(catalogue$definition), c("pyradiomics", "ibsi"))
  expect_identical(anyDuplicated(paste(catalogue$definition, catalogue$feature_class,
                                       catalogue$name)), 0L)
  glcm <- radiomics_catalogue("pyradiomics", "glcm")
  expect_identical(sum(glcm$by_default), 24L)
  expect_identical(nrow(radiomics_catalogue("ibsi", "glcm")), 25L)
  expect_error(radiomics_catalogue("ibsi", "gldm"), class = "medvoxel_error_input")
  expect_error(radiomics_catalogue("mine"), class = "medvoxel_error_input")
})
