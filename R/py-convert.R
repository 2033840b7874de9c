# The only file of R that knows how things cross to Python; bridge.py is the other
# side. Arrays keep their memory: R's [x, y, z] in column-major order is Python's
# [z, y, x] in row-major order. Spacing and indices turn round here and nowhere else.

# Call a public function of the core. Scans, segmentations and meshes among the
# arguments cross as such; the result comes back as an R object. A function that can
# write straight into memory of R (`allocate` in Python) is called with `.in_place`.
core_call <- function(.name, ..., .progress = NULL, .in_place = FALSE, .call = caller_env()) {
  # First of all: a tuple among the arguments would start just any Python. Then they are
  # evaluated by themselves, so that what is wrong with them is said by R.
  core <- py_core(.call)
  dots <- list(...)
  room <- if (.in_place) new_room()
  outcome <- cancellable(.call, {
    arguments <- lapply(dots, to_python, core = core)
    outcome <- with_progress(.progress, function(callback) {
      run_in_python(core, .name, arguments, callback, room)
    })
    state <- reticulate::py_to_r(core$outcome_state(outcome))
    value <- if (is.null(state$failure)) {
      from_python(core$outcome_value(outcome), core, room)
    }
    list(state = state, value = value)
  })
  signal_warnings(outcome$state$warnings, .call)
  if (!is.null(outcome$state$failure)) signal_failure(outcome$state$failure, .call)
  outcome$value
}

run_in_python <- function(core, name, arguments, callback, room = NULL) {
  arguments <- arguments[!vapply(arguments, is.null, NA)]
  named <- nzchar(rlang::names2(arguments))
  core$call(
    name, reticulate::tuple(unname(arguments[!named])),
    do.call(reticulate::dict, c(arguments[named], list(convert = FALSE))),
    as_callback(callback), as_callback(room$make)
  )
}

# An interrupt that arrives while Python works is caught there. One that R notices
# itself, in the progress bar or on the way back, ends here; and so does whatever
# reticulate makes of one, or of any other mishap between the two languages.
cancellable <- function(call, code) {
  stopped <- function(e) medvoxel_abort("The work was stopped.", "cancelled", call = call)
  tryCatch(code, interrupt = stopped, error = function(e) {
    if (inherits(e, "medvoxel_error")) rlang::cnd_signal(e)
    reason <- sub("\n.*", "", trimws(conditionMessage(e)))
    if (grepl("KeyboardInterrupt|Unknown exception", reason)) stopped(e)
    signal_failure(list(kind = "python", message = reason, type = class(e)[1]), call)
  })
}

# --- R to Python -------------------------------------------------------------------

to_python <- function(x, core) UseMethod("to_python")

#' @export
to_python.default <- function(x, core) x

#' @export
to_python.medvoxel_scan <- function(x, core) {
  core$volume(
    reticulate::r_to_py(x), as_tuple(spacing(x)), as_tuple(origin(x)),
    as_tuple(direction(x)), attr(x, "modality"), attr(x, "unit"),
    do.call(reticulate::dict, as.list(attr(x, "info"))),
    as_columns(attr(x, "qc")), as_columns(attr(x, "sources"))
  )
}

# A table by its columns; what is missing is None.
as_columns <- function(table) {
  if (is.null(table)) return(NULL)
  columns <- lapply(as.list(table), function(column) {
    lapply(column, function(v) if (is.na(v)) NULL else v)
  })
  do.call(reticulate::dict, columns)
}

#' @export
to_python.medvoxel_segmentation <- function(x, core) {
  core$segmentation(
    reticulate::r_to_py(x), as_tuple(spacing(x)), as_tuple(origin(x)),
    as_tuple(direction(x)), segment_rows(attr(x, "segments"))
  )
}

#' @export
to_python.medvoxel_mesh <- function(x, core) {
  core$mesh(
    reticulate::r_to_py(x$vertices), reticulate::r_to_py(x$faces),
    reticulate::r_to_py(array(as.integer(x$values))), segment_rows(x$segments)
  )
}

