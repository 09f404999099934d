#!/usr/bin/env bash
# Tries the run stage of the Dockerfile without a container engine: a minimal Debian made by debootstrap, the packages
# that the Dockerfile's last stage installs, the release binary stripped, started as uid 65532 in a chroot.
# Needs root, debootstrap and a Debian mirror. Everything it makes is in one temporary folder.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

[[ $(id -u) -eq 0 ]] || die "a chroot needs root"
command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install --yes debootstrap"

# The packages, read from the Dockerfile so that there is one list: the words between the last `install` and `&&`.
packages=$(awk '
    /^FROM debian/ { stage = 1 }
    stage && /apt-get install/ { taking = 1; next }
    taking && /&&/ { exit }
    taking { gsub(/\\/, ""); print }' Dockerfile | xargs)
[[ -n $packages ]] || die "no packages found in the Dockerfile's last stage"

scripts/build.sh release

root=$(mktemp -d)
chmod 0755 "$root" # the user in the chroot must be able to enter it
trap 'rm -rf "$root"' EXIT
# shellcheck disable=SC2016 # $(SITE) is apt's own
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -m 1 '/debian/\{0,1\}$' || true)
say "a minimal Debian with: $packages"
debootstrap --variant=minbase --include="${packages// /,}" bookworm "$root" "${mirror:-http://deb.debian.org/debian}" \
    >"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; die "debootstrap failed"; }
rm -f "$root.log"

install -D -m 0755 .build/release/beatd "$root/usr/bin/beatd"
strip "$root/usr/bin/beatd"
install -d -m 0750 -o 65532 -g 65532 "$root/var/lib/beatd" "$root/run/beatd"

in_image() { chroot --userspec=65532:65532 "$root" "$@"; }

libraries=$(in_image /usr/bin/ldd /usr/bin/beatd) || die "ldd failed"
[[ $libraries != *"not found"* ]] || die "libraries missing in the image: $libraries"
say "beatd: $(stat -c %s "$root/usr/bin/beatd") bytes stripped, the image $(du -smx "$root" | cut -f 1) MB; it needs"
say "$libraries"
# Nothing writable but its two folders: the rest of the image is read-only when it runs.
writable=$(in_image /usr/bin/find / -xdev -type d -writable -not -path '/proc/*' -not -path '/sys/*' 2>/dev/null |
    grep -vE '^/(tmp|var/tmp|run/lock|var/lib/beatd|run/beatd|dev/?.*)$' || true)
[[ -z $writable ]] || say "note: also writable for the user: $writable"

# `serve` as the image starts it: its ENV, a root that is read-only but for its two folders. In a mount namespace and a
# network namespace of its own, so that nothing of this machine changes and its ports are free. /proc as every container
# engine mounts it: Swift reads the command line there.
# shellcheck disable=SC2016 # the inner shell expands these
unshare --mount --net --pid --fork --kill-child --mount-proc bash -euo pipefail -c '
    root=$1
    ip link set lo up
    mount --bind "$root" "$root"
    mount -t tmpfs -o uid=65532,gid=65532,mode=0750 tmpfs "$root/run/beatd"
    mount -t tmpfs -o uid=65532,gid=65532,mode=0750 tmpfs "$root/var/lib/beatd"
    mount -t proc proc "$root/proc"
    mount -o remount,bind,ro "$root"
    if touch "$root/tmp/x" 2>/dev/null; then echo "error: the root is writable" >&2; exit 1; fi
    version=$(timeout 10 chroot --userspec=65532:65532 "$root" /usr/bin/beatd --version)
    [[ $version == "beatd "* ]] || { echo "error: beatd --version says \"$version\"" >&2; exit 1; }
    echo "as uid 65532: $version" >&2
    BEATD_DATA_DIR=/var/lib/beatd BEATD_SOCKET=/run/beatd/api.sock BEATD_NACOS_SERVERS=127.0.0.1:8848 \
        chroot --userspec=65532:65532 "$root" /usr/bin/beatd serve --embedded-naming 2>"$2" &
    beatd=$!
    ask() { curl --silent --fail --max-time 5 --unix-socket "$root/run/beatd/api.sock" "$@"; }
    for _ in $(seq 100); do
        [[ -S $root/run/beatd/api.sock ]] && break
        sleep 0.1
    done
    [[ $(ask http://localhost/readyz) == ok ]]
    [[ $(curl --silent --fail --max-time 5 http://127.0.0.1:8090/readyz) == ok ]]
    ask "http://localhost/v1/beats?wait=3s" --json "{\"serviceName\":\"image\",\"ip\":\"10.0.0.7\",\"port\":8080}" >/dev/null
    [[ $(ask http://localhost/v1/metrics/dom2BeatSize) == 1 ]]
    echo "as uid $(stat -c %u "/proc/$beatd"), root read-only: ready, one instance kept, $(
        awk "/^VmRSS/ { print \$2 }" "/proc/$beatd/status") kB resident" >&2
    kill -TERM "$beatd"
    wait "$beatd"
' image-check "$root" "$root.log" || { sed 's/^/    /' "$root.log" >&2; rm -f "$root.log"; die "beatd serve failed in the image"; }
rm -f "$root.log"
say "beatd serve ended with 0 on TERM"
