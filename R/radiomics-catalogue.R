#' What radiomics features are
#'
#' @param definition `"pyradiomics"` or `"ibsi"`; both by default.
#' @param feature_class One class, such as `"glcm"`; all by default.
#' @returns A data frame with a row a feature: `definition`, `feature_class`, `name`,
#'   `by_default` (whether it is computed when its class is), `title`, `formula`, `unit`
#'   (`"1"` for a plain number), `ibsi_code` (of the IBSI reference manual), `counterpart` (in
#'   the other definition), `reference`, and whether (`differs`) and how (`difference`) the two
#'   definitions part.
#' @export
#' @examplesIf medvoxel::medvoxel_available()
#' catalogue <- radiomics_catalogue("pyradiomics", "shape")
#' catalogue[, c("name", "unit", "ibsi_code", "difference")]
radiomics_catalogue <- function(definition = NULL, feature_class = NULL) {
  check_string(definition, null = TRUE)
  check_string(feature_class, null = TRUE)
  core_call("radiomics_catalogue", definition = definition, feature_class = feature_class)
}
