#!/usr/bin/env bash
# Makes the virtual environment of a folder of Python, with what its requirements.txt pins. Quick and without the network
# when it is there already.
#   scripts/python-env.sh Tests/python .venv-tests
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

[[ $# -eq 2 ]] || die "usage: scripts/python-env.sh FOLDER ENVIRONMENT"
environment=$2
requirements=$1/requirements.txt
# Which requirements it was made from: written last, so that half an environment is made anew.
stamp=$environment/made-from.txt

if [[ -x $environment/bin/python ]] && cmp --silent "$requirements" "$stamp"; then
    exit 0
fi

command -v python3 >/dev/null || die "there is no python3; scripts/deps.sh installs it"
rm -rf "$environment"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! python3 -m venv "$environment" >"$log" 2>&1; then
    cat "$log" >&2
    die "python3 made no virtual environment; scripts/deps.sh installs python3-venv"
fi
say "installing $requirements into $environment"
if ! "$environment/bin/pip" install --quiet --disable-pip-version-check --no-input --retries 2 --timeout 20 \
    --require-hashes --requirement "$requirements" >"$log" 2>&1; then
    cat "$log" >&2
    die "pip installed nothing (above). Without PyPI: set PIP_INDEX_URL to a mirror, or PIP_NO_INDEX=1 and" \
        "PIP_FIND_LINKS to a folder with the wheels of $requirements"
fi
cp "$requirements" "$stamp"
