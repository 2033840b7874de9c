# Bring 20 million voxels from Python to R and back: all values must be equal.

dims <- c(704L, 704L, 40L)
internal <- asNamespace("medvoxel")
core <- internal$py_core()

helper <- reticulate::import_from_path("crossing_data", path = bench, convert = FALSE)
numpy <- reticulate::import("numpy", convert = FALSE)

# The same values by another way, to compare with.
expected <- function(type) {
  plane <- outer(7 * seq(0, dims[1] - 1), 13 * seq(0, dims[2] - 1), "+")
  whole <- outer(plane, 29 * seq(0, dims[3] - 1), "+") %% 2000 - 1000
  if (type == "int16") array(as.integer(whole), dims) else whole + 0.25
}

words <- function(x) sprintf("equal, %s [%s]", typeof(x), paste(dim(x), collapse = ", "))

# --- Python to R ----------------------------------------------------------------------

to_r <- function(type) {
  force(type)
  check <- function(x, turn = identity) {
    stopifnot("values differ" = identical(internal$array_only(turn(x)), expected(type)))
    words(x)
  }
  function() {
    array <- helper$ramp(type)
    volume <- helper$volume(array)
    file <- tempfile(fileext = ".npy")
    list(
      name = sprintf("Python to R, %s", type), reference = "reticulate, py_to_r",
      routes = list(
        "medvoxel" = list(
          run = function(input) internal$from_python(volume, core), check = check
        ),
        "reticulate, py_to_r" = list(
          run = function(input) reticulate::py_to_r(array),
          check = function(x) check(x, function(x) aperm(x, 3:1)) # [z, y, x] in R
        ),
        "reticulate, py_to_r of the transpose" = list(
          run = function(input) reticulate::py_to_r(array$T), check = check
        ),
        "np.save, readBin" = list(
          run = function(input) {
            numpy$save(file, array)
            read_npy(file, type)
          },
          check = check
        )
      )
    )
  }
}

read_npy <- function(file, type) {
  stream <- file(file, "rb")
  on.exit(close(stream))
  readBin(stream, "raw", 8)
  readBin(stream, "raw", readBin(stream, "integer", 1, size = 2, endian = "little"))
  x <- switch(type,
    int16 = readBin(stream, "integer", prod(dims), size = 2),
    float32 = readBin(stream, "numeric", prod(dims), size = 4),
    float64 = readBin(stream, "numeric", prod(dims), size = 8)
  )
  dim(x) <- dims
  x
}

# --- R to Python ----------------------------------------------------------------------

to_py <- function(label, type) {
  force(type)
  check <- function(x) {
    stopifnot("values differ" = reticulate::py_to_r(helper$same(x, type)))
    "equal, C order"
  }
  check_volume <- function(x) check(x$array)
  function() {
    array <- expected(type)
    from_core <- internal$from_python(helper$volume(helper$ramp(type)), core)
    file <- tempfile(fileext = ".bin")
    list(
      name = sprintf("R to Python, %s", label), reference = "writeBin, np.fromfile",
      routes = list(
        "medvoxel, a scan that the core made" = list(
          setup = function() internal$from_python(helper$volume(helper$ramp(type)), core),
          run = function(input) internal$to_python(input, core), check = check_volume
        ),
        "medvoxel, a scan changed in R" = list(
          setup = function() from_core + (if (type == "int16") 0L else 0),
          run = function(input) internal$to_python(input, core), check = check_volume
        ),
        "reticulate, r_to_py of an array" = list(
          run = function(input) reticulate::r_to_py(array)$T, check = check
        ),
        "writeBin, np.fromfile" = list(
          run = function(input) {
            writeBin(as.vector(array), file)
            numpy$fromfile(file, dtype = if (type == "int16") "int32" else type)$reshape(
              reticulate::tuple(as.list(rev(dims)))
            )
          },
          check = check
        )
      )
    )
  }
}

stage <- list(
  title = "Crossing between R and Python",
  text = paste(
    "20 million voxels, 40 x 704 x 704. reticulate's own conversion of the core's array gives",
    "[z, y, x] in R; the others give [x, y, z]. From R to Python medvoxel and reticulate hand",
    "over a view; a scan that was just changed in R is copied once, by R, at its first crossing."
  ),
  versions = function() {
    list(
      R = as.character(getRversion()),
      reticulate = as.character(utils::packageVersion("reticulate")),
      Python = as.character(reticulate::py_version()),
      numpy = as.character(reticulate::py_to_r(numpy$`__version__`))
    )
  },
  cases = list(
    to_r("int16"), to_r("float32"), to_r("float64"),
    to_py("integer", "int16"), to_py("double", "float64")
  )
)
