library(testthat)
library(medvoxel)

test_check("medvoxel")
