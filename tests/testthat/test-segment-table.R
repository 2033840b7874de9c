scan <- as_scan(array(1:24, c(4, 3, 2)), spacing = c(0.5, 0.8, 4))

test_that("a row has a colour, a status and a code, and each can be set", {
  seg <- segmentation(scan, c("tendon", "ankle"))
  expect_named(
    segment_table(seg), c("value", "name", "colour", "visible", "status", "code")
  )
  seg <- set_segment(
    seg, "tendon", name = "Achilles tendon", colour = "orange", visible = FALSE,
    status = "completed", code = "SCT^13024002^Tendon"
  )
  row <- segment_table(seg)[1, ]
  expect_identical(row$name, "Achilles tendon")
  expect_identical(row$colour, "#FFA500")
  expect_false(row$visible)
  expect_identical(row$status, "completed")
  expect_identical(row$code, "SCT^13024002^Tendon")
  expect_identical(segment_table(set_segment(seg, 1, status = NA))$status[1], NA_character_)
})

test_that("rows that cannot be are refused", {
  seg <- segmentation(scan, c("tendon", "ankle"))
  refused <- function(...) expect_error(set_segment(seg, ...), class = "medvoxel_error_input")
  refused("bone", name = "b")
  refused("tendon", name = "ankle")
  refused("tendon", name = "")
  refused("tendon", colour = "no colour")
  refused("tendon", visible = NA)
  refused("tendon", status = "almost")
  refused("tendon", code = "tendon")
  refused("tendon", name = c("a", "b"))
  refused(3, name = "a")
  refused(NULL, name = "a")
})

test_that("segments are added with a value and a colour of their own", {
  seg <- segmentation(scan, data.frame(value = c(2, 7), name = c("a", "b"))) |> add_segment("c")
  expect_identical(segment_table(seg)$value, c(2L, 7L, 8L))
  expect_identical(anyDuplicated(segment_table(seg)$colour), 0L)
  expect_identical(segment_table(add_segment(seg, "d", value = 1))$value[4], 1L)
  expect_error(add_segment(seg, "a"), class = "medvoxel_error_input")
  expect_error(add_segment(seg, "d", value = 7), class = "medvoxel_error_input")
  expect_identical(segment_table(undo(seg))$value, c(2L, 7L))
})

test_that("what is removed takes its voxels along, and nobody else's", {
  skip_if_no_core()
  seg <- two_segments()
  left <- quietly(remove_segment(seg, "rim"))
  expect_identical(segment_table(left)$name, "core")
  expect_identical(as.array(left), array(as.integer(seg == "core"), dim(seg)))
  expect_identical(undo(left) == "rim", seg == "rim")
})

test_that("voxels that may not change are not removed with their segment", {
  skip_if_no_core()
  seg <- editable_area(two_segments(), inside = "core")
  expect_error(remove_segment(seg, "rim"), class = "medvoxel_error_input")
})

test_that("a segment that is not visible says so", {
  seg <- set_segment(segmentation(scan, c("a", "b")), "a", visible = FALSE, status = "flagged")
  expect_snapshot(print(seg))
})

test_that("an area is not limited by a segment that is gone", {
  skip_if_no_core()
  seg <- two_segments() |> editable_area(inside = c("core", "rim"))
  left <- remove_segment(seg, "rim")
  expect_identical(attr(left, "masking")$inside, 1L)
  expect_message(none <- remove_segment(left, "core"), "not limited")
  expect_null(attr(none, "masking"))
  again <- none |> add_segment("new") |> paint("new", mask = array(TRUE, dim(seg)))
  expect_true(all(again == "new"))
  expect_identical(attr(undo(none), "masking"), attr(left, "masking"))
})

test_that("values are found where no larger one is left, and factors are names", {
  table <- data.frame(value = c(1, .Machine$integer.max), name = c("a", "b"))
  seg <- segmentation(scan, table)
  expect_identical(segment_table(add_segment(seg, "c"))$value[3], 2L)
  named <- set_segment(seg, factor("b"), status = "flagged")
  expect_identical(segment_table(named)$status, c(NA, "flagged"))
  expect_identical(set_segment(seg, "a"), seg)
})

test_that("tables of files say n/a for what is not known", {
  table <- data.frame(index = 1, name = "a", color = "#112233", status = "n/a", code = "")
  seg <- as_segmentation(scan > 12, scan, table)
  expect_identical(segment_table(seg)$status, NA_character_)
  expect_identical(segment_table(seg)$code, NA_character_)
})

test_that("what is wrong with a table is named", {
  refused <- function(table, match) {
    expect_error(segmentation(scan, table), match, class = "medvoxel_error_input")
  }
  refused(c("a", "b", "a"), "\"a\"")
  refused(data.frame(value = c(3, 3), name = c("a", "b")), "3")
  refused(data.frame(value = 3e9, name = "a"), "whole number")
  refused(data.frame(value = Inf, name = "a"), "whole number")
  refused(data.frame(value = 0, name = "a"), "1 or more")
  expect_identical(segment_table(segmentation(scan, factor(c("b", "a"))))$name, c("b", "a"))
  expect_error(add_segment(segmentation(scan), "a", colour = c("red", "blue")), "one value")
})
