#!/usr/bin/env bash
# Checks the form of the Swift sources and of the shell scripts; changes nothing. The rules of design that a formatter
# does not know (sizes, imports per target, banned words) are tests: Tests/TidyTests.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

# Without --strict it exits 0 whatever it finds.
swift format lint --strict --recursive --parallel Package.swift Sources Tests

if command -v shellcheck >/dev/null; then
    shellcheck --external-sources scripts/*.sh .ci/run
elif [[ ${CI:-} == true ]]; then
    die "shellcheck is missing; scripts/deps.sh ci installs it"
else
    say "note: shellcheck is not installed, so the scripts were not checked (apt-get install shellcheck)"
fi
