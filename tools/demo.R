# The main job, run as a user would: a folder of DICOM files in; a report, a labelmap with its
# table, a surface and the numbers out, in demo/. The variables DICOM and SERIES say of what;
# without them a phantom is written and used.

library(medvoxel)
# An error says what to do next; where it arose in the code is of no use here.
options(rlang_backtrace_on_error = "none")

folder <- path.expand(Sys.getenv("DICOM"))
series <- Sys.getenv("SERIES")
begin <- Sys.time()
dir.create("demo", showWarnings = FALSE)

if (!nzchar(folder)) {
  folder <- "demo/dicom"
  unlink(folder, recursive = TRUE)
  message("Writing a phantom of an ankle as a DICOM series into ", folder)
  write_phantom_dicom(folder)
}
# What an earlier run left must not pass for the result of this one.
results <- file.path("demo", c(
  "report.html", "labels.nii.gz", "labels.tsv", "surface.stl", "statistics.csv"
))
unlink(results)

scan_report(
  folder, "demo/report.html",
  series = if (nzchar(series)) type.convert(series, as.is = TRUE), open = FALSE
)

there <- results[file.exists(results)]
message(sprintf("Done in %.0f s:", as.numeric(Sys.time() - begin, units = "secs")))
for (file in there) {
  size <- format(structure(file.size(file), class = "object_size"), "auto", standard = "SI")
  message(sprintf("  %-20s %9s", file, size))
}
if (!identical(there, results)) {
  message("Not written, as nothing was segmented: ", toString(setdiff(results, there)))
}
