#' Turn stored values into Hounsfield units
#'
#' For scans whose files carry no rescale slope and intercept. [read_dicom()]
#' applies those that are there; this function applies an *assumption* of yours,
#' and only when it is asked to. The usual guess for a CT is the default: slope 1
#' and intercept -1024.
#'
#' @param x A scan whose unit is `"stored values"`.
#' @param slope HU for each stored unit; not 0.
#' @param intercept HU of the stored value 0.
#' @returns The scan `slope * x + intercept` with the unit `"HU"`. Whole numbers
#'   stay integer as long as R's integers can hold them; nothing wraps round or
#'   becomes `NA`. Its `info` says that slope and intercept were assumed. A scan
#'   of another modality than CT gives a warning, because the Hounsfield scale is
#'   not defined for it.
#' @seealso [tissue_ranges()]
#' @export
#' @examples
#' stored <- as_scan(array(c(0L, 24L, 1024L, 4095L), c(2, 2, 1)), unit = "stored values")
#' hounsfield(stored)
hounsfield <- function(x, slope = 1, intercept = -1024) {
  check_scan(x)
  check_rescale(slope, intercept)
  check_stored_values(x)
  modality <- attr(x, "modality")
  if (!modality %in% c("", "CT")) {
    medvoxel_warn(
      c(
        "Hounsfield units are defined for CT, and this scan is {modality}.",
        i = "Read the result as shifted stored values, not as tissue densities."
      ),
      "input"
    )
  }
  result <- with_values(x, rescale_values(array_only(x), slope, intercept), "HU")
  info <- attr(x, "info")
  info[c("rescale_slope", "rescale_intercept", "rescale_assumed")] <-
    list(as.double(slope), as.double(intercept), TRUE)
  attr(result, "info") <- info
  result
}

check_rescale <- function(slope, intercept, call = caller_env()) {
  check_number(slope, call = call)
  check_number(intercept, call = call)
  if (slope == 0 || !is.finite(slope) || !is.finite(intercept)) {
    medvoxel_abort(
      c(
        "{.arg slope} must be a finite number other than 0 and {.arg intercept} a finite number.",
        x = "You gave {slope} and {intercept}."
      ),
      "input", call = call
    )
  }
}

check_stored_values <- function(x, call = caller_env()) {
  unit <- attr(x, "unit")
  if (identical(unit, "stored values")) return(invisible(x))
  if (identical(unit, "HU")) {
    medvoxel_abort(
      c(
        "The scan is in Hounsfield units already.",
        i = "Use it as it is: its slope and intercept were applied when it was read."
      ),
      "input", call = call
    )
  }
  has <- if (nzchar(unit)) sprintf("are of unit \"%s\"", unit) else "have no unit"
  medvoxel_abort(
    c(
      "{.fn hounsfield} needs stored values, and the values of this scan {has}.",
      i = "If they are stored values, say so first: {.code attr(x, \"unit\") <- \"stored values\"}."
    ),
    "input", call = call
  )
}

# In R's integers where every step fits, so that a scan keeps its four bytes a voxel.
rescale_values <- function(values, slope, intercept) {
  whole <- is.integer(values) && slope == round(slope) && intercept == round(intercept)
  if (!whole) return(slope * values + intercept)
  scaled <- slope * as.double(range(values))
  largest <- max(abs(c(scaled, scaled + intercept, slope, intercept)))
  if (largest <= .Machine$integer.max) {
    return(as.integer(slope) * values + as.integer(intercept))
  }
  result <- slope * values + intercept
  if (max(abs(scaled + intercept)) <= .Machine$integer.max) storage.mode(result) <- "integer"
  result
}
