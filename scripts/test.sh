#!/usr/bin/env bash
# Runs the tests and fails when one fails and when none ran. Without arguments the clients in Tests/python too; arguments
# go to `swift test`:
#   scripts/test.sh --filter BeatCoreTests
#   scripts/test.sh --sanitize=address --scratch-path .build-asan
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# One run of the tests that the arguments name.
run() {
    # No XCTest: there is none of it here, and its runner leaks by itself, which the leak check would report.
    local status=0
    swift test --disable-xctest "${swift_flags[@]}" "$@" </dev/null 2>&1 | tee "$log" || status=$?
    [[ $status -eq 0 ]] || die "swift test failed (exit $status)"

    # Swift Testing closes with "Test run with 120 tests in 14 suites passed after 3.2 seconds."
    local count
    count=$(sed -n 's/.*Test run with \([0-9][0-9]*\) tests\{0,1\} .*passed.*/\1/p' "$log" | tail -n 1)
    [[ -n $count ]] || die "swift test ended without its closing line: did the tests run?"
    [[ $count -gt 0 ]] || die "no test ran"
    say "$count tests passed"
}

case " $* " in
*" --filter "*) run "$@" ;;
*)
    run --skip DaemonTests "$@"
    # These watch the clock of real sockets: nothing else runs beside them.
    run --no-parallel --filter DaemonTests "$@"
    # Nor beside this. It drives the debug build, which `swift test` has made; a sanitizer's run has another.
    [[ $# -gt 0 ]] || scripts/sdk-test.sh
    ;;
esac
