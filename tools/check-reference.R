# Every help page stands in the index of the web site (_pkgdown.yml), and nothing else does.

rd <- lapply(list.files("man", "\\.Rd$", full.names = TRUE), tools::parse_Rd)
tagged <- function(page, tag) {
  unlist(lapply(Filter(function(part) attr(part, "Rd_tag") == tag, page), as.character))
}
public <- Filter(function(page) !"internal" %in% trimws(tagged(page, "\\keyword")), rd)
aliases <- lapply(public, tagged, "\\alias")
listed <- unlist(lapply(yaml::read_yaml("_pkgdown.yml")$reference, `[[`, "contents"))

unlisted <- Filter(function(names) !any(names %in% listed), aliases)
for (names in unlisted) cat("not in _pkgdown.yml: the help page of", names[[1]], "\n")
unknown <- setdiff(listed, unlist(aliases))
if (length(unknown)) cat("in _pkgdown.yml, but without a help page:", toString(unknown), "\n")
quit(status = as.integer(length(unlisted) + length(unknown) > 0))
