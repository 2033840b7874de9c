# A ball of noise beside a plain block, thick slices.
radiomics_scene <- function(dim = c(24, 20, 8)) {
  scan <- oblique_scan(dim)
  labels <- array(0L, dim)
  labels[distance_to(scan, as.vector(voxel_to_mm(scan, c(12, 10, 4)))) < 4.5] <- 1L
  labels[2:5, 2:5, 6:7] <- 2L
  as_segmentation(labels, scan, c("ball", "block"))
}

test_that("a table has a row a segment and features by pyradiomics' names", {
  skip_if_no_core()
  seg <- radiomics_scene()
  table <- radiomics(attr(seg, "scan"), seg)
  expect_s3_class(table, c("medvoxel_radiomics", "data.frame"), exact = TRUE)
  expect_identical(table$segment, c("ball", "block"))
  expect_identical(table$voxels, summary(seg)$voxels)
  expect_identical(table$touches_border, c(FALSE, FALSE))
  expect_identical(sum(grepl("^original_glcm_", names(table))), 24L)
  expect_true(all(c("original_shape_MeshVolume", "original_ngtdm_Busyness") %in% names(table)))
  expect_false(any(vapply(table, is.list, NA)))
})

test_that("values are those of R's own arithmetic", {
  skip_if_no_core()
  seg <- radiomics_scene()
  values <- attr(seg, "scan")[seg == "ball"]
  table <- radiomics(seg, settings = radiomics_settings(label = "ball"))
  expect_equal(table$original_firstorder_Mean, mean(values))
  expect_equal(table$original_firstorder_Variance, mean((values - mean(values))^2))
  expect_equal(table$original_firstorder_Minimum, min(values))
  expect_equal(table$original_shape_VoxelVolume, sum(seg == "ball") * prod(spacing(seg)))
  bins <- floor(values / 25)
  share <- table(bins) / length(bins)
  expect_equal(table$original_firstorder_Entropy, -sum(share * log2(share)))
  expect_identical(table$bins, length(share))
})

test_that("what is not defined is NA with a reason, never 0", {
  skip_if_no_core()
  scan <- oblique_scan()
  labels <- array(0L, dim(scan))
  labels[10, 8, 3] <- 1L
  labels[2:9, 2:9, 2:4] <- 2L
  labels[1, 1, 1] <- 0L
  seg <- as_segmentation(labels, scan, c("dot", "block"))
  table <- radiomics(seg)
  expect_true(all(is.na(unlist(table[1, radiomics_features(table)]))))
  expect_match(table$note[1], "No features")
  expect_false(anyNA(unlist(table[2, radiomics_features(table)])))
})

test_that("several scans stand below each other under their names", {
  skip_if_no_core()
  seg <- radiomics_scene()
  settings <- radiomics_settings(feature_classes = "firstorder")
  both <- radiomics(list(ann = seg, bob = seg), settings = settings)
  expect_identical(both$scan, c("ann", "ann", "bob", "bob"))
  one <- radiomics(seg, settings = settings)
  expect_equal(both$original_firstorder_Mean[3:4], one$original_firstorder_Mean)
  scans <- list(attr(seg, "scan"), attr(seg, "scan"))
  expect_identical(radiomics(scans, list(seg, seg), settings)$scan, c("1", "1", "2", "2"))
  expect_error(radiomics(scans, list(seg), settings), class = "medvoxel_error_input")
  expect_error(radiomics(list()), class = "medvoxel_error_input")
})

test_that("lists with names are paired by them", {
  skip_if_no_core()
  seg <- radiomics_scene()
  scan <- attr(seg, "scan")
  settings <- radiomics_settings(feature_classes = list(firstorder = "Mean"), label = "ball")
  other <- scan + 100L
  moved <- as_segmentation(seg, other)
  table <- radiomics(list(a = scan, b = other), list(b = moved, a = seg), settings)
  expect_equal(diff(table$original_firstorder_Mean), 100)
  expect_error(radiomics(list(a = scan), list(c = seg), settings), "\"c\"")
})

test_that("tables are stacked with what they were made from", {
  skip_if_no_core()
  seg <- radiomics_scene()
  settings <- radiomics_settings(feature_classes = list(firstorder = "Mean"))
  one <- radiomics(list(a = seg), settings = settings)
  two <- radiomics(list(b = seg), settings = settings)
  both <- rbind(one, two)
  expect_identical(both$scan, c("a", "a", "b", "b"))
  expect_identical(unique(radiomics_provenance(both)$scan), c("a", "b"))
  expect_identical(unique(radiomics_provenance(both[both$scan == "b", ])$scan), "b")
  other <- radiomics(list(c = seg), settings = radiomics_settings(bin_width = 5))
  expect_error(rbind(one, other), "different settings", class = "medvoxel_error_input")
  expect_identical(nrow(radiomics_long(both[0, ])), 0L)
})