# Voxels that say yes or no, as 0 and 1 on the grid of the volume beside them.
#' @export
to_python.medvoxel_mask <- function(x, core) core$mask(reticulate::r_to_py(unclass(x)))

as_mask <- function(x) structure(x, class = "medvoxel_mask")

# Settings by name. A spacing turns round; a vector is a list in Python.
#' @export
to_python.medvoxel_radiomics_settings <- function(x, core) {
  # The core checks them once more: somebody may have changed the list.
  to_python.medvoxel_radiomics_given(x, core)
}

# What a user has given, which the core still has to check.
#' @export
to_python.medvoxel_radiomics_given <- function(x, core) {
  x <- unclass(x)
  spacing <- x$resampled_pixel_spacing
  if (length(spacing) == 3) x$resampled_pixel_spacing <- rev(spacing)
  as_dict(x)
}

# A list with names as a dictionary, in all depths.
as_dict <- function(x) {
  if (is.list(x) && !is.null(names(x))) {
    return(do.call(reticulate::dict, lapply(x, as_dict)))
  }
  if (is.list(x)) return(lapply(x, as_dict))
  if (length(x) > 1) as.list(x) else x
}

# A named list (see `as_parts()`) whose elements each cross by themselves.
#' @export
to_python.medvoxel_parts <- function(x, core) {
  parts <- lapply(unclass(x), to_python, core = core)
  reticulate::py_dict(as.list(names(parts)), unname(parts), convert = FALSE)
}

as_parts <- function(x) structure(x, class = "medvoxel_parts")

# Vectors become lists in Python and single numbers scalars; a tuple keeps its length.
as_tuple <- function(x) reticulate::tuple(as.list(as.vector(x)))

# A function handed to a module that does not convert would get Python objects.
as_callback <- function(callback) {
  if (is.null(callback)) NULL else reticulate::r_to_py(callback, convert = TRUE)
}

# Three numbers in x, y, z order, such as a spacing, as Python wants them.
zyx <- function(x) as_tuple(rev(x))

# A place in a list: R counts from 1, Python from 0.
zero_based <- function(i) if (is.numeric(i)) as.integer(i) - 1L else i

# A voxel (x, y, z) as Python indexes it.
zyx_index <- function(i) if (!is.null(i)) zyx(zero_based(i))

one_based <- function(i) as.integer(i) + 1L

matrix_rows <- function(x) lapply(seq_len(nrow(x)), function(i) as.list(x[i, ]))

# Tables that older versions saved have no more than value, name and colour.
segment_rows <- function(table) {
  lapply(seq_len(nrow(table)), function(i) {
    list(
      table$value[i], table$name[i], table$colour[i], table$visible[i] %||% TRUE,
      none_if_na(table$status[i]), none_if_na(table$code[i])
    )
  })
}

none_if_na <- function(x) if (!is.null(x) && !is.na(x)) x

# --- Python to R -------------------------------------------------------------------

from_python <- function(value, core, room = NULL) {
  part <- reticulate::py_to_r(core$describe(value))
  if (identical(part$in_r, TRUE)) return(room$take(part))
  switch(part$kind,
    volume = pull_like(value, part, core, scan_pattern(part)),
    segmentation = pull_like(value, part, core, new_segmentation(
      array(0L, c(1, 1, 1)), as.double(part$spacing), as.double(part$origin),
      matrix(as.double(part$direction), 3, byrow = TRUE), as_segment_table(part$segments)
    )),
    mesh = pull_mesh(value, part, core),
    settings = as_settings(part$value),
    table = as_table(part),
    array = pull(core$array_of(value), part$dim, "integer", core),
    tuple = rlang::set_names(
      lapply(seq_len(part$length) - 1L, function(i) from_python(core$item(value, i), core)),
      unlist(part$names)
    ),
    part$value
  )
}

