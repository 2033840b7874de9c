# From a DICOM folder to an R array of Hounsfield units: all values must be equal.

internal <- asNamespace("medvoxel")
core <- internal$py_core() # Python is running from here on

# These modules import each other by name.
python_path <- reticulate::import("sys", convert = FALSE)$path
python_path$insert(0L, bench)
scans <- reticulate::import("data", convert = FALSE)
documents <- reticulate::import("documents", convert = FALSE)

# The same values by another way, [x, y, z].
expected <- function(scan) reticulate::py_to_r(scans$scan(scan)$T)

words <- function(x) sprintf("equal, %s [%s]", typeof(x), paste(dim(x), collapse = ", "))

# oro.dicom gives one matrix a file, in the order of the names, rows first.
read_oro <- function(folder) {
  slices <- oro.dicom::readDICOM(folder, verbose = FALSE)
  numbers <- as.integer(oro.dicom::extractHeader(slices$hdr, "InstanceNumber"))
  intercept <- oro.dicom::extractHeader(slices$hdr, "RescaleIntercept")[1]
  slope <- oro.dicom::extractHeader(slices$hdr, "RescaleSlope")[1]
  simplify2array(slices$img[order(numbers)]) * slope + intercept
}

read_case <- function(title, scan, form) {
  force(title)
  check <- function(turn) {
    force(turn)
    function(x) {
      values <- turn(x)
      same <- identical(dim(values), dim(expected(scan))) && all(values == expected(scan))
      stopifnot("values differ" = same)
      words(x)
    }
  }
  function() {
    folder <- reticulate::py_str(scans$dicom_series(scan, form))
    list(
      name = title, reference = "documents",
      size = 4 * reticulate::py_to_r(scans$scan(scan)$size),
      routes = list(
        "medvoxel" = list(
          run = function(input) medvoxel::read_dicom(folder),
          check = check(internal$array_only)
        ),
        "documents" = list(
          run = function(input) {
            reticulate::py_to_r(documents$get_pixels_hu(documents$load_scan(folder)))
          },
          check = check(function(x) aperm(x, 3:1)) # [z, y, x] in R
        ),
        "oro.dicom" = list(
          package = "oro.dicom", run = function(input) read_oro(folder),
          # It turns images upside down.
          check = check(function(x) aperm(x[rev(seq_len(nrow(x))), , ], c(2, 1, 3)))
        )
      )
    )
  }
}

stage <- list(
  title = "From DICOM files to an R array",
  text = paste(
    "Files are in the page cache and Python is running. The documents' code runs in Python, as in",
    "their R Markdown, and reticulate brings the stack to R, [z, y, x] there; medvoxel's array is",
    "[x, y, z] and carries its geometry and its checks."
  ),
  versions = function() {
    list(
      R = as.character(getRversion()),
      reticulate = as.character(utils::packageVersion("reticulate")),
      Python = as.character(reticulate::py_version()),
      pydicom = reticulate::py_to_r(reticulate::import("pydicom", convert = FALSE)$`__version__`)
    )
  },
  cases = list(
    read_case("40 x 704 x 704", "ankle", "plain"),
    read_case("300 x 512 x 512", "ankle-ct", "plain"),
    read_case("40 x 704 x 704, JPEG lossless", "ankle", "jpeg-lossless")
  )
)
