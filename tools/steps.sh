# shellcheck shell=bash disable=SC2154  # $work and $logs are check.sh's
# The steps of tools/check.sh. Each is a function; its output is shown only when it fails.
# A line written to descriptor 3 stands beside the step's name.

build_package() {
  export_tree "$work/source" &&
    (cd "$work" && rm -f medvoxel_*.tar.gz && R CMD build source) || return
  du -h "$work"/medvoxel_*.tar.gz | cut -f 1 >&3
}

check_package() {
  local folder="$work/medvoxel.Rcheck" status
  (cd "$work" && _R_CHECK_TESTS_NLINES_=0 R CMD check --no-manual medvoxel_*.tar.gz) \
    >"$logs/R-CMD-check-whole.log" 2>&1 || true
  status=$(sed -n 's/^Status: //p' "$folder/00check.log" 2>/dev/null)
  say "${status:-did not finish}$(testthat_counts "$folder")" >&3
  if [ "$status" = OK ]; then
    require_python_tests "$folder"
    return
  fi
  if [ -z "$status" ]; then
    tail -n 60 "$logs/R-CMD-check-whole.log"
    return 1
  fi
  # Each remark of the check, without the lines about what is in order.
  awk '/^\* /{show = 0} /^\* .*\.\.\. *(ERROR|WARNING|NOTE)/{show = 1}
       /^ (ERROR|WARNING|NOTE)/{print head; show = 1} {head = $0} show' "$folder/00check.log"
  return 1
}

testthat_counts() {
  local counts
  counts=$(cat "$1"/tests/testthat.Rout* 2>/dev/null | grep -o '\[ FAIL [^]]*\]' | tail -n 1)
  [ -z "$counts" ] || printf '; testthat %s' "$counts"
}

# Tests that need Python skip where there is none. Here there is one, so they must run.
require_python_tests() {
  local skipped
  skipped=$(grep -E '^• .*(is not set up|no Python)' "$1"/tests/testthat.Rout \
    2>/dev/null) || return 0
  say "Python was set up, and still some tests were skipped for want of it:"
  say "$skipped"
  return 1
}

run_pytest() {
  local code=0
  tools/python.sh -m pytest -c inst/python/pyproject.toml --rootdir . -p no:cacheprovider \
    -rs --color=no --durations=5 tests/python || code=$?
  grep -E '[0-9]+ (passed|failed|error|skipped)' "$logs/pytest.log" | tail -n 1 | tr -d '=' >&3
  return $code
}

check_ruff() {
  local config=inst/python/pyproject.toml
  local -a files=(inst/python tests/python tools)
  [ ! -d bench ] || files+=(bench)
  tools/python.sh -m ruff check --no-cache --config $config "${files[@]}" &&
    tools/python.sh -m ruff format --no-cache --diff --config $config "${files[@]}"
}

check_docstrings() { tools/python.sh tools/check_docstrings.py; }

check_lintr() { Rscript --no-init-file tools/lint.R; }

check_generated() {
  export_tree "$work/documented" && Rscript --no-init-file tools/check-generated.R "$work/documented"
}

check_reference() { Rscript --no-init-file tools/check-reference.R; }

# A text that was knit ends with the checksum of its source, see tools/knit.R.
check_knit() {
  local source target code=0
  for source in README.Rmd vignettes/*.Rmd.orig; do
    [ -e "$source" ] || continue
    target=${source%.orig}
    [ "$source" != README.Rmd ] || target=README.md
    if ! grep -qsF "md5 $(md5sum <"$source" | cut -d ' ' -f 1)" "$target"; then
      say "$target was not made from $source as it is now: make readme, or make vignettes."
      code=1
    fi
  done
  return $code
}

check_sizes() {
  local large
  large=$(source_files | xargs -0 du -b --apparent-size | awk '$1 > 1000000')
  [ -z "$large" ] && return
  say "Files above 1 MB do not belong into the repository:"
  say "$large"
  return 1
}

# What was not tested is said, once each reason.
show_skipped_tests() {
  local skipped
  skipped=$({
    sed -n 's/^SKIPPED \[\([0-9]*\)\] [^ ]*: /\1 /p' "$logs/pytest.log"
    sed -n 's/^• \(.*\) (\([0-9]*\))\(: .*\)\{0,1\}$/\2 \1/p' "$work"/medvoxel.Rcheck/tests/testthat.Rout*
  } 2>/dev/null | awk '{n = $1; $1 = ""; sum[$0] += n} END {for (why in sum) printf "  %4d %s\n", sum[why], why}')
  [ -z "$skipped" ] || printf 'Tests skipped:\n%s\n' "$skipped"
}
