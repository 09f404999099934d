#!/usr/bin/env bash
# Starts `make run` as a newcomer would, on free ports, waits until it is ready, has it keep one instance alive, and
# stops it with the signal that ^C sends. For .ci/run.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

work=$(mktemp -d)
listen_port=$(free_port)
nacos_port=$(free_port)
export BEATD_LISTEN="127.0.0.1:$listen_port" BEATD_NACOS_SERVERS="127.0.0.1:$nacos_port"
export BEATD_DATA_DIR="$work/data" BEATD_SOCKET="$work/api.sock"

daemon=
finish() {
    [[ -z $daemon ]] || kill -KILL -- "-$daemon" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

fail() {
    sed 's/^/    /' "$work/log" >&2
    die "smoke test: $*"
}

# A session of its own, so that one signal reaches the whole group as a terminal's ^C does; and the signal not ignored,
# as a shell sets it for what it starts in the background.
env --default-signal=INT,QUIT setsid make --no-print-directory run >"$work/log" 2>&1 </dev/null &
daemon=$!

# The release build may have to be done first, so the deadline is generous; the hints come once /readyz answers.
for _ in $(seq 600); do
    grep -q 'Stop with \^C' "$work/log" && break
    kill -0 "$daemon" 2>/dev/null || fail "make run ended by itself"
    sleep 1
done
grep -q 'Stop with \^C' "$work/log" || fail "make run was not ready in time"

answer=$(curl --silent --show-error --fail --max-time 10 "http://$BEATD_LISTEN/v1/beats?wait=3s" \
    --json '{"serviceName":"smoke","ip":"10.0.0.7","port":8080}') || fail "the registration was refused"
[[ $answer == *'"serviceName":"smoke"'* ]] || fail "unexpected answer: $answer"
size=$(curl --silent --fail --max-time 5 -H 'Accept: text/plain' "http://$BEATD_LISTEN/v1/metrics/dom2BeatSize")
[[ $size == 1 ]] || fail "dom2BeatSize is '$size', not 1"

kill -INT -- "-$daemon"
for _ in $(seq 150); do
    kill -0 "$daemon" 2>/dev/null || break
    sleep 0.1
done
kill -0 "$daemon" 2>/dev/null && fail "make run did not end within 15 s of ^C"
# make itself says "Error N" when the daemon ended with anything but 0.
grep -q '^make.*Error' "$work/log" && fail "the daemon did not end cleanly"
[[ -z $(ss -Htln "sport = :$listen_port" 2>/dev/null || true) ]] || fail "the daemon still listens"
say "smoke test passed: ready, one instance kept, stopped"
