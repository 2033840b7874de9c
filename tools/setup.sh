#!/usr/bin/env bash
# Install what is missing, and nothing else: R and its packages, the package, its Python.
#   tools/setup.sh demo    what the package needs to run (Imports)
#   tools/setup.sh check   and what its tests need (Suggests, linters, pytest)
# What is needed stands in DESCRIPTION and in inst/python/pyproject.toml. Below is only what
# those two cannot say.
# shellcheck source=tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

fields=(Imports)
extra=("rmarkdown 0")
case "${1:-}" in
  demo) ;;
  check)
    fields+=(Suggests)
    extra+=("roxygen2 0" "lintr 3.0")
    ;;
  *) fail "usage: tools/setup.sh demo|check" ;;
esac

# missing_r_packages: the names of those that R cannot find in a version that is new enough.
missing_r_packages() {
  local wanted
  wanted=$({ description_packages "${fields[@]}"; printf '%s\n' "${extra[@]}"; } | sort -u)
  if ! have Rscript; then
    cut -d ' ' -f 1 <<<"$wanted"
    return
  fi
  # shellcheck disable=SC2086  # names and versions hold no spaces
  Rscript --no-init-file -e '
    wanted <- matrix(commandArgs(TRUE), nrow = 2)
    absent <- mapply(function(name, least) {
      found <- tryCatch(utils::packageVersion(name), error = function(e) NULL)
      is.null(found) || found < least
    }, wanted[1, ], wanted[2, ])
    writeLines(unique(wanted[1, absent]))' $wanted
}

# missing_tools: Debian's names of the programs that are absent.
missing_tools() {
  have Rscript || say r-base-core
  have pandoc || [ -n "${RSTUDIO_PANDOC:-}" ] || say pandoc
  # Whoever names a Python brings its parts along.
  [ -z "${MEDVOXEL_PYTHON:-}${RETICULATE_PYTHON:-}" ] || return 0
  if [ ! -x /usr/bin/python3 ]; then
    printf '%s\n' python3 python3-venv libpython3-dev
    return
  fi
  /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null || say python3-venv
  # R embeds Python, whose shared library is a package of its own in Debian.
  /usr/bin/python3 -c '
import os, sys, sysconfig
known = sysconfig.get_config_vars("LIBDIR", "LIBPL", "INSTSONAME", "LDLIBRARY")
places = [os.path.join(folder, name) for folder in known[:2] for name in known[2:]]
if not any(os.path.isfile(place) for place in places):
    print("libpython%d.%d" % sys.version_info[:2])'
}

# may_sudo: whether sudo lets us, after a password where it can ask for one.
may_sudo() { have sudo && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; }

# apt_install <package> ...: as root or through sudo; with neither, print the line and stop.
apt_install() {
  local log="$work/apt.log"
  local -a install=(apt-get install -y --no-install-recommends "$@")
  local -a as_root=(env DEBIAN_FRONTEND=noninteractive)
  if [ "$(id -u)" -ne 0 ]; then
    if ! may_sudo; then
      say "Some Debian packages are missing, and only root can install them. Run this as root,"
      say "then the same make command again:"
      say ""
      say "  apt-get update && ${install[*]}"
      say ""
      exit 1
    fi
    as_root=(sudo "${as_root[@]}")
  fi
  say "Installing $# Debian packages: $*"
  mkdir -p "$work"
  if ! { "${as_root[@]}" apt-get update && "${as_root[@]}" "${install[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    fail "apt-get could not install them; the whole output is in $log."
  fi
}

install_system() {
  local -a packages tools
  mapfile -t packages < <(missing_r_packages)
  mapfile -t tools < <(missing_tools)
  [ $((${#packages[@]} + ${#tools[@]})) -gt 0 ] || return 0
  if have apt-get && [ -r /etc/debian_version ]; then
    # Debian's name of an R package is that of CRAN in lower case.
    packages=("${packages[@]/#/r-cran-}")
    apt_install "${tools[@]}" "${packages[@],,}"
    mapfile -t packages < <(missing_r_packages)
    mapfile -t tools < <(missing_tools)
  fi
  [ ${#tools[@]} -eq 0 ] ||
    fail "missing: ${tools[*]}. The README says how, under 'Installing elsewhere'."
  [ ${#packages[@]} -eq 0 ] ||
    fail "R packages that are missing or too old: ${packages[*]}.
  Install them from CRAN, as the README says under 'Installing elsewhere'."
}

install_system
Rscript --no-init-file tools/install-package.R
tools/install-python.sh "$1"
