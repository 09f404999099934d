#!/usr/bin/env bash
# Fails when a function of a program hands on a span of a String with its last call: the text may lie in the frame that
# is gone by then (docs/architecture.md, "A span of a String stays in its function"). For .ci/run.
#   scripts/spans.sh [.build/release/beatd]
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

program=${1:-.build/release/beatd}
found=$(objdump --disassemble --no-show-raw-insn "$program" | awk '
    /^[0-9a-f]+ <.*>:$/ { name = $2; gsub(/[<>:]/, "", name); spans = 0; next }
    /call .*SS8UTF8ViewV4spans4Span/ { spans = 1; count++; next }
    /\t(call|ret)/ { spans = 0; next }
    spans && /\tjmp +[0-9a-f]+ </ {
        target = $NF; gsub(/[<>]/, "", target); sub(/\+0x[0-9a-f]+$/, "", target)
        if (target != name) print "    " name " -> " target
    }
    END { if (!count) print "    no span of a String at all: has the name of its getter changed?" }')
[[ -z $found ]] || die "$program hands on a span of a String with a last call:"$'\n'"$(swift demangle --simplified <<<"$found")"
say "no span of a String is handed on with a last call"
