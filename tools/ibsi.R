# Radiomics of the digital phantom of the Image Biomarker Standardisation Initiative, beside
# the consensus values: Rscript tools/ibsi.R <folder with phantom.nii.gz, mask.nii.gz and
# consensus.csv>. Ends with status 1 when one differs at the digits given.

suppressPackageStartupMessages(library(medvoxel))
options(medvoxel.progress = FALSE)
folder <- commandArgs(TRUE)[1]
if (is.na(folder) || !dir.exists(folder)) stop("Name the folder of the phantom.", call. = FALSE)

scan <- read_nifti(file.path(folder, "phantom.nii.gz"))
mask <- read_nifti(file.path(folder, "mask.nii.gz"))
region <- as_segmentation(as.array(mask) != 0, scan, "phantom")
aggregation <- c("2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb")
settings <- radiomics_settings("ibsi", bin_width = 1, aggregation = aggregation)
ours <- radiomics(scan, region, settings)

consensus <- utils::read.csv2(file.path(folder, "consensus.csv"), colClasses = "character")
names(consensus) <- c("value", "tolerance", "tag")
consensus[] <- lapply(consensus, trimws)

# Three digits count, less zeros at the end: half a unit of the third is rounding.
agrees <- function(printed, x) {
  size <- abs(as.numeric(printed))
  third <- if (size > 0) floor(log10(size)) - 2 else -3
  abs(x - as.numeric(printed)) <= 0.5 * 10^third * (1 + 1e-9)
}

column <- paste0("original_", consensus$tag)
value <- rep(NA_real_, nrow(consensus))
there <- column %in% names(ours)
value[there] <- unlist(as.data.frame(ours)[column[there]])
verdict <- mapply(function(printed, x, offered) {
  if (!offered) return("not offered")
  if (!nzchar(printed)) return("no consensus")
  if (agrees(printed, x)) "equal" else "DIFFERS"
}, consensus$value, value, there)

table <- data.frame(
  tag = consensus$tag, consensus = consensus$value, ours = signif(value, 6), verdict = verdict
)
print(table, row.names = FALSE, right = FALSE)
cat("\n")
print(table(verdict))
if (any(verdict == "DIFFERS")) quit(status = 1)
