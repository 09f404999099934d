#!/usr/bin/env bash
# Builds beatd, starts it with its built-in naming server in the foreground, and prints what to try once it answers.
# Everything it keeps is in ./.beatd; no root is needed. Arguments go to `beatd serve`; the BEATD_* variables work too.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

scripts/deps.sh
without_warnings swift build -c release --static-swift-stdlib --product beatd "${swift_flags[@]}"

data=${BEATD_DATA_DIR:-./.beatd}
socket=${BEATD_SOCKET:-./.beatd/api.sock}
listen=${BEATD_LISTEN:-127.0.0.1:8090}
nacos=${BEATD_NACOS_SERVERS:-127.0.0.1:8848}
nacos=${nacos%%,*}
mkdir -p -m 0700 .beatd

hints() {
    cat <<TEXT

beatd answers on http://$listen (and on the unix socket $socket). Try, in another terminal:

  # register an instance: it is beaten from now on, every 5 s
  curl -s http://$listen/v1/beats --json '{"serviceName":"orders","ip":"10.0.0.7","port":8080}'

  # what beatd keeps alive, and how many (dom2BeatSize)
  curl -s 'http://$listen/v1/beats?pretty'
  curl -s http://$listen/v1/metrics/dom2BeatSize

  # what the naming server knows
  curl -s 'http://$nacos/nacos/v1/ns/instance/list?serviceName=orders'

  # take it away again
  curl -s -X DELETE 'http://$listen/v1/beats?serviceName=orders&ip=10.0.0.7&port=8080'

Stop with ^C.

TEXT
}

# Waits for the daemon beside it. It must not keep the terminal busy when the daemon could not start, and must not
# mistake another beatd's answer for ours: the first question is asked only after a failed start would have ended.
announce() {
    local daemon=$1
    for _ in $(seq 100); do
        sleep 0.2
        kill -0 "$daemon" 2>/dev/null || return 0
        if curl --silent --fail --output /dev/null --max-time 1 --unix-socket "$socket" http://localhost/readyz; then
            kill -0 "$daemon" 2>/dev/null && hints
            return 0
        fi
    done
    say "beatd has not become ready within 20 s; see its log above"
}

# Orphaned on purpose (the outer subshell ends at once), so that beatd does not inherit a child.
(announce $$ &)

# exec: signals to this process, ^C among them, reach the daemon itself, and its exit status is ours.
exec .build/release/beatd serve --embedded-naming --data-dir "$data" --socket "$socket" --listen "$listen" "$@"
