# A box of 2 x 3 x 5 mm, made by hand.
box_mesh <- function(name = "box") {
  vertices <- as.matrix(expand.grid(x = c(0, 2), y = c(0, 3), z = c(0, 5))) + 100
  faces <- rbind(
    c(1, 3, 2), c(2, 3, 4), c(5, 6, 7), c(6, 8, 7), c(1, 2, 5), c(2, 6, 5),
    c(3, 7, 4), c(4, 7, 8), c(1, 5, 3), c(3, 5, 7), c(2, 4, 6), c(4, 8, 6)
  )
  storage.mode(faces) <- "integer"
  table <- data.frame(value = 4L, name = name, colour = "#E69F00")
  new_mesh(vertices, faces, rep(4L, 12), table)
}

ball_scan <- function(direction = diag(3), radius = 8) {
  empty <- as_scan(
    array(0, c(30, 28, 14)), c(0.8, 0.8, 1.6), origin = c(20, -30, 50), direction = direction,
    unit = "HU"
  )
  index <- as.matrix(expand.grid(1:30, 1:28, 1:14))
  centre <- voxel_to_mm(empty, c(15.5, 14.5, 7.5))
  away <- sqrt(rowSums((voxel_to_mm(empty, index) - rep(centre, each = nrow(index)))^2))
  empty + array(300 - 50 * (away - radius), dim(empty))
}

test_that("a mesh prints its segments, size and place without Python", {
  printed <- format(box_mesh())
  expect_match(printed[1], "1 segment, 12 faces, 8 vertices")
  expect_match(printed[2], "2 x 3 x 5 mm")
  expect_match(printed[3], "100.0 to 102.0 left, 100.0 to 103.0 posterior, 100.0 to 105.0 superior")
  expect_match(printed[4], "4  box  12 faces  0.03 ml")
  expect_output(print(box_mesh()), "LPS mm")
  expect_equal(summary(box_mesh())$mesh_ml, 0.03)
})

test_that("surfaces lie in the patient, are closed and wound outwards", {
  skip_if_no_core()
  turned <- matrix(c(0, 1, 0, 0, 0, -1, -1, 0, 0), 3)
  for (direction in list(diag(3), turned, diag(c(1, -1, 1)))) {
    x <- ball_scan(direction)
    m <- make_mesh(x)
    centre <- voxel_to_mm(x, c(15.5, 14.5, 7.5))
    away <- sqrt(rowSums((m$vertices - rep(centre, each = nrow(m$vertices)))^2))
    expect_lt(max(abs(away - 8)), 0.1)
    expect_equal(unname(mesh_volume(m)), 4 / 3 * pi * 8^3, tolerance = 0.02)
    expect_equal(unname(mesh_area(m)), 4 * pi * 8^2, tolerance = 0.02)
    expect_equal(mesh_volume(m), c("surface >= 300 HU" = 1000 * summary(m)$mesh_ml))
    expect_true(is_watertight(m))
  }
})

test_that("the mesh is a plain list with 1-based faces", {
  skip_if_no_core()
  m <- make_mesh(ball_scan(), threshold = 250)
  expect_true(is_mesh(m))
  expect_named(m, c("vertices", "faces", "values", "segments"))
  expect_identical(colnames(m$vertices), c("x", "y", "z"))
  expect_type(m$faces, "integer")
  expect_equal(range(m$faces), c(1, nrow(m$vertices)))
  expect_identical(unique(m$values), 1L)
  path <- withr::local_tempfile(fileext = ".rds")
  saveRDS(m, path)
  expect_identical(mesh_volume(readRDS(path)), mesh_volume(m))
})

test_that("segments are meshed by name or value", {
  skip_if_no_core()
  labels <- array(0L, c(20, 16, 8))
  labels[3:8, 3:9, 2:7] <- 2L
  labels[12:17, 3:9, 2:7] <- 5L
  seg <- as_segmentation(
    labels, as_scan(array(0, dim(labels)), c(0.5, 0.8, 4)),
    data.frame(value = c(2L, 5L), name = c("left", "right"))
  )
  both <- make_mesh(seg)
  expect_named(mesh_volume(both), c("left", "right"))
  expect_named(mesh_area(make_mesh(seg, segments = "right")), "right")
  expect_identical(segment_table(make_mesh(seg, segments = 2))$name, "left")
  expect_identical(make_mesh(seg, segments = c("left", "right")), both)
  expect_lt(nrow(make_mesh(seg, step_size = 2)$faces), nrow(both$faces) / 2)
})

test_that("smoothing and simplifying keep what is enclosed", {
  skip_if_no_core()
  labels <- (as.array(ball_scan()) > 300) * 1L
  m <- make_mesh(as_segmentation(labels, ball_scan(), "ball"))
  smooth <- smooth_mesh(m)
  small <- simplify_mesh(smooth, faces = 600)
  expect_identical(smooth$faces, m$faces)
  expect_lte(nrow(small$faces), 600)
  expect_equal(mesh_volume(small), mesh_volume(m), tolerance = 0.04)
  expect_true(is_watertight(small))
  expect_identical(simplify_mesh(small, faces = 600), small)
})

