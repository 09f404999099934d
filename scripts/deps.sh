#!/usr/bin/env bash
# Installs what is missing of the Debian packages this project needs; silent and quick when nothing is.
#   scripts/deps.sh            what `make run`, `make build` and `make test` need
#   scripts/deps.sh ci         that, and what .ci/run checks with
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

packages=(libevent-dev libsqlite3-dev libssl-dev libjansson-dev pkg-config curl python3 python3-venv)
case "${1:-}" in
    "") ;;
    ci) packages+=(binutils shellcheck strace prometheus chromium) ;;
    *) die "usage: scripts/deps.sh [ci]" ;;
esac

command -v swift >/dev/null || die "there is no 'swift' in PATH; Swift 6.3 for Debian 12 is at https://www.swift.org/install/linux/"
command -v dpkg-query >/dev/null || die "this is no Debian system; install the equivalents of: ${packages[*]}"

missing=()
for package in "${packages[@]}"; do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $status == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

install=(env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}")
if [[ $(id -u) -eq 0 ]]; then
    as_root=()
elif command -v sudo >/dev/null; then
    as_root=(sudo)
else
    say "error: these Debian packages are missing: ${missing[*]}"
    say "There is no sudo here; run this as root and try again:"
    say "    apt-get update && apt-get install --yes --no-install-recommends ${missing[*]}"
    exit 1
fi

say "installing ${missing[*]}"
# The package lists may be absent (a fresh image) or older than what the mirror still serves; only then update them.
"${as_root[@]}" "${install[@]}" </dev/null >&2 && exit 0
say "updating the package lists and trying again"
"${as_root[@]}" apt-get update </dev/null >&2
"${as_root[@]}" "${install[@]}" </dev/null >&2