# A scan of one voxel with the attributes of the one described.
scan_pattern <- function(part) {
  new_scan(
    array(0L, c(1, 1, 1)), as.double(part$spacing), as.double(part$origin),
    matrix(as.double(part$direction), 3, byrow = TRUE), part$modality, part$unit,
    if (length(part$info)) part$info else list(), carried_table(part$qc),
    carried_table(part$sources)
  )
}

carried_table <- function(columns) {
  if (length(columns) > 0) as_table(list(columns = columns))
}

# Memory of R that Python fills: allocated when Python knows what it will be, complete
# with its attributes, see pull().
new_room <- function() {
  target <- NULL
  list(
    make = function(part) {
      pattern <- attributes(scan_pattern(part))
      pattern$dim <- as.integer(unlist(part$dim))
      # Before the vector has a name: R would set the attributes on a wrapper, see pull().
      target <<- `attributes<-`(vector(part$storage, prod(pattern$dim)), pattern)
      reticulate::r_to_py(target)
    },
    take = function(part) {
      taken <- target
      target <<- NULL
      # Some of what was found is known only when all voxels were seen.
      found <- attributes(scan_pattern(part))
      for (name in c("info", "qc")) {
        if (!identical(attr(taken, name), found[[name]])) attr(taken, name) <- found[[name]]
      }
      taken
    }
  )
}

# An object of one voxel says what the attributes are.
pull_like <- function(value, part, core, pattern) {
  pull(core$array_of(value), part$dim, part$storage, core, attributes(pattern))
}

# R allocates the vector and NumPy fills it: three to six times faster than
# reticulate's own conversion, which makes a list of Python numbers' worth of work.
# The attributes are set before the view is made. On a vector that is shared, as it is
# with a view of it, R would set them on a wrapper, and copy all values as soon as the
# result crosses to Python again.
pull <- function(array, dim, storage, core, attributes = list()) {
  dim <- as.integer(unlist(dim))
  target <- vector(storage, prod(dim))
  attributes$dim <- dim
  attributes(target) <- attributes
  reticulate::py_to_r(core$fill(reticulate::r_to_py(target), array))
  target
}

pull_mesh <- function(value, part, core) {
  vertices <- pull(core$mesh_part(value, "vertices"), c(part$vertices, 3L), "double", core)
  colnames(vertices) <- c("x", "y", "z")
  faces <- pull(core$mesh_part(value, "faces"), c(part$faces, 3L), "integer", core)
  values <- pull(core$mesh_part(value, "values"), c(part$faces, 1L), "integer", core)
  new_mesh(vertices, faces, as.vector(values), as_segment_table(part$segments))
}

as_segment_table <- function(rows) {
  data.frame(
    value = vapply(rows, function(r) as.integer(r[[1]]), 0L),
    name = vapply(rows, function(r) as.character(r[[2]]), ""),
    colour = vapply(rows, function(r) as.character(r[[3]]), ""),
    visible = vapply(rows, function(r) as.logical(r[[4]]), NA),
    status = vapply(rows, function(r) r[[5]] %||% NA_character_, ""),
    code = vapply(rows, function(r) r[[6]] %||% NA_character_, "")
  )
}

as_settings <- function(values) {
  spacing <- values$resampled_pixel_spacing
  if (length(spacing) == 3) values$resampled_pixel_spacing <- rev(spacing)
  values <- lapply(values, function(one) {
    # What has no names and one type is a vector in R.
    if (is.list(one) && is.null(names(one)) && length(one) > 0) unlist(one) else one
  })
  structure(values, class = "medvoxel_radiomics_settings")
}

# Columns arrive as lists with their type named, because an empty or all-missing
# column would lose it.
as_table <- function(part) {
  columns <- lapply(part$columns, function(column) {
    blank <- switch(column$type, integer = NA_integer_, double = NA_real_,
                    logical = NA, NA_character_)
    vapply(
      as.list(column$values),
      function(v) if (is.null(v)) blank else methods_as(v, column$type),
      blank
    )
  })
  names(columns) <- vapply(part$columns, function(column) column$name, "")
  as.data.frame(columns, check.names = FALSE)
}

methods_as <- function(value, type) {
  storage.mode(value) <- type
  value
}
