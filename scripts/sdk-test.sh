#!/usr/bin/env bash
# A Nacos client that nobody here wrote, against the debug build of beatd. Fails when the client cannot be had.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

scripts/python-env.sh Tests/python .venv-tests
[[ -x .build/debug/beatd ]] || die "there is no .build/debug/beatd; scripts/build.sh debug makes it"
# -B, so that nothing is written beside the sources; what the SDK does is not ours to be warned of.
BEATD_BINARY=$PWD/.build/debug/beatd .venv-tests/bin/python -B -W ignore \
    -m unittest discover --start-directory Tests/python --verbose
