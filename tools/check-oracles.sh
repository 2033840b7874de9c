#!/usr/bin/env bash
# Compare live with the parts of ITK and VTK that 3D Slicer runs, whose answers the everyday tests have
# only in stored form:
#   tools/check-oracles.sh [argument of pytest ...]
# The package must be installed: make install. The modules bring all of ITK, so that their
# virtualenv takes 2.5 GB of the cache folder.
# shellcheck source=tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/virtualenv.sh
source tools/virtualenv.sh

export PYTHONDONTWRITEBYTECODE=1
home=${XDG_CACHE_HOME:-$HOME/.cache}/medvoxel/oracles
oracles=(itk-growcut itk-morphologicalcontourinterpolation vtk pytest)

make_environment() {
  local wanted
  wanted=$(core_requirements && printf '%s\n' "${oracles[@]}")
  [ "$(cat "$home/wanted.txt" 2>/dev/null)" != "$wanted" ] || return 0
  say "Installing ITK into $home (once, some minutes) ..."
  new_virtualenv "$home"
  say "$wanted" >"$home/requirements.txt"
  pip_install "$home" --requirement "$home/requirements.txt" || fail "pip could not install it."
  say "$wanted" >"$home/wanted.txt"
}

if [ -n "${MEDVOXEL_TEST_DATA:-}" ]; then
  MEDVOXEL_TEST_DATA=$(cd "$MEDVOXEL_TEST_DATA" && pwd) || fail "MEDVOXEL_TEST_DATA is no folder."
  export MEDVOXEL_TEST_DATA
fi
make_environment
"$home/bin/python" -m pytest -c inst/python/pyproject.toml --rootdir . -p no:cacheprovider \
  -s -rs --color=no --disable-warnings tests/python/test_oracles_*.py tests/python/test_mesh_smoothing.py "$@"
