# The constructor trusts its arguments: the boundary makes meshes of checked ones.
new_mesh <- function(vertices, faces, values, segments) {
  structure(
    list(vertices = vertices, faces = faces, values = values, segments = segments),
    class = "medvoxel_mesh"
  )
}

#' @rdname make_mesh
#' @export
is_mesh <- function(x) inherits(x, "medvoxel_mesh")

check_mesh <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  if (!is_mesh(x)) {
    medvoxel_abort(
      c(
        "{.arg {arg}} must be a mesh, not {.obj_type_friendly {x}}.",
        i = "Make one with {.fn make_mesh}."
      ),
      "input", call = call
    )
  }
  problem <- mesh_problem(x)
  if (!is.null(problem)) {
    medvoxel_abort(
      c("{.arg {arg}} is a broken mesh.", x = problem, i = "Make it anew with {.fn make_mesh}."),
      "input", call = call
    )
  }
  invisible(x)
}

# What a mesh that was changed by hand may lack; NULL when all is well.
mesh_problem <- function(x) {
  count <- nrow(x$faces)
  if (!is.numeric(x$vertices) || !identical(ncol(x$vertices), 3L) || !all(is.finite(x$vertices))) {
    return("Its vertices must be a matrix of finite numbers with the columns x, y, z.")
  }
  if (!is.numeric(x$faces) || !identical(ncol(x$faces), 3L) || anyNA(x$faces)) {
    return("Its faces must be a matrix of whole numbers with three columns.")
  }
  if (count > 0 && (min(x$faces) < 1 || max(x$faces) > nrow(x$vertices))) {
    return("Its faces must be row numbers of its vertices, counted from 1.")
  }
  if (length(x$values) != count || !all(x$values %in% x$segments$value)) {
    return("Each face needs a value that stands in the table of segments.")
  }
  NULL
}

#' @export
print.medvoxel_mesh <- function(x, ...) {
  cli::cat_line(format(x, ...))
  invisible(x)
}

#' @export
format.medvoxel_mesh <- function(x, ...) {
  table <- summary(x)
  count <- nrow(table)
  rows <- sprintf(
    "  %s  %s  %s faces  %s ml%s", format(table$value), format(shown_name(table$name)),
    format(table$faces, big.mark = ","), format_ml(table$mesh_ml), voxel_words(table)
  )
  big <- function(n) format(n, big.mark = ",")
  title <- sprintf(
    "<mesh> %d segment%s, %s faces, %s vertices", count, if (count == 1) "" else "s",
    big(nrow(x$faces)), big(nrow(x$vertices))
  )
  c(title, extent_lines(x), rows)
}

format_ml <- function(ml) format(vapply(signif(ml, 4), format, ""), justify = "right")

voxel_words <- function(table) {
  if (is.null(table$voxel_ml)) return("")
  off <- format(sprintf("%+.1f %%", round(table$difference_percent, 1) + 0), justify = "right")
  sprintf("  (voxels %s ml, %s)", format_ml(table$voxel_ml), off)
}

# Where the mesh lies, in the words of the frame.
extent_lines <- function(x) {
  if (nrow(x$vertices) == 0) return("size         0 x 0 x 0 mm")
  ends <- apply(x$vertices, 2, range)
  at <- formatC(ends, format = "f", digits = 1)
  c(
    sprintf("size         %s mm", show_numbers(ends[2, ] - ends[1, ], 4, " x ")),
    sprintf(
      "place        %s to %s left, %s to %s posterior, %s to %s superior (LPS mm)",
      at[1, 1], at[2, 1], at[1, 2], at[2, 2], at[1, 3], at[2, 3]
    )
  )
}

#' @export
summary.medvoxel_mesh <- function(object, ...) {
  table <- object$segments[c("value", "name", "colour")]
  volume <- enclosed_volume(object)
  table$faces <- vapply(table$value, function(v) sum(object$values == v), 0L)
  table$mesh_ml <- vapply(table$value, function(v) sum(volume[object$values == v]), 0) / 1000
  voxel_ml <- attr(object, "voxel_ml")
  # Rows of the table may have been taken away by hand.
  if (length(voxel_ml) == nrow(table)) {
    table$voxel_ml <- voxel_ml
    table$difference_percent <- 100 * (table$mesh_ml / voxel_ml - 1)
  }
  table
}

# Signed volume of the tetrahedra between each face and one point; of a closed surface
# they sum to what it encloses. The point lies near, to keep digits.
enclosed_volume <- function(mesh) {
  if (nrow(mesh$faces) == 0) return(numeric())
  corner <- sweep(mesh$vertices, 2, mesh$vertices[1, ])
  a <- corner[mesh$faces[, 1], , drop = FALSE]
  b <- corner[mesh$faces[, 2], , drop = FALSE]
  c <- corner[mesh$faces[, 3], , drop = FALSE]
  (a[, 1] * (b[, 2] * c[, 3] - b[, 3] * c[, 2]) +
    a[, 2] * (b[, 3] * c[, 1] - b[, 1] * c[, 3]) +
    a[, 3] * (b[, 1] * c[, 2] - b[, 2] * c[, 1])) / 6
}
