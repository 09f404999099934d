#!/usr/bin/env bash
# The dashboard in a headless Chromium, against the debug build of beatd and its naming server. Needs no network.
# BEATD_SCREENSHOTS names a folder for pictures (default: artifacts/ui, which git does not see).
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

command -v chromium >/dev/null || die "there is no chromium; scripts/deps.sh ci installs it"
binary=${BEATD_BINARY:-$PWD/.build/debug/beatd}
[[ -x $binary ]] || die "there is no $binary; scripts/build.sh debug makes it"
# -B, so that nothing is written beside the sources.
BEATD_BINARY=$binary BEATD_SCREENSHOTS=${BEATD_SCREENSHOTS:-$PWD/artifacts/ui} python3 -B \
    -m unittest discover --start-directory Tests/python --pattern 'dashboard_*.py' --verbose "$@"
