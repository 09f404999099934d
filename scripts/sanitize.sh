#!/usr/bin/env bash
# Runs the tests under a sanitizer, each in a build folder of its own.
#   scripts/sanitize.sh address    memory errors and leaks, all tests
#   scripts/sanitize.sh thread     data races, in the tests of what crosses threads
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

# lld, because gold warns by the hundred about the sanitizers' symbols and sometimes dies of them.
# Swift's own crash handler off: it would hang on top of the sanitizer's report.
export SWIFT_BACKTRACE=enable=no
common=(-Xswiftc -use-ld=lld)

case "${1:-}" in
    address)
        export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
        exec scripts/test.sh --sanitize=address --scratch-path .build-asan "${common[@]}"
        ;;
    thread)
        # Only these cross threads; the rest of the program is one loop.
        export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=0:exitcode=66}
        exec scripts/test.sh --sanitize=thread --scratch-path .build-tsan "${common[@]}" \
            --filter 'EventLoopTests|StorageTests|DaemonTests'
        ;;
    *) die "usage: scripts/sanitize.sh address|thread" ;;
esac