test_that("files are written whole, with their frame", {
  skip_if_no_core()
  m <- box_mesh()
  for (suffix in c(".stl", ".ply", ".obj")) {
    path <- withr::local_tempfile(fileext = suffix)
    expect_invisible(out <- write_mesh(m, path))
    expect_identical(out, m)
    start <- readBin(path, "raw", 200)
    expect_match(rawToChar(start[start != as.raw(0) & start < as.raw(128)]), "SPACE=LPS")
  }
  expect_error(write_mesh(m, tempfile(fileext = ".vtk")), "stl", class = "medvoxel_error_file")
  nowhere <- file.path(tempfile(), "m.stl")
  expect_error(write_mesh(m, nowhere), "no folder", class = "medvoxel_error_file")
})

test_that("the volume of the voxels stands beside that of the surface", {
  skip_if_no_core()
  labels <- array(0L, c(20, 16, 8))
  labels[3:8, 3:9, 2:7] <- 2L
  labels[12:17, 3:9, 2:6] <- 5L
  seg <- as_segmentation(
    labels, as_scan(array(0, dim(labels)), c(0.5, 0.8, 4)),
    data.frame(value = c(5L, 2L), name = c("right", "left"))
  )
  ml <- c(6 * 7 * 5, 6 * 7 * 6) * 0.5 * 0.8 * 4 / 1000
  m <- make_mesh(seg)
  expect_equal(summary(m)$voxel_ml, ml)
  expect_equal(summary(m)$mesh_ml, unname(mesh_volume(m)) / 1000)
  expect_equal(summary(m)$difference_percent, 100 * (summary(m)$mesh_ml / ml - 1))
  expect_true(all(summary(m)$difference_percent < 0))
  expect_equal(summary(make_mesh(seg, segments = "left"))$voxel_ml, ml[2])
  for (changed in list(smooth_mesh(m), smooth_mesh(m, "taubin"), simplify_mesh(m, 100))) {
    expect_equal(summary(changed)$voxel_ml, ml)
    expect_identical(changed$segments, segment_table(seg))
  }
  expect_match(format(m)[4], "right +[0-9,]+ faces +0.3[0-9]* ml +\\(voxels +0.336 ml, +-")
  # A threshold has no voxels that are inside or outside as a whole.
  expect_null(summary(make_mesh(ball_scan()))$voxel_ml)
})

test_that("empty segments, which are left out, leave the volumes in place", {
  skip_if_no_core()
  labels <- array(0L, c(9, 9, 9))
  labels[3:6, 3:6, 3:6] <- 3L
  seg <- as_segmentation(
    labels, as_scan(array(0, dim(labels))),
    data.frame(value = 1:3, name = c("one", "two", "three"))
  )
  expect_warning(m <- make_mesh(seg), "one")
  expect_identical(summary(m)$name, "three")
  expect_equal(summary(m)$voxel_ml, 0.064)
})

test_that("smoothing has the factor of Slicer or a number of rounds", {
  skip_if_no_core()
  x <- ball_scan()
  m <- make_mesh(as_segmentation(x > 300, x, "ball"))
  expect_identical(smooth_mesh(m), smooth_mesh(m, "sinc", factor = 0.5))
  expect_identical(smooth_mesh(m, factor = 0)$vertices, m$vertices)
  area <- function(mesh) unname(mesh_area(mesh))
  expect_lt(area(smooth_mesh(m)), area(smooth_mesh(m, "taubin")))
  expect_error(smooth_mesh(m, iterations = 3), "taubin", class = "medvoxel_error_input")
  expect_error(smooth_mesh(m, factor = 2), class = "medvoxel_error_input")
  expect_error(smooth_mesh(m, "median"), class = "medvoxel_error_input")
})

test_that("bad arguments are named", {
  expect_error(mesh_volume(1), "make_mesh", class = "medvoxel_error_input")
  broken <- box_mesh()
  broken$faces[1] <- 99L
  expect_error(smooth_mesh(broken), "row numbers", class = "medvoxel_error_input")
  broken <- box_mesh()
  broken$values[1] <- 7L
  expect_error(write_mesh(broken, "x.stl"), "table of segments", class = "medvoxel_error_input")
  scan <- as_scan(array(1:27, c(3, 3, 3)))
  expect_error(make_mesh(scan, segments = 1), "is a scan", class = "medvoxel_error_input")
  seg <- as_segmentation(scan > 20, scan, "top")
  expect_error(make_mesh(seg, segments = "bone"), "top", class = "medvoxel_error_input")
  expect_error(make_mesh(scan, threshold = "a"), "threshold", class = "medvoxel_error_input")
})

test_that("a threshold above everything says the range", {
  skip_if_no_core()
  scan <- as_scan(array(1:27, c(3, 3, 3)))
  expect_error(make_mesh(scan, 28), "from 1 to 27", class = "medvoxel_error_input")
})
