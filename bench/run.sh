#!/usr/bin/env bash
# Time medvoxel against its peers and the source documents' code, into bench/RESULTS.md:
#   bench/run.sh [stage ...]     crossing, read, read-r, listing, resample, mesh, grow, close,
#                                islands, distance, radiomics; all when none is named
# BENCH_ROUNDS sets the number of rounds. The package must be installed: make install. Peers and
# scans take 4 GB of the cache folder, most of it itk-growcut.
# shellcheck source=tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../tools/lib.sh"
# shellcheck source=tools/virtualenv.sh
source tools/virtualenv.sh

BENCH_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/medvoxel/bench
export BENCH_CACHE PYTHONDONTWRITEBYTECODE=1
peers="$BENCH_CACHE/venv"
rounds=${BENCH_ROUNDS:-5}

# The peers have a virtualenv of their own, so that medvoxel's stays as its users have it.
make_environment() {
  local wanted
  wanted=$(core_requirements)
  [ "$(cat "$peers/wanted.txt" 2>/dev/null)" != "$wanted"$'\n'"$(<bench/peers.txt)" ] || return 0
  say "Installing what is measured into $peers (once, some minutes) ..."
  new_virtualenv "$peers"
  say "$wanted" >"$peers/requirements.txt"
  pip_install "$peers" --requirement "$peers/requirements.txt" ||
    fail "pip could not install them."
  install_peers
  say "$wanted"$'\n'"$(<bench/peers.txt)" >"$peers/wanted.txt"
}

# One by one: a peer that has no wheel for this Python must not keep out the others.
install_peers() {
  local -a peer
  grep -v '^#' bench/peers.txt | while read -ra peer; do
    pip_install "$peers" --constraint "$peers/requirements.txt" "${peer[@]}" ||
      say "${peer[*]} cannot be installed here; what needs it is left out."
  done
}

# run_stage <name>: returns 1 when a route failed or gave a wrong answer.
run_stage() {
  local result="$BENCH_CACHE/$1.json"
  if [ -e "bench/stages/$1.R" ]; then
    Rscript --no-init-file bench/harness.R "$1" "$result" "$rounds"
  else
    PATH="$peers/bin:$PATH" PYTHONPATH=inst/python \
      "$peers/bin/python" bench/harness.py "$1" "$result" --rounds "$rounds"
  fi || fail "the stage $1 ended early."
  "$peers/bin/python" bench/results.py "$result" bench/RESULTS.md
}

[ $# -gt 0 ] ||
  set -- crossing read read-r listing resample mesh grow close islands distance radiomics
for stage in "$@"; do
  compgen -G "bench/stages/$stage.[Rp]*" >/dev/null || fail "there is no stage '$stage'."
done
make_environment
code=0
for stage in "$@"; do
  run_stage "$stage" || code=1
done
say "" && say "The tables are in bench/RESULTS.md."
exit $code
