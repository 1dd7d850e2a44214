#!/usr/bin/env bash
# Every target of a sage.yaml is run, and told apart in every file.
. "$FASTD_SOURCE/tests/e2e/util.sh"
unset FASTD_ENDPOINT FASTD_PLUGIN_SOCKET
out=$world/out
quick=(--quiet --interval 0.05 --warmup 0 --duration 0.3 --out "$out")

# result EXPRESSION: a Python expression over results.json must be true; t: targets by name.
result() {
  python3 -c '
import json,sys
d=json.load(open(sys.argv[1]))
t={x["name"]: x for x in d["targets"]}
assert eval("(" + sys.argv[2] + ")"), d' "$out/results.json" "$1"
}

cat >"$world/sage.yaml" <<'YAML'
name: worker
version: "1.0"
profiling:
  targets:
  - name: day
    args: [--name, sunny]
    knobs: {period_ms: [5, 10], res: 1, mode: fast, enabled: true}
    dataset: https://example.org/day
  - name: night
    args: [--name, dark]
    knobs: {period_ms: 20, res: [1, 0.5], mode: fast, enabled: true}
  - args: --name third
    knobs: {period_ms: 7, res: 1, mode: fast, enabled: true}
YAML
sage=(--sage "$world/sage.yaml")

check 'every target is run' fastprof run "${quick[@]}" "${sage[@]}" --goal 'fps >= 1' -- worker
check 'each with its own arguments, knobs and dataset' result '
  [x["name"] for x in d["targets"]]==["day","night","3"] and
  [x["run"]["plugin"] for x in d["targets"]]==["sunny","dark","third"] and
  [s["knobs"]["period_ms"] for s in t["day"]["settings"]]==["5","10"] and
  [s["knobs"]["res"] for s in t["night"]["settings"]]==["1","0.5"] and
  t["day"]["run"]["dataset"]=="https://example.org/day" and "dataset" not in t["night"]["run"]'
check 'no two settings share a number' result \
  'sorted(s["id"] for x in d["targets"] for s in x["settings"])==list(range(5))'
check 'goals are judged for each' result 'all(x["goals"][0]["verdict"]=="met" for x in d["targets"])'
check 'results.json is as its schema says' python3 "$FASTD_SOURCE/tests/prof/schema.py" \
  "$FASTD_SOURCE/docs/fastprof.schema.json" "$out/results.json"
check 'samples.ndjson names the target' sh -c "grep -q '\"target\":\"night\"' '$out/samples.ndjson'"
check 'each has tables of its own' test "$(wc -l <"$out/measuretable-day.csv"),$(wc -l <"$out/knobtable-night.csv"),$(wc -l <"$out/measuretable-3.csv")" = 3,3,2
check 'and logs' test -e "$out/plugin-night.log" -a -e "$out/fastd-3.log"
check 'junit.xml has a suite for each' test "$(grep -c '<testsuite name=' "$out/junit.xml")" = 3
check 'report.txt has a part for each' test "$(grep -c '^target  ' "$out/report.txt")" = 3
check 'report.html leads to each' sh -c "grep -q 'href=\"#night\"' '$out/report.html' && grep -q 'id=\"night\"' '$out/report.html'"
check 'profile.sqlite joins settings to targets' test "$(sqlite3 "$out/profile.sqlite" \
  "SELECT count(*) FROM setting JOIN target ON target.id = setting.target WHERE name = 'night'")" = 2

mv "$out" "$world/before"
check '--target chooses' fastprof run "${quick[@]}" "${sage[@]}" --target night -- worker
check 'and then its files have their plain names' test -e "$out/measuretable.csv" -a ! -e "$out/measuretable-night.csv"
check 'compare finds the target again' sh -c \
  "fastprof compare '$world/before' '$out' | grep -q 'before only (target day)' &&
   fastprof compare '$out' '$world/before' | grep -q '^period_ms=20 .*fps '"
refuses 'a target that is not there is refused' 2 "no target 'dusk'; there is day, night, 3" \
  fastprof run "${quick[@]}" "${sage[@]}" --target dusk -- worker

cat >"$world/sage.yaml" <<'YAML'
name: ill
testing:
  targets:
  - {name: bad, knobs: {mood: [crash, well]}}
  - {name: stuck, knobs: {mood: well}, timeout: 0.4}
  - {name: good, knobs: {mood: well}}
YAML
refuses 'a target that fails is no end for the others' 3 'target bad: .*signal 11' \
  fastprof run "${quick[@]}" "${sage[@]}" -- ill
check 'each says how it ended' result '
  [x["ending"] for x in d["targets"]]==["crashed","timeout","done"] and
  [x["exitCode"] for x in d["targets"]]==[3,4,0] and d["exitCode"]==3 and
  "sage.yaml" in t["stuck"]["reason"]'
refuses '--timeout is that of all targets together' 4 'longer than --timeout' \
  fastprof run "${quick[@]}" "${sage[@]}" --target good --target stuck --duration 20 --timeout 2 -- ill
check 'those that it left out say so' result '
  all(x["ending"]=="timeout" for x in d["targets"]) and "not run" in t["good"]["reason"]'
exit "$failed"
