#' Measure the agreement between observers
#'
#' Compares the segmentations of several observers, or the repeats of one: the Dice
#' coefficient of each pair, and the intraclass correlation of the volumes over several
#' cases.
#'
#' For the variability *between* observers give one segmentation (or list) for each; for
#' that *within* one observer give the repeats of this observer as if each was one.
#' Segments are matched by name; where no name occurs twice, by value.
#'
#' The intraclass correlation (ICC) of single measurements compares the differences
#' between observers with those between cases, so it needs several cases. ICC(2,1) is
#' the absolute agreement of observers who stand for all observers: one who always draws
#' larger lowers it. ICC(3,1) is the consistency of just these observers: a constant
#' difference does not lower it. A case in which somebody has no voxel of a segment is
#' left out of the ICC; its Dice coefficient is 0, or missing when nobody has one.
#'
#' @param observers A named list with one element an observer: a segmentation, or a list of
#'   segmentations, one a case. Everybody has the same cases, in the same order or by
#'   name. All segmentations of one case lie on one grid.
#' @returns A list of three data frames:
#'
#' * `summary`, one row a segment: `pairs` (how many have a Dice coefficient), `missing`
#'   (how many have none and are not in the mean), `dice_mean`, `dice_sd`, `dice_min`,
#'   `dice_max`.
#' * `pairs`, one row for each segment, case and pair: `name`, `case`, `observer_a`,
#'   `observer_b`, `volume_a_ml`, `volume_b_ml`, `dice`, and `note`, why it is missing.
#' * `icc`, two rows a segment: `type`, `icc` with its 95 % interval from `lower` to
#'   `upper`, `cases`, `observers`, and `note`, why it is missing or what was left out.
#' @references P. E. Shrout and J. L. Fleiss, "Intraclass correlations: uses in assessing
#'   rater reliability", *Psychological Bulletin* 86 (1979) 420-428. K. O. McGraw and
#'   S. P. Wong, "Forming inferences about some intraclass correlation coefficients",
#'   *Psychological Methods* 1 (1996) 30-46.
#' @seealso [overlap()], [surface_distance()], [consensus()]
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' scan <- as_scan(array(1:60, c(5, 4, 3)), spacing = c(0.5, 0.8, 4))
#' above <- function(level) as_segmentation(scan > level, scan, "tendon")
#' agreement(list(anna = above(30), ben = above(36), eve = above(33)))
#'
#' # Three cases each
#' agreement(list(
#'   anna = lapply(c(10, 20, 40), above),
#'   ben = lapply(c(12, 21, 44), above)
#' ))
agreement <- function(observers) {
  observers <- check_observers(observers, several = TRUE)
  found <- core_call("agreement", observers, .progress = "Comparing observers")
  names(found) <- c("pairs", "summary", "icc")
  structure(lapply(found[c("summary", "pairs", "icc")], na_for_nan), class = "medvoxel_agreement")
}

#' @export
print.medvoxel_agreement <- function(x, ...) {
  count <- length(unique(c(x$pairs$observer_a, x$pairs$observer_b)))
  cases <- length(unique(x$pairs$case))
  cli::cat_line(sprintf(
    "<agreement> %d observers, %d case%s", count, cases, if (cases == 1) "" else "s"
  ))
  cli::cat_line("Pairwise Dice coefficients:")
  print(x$summary, row.names = FALSE, digits = 3)
  cli::cat_line("Intraclass correlation of the volumes:")
  print(x$icc, row.names = FALSE, digits = 3)
  invisible(x)
}

# As nested lists with names, ready to cross. `several` allows a list of cases for each.
check_observers <- function(x, several, arg = rlang::caller_arg(x), call = caller_env()) {
  force(arg)
  if (!is.list(x) || is.data.frame(x)) {
    medvoxel_abort(
      c(
        "{.arg {arg}} must be a named list of segmentations, not {.obj_type_friendly {x}}.",
        i = "For instance {.code list(anna = seg1, ben = seg2)}."
      ),
      "input", call = call
    )
  }
  x <- name_all(x, arg, call)
  for (name in names(x)) {
    one <- x[[name]]
    if (several && is.list(one)) {
      where <- sprintf("%s$%s", arg, name)
      one <- name_all(one, where, call)
      for (case in names(one)) check_segmentation(one[[case]], sprintf("%s$%s", where, case), call)
      x[[name]] <- as_parts(one)
    } else {
      check_segmentation(one, sprintf("%s$%s", arg, name), call)
    }
  }
  as_parts(x)
}

# A list without any name is counted.
name_all <- function(x, arg, call) {
  if (is.null(names(x))) names(x) <- seq_along(x)
  if (anyNA(names(x)) || !all(nzchar(names(x))) || anyDuplicated(names(x)) > 0) {
    medvoxel_abort(
      "Either none of {.arg {arg}} has a name or each has one of its own.", "input", call = call
    )
  }
  x
}
