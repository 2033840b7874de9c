# A leg with a bone and its marrow, on a thin table.
ct <- function() {
  values <- array(-1000, c(60, 60, 12))
  values[6:50, 6:50, ] <- -100
  values[10:46, 10:46, ] <- 50
  values[20:35, 20:35, ] <- 900
  values[24:31, 24:31, ] <- -80
  values[, 57:58, ] <- 300
  storage.mode(values) <- "integer"
  as_scan(values, spacing = c(1, 1, 2), origin = c(5, -3, 40), modality = "CT", unit = "HU")
}
presets <- list(
  body = segment_body, bone = segment_bone, "soft tissue" = segment_soft_tissue,
  fat = segment_fat, lung = segment_lung, air = segment_air, tissues = segment_tissues
)

test_that("the tissues of a leg are found", {
  skip_if_no_core()
  x <- ct()
  body <- segment_body(x)
  inside <- array(FALSE, dim(x))
  inside[6:50, 6:50, ] <- TRUE
  expect_true(all(inside[as.array(body) == 1L]))
  expect_gt(sum(body), 0.99 * sum(inside))
  bone <- as.array(segment_bone(x, body = body)) == 1L
  filled <- array(FALSE, dim(x))
  filled[20:35, 20:35, ] <- TRUE
  expect_identical(bone, filled)
  # The opening rounds the corners of the square skin.
  fat <- as.array(segment_fat(x, body = body)) == 1L
  expect_identical(fat, as.array(x) == -100L & as.array(body) == 1L)
  soft <- as.array(segment_soft_tissue(x, body = body)) == 1L
  expect_identical(soft, as.array(x) == 50L)
  expect_identical(affine(body), affine(x))
})

test_that("segment_tissues() holds what the presets find", {
  skip_if_no_core()
  x <- ct()
  all <- segment_tissues(x)
  table <- segment_table(all)
  expect_identical(
    table$name, c("bone", "soft tissue", "fat", "lung", "air", "rest of the body")
  )
  expect_identical(table$code[1], "SCT^272673000^Bone")
  expect_identical(table$colour[1], segment_table(segment_bone(x))$colour)
  for (name in c("bone", "soft tissue", "fat")) {
    expect_identical(as.array(all) == match(name, table$name), as.array(presets[[name]](x)) == 1L)
  }
  expect_identical(as.array(all) > 0L, as.array(segment_body(x)) > 0L)
})

test_that("air is inside, around or both", {
  skip_if_no_core()
  x <- ct()
  x[15:18, 30:33, 3:8] <- -990L
  count <- function(where) sum(segment_air(x, where = where))
  expect_equal(count("inside"), 4 * 4 * 6)
  expect_equal(count("both"), sum(as.array(x) <= -500))
  # Corners that the opening takes from the body are no air.
  expect_equal(count("around"), count("both") - count("inside"))
})

test_that("nothing found is a warning and an empty segmentation", {
  skip_if_no_core()
  expect_warning(seg <- segment_lung(ct()), "holds no lung", class = "medvoxel_warning")
  expect_equal(sum(seg), 0)
  expect_identical(segment_table(seg)$name, "lung")
})

test_that("other values than Hounsfield units are refused with the next step", {
  skip_if_no_core()
  for (name in names(presets)) {
    verb <- paste0("segment_", gsub(" ", "_", name))
    mr <- as_scan(array(1:24, 2:4), modality = "MR", unit = "stored values")
    error <- expect_error(
      presets[[name]](mr), paste0(verb, "\\(\\).*needs a CT"), class = "medvoxel_error_input"
    )
    expect_match(conditionMessage(error), "segment_kmeans")
    stored <- as_scan(array(1:24, 2:4), modality = "CT", unit = "stored values")
    expect_error(presets[[name]](stored), "hounsfield", class = "medvoxel_error_input")
  }
})

test_that("bad arguments are refused before Python is asked", {
  x <- ct()
  expect_error(segment_body(x, opening = -1), "opening", class = "medvoxel_error_input")
  expect_error(segment_body(x, share = 2), "share", class = "medvoxel_error_input")
  expect_error(segment_bone(x, holes = NA), "holes", class = "medvoxel_error_input")
  expect_error(segment_bone(x, body = x), "body", class = "medvoxel_error_input")
  expect_error(segment_fat(x, upper = "a"), "upper", class = "medvoxel_error_input")
  expect_error(segment_air(x, where = "out"), "where", class = "medvoxel_error_input")
  for (preset in presets) {
    expect_error(preset(array(1, c(2, 2, 2))), "must be a scan", class = "medvoxel_error_input")
  }
  error <- expect_error(segment_fat(x, lower = NULL))
  expect_identical(as.character(error$call[[1]]), "segment_fat")
})

test_that("the defaults are those of Python", {
  skip_if_no_core()
  inspect <- reticulate::import("inspect")
  core <- reticulate::import("medvoxel")
  for (name in names(presets)) {
    verb <- paste0("segment_", gsub(" ", "_", name))
    parameters <- inspect$signature(core[[verb]])$parameters
    for (argument in setdiff(names(formals(presets[[name]])), c("x", "where"))) {
      theirs <- reticulate::py_to_r(parameters[argument])$default
      mine <- eval(formals(presets[[name]])[[argument]])
      expect_equal(mine, theirs, info = paste(verb, argument))
    }
  }
})

test_that("the scan is carried, and the code makes the labels again", {
  skip_if_no_core()
  scan <- ct()
  body <- segment_body(scan, share = 0.5)
  made <- list(
    body, segment_bone(scan, lower = 226), segment_fat(scan, body = body),
    segment_air(scan, "around"), segment_tissues(scan)
  )
  for (seg in made) {
    expect_identical(attr(seg, "scan"), scan)
    expect_identical(eval(str2lang(attr(seg, "history")$made)), seg)
  }
  expect_identical(
    attr(body, "history")$made, "segment_body(scan, lower = -300, opening = 3, share = 0.5)"
  )
  # Edits go on from there.
  edited <- smooth_segment(made[[2]], "bone", "median")
  expect_match(as_script(edited), "segment_bone(scan, lower = 226", fixed = TRUE, all = FALSE)
})

test_that("a leg CT", {
  skip_if_no_core()
  leg <- read_dicom(test_data("leg-ct-mr", "ct-dicom", "image"))
  expect_warning(seg <- segment_tissues(leg), "the table", class = "medvoxel_warning")
  ml <- segment_statistics(leg, seg)
  bone <- ml[ml$name == "bone", ]
  expect_gt(bone$mean, 400)
  expect_true(all(as.array(segment_bone(leg, body = seg))[as.array(seg) == 1L] == 1L))
})