test_that("the same voxels under two names are refused", {
  skip_if_no_core()
  seg <- radiomics_scene()
  twin <- as_segmentation(seg == "ball", attr(seg, "scan"), "twin")
  expect_error(radiomics(attr(seg, "scan"), list(seg, twin)), "same voxels")
})

test_that("grids that differ are refused with the way out", {
  skip_if_no_core()
  seg <- radiomics_scene()
  moved <- as_scan(as.array(attr(seg, "scan")), spacing = c(0.5, 0.8, 4))
  error <- expect_error(radiomics(moved, seg), class = "medvoxel_error_geometry")
  expect_match(conditionMessage(error), "resample_to")
  twins <- as_segmentation(seg == "ball", attr(seg, "scan"), "ball") |> add_segment("twin")
  expect_no_error(radiomics(twins, settings = radiomics_settings(label = "ball")))
})

test_that("the long table has class, feature and unit", {
  skip_if_no_core()
  seg <- radiomics_scene()
  settings <- radiomics_settings(feature_classes = c("shape", "glcm"), label = "ball")
  table <- radiomics(seg, settings = settings)
  long <- radiomics_long(table)
  expect_identical(nrow(long), length(radiomics_features(table)))
  expect_identical(long$unit[long$feature == "MeshVolume"], "mm3")
  expect_identical(unique(long$class), c("shape", "glcm"))
  expect_false(anyNA(long))
  expect_equal(long$value[long$feature == "Contrast"], table$original_glcm_Contrast)
})

test_that("features of filtered images have the filter in their names", {
  skip_if_no_core()
  seg <- radiomics_scene()
  settings <- radiomics_settings(
    feature_classes = list(firstorder = c("Mean", "Maximum")), label = "ball",
    image_types = list(Original = list(), Square = list(), LoG = list(sigma = 2))
  )
  table <- radiomics(seg, settings = settings)
  expect_identical(unique(radiomics_long(table)$image), c(
    "original", "square", "log-sigma-2-0-mm-3D"
  ))
  expect_false(anyNA(radiomics_long(table)$value))
  # The square of pyradiomics is brought back to the largest value of the scan.
  values <- abs(as.array(attr(seg, "scan")))
  expect_equal(
    table$square_firstorder_Maximum,
    max((values[seg == "ball"] / sqrt(max(values)))^2), tolerance = 0.01
  )
})

test_that("IBSI's features have its tags and aggregations", {
  skip_if_no_core()
  seg <- radiomics_scene()
  settings <- radiomics_settings(
    "ibsi", feature_classes = c("statistics", "glcm"), label = "ball", aggregation = "2D_avg"
  )
  table <- radiomics(seg, settings = settings)
  expect_equal(table$original_stat_mean, mean(attr(seg, "scan")[seg == "ball"]))
  long <- radiomics_long(table)
  expect_identical(unique(long$class), c("statistics", "glcm"))
  expect_true("cm_contrast_2D_avg" %in% long$feature)
  expect_false(anyNA(long$unit))
})

test_that("the provenance says settings, versions and hashes", {
  skip_if_no_core()
  seg <- radiomics_scene()
  settings <- radiomics_settings(bin_width = 12.5, feature_classes = "firstorder")
  facts <- radiomics_provenance(radiomics(seg, settings = settings))
  ball <- facts[facts$segment == "ball", ]
  expect_match(ball$value[ball$name == "Configuration_Settings"], "12.5", fixed = TRUE)
  expect_match(ball$value[ball$name == "Image-original_Hash"], "^[0-9a-f]{40}$")
  expect_identical(ball$value[ball$name == "Mask-original_VoxelNum"],
                   format(sum(seg == "ball")))
  expect_error(radiomics_provenance(data.frame(x = 1)), class = "medvoxel_error_input")
})

test_that("rows can be chosen and columns added, and the table is still one", {
  skip_if_no_core()
  settings <- radiomics_settings(feature_classes = "shape")
  table <- radiomics(radiomics_scene(), settings = settings)
  table$age_years <- c(30, 40)
  part <- table[2, ]
  expect_s3_class(part, "medvoxel_radiomics")
  expect_identical(unique(radiomics_long(part)$segment), "block")
  expect_false("age_years" %in% radiomics_features(part))
  expect_identical(table[["voxels"]], table$voxels)
  expect_type(table[, "voxels"], "integer")
})

test_that("a table prints on a screen, and is a plain data frame when asked", {
  skip_if_no_core()
  table <- radiomics(radiomics_scene(), settings = radiomics_settings(
    feature_classes = list(firstorder = c("Mean", "Median"), shape = "VoxelVolume")
  ))
  expect_snapshot(print(table))
  expect_identical(class(as.data.frame(table)), "data.frame")
  expect_no_error(stats::lm(original_firstorder_Mean ~ voxels, table))
})
