#!/usr/bin/env bash
# Builds; a warning is an error.
#   scripts/build.sh debug      everything, tests included
#   scripts/build.sh release    .build/release/beatd, needing no Swift at run time
#   scripts/build.sh bench      .build-bench/release/*, what it is measured beside
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

case "${1:-}" in
    debug) without_warnings swift build --build-tests "${swift_flags[@]}" ;;
    release) without_warnings swift build -c release --static-swift-stdlib --product beatd "${swift_flags[@]}" ;;
    bench)
        without_warnings swift build -c release --package-path Tests/Benchmarks --scratch-path .build-bench \
            "${swift_flags[@]}"
        ;;
    *) die "usage: scripts/build.sh debug|release|bench" ;;
esac
