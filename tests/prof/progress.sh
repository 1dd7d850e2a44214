#!/usr/bin/env bash
# How long fastprof measures, and what it says meanwhile: a line per setting, and on a terminal the time
# that is left.
. "$FASTD_SOURCE/tests/e2e/util.sh"
unset FASTD_ENDPOINT FASTD_PLUGIN_SOCKET
out=$world/out
knobs=(--knob period_ms=5,10 --knob res=1 --knob mode=fast --knob enabled=true)

# json EXPRESSION: a Python expression over d, the one target's results, must be true.
json() {
  python3 -c 'import json,sys
lines=[json.loads(l) for l in open(sys.argv[1] + "/samples.ndjson")]
d=json.load(open(sys.argv[1] + "/results.json"))
d=d.get("targets", [d])[0]
first={s["id"]: min(l["timeUnixNs"] for l in lines if l["setting"] == s["id"]) for s in d["settings"]}
assert eval("(" + sys.argv[2] + ")"), (first, d["settings"])' "$out" "$1"
}

check 'beats end a setting, whatever its duration' fastprof run --out "$out" --interval 0.05 --warmup 1 \
  --beats 30 --duration 300 --timeout 100 "${knobs[@]}" -- worker
check 'and the run is whole' json 'd["ending"]=="done" and all(s["ending"]=="done" for s in d["settings"])'
check 'what settles is left out' json \
  'all(int(first[s["id"]]) - int(s["startUnixNs"]) >= 900_000_000 for s in d["settings"])'

fastprof run --out "$out" --interval 0.05 --warmup 0.1 --duration 1 "${knobs[@]}" -- worker 2>"$world/plain" >/dev/null
check 'elsewhere than on a terminal there is a line per setting' grep -qE '^\[2/2\] period_ms=10 .* Hz$' "$world/plain"
[ "$(grep -c '^\[' "$world/plain")" -eq 2 ] && pass 'and no more' || { fail 'and no more'; cat "$world/plain"; }
grep -q "$(printf '[\r\033]')" "$world/plain" && fail 'with nothing for terminals in it' ||
  pass 'with nothing for terminals in it'

python3 - "$out" "${knobs[@]}" >"$world/terminal" <<'PYTHON'
import os, pty, sys
pty.spawn(["fastprof", "run", "--out", sys.argv[1], "--interval", "0.05", "--warmup", "0.1", "--duration", "1"]
          + sys.argv[2:] + ["--", "worker"])
PYTHON
check 'a terminal shows how far it is, and the time left' \
  grep -qE '\[2/2\] period_ms=10 .* Hz  [0-9.]+ m?s left' "$world/terminal"
check 'and in the end a line per setting' grep -qE '^.*\[1/2\] period_ms=5 [^[]* Hz.?$' "$world/terminal"
exit "$failed"
