# Shared by the scripts: where the repository is and with which flags everything is built. Sourced, never run.
# shellcheck shell=bash

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$repository" || exit

# One set of flags for build, test and release, so that a test run builds nothing that the build has built already.
# The language mode and warnings as errors are in Package.swift, where an editor sees them too.
# What the package manager keeps for the user is kept here: there is nothing to share, as no package comes from
# elsewhere, and a user's home may not be writable.
# shellcheck disable=SC2034
swift_flags=(
    --explicit-target-dependency-import-check error
    --cache-path .build/user/cache --config-path .build/user/configuration --security-path .build/user/security
)

say() { printf '%s\n' "$*" >&2; }

die() {
    say "error: $*"
    exit 1
}

# Runs a build and fails on any warning it prints, those of the package manager and the linker included.
without_warnings() {
    local log
    log=$(mktemp)
    if ! "$@" 2>&1 | tee "$log"; then
        rm -f "$log"
        return 1
    fi
    if grep -n 'warning: ' "$log" >&2; then
        rm -f "$log"
        die "the build printed warnings (above)"
    fi
    rm -f "$log"
}
