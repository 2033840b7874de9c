#!/usr/bin/env bash
# All tests and style checks, in two lanes, one line a step; what failed is shown at the end.
# The whole output of each step stays in .check/logs.
# shellcheck source=tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/steps.sh
source tools/steps.sh

logs="$work/logs"
rm -rf "$logs"
mkdir -p "$logs"

export PYTHONDONTWRITEBYTECODE=1 NOT_CRAN=true
# The tests run in other folders than this one.
if [ -n "${MEDVOXEL_TEST_DATA:-}" ]; then
  MEDVOXEL_TEST_DATA=$(cd "$MEDVOXEL_TEST_DATA" && pwd) || fail "MEDVOXEL_TEST_DATA is no folder."
  export MEDVOXEL_TEST_DATA
fi
# Help pages and tests hold UTF-8.
[ "$(locale charmap 2>/dev/null)" = UTF-8 ] || export LC_ALL=C.UTF-8

# step <name> <function>: run it, log it, print a line. A step writes a remark to
# descriptor 3, and returns 77 when it does not apply here.
step() {
  local slug=${1//[^A-Za-z0-9]/-} begin code=0 mark remark
  begin=$(now)
  "$2" >"$logs/$slug.log" 2>&1 3>"$logs/$slug.remark" || code=$?
  case $code in
    0) mark=ok ;;
    77) mark=skipped ;;
    *)
      mark=FAILED
      printf '%s\n' "$1" >"$logs/$slug.failed"
      ;;
  esac
  remark=$(tr '\n' ' ' <"$logs/$slug.remark")
  printf '  %-8s %6s s  %-22s %s\n' "$mark" "$(since "$begin")" "$1" "$remark"
  [ "$mark" != FAILED ]
}

package_lane() {
  step "R CMD build" build_package && step "R CMD check" check_package
}

style_lane() {
  local code=0
  step "file sizes" check_sizes || code=1
  step "knit texts" check_knit || code=1
  step "reference index" check_reference || code=1
  step "ruff" check_ruff || code=1
  step "Python docstrings" check_docstrings || code=1
  step "pytest" run_pytest || code=1
  step "man and NAMESPACE" check_generated || code=1
  step "lintr" check_lintr || code=1
  return $code
}

begin=$(now)
say "Checking medvoxel $(sed -n 's/^Version: //p' DESCRIPTION)"
style_lane &
lane=$!
trap 'kill $lane 2>/dev/null || true' EXIT
ok=true
package_lane || ok=false
wait $lane || ok=false
trap - EXIT

for mark in "$logs"/*.failed; do
  [ -e "$mark" ] || continue
  printf '\n---- %s (%s)\n' "$(cat "$mark")" "${mark%.failed}.log"
  tail -n 150 "${mark%.failed}.log"
done
show_skipped_tests
if $ok; then
  say "All checks passed in $(since "$begin") s."
else
  say "" && fail "some checks failed (after $(since "$begin") s)."
fi
