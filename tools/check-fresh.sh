#!/usr/bin/env bash
# Prove both commands on a machine that has nothing but git, make, gcc and Python: an empty
# Debian 12 for each case, thrown away at the end.
#   tools/check-fresh.sh [root] [sudo] [none]
# root: both commands as root, twice; sudo: `make demo` as a user with sudo; none: a user
# without it gets the line to run, and after that line `make demo` works.
# shellcheck source=tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/chroot.sh
source tools/chroot.sh

require_chroot check-fresh
results="$PWD/$work/fresh"
mkdir -p "$results"
fresh=""
trap '[ -z "$fresh" ] || rm -rf --one-file-system "$fresh"' EXIT

# fresh_machine <package> ...: a new system with a checkout in /home/user/medvoxel.
fresh_machine() {
  [ -z "$fresh" ] || rm -rf --one-file-system "$fresh"
  fresh=$(mktemp -d "$cache/fresh-XXXXXX")
  chmod 755 "$fresh"
  new_root bookworm "$fresh"
  apt_inside "$fresh" git make gcc python3 "$@" >"$results/apt.log" 2>&1 ||
    fail "apt-get failed; the output is in $results/apt.log."
  enter_root "$fresh" useradd --create-home --shell /bin/bash user
  export_tree "$fresh/home/user/medvoxel"
  enter_root "$fresh" chown -R user:user /home/user/medvoxel
}

# as_root, as_user: run a command in the checkout.
as_root() { enter_root "$fresh" env --chdir=/home/user/medvoxel "$@"; }
as_user() {
  enter_root "$fresh" HOME=/home/user runuser -u user -- env --chdir=/home/user/medvoxel "$@"
}

# timed <what> <command> ...: run it, log it, print how long it took.
timed() {
  local what=$1 log="$results/${1//[^A-Za-z0-9]/-}.log" begin
  shift
  begin=$(now)
  if ! "$@" </dev/null >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    fail "$what failed; the whole output is in $log."
  fi
  printf '  %7s s  %s\n' "$(since "$begin")" "$what"
}

require_results() {
  local file
  for file in report.html labels.nii.gz labels.tsv surface.stl statistics.csv; do
    [ -s "$fresh/home/user/medvoxel/demo/$file" ] || fail "make demo left no demo/$file."
  done
}

try_root() {
  fresh_machine
  timed "root, make demo, fresh" as_root make demo
  require_results
  timed "root, make demo, again" as_root make demo
  timed "root, make check, first" as_root make check
  timed "root, make check, again" as_root make check
}

try_sudo() {
  fresh_machine sudo
  echo 'user ALL=(ALL) NOPASSWD: ALL' >"$fresh/etc/sudoers.d/user"
  timed "sudo, make demo, fresh" as_user make demo
  require_results
}

try_none() {
  local line log="$results/none-make-demo-refused.log"
  fresh_machine
  if as_user make demo </dev/null >"$log" 2>&1; then
    fail "make demo without root or sudo went through, but nothing was installed ($log)."
  fi
  line=$(grep -E '^ +apt-get ' "$log") || {
    cat "$log" >&2
    fail "make demo without root or sudo did not print the line to run."
  }
  say "  It says:$line"
  timed "none, that line as root" as_root DEBIAN_FRONTEND=noninteractive sh -c "$line"
  timed "none, make demo" as_user make demo
  require_results
}

[ $# -gt 0 ] || set -- root sudo none
say "On an empty Debian 12 with git, make, gcc and python3 ($(nproc) cores):"
for case in "$@"; do
  case $case in
    root | sudo | none) "try_$case" ;;
    *) fail "usage: tools/check-fresh.sh [root] [sudo] [none]" ;;
  esac
done
