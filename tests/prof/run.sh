#!/usr/bin/env bash
# fastprof run, end to end: every file is what it says, and a controller reads the table.
. "$FASTD_SOURCE/tests/e2e/util.sh"
unset FASTD_ENDPOINT FASTD_PLUGIN_SOCKET
out=$world/out

profile() { fastprof run --quiet --out "$out" --interval 0.05 --warmup 0.1 --duration 0.5 "$@"; }

# json FILE EXPRESSION: a Python expression over d must be true.
json() { python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); t=d.get("targets",[d])[0]; assert eval("(" + sys.argv[2] + ")"), d' "$1" "$2"; }

check 'a run whose goals are met ends with 0' \
  profile --knob period_ms=4,20 --knob res=1,0.5 --knob mode=fast --knob enabled=true \
  --goal 'fps >= 20' --goal 'p99(latency) <= 5 s' --repeat 2 -- worker
check 'results.json tells settings, metrics and overhead' json "$out/results.json" \
  'd["schema"]=="fastprof/2" and d["ending"]=="done" and len(t["settings"])==4 and
   all(s["repeats"]==2 for s in t["settings"]) and
   all(g["verdict"]=="met" for g in t["goals"]) and
   t["settings"][0]["metrics"]["fps"]["mean"] > t["settings"][2]["metrics"]["fps"]["mean"] and
   t["settings"][0]["metrics"]["env.level"]["unit"]=="Cel" and
   t["settings"][0]["metrics"]["latency"]["observations"]>0 and
   t["settings"][0]["metrics"]["proc.memory_peak"]["max"]>100000 and
   t["overhead"]["fastprofCpuSeconds"]>0'
check 'what cannot be had is named, and has no numbers' json "$out/results.json" \
  'all("mean" not in t["settings"][0]["metrics"][n] for n in t["unsupported"])'
check 'results.json is as its schema says' python3 "$FASTD_SOURCE/tests/prof/schema.py" \
  "$FASTD_SOURCE/docs/fastprof.schema.json" "$out/results.json"
check 'every line of samples.ndjson is JSON' python3 -c '
import json,sys
lines=[json.loads(l) for l in open(sys.argv[1])]
assert len(lines)>50 and all(set(l)=={"timeUnixNs","target","setting","repeat","metric","value"} for l in lines)' \
  "$out/samples.ndjson"
check 'knobtable.csv has a row per setting' test "$(wc -l <"$out/knobtable.csv")" = 5
check 'benchmark.json has groups, tests and thresholds' json "$out/benchmark.json" \
  'len(d["groups"][0]["tests"])==4 and
   any("thresholds" in r for t in d["groups"][0]["tests"] for r in t["results"])'
if command -v xmllint >/dev/null; then
  check 'junit.xml is XML' xmllint --noout "$out/junit.xml"
  check 'junit.xml has a case per goal and one for the run' test \
    "$(xmllint --xpath 'count(//testcase)' "$out/junit.xml")" = 3
else
  skip 'xmllint is not installed'
fi
check 'profile.sqlite is whole and has the samples' test \
  "$(sqlite3 "$out/profile.sqlite" 'PRAGMA integrity_check; SELECT count(*)>50 FROM sample;
     SELECT count(*) FROM setting;' | tr '\n' ' ')" = 'ok 1 4 '
check 'report.txt names plugin, goals and settings' grep -q 'goal .*met' "$out/report.txt"
check 'and its columns in full' grep -qE '^setting .* proc\.memory_peak$' "$out/report.txt"

# The table feeds the controller.
start_world() {
  export FASTD_ENDPOINT=ipc://$world/fastd.sock FASTD_PLUGIN_SOCKET=$world/plugin.sock
  start_fastd
  start worker worker
  fastctl wait worker
}
check 'a fastd and a worker for the controller start' start_world
check 'fastctl hold reads measuretable.csv' fastctl hold 'fps >= 20' --maximize env.level \
  --plugin worker --table "$out/measuretable.csv" --for 1s
kill "$started"

check "the node's own fastd serves too" profile --endpoint "$FASTD_ENDPOINT" \
  --plugin 'again' --knob period_ms=7 --strategy endpoints --knob res=1 --knob mode=fast \
  --knob enabled=true -- worker --name again
start again worker --name again
check 'and starts again' fastctl wait again
check 'and its knobs are what they were before' sh -c \
  "fastctl get period_ms --plugin again | grep -qx 'desired *10'"
kill "$started"
unset FASTD_ENDPOINT FASTD_PLUGIN_SOCKET

check 'a plugin without knobs has one setting' profile -- counter 1000
check 'its label says so' json "$out/results.json" 'len(t["settings"])==1 and t["settings"][0]["knobs"]=={}'
refuses 'a missed goal ends with 1' 1 'MISSED' fastprof run --out "$out" --warmup 0 --duration 0.3 \
  --goal 'steps >= 100000' -- counter 1000
refuses 'a goal about nothing is not met' 1 'UNKNOWN' fastprof run --out "$out" --warmup 0 \
  --duration 0.3 --goal 'nothing >= 1' -- counter 1000

# The Jenkinsfile's command is one that fastprof takes, and leaves the files that it hands on.
mkdir "$world/job"
printf '#!/bin/sh\nexec worker\n' >"$world/job/camera"
chmod +x "$world/job/camera"
command=$(sed -n "s/^ *sh '\(fastprof run .*\)'$/\1/p" "$FASTD_SOURCE/docs/Jenkinsfile")
less='--quiet --warmup 0.1 --duration 0.3 --knob period_ms=5 --knob res=1 --knob mode=fast --knob enabled=true'
check 'the command of the Jenkinsfile is run' sh -c "cd '$world/job' && ${command/fastprof run/fastprof run $less}"
for file in $(grep -oE "'profile/[a-z.]+'" "$FASTD_SOURCE/docs/Jenkinsfile" | tr -d "'"); do
  check "it leaves $file" test -s "$world/job/$file"
done
exit "$failed"
