# shellcheck shell=bash
# Virtualenvs for what medvoxel is compared with, so that its own stays as its users have it.
# Source it after lib.sh.

# core_requirements: what medvoxel's Python needs, one package a line.
core_requirements() {
  Rscript --no-init-file -e 'writeLines(medvoxel:::python_requirements())' ||
    fail "the package is not installed: make install."
}

# new_virtualenv <folder>: an empty one, of the Python that medvoxel uses.
new_virtualenv() {
  local python
  # shellcheck disable=SC2016  # this is R
  python=$(Rscript --no-init-file -e 'cat(medvoxel:::python_plan()$python)')
  [ -x "$python" ] || python=python3
  mkdir -p "$(dirname "$1")"
  "$python" -m venv --clear "$1"
}

# pip_install <folder> <argument> ...
pip_install() {
  local folder=$1
  shift
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}
