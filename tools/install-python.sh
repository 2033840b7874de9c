#!/usr/bin/env bash
# Set up medvoxel's Python: tools/install-python.sh demo|check. A Python that the user named
# is left as it is, and only looked at.
# shellcheck source=tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

extras='character()'
[ "${1:-}" != check ] || extras='"dev"'
log="$work/install-python.log"

missing_packages() {
  Rscript --no-init-file -e "
    wanted <- medvoxel:::python_requirements(extras = $extras)
    plan <- medvoxel:::install_plan(
      medvoxel:::virtualenv_state(medvoxel:::virtualenv_path()), wanted
    )
    writeLines(plan\$install)"
}

require_python() {
  Rscript --no-init-file -e 'if (!medvoxel::medvoxel_available()) {
    print(medvoxel::medvoxel_sitrep())
    quit(status = 1)
  }'
}

if [ -n "${MEDVOXEL_PYTHON:-}${RETICULATE_PYTHON:-}" ]; then
  say "Python is ${RETICULATE_PYTHON:-$MEDVOXEL_PYTHON}, as the environment says."
  require_python
  exit
fi

missing=$(missing_packages)
[ -n "$missing" ] || exit 0
say "Installing $(wc -l <<<"$missing") Python packages and what they need (some minutes):" \
  "${missing//$'\n'/ }"
mkdir -p "$work"
if ! Rscript --no-init-file -e "medvoxel::install_medvoxel(extras = $extras, ask = FALSE)" \
  >"$log" 2>&1; then
  tail -n 30 "$log" >&2
  fail "the Python packages were not installed; the whole output is in $log."
fi
require_python
