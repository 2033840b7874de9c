# shellcheck shell=bash
# What the scripts in this folder share. Source it: it defines names and goes to the root.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=.check # logs, tarballs and stamps; git and R CMD build ignore it

say() { printf '%s\n' "$*"; }

fail() {
  printf 'Error: %s\n' "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Decimal seconds since a moment taken with `now`.
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'; }

# description_packages Imports Suggests: "name version" lines of these fields of DESCRIPTION,
# without the packages that come with R. The version is 0 where any will do.
description_packages() {
  awk -v wanted=" $* " '
    /^[^ \t]/ { split($0, part, ":"); use = index(wanted, " " part[1] " "); sub(/^[^:]*:/, "") }
    use { text = text $0 "," }
    END {
      base = " R base compiler datasets grDevices graphics grid methods parallel " \
             "splines stats stats4 tcltk tools utils "
      count = split(text, item, ",")
      for (i = 1; i <= count; i++) {
        gsub(/[ \t()>=]+/, " ", item[i])
        split(item[i], word, " ")
        if (word[1] != "" && !index(base, " " word[1] " "))
          print word[1], (word[2] == "" ? 0 : word[2])
      }
    }' DESCRIPTION
}

# source_files: the files of the project, as git would commit them.
source_files() {
  if [ -e .git ] && have git; then
    # A file may be deleted and the deletion not committed yet.
    git -c safe.directory="$PWD" ls-files --cached --others --exclude-standard -z |
      while IFS= read -r -d '' file; do [ -e "$file" ] && printf '%s\0' "$file"; done | sort -zu
  else
    find . \( -name .git -o -path "./$work" -o -path ./demo -o -name __pycache__ \
      -o -name '*.Rcheck' \) -prune -o -type f -printf '%P\0' | sort -z
  fi
}

# export_tree <folder>: a clean copy of the project.
export_tree() {
  rm -rf "$1"
  mkdir -p "$1"
  source_files | tar --null --files-from=- -cf - | tar -C "$1" -xf -
}
