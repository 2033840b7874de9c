# tools/knit.R <source> <target>: knit a text that is committed with its results, and note
# in it which source it came from, so that make check sees when the two part.

paths <- commandArgs(TRUE)
source <- paths[[1]]
target <- paths[[2]]

if (endsWith(target, ".md")) {
  rmarkdown::render(
    source, output_file = basename(target), output_options = list(html_preview = FALSE),
    envir = globalenv(), quiet = TRUE
  )
} else {
  # Pictures are written beside the vignette.
  setwd(dirname(source))
  knitr::knit(basename(source), basename(target), quiet = TRUE, envir = globalenv())
  source <- basename(source)
  target <- basename(target)
}
mark <- sprintf("<!-- Made from %s, md5 %s -->", basename(source), tools::md5sum(source))
cat("\n", mark, "\n", sep = "", file = target, append = TRUE)
message("Wrote ", paths[[2]])
