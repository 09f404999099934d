#!/usr/bin/env bash
# The release build against its own documents: openapi.yaml and the metrics, judged by tools that nobody here wrote.
#   scripts/contract.sh [--seed N] [--examples N]
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

scripts/python-env.sh Tests/contract .venv-contract
[[ -x .build/release/beatd ]] || die "there is no .build/release/beatd; make release builds it"
command -v promtool >/dev/null || die "there is no promtool; scripts/deps.sh ci installs it (Debian: prometheus)"
exec .venv-contract/bin/python -B Tests/contract/contract.py "$@"
