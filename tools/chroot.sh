# shellcheck shell=bash
# Empty Debian systems to try the package in, made by debootstrap and kept out of the tree.
# What this machine needs to reach the network goes along: its name server, proxies,
# certificates, and apt's and pip's settings.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/medvoxel
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
test_data_inside=/mnt/test-data

# require_chroot <target>: whether this machine can do it at all.
require_chroot() {
  local program
  [ "$(id -u)" -eq 0 ] || fail "this makes a chroot, for which it must be root: sudo make $1"
  for program in debootstrap unshare chroot tar; do
    have $program || fail "$program is missing: apt-get install debootstrap util-linux"
  done
  mkdir -p "$cache"
}

# new_root <suite> <folder>: an empty Debian; the download is kept for the next time.
new_root() {
  local base="$cache/$1-base.tar" log="$cache/$1-debootstrap.log"
  if [ ! -e "$base" ]; then
    say "Downloading Debian $1 (once) ..."
    rm -rf "$base.new"
    if ! debootstrap --variant=minbase --include=ca-certificates "$1" "$base.new" "$mirror" \
      >"$log" 2>&1; then
      tail -n 20 "$log" >&2
      fail "debootstrap failed; the whole output is in $log."
    fi
    tar -C "$base.new" -cf "$base.part" .
    mv "$base.part" "$base"
    rm -rf "$base.new"
  fi
  mkdir -p "$2"
  tar -C "$2" -xf "$base"
  carry_settings "$2"
  enter_root "$2" update-ca-certificates >/dev/null 2>&1
}

# carry_settings <root>: what a program inside needs to reach the network from here.
carry_settings() {
  local file
  cp -L /etc/resolv.conf "$1/etc/resolv.conf"
  if [ -d /usr/local/share/ca-certificates ]; then
    mkdir -p "$1/usr/local/share"
    cp -rL /usr/local/share/ca-certificates "$1/usr/local/share/"
  fi
  if have apt-config; then
    apt-config dump | grep -E '^Acquire::(https?::|Check-|Retries)' >"$1/etc/apt/apt.conf.d/90host" ||
      true
  fi
  # pip reads both places for every user.
  mkdir -p "$1/etc/xdg/pip"
  [ ! -e /etc/pip.conf ] || cp -L /etc/pip.conf "$1/etc/pip.conf"
  for file in "$HOME/.pip/pip.conf" "${XDG_CONFIG_HOME:-$HOME/.config}/pip/pip.conf"; do
    [ ! -e "$file" ] || cp -L "$file" "$1/etc/xdg/pip/pip.conf"
  done
}

# network_environment: NAME=value lines that concern proxies, certificates and pip.
network_environment() {
  env | grep -iE '^(PIP_[A-Z_]+|[a-z]+_proxy|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE)=' || true
}

# local_indexes: folders of this machine that pip takes packages from.
local_indexes() {
  local place
  # A file:// index refers to files beside it.
  python3 -m pip config list 2>/dev/null | grep -E 'find-links|index-url' |
    grep -oE "(file://)?/[^] ,'\"\\\\]+" | sed -E 's,^file://(.*)/[^/]+/?$,\1,' | sort -u |
    while read -r place; do
      [ ! -d "$place" ] || say "$place"
    done
}

# enter_root <root> <command> ...: run it inside, with a bare environment. The mounts belong
# to a mount namespace of its own and vanish with the command, however that ends.
enter_root() {
  local root=$1
  local -a environment=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
  local line data=""
  shift
  while IFS= read -r line; do
    [ -z "$line" ] || environment+=("$line")
  done < <(network_environment)
  if [ -n "${MEDVOXEL_TEST_DATA:-}" ]; then
    data=$(readlink -f "$MEDVOXEL_TEST_DATA")
    environment+=("MEDVOXEL_TEST_DATA=$test_data_inside")
  fi

  # shellcheck disable=SC2016  # expands inside
  unshare --mount -- bash -c '
    set -e
    root=$1 indexes=$2 data=$3 data_inside=$4
    shift 4
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount --rbind /dev "$root/dev"
    while IFS= read -r place; do
      [ -n "$place" ] || continue
      mkdir -p "$root$place"
      mount --bind -o ro "$place" "$root$place"
    done <<<"$indexes"
    if [ -n "$data" ]; then
      mkdir -p "$root$data_inside"
      mount --bind -o ro "$data" "$root$data_inside"
    fi
    exec chroot "$root" env -i "$@"' enter \
    "$root" "$(local_indexes)" "$data" "$test_data_inside" \
    "${environment[@]}" "$@"
}

# apt_inside <root> <package> ...
apt_inside() {
  local root=$1
  shift
  enter_root "$root" DEBIAN_FRONTEND=noninteractive sh -c \
    'apt-get update && apt-get install -y --no-install-recommends "$@"' sh "$@"
}
