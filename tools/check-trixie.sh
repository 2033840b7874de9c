#!/usr/bin/env bash
# `make check` on Debian 13 (trixie): newer R, reticulate, ggplot2, Python, and NumPy 2.
# The system is kept in the cache folder, so that the second time is quick; remove it to
# start afresh.
# shellcheck source=tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/chroot.sh
source tools/chroot.sh

require_chroot check-trixie
root="$cache/trixie"
inside="$root/root/medvoxel"

if [ ! -e "$root/.ready" ]; then
  rm -rf "$root"
  new_root trixie "$root"
  apt_inside "$root" git make gcc python3 >"$cache/trixie-apt.log" 2>&1 ||
    fail "apt-get failed; the output is in $cache/trixie-apt.log."
  touch "$root/.ready"
fi

# Logs of the last run may stay; the sources are replaced as a whole.
export_tree "$inside"
# shellcheck disable=SC2016  # expands inside
enter_root "$root" sh -c '. /etc/os-release; echo "On $PRETTY_NAME, $(uname -m)"'
code=0
enter_root "$root" make -C /root/medvoxel check || code=$?
enter_root "$root" Rscript --no-init-file -e '
  versions <- sapply(c("reticulate", "ggplot2", "plotly", "testthat"), function(name) {
    format(utils::packageVersion(name))
  })
  cat(R.version.string, ", ", paste(names(versions), versions, collapse = ", "), "\n", sep = "")'
enter_root "$root" /root/medvoxel/tools/python.sh -c '
import platform, numpy
print("Python", platform.python_version(), "with NumPy", numpy.__version__)'
exit $code
