#!/usr/bin/env bash
# However a run ends, it leaves a result that is whole and says how.
. "$FASTD_SOURCE/tests/e2e/util.sh"
unset FASTD_ENDPOINT FASTD_PLUGIN_SOCKET
out=$world/out
quick=(--out "$out" --quiet --interval 0.05 --warmup 0 --duration 0.3 --hang 1)

# ends NAME CODE ENDING COMMAND...: exits with that code; results.json and junit.xml are whole.
ends() {
  local name=$1 code=$2 ending=$3 got=0
  shift 3
  rm -rf "$out"
  timeout 30 "$@" >"$world/ends.out" 2>&1 || got=$?
  judge "$name" "$code" "$ending" "$got"
}

judge() {
  local name=$1 code=$2 ending=$3 got=$4 said
  said=$(python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); print(d["ending"], d["exitCode"])' \
    "$out/results.json" 2>&1)
  if [ "$got" = "$code" ] && [ "$said" = "$ending $code" ] && ls "$out"/*.tmp >/dev/null 2>&1; then
    fail "$name: a file was left half written"
  elif [ "$got" = "$code" ] && [ "$said" = "$ending $code" ]; then
    pass "$name"
  else
    fail "$name"
    printf '  exit %s, expected %s; results.json: %s\n' "$got" "$code" "$said"
    sed 's/^/  | /' "$world/ends.out" | head -n 20
  fi
}

# settings EXPECTED: the endings of all settings, as results.json tells them.
settings() {
  local said
  said=$(python3 -c 'import json,sys
d=json.load(open(sys.argv[1]))
print(*(s["knobs"].get("mood","") + ":" + s["ending"] for s in d["targets"][0]["settings"]))' "$out/results.json")
  echo "$said"
  [ "$said" = "$1" ]
}

ends 'a crash ends with 3' 3 crashed fastprof run "${quick[@]}" --repeat 2 --knob mood=crash,well -- ill
check 'and the other settings are measured' settings 'crash:crashed well:done'
check 'as often as was asked for' python3 -c '
import json,sys
crash,well=json.load(open(sys.argv[1]))["targets"][0]["settings"]
assert well["repeats"]==2 and crash["repeats"]==0 and crash["exitStatus"]==11 and "exitStatus" not in well
assert "signal 11" in crash["reason"], crash' "$out/results.json"
check 'knobtable.csv says so' grep -qx '0,crash,crashed' "$out/knobtable.csv"
check 'measuretable.csv has what can be used' sh -c "! grep -q '^crash,' '$out/measuretable.csv' && grep -q '^well,' '$out/measuretable.csv'"
check 'junit.xml has a case for it' grep -q 'name="mood=crash".*<error type="crashed"' "$out/junit.xml"
check 'report.txt says so' grep -q '^mood=crash *crashed: the plugin was killed by signal 11' "$out/report.txt"
check 'report.html says so' grep -q 'mood=crash.*crashed.*signal 11' "$out/report.html"
check 'profile.sqlite says so' test "$(sqlite3 "$out/profile.sqlite" \
  "SELECT ending FROM setting WHERE label='mood=crash'")" = crashed
check 'results.json is as its schema says' python3 "$FASTD_SOURCE/tests/prof/schema.py" \
  "$FASTD_SOURCE/docs/fastprof.schema.json" "$out/results.json"
ends 'a plugin may fail in each way' 3 crashed fastprof run "${quick[@]}" --duration 1 --failures 9 \
  --knob mood=well,crash,exit,hang,idle -- ill
check 'and each is told apart' settings 'well:done crash:crashed exit:exited hang:hung idle:refused'
ends 'after --failures settings in a row it gives up' 3 exited fastprof run "${quick[@]}" --failures 2 \
  --knob mood=crash,exit,well -- ill
check 'and says which were left' settings 'crash:crashed exit:exited well:not_visited'
ends 'a crash below a shell is seen too' 3 crashed \
  fastprof run "${quick[@]}" --knob mood=crash -- sh -c 'ill; exit $?'
ends 'an early end is told' 3 exited fastprof run "${quick[@]}" --knob mood=exit -- ill
ends 'a hang is noticed' 3 hung fastprof run "${quick[@]}" --knob mood=hang -- ill
ends 'idleness is no hang' 0 done fastprof run "${quick[@]}" --duration 1.5 --knob mood=idle,well -- ill
check 'but is told' grep -q 'no progress in this setting' "$out/report.txt"
ends 'no such program ends with 3' 3 no_plugin fastprof run "${quick[@]}" -- no-such-program
ends 'a program that is no plugin ends with 3' 3 no_plugin \
  fastprof run "${quick[@]}" --attach 0.5 -- sleep 30
ends '--timeout ends with 4' 4 timeout \
  fastprof run "${quick[@]}" --duration 20 --timeout 1.5 --knob mood=well -- ill
ends 'a knob that is not there ends with 2' 2 usage fastprof run "${quick[@]}" --knob size=1 -- ill
ends 'no fastd ends with 5' 5 fastd_lost \
  fastprof run "${quick[@]}" --endpoint "ipc://$world/nobody.sock" -- ill

# begun: a run of one long setting is measuring; its pid is in $started.
begin() {
  rm -rf "$out"
  start ends fastprof run "${quick[@]}" --duration 30 --knob mood=well -- ill
  wait_until 10 pgrep -P "$started" -x ill
  wait_until 10 grep -q running "$out/results.json"
}
# after NAME CODE ENDING: waits for it.
after() {
  local got=0
  wait "$started" || got=$?
  cp "$world/ends.log" "$world/ends.out"
  judge "$1" "$2" "$3" "$got"
}
begin
check 'while it runs, results.json says so' grep -q '"ending": "running"' "$out/results.json"
kill -INT "$started"
after 'Ctrl-C leaves a result' 5 interrupted
begin
pkill -KILL -P "$started" -x fastd
after 'a fastd that is killed ends with 5' 5 fastd_lost
begin
pkill -KILL -P "$started" -x ill
after 'a plugin that is killed ends with 3' 3 crashed
begin
plugin=$(pgrep -P "$started" -x ill)
kill -KILL "$started"
wait "$started" 2>/dev/null
check 'fastprof killed outright leaves a result that says it was running' \
  python3 -c 'import json,sys; assert json.load(open(sys.argv[1]))["ending"]=="running"' "$out/results.json"
check 'and its plugin ends with it' wait_until 20 sh -c "! kill -0 $plugin"

# A file that there is no room for.
begin
ln -s /dev/full "$out/samples.ndjson.tmp"
kill -INT "$started"
after 'no room for a file leaves a result' 5 interrupted
check 'which says so' grep -q 'the disk is full' "$out/results.json"

# A disk that fills up, where we may mount one.
rm -rf "$out" && mkdir "$out"
if mount -t tmpfs -o size=900k tmpfs "$out" 2>/dev/null; then
  got=0
  timeout 30 fastprof run "${quick[@]}" --interval 0.01 --duration 3 --knob mood=well -- ill \
    >"$world/ends.out" 2>&1 &
  run=$!
  wait_until 20 test -s "$out/results.json"
  head -c 2000000 /dev/zero >"$out/filler" 2>/dev/null
  wait "$run" || got=$?
  judge 'a full disk leaves a result' 5 disk_full "$got"
  umount "$out"
else
  skip 'a full disk: nothing can be mounted here'
fi
exit "$failed"
