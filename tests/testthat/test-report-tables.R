test_that("facts without a value are left out, and others are one line", {
  facts <- fact_table(a = NULL, b = "", c = NA, d = "x\n```y", e = 3, f = character())
  expect_equal(facts$what, c("d", "e"))
  expect_equal(facts$value, c("x ```y", "3"))
})

test_that("only known facts of the acquisition are shown", {
  x <- as_scan(array(0, c(2, 2, 2)), modality = "CT", unit = "HU")
  attr(x, "info") <- list(
    description = "Foot", number = 3L, kvp = 120, slice_thickness = 0.625,
    transfer_syntax = "1.2.840.10008.1.2.4.90", patient_name = "Smith^Anna"
  )
  rows <- acquisition_rows(x)
  value <- function(what) rows$value[rows$what == what]
  expect_equal(value("Modality"), "CT")
  expect_equal(value("Tube voltage"), "120 kV")
  expect_equal(value("Slice thickness"), "0.625 mm")
  expect_equal(value("Compression"), "JPEG 2000, lossless")
  expect_equal(value("Values are"), "Hounsfield units (HU)")
  expect_false(any(grepl("Smith", rows$value)))
  expect_equal(compression_name("1.2.3"), "1.2.3")
})

test_that("the geometry is that of the scan", {
  x <- as_scan(array(-3:56, c(3, 4, 5)), spacing = c(0.5, 0.8, 4), origin = c(1, 2, 3), unit = "HU")
  rows <- geometry_rows(x)
  value <- function(what) rows$value[rows$what == what]
  expect_equal(value("Voxels (x, y, z)"), "3 x 4 x 5")
  expect_equal(value("Spacing (x, y, z)"), "0.5 x 0.8 x 4 mm")
  expect_equal(value("Extent (x, y, z)"), "1.5 x 3.2 x 20 mm")
  expect_equal(value("Voxel volume"), "1.6 mm\u00b3")
  expect_equal(value("Axes grow to"), "left, posterior, superior (LPS)")
  expect_equal(value("First voxel, LPS"), "1, 2, 3 mm")
  expect_equal(value("Angle to the patient's axes"), "none")
  expect_equal(value("Values"), "-3 to 56 HU")
  expect_equal(oblique_words(rotation(12, 1)), "up to 12.0 degrees")
  expect_equal(oblique_words(rotation(-80, 3)), "up to 10.0 degrees")
  expect_equal(axis_words("RAI"), "right, anterior, inferior (RAI)")
})

test_that("statistics are rounded and carry their units", {
  statistics <- data.frame(
    value = 1:2, name = c("bone", "nothing"), voxels = c(1234567L, 0L),
    volume_mm3 = c(123456.7, 0), volume_ml = c(123.4567, 0), surface_area_mm2 = c(98765.4, NA),
    touches_border = c(TRUE, FALSE), mean = c(901.26, NA), sd = c(12.345, NA),
    q05 = c(-0.00012, NA), q50 = c(900, NA), q95 = c(12345.6, NA)
  )
  rows <- statistics_rows(statistics, "HU")
  expect_equal(names(rows)[5], "Mean (HU)")
  expect_equal(rows$Voxels, c("1,234,567", "0"))
  expect_equal(rows$`Volume (ml)`, c("123.5", "0"))
  expect_equal(rows[["Surface (cm\u00b2)"]], c("987.7", ""))
  expect_equal(rows$`Mean (HU)`, c("901.3", ""))
  expect_equal(rows$`5 % to 95 %`, c("-0.00012 to 12,350", ""))
  expect_equal(rows$`At border`, c("yes", "no"))
  expect_equal(names(statistics_rows(statistics, ""))[5], "Mean")
  expect_equal(names(statistics_rows(statistics, "stored values"))[5], "Mean")
})

test_that("the series that was read is marked", {
  series <- data.frame(
    series = 1:3, modality = c("CT", "CT", "CT"), number = c(1L, 2L, NA),
    description = c("scout", "leg", ""), part = "", problem = "", kernel = "",
    slices = c(1L, 5L, 5L),
    rows = c(4L, 4L, 4L), columns = 3L, spacing_x = c(NA, 0.5, 0.5), spacing_y = c(NA, 0.8, 0.8),
    spacing_z = c(NA, 4, 4), kind = c("localizer", "volume", "volume")
  )
  x <- as_scan(array(0, c(3, 4, 5)), modality = "CT")
  attr(x, "info") <- list(number = 2L)
  rows <- series_rows(series, x)
  expect_equal(rows$`In this report`, c("", "yes", ""))
  expect_equal(rows$Series, c("1", "2", ""))
  expect_false("Kernel" %in% names(rows))
  expect_equal(rows$`Spacing (mm)`, c("", "0.5 x 0.8 x 4", "0.5 x 0.8 x 4"))
  attr(x, "info") <- list()
  expect_equal(series_rows(series, x)$`In this report`, c("", "", "yes"))
})

test_that("versions say no path and no user", {
  rows <- version_rows()
  expect_true(all(c("medvoxel", "R", "R packages") %in% rows$what))
  for (secret in c(path.expand("~"), R.home(), getwd(), tempdir())) {
    expect_false(any(grepl(secret, rows$value, fixed = TRUE)))
  }
  expect_false(any(grepl("/(home|usr|root|Users|tmp)/", rows$value)))
})

test_that("pictures keep the scan's proportions, within limits of a page", {
  x <- as_scan(array(0, c(100, 50, 40)), spacing = c(1, 1, 2))
  shape <- picture_shapes(x, "axial", legend = FALSE)
  expect_equal(c(shape$rows, shape$cols), c(4, 5))
  expect_equal(shape$montage, (4 * (9 / 5 * 0.5 + 0.17) + 0.25) / 9)
  # Boxes of the planes are 100 x 80 mm.
  expect_equal(shape$planes, (9 / 3 * 0.8 + 0.17 + 0.25) / 9)
  few <- picture_shapes(as_scan(array(0, c(100, 50, 3))), "axial", legend = TRUE)
  expect_equal(c(few$rows, few$cols), c(1, 3))
  long <- picture_shapes(as_scan(array(0, c(10, 10, 900))), "coronal", legend = TRUE)
  expect_equal(long$montage, 1.4)
})

test_that("the quality table is that of the scan", {
  x <- as_scan(array(0, c(2, 2, 2)))
  expect_null(quality_rows(x))
  attr(x, "qc") <- data.frame(
    check = c("gantry tilt", "padding"), found = c("a slant\nof 14 degrees", "none"),
    done = c("sheared back", ""), size_mm = c(3.6312, NA), severity = c("fixed", "ok")
  )
  rows <- quality_rows(x)
  expect_named(rows, c("Check", "Found", "Done", "Size (mm)", "Result"))
  expect_equal(rows$Found[1], "a slant of 14 degrees")
  expect_equal(rows[["Size (mm)"]], c("3.63", ""))
})
