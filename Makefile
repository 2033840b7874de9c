# `make demo` and `make check` are all a new machine needs; `make` alone lists the rest.

.DEFAULT_GOAL := help
.PHONY: help demo check check-oracles ibsi check-fresh check-trixie install bench docs readme vignettes format clean

# make demo: the user's DICOM folder; empty means the phantom. SERIES chooses one of several.
DICOM ?=
SERIES ?=
export DICOM SERIES

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile

demo:  ## install what is missing, then DICOM to report in demo/ [DICOM=<folder>] [SERIES=<number>]
	@tools/setup.sh demo
	@Rscript --no-init-file tools/demo.R

check:  ## install what is missing, then all tests and style checks
	@tools/setup.sh check
	@tools/check.sh

check-fresh:  ## prove both commands on an empty Debian 12, in a chroot (needs root)
	@tools/check-fresh.sh

check-trixie:  ## the checks on Debian 13: newest R, reticulate, Python and NumPy (needs root)
	@tools/check-trixie.sh

check-oracles:  ## compare live with the parts of ITK and VTK in 3D Slicer (3 GB, once)
	@tools/setup.sh demo
	@tools/check-oracles.sh

ibsi:  ## print radiomics of the IBSI digital phantom beside the consensus IBSI=<folder>
	@tools/setup.sh demo
	@Rscript --no-init-file tools/ibsi.R "$(IBSI)"

install:  ## install what is missing and the package, nothing else
	@tools/setup.sh demo

bench:  ## time the package against its peers, into bench/RESULTS.md
	@tools/setup.sh check
	@bench/run.sh

docs:  ## write man/ and NAMESPACE from the comments in R/
	@Rscript --no-init-file -e 'roxygen2::roxygenise()'

readme:  ## knit README.md from README.Rmd
	@tools/setup.sh demo
	@Rscript --no-init-file tools/knit.R README.Rmd README.md

vignettes:  ## run vignettes/*.Rmd.orig, so that the package builds without Python
	@tools/setup.sh demo
	@for source in vignettes/*.Rmd.orig; do \
	  Rscript --no-init-file tools/knit.R "$$source" "$${source%.orig}" || exit 1; done

format:  ## lay out the Python files as ruff does
	@tools/python.sh -m ruff format --config inst/python/pyproject.toml inst/python tests/python

clean:  ## remove what the other targets made, except what they installed
	rm -rf .check demo medvoxel_*.tar.gz medvoxel.Rcheck
