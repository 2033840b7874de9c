#' Look at a radiomics table
#'
#' `plot_radiomics()` draws a heat map: a column for each row of the table, a row for each
#' feature, coloured by how many standard deviations the value lies from the mean over the
#' columns. Features and columns that are alike stand together. `correlated_features()` groups
#' features that say the same, of which a model needs one.
#'
#' @param x A table from [radiomics()] with two rows or more.
#' @param features Names of the features to use; all by default.
#' @returns `plot_radiomics()`: a ggplot object. `correlated_features()`: a data frame with
#'   `feature`, its `group`, and whether it may stand for the group (`representative`, the one
#'   that is most like the others).
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' ankle <- ankle_phantom(spacing = c(1.5, 1.5, 3))
#' settings <- radiomics_settings(feature_classes = c("shape", "firstorder"))
#' table <- radiomics(ankle$scan, ankle$truth, settings)
#' plot_radiomics(table)
#' correlated_features(table, threshold = 0.9)
plot_radiomics <- function(x, features = NULL) {
  check_radiomics(x)
  scores <- feature_scores(x, features)
  rows <- in_order_of_likeness(scores)
  columns <- in_order_of_likeness(t(scores))
  cells <- data.frame(
    feature = factor(rownames(scores)[row(scores)], rownames(scores)[rows]),
    case = factor(colnames(scores)[col(scores)], colnames(scores)[columns]),
    score = as.vector(scores)
  )
  # A single extreme case would leave the others without colour.
  cells$score <- pmax(pmin(cells$score, 3), -3)
  ggplot2::ggplot(cells, ggplot2::aes(.data$case, .data$feature, fill = .data$score)) +
    ggplot2::geom_tile() +
    ggplot2::scale_fill_gradient2(
      name = "standard\ndeviations", low = "#0072B2", mid = "grey97", high = "#D55E00",
      limits = c(-3, 3), na.value = "grey60"
    ) +
    ggplot2::scale_x_discrete(expand = c(0, 0)) +
    ggplot2::scale_y_discrete(expand = c(0, 0)) +
    ggplot2::labs(
      x = NULL, y = NULL,
      alt = sprintf("Heat map of %d features of %d segments.", nrow(scores), ncol(scores))
    ) +
    ggplot2::theme_minimal(base_size = 10) +
    ggplot2::theme(
      panel.grid = ggplot2::element_blank(),
      axis.text.x = ggplot2::element_text(angle = 45, hjust = 1),
      axis.text.y = ggplot2::element_text(size = if (nrow(scores) > 60) 4 else 7)
    )
}

#' @rdname plot_radiomics
#' @param threshold Features belong together when the absolute value of their correlation
#'   (`method`) is at least this, each with each.
#' @param method `"spearman"` or `"pearson"`.
#' @export
correlated_features <- function(x, threshold = 0.9, features = NULL,
                                method = c("spearman", "pearson")) {
  check_radiomics(x)
  check_number(threshold, 0, 1)
  method <- check_choice(method, c("spearman", "pearson"))
  values <- t(feature_scores(x, features))
  if (nrow(values) < 3) {
    medvoxel_abort("Correlations need three rows or more, not {nrow(values)}.", "input")
  }
  if (ncol(values) < 2) medvoxel_abort("Correlations need two features or more.", "input")
  likeness <- abs(suppressWarnings(stats::cor(values, method = method, use = "pairwise")))
  # What does not vary is like nothing else.
  likeness[is.na(likeness)] <- 0
  diag(likeness) <- 1
  tree <- stats::hclust(stats::as.dist(1 - likeness), method = "complete")
  group <- stats::cutree(tree, h = 1 - threshold + 1e-12)
  representative <- stats::ave(seq_along(group), group, FUN = function(members) {
    mean_likeness <- rowMeans(likeness[members, members, drop = FALSE])
    seq_along(members) == which.max(mean_likeness)
  })
  table <- data.frame(
    feature = colnames(values), group = unname(group), representative = representative == 1
  )
  table[order(table$group, !table$representative), , drop = FALSE] |>
    `rownames<-`(NULL)
}

# Features by cases, each feature with mean 0 and standard deviation 1.
feature_scores <- function(x, features, call = caller_env()) {
  known <- Filter(function(name) is.numeric(x[[name]]), radiomics_features(x))
  unknown <- setdiff(features, known)
  if (length(unknown) > 0) {
    medvoxel_abort("There is no feature {.val {unknown}} in the table.", "input", call = call)
  }
  if (nrow(x) < 2 || length(features %||% known) == 0) {
    medvoxel_abort(
      "There is nothing to compare: {nrow(x)} row{?s}, {length(features %||% known)} feature{?s}.",
      "input", call = call
    )
  }
  values <- as.matrix(as.data.frame(x)[features %||% known])
  rownames(values) <- make.unique(trimws(paste(x$scan, x$segment)))
  scores <- scale(values)
  # No variation is no deviation.
  scores[is.nan(scores) & !is.na(values)] <- 0
  t(scores)
}

in_order_of_likeness <- function(x) {
  if (nrow(x) < 3) return(seq_len(nrow(x)))
  distance <- stats::dist(replace(x, is.na(x), 0))
  stats::hclust(distance, method = "average")$order
}
