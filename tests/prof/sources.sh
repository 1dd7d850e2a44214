#!/usr/bin/env bash
# fastprof's other verbs and inputs: compare, --sage, --repo, --image.
. "$FASTD_SOURCE/tests/e2e/util.sh"
unset FASTD_ENDPOINT FASTD_PLUGIN_SOCKET
out=$world/out
quick=(--quiet --interval 0.05 --warmup 0.1 --duration 0.6)
worker_knobs=(--knob res=1 --knob mode=fast --knob enabled=true)

# result EXPRESSION: a Python expression over results.json must be true.
result() { python3 -c 'import json,sys; f=json.load(open(sys.argv[1])); d=f["targets"][0]; assert eval("(" + sys.argv[2] + ")"), f' "$out/results.json" "$1"; }

for period in 5 25; do
  check "a run at a period of $period ms" fastprof run "${quick[@]}" --out "$world/$period" \
    "${worker_knobs[@]}" --knob period_ms=5,25 --strategy endpoints -- worker
done
check 'compare writes a line per metric and setting' sh -c \
  "fastprof compare '$world/5' '$world/25' | grep -qE 'period_ms=5 .* fps .*(same|noisy|higher|lower)'"
# The same file with every value of fps doubled must be told as higher.
python3 - "$world/5/results.json" "$world/doubled.json" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
for s in d["targets"][0]["settings"]:
    s["metrics"]["fps"]["values"] = [2 * v for v in s["metrics"]["fps"]["values"]]
json.dump(d, open(sys.argv[2], "w"))
PY
check 'compare sees what has doubled, and what has not changed' python3 -c '
import json,subprocess,sys
d=json.loads(subprocess.check_output(["fastprof","compare","--json",sys.argv[1],sys.argv[2]]))
assert d["schema"]=="fastprof-compare/2"
by={}
for c in d["comparisons"]: by.setdefault(c["metric"],[]).append(c)
assert all(c["verdict"]=="higher" and abs(c["change"]-1)<1e-6 for c in by["fps"]), by["fps"]
assert all(c["verdict"] in ("same","too noisy to tell") for c in by["frames"]), by["frames"]' \
  "$world/5" "$world/doubled.json"
refuses 'compare names a file that is no result' 5 'results.json' fastprof compare "$world" "$world"

# A sage.yaml beside a command.
cat >"$world/sage.yaml" <<'YAML'
name : worker
version: 1.0
metadata:
  fastd:
    profiling:
      targets:
      - args: [--name, sagely]
        timeout: 60
        knobs: {period_ms: [5, 10], res: 1, mode: fast, enabled: true}
        dataset: https://example.org/data
YAML
check 'a sage.yaml gives arguments and knobs' fastprof run "${quick[@]}" --out "$out" \
  --sage "$world/sage.yaml" --knob period_ms=7 -- worker
check 'and the command line outranks it' result \
  'd["run"]["plugin"]=="sagely" and [s["knobs"]["period_ms"] for s in d["settings"]]==["7"]'
printf 'name: x\nflavour: sweet\n' >"$world/bad.yaml"
refuses 'a sage.yaml with nonsense is refused with its line' 2 'bad.yaml:2: .*flavour' \
  fastprof run "${quick[@]}" --out "$out" --sage "$world/bad.yaml" -- worker

# What a plugin publishes by pywaggle is in its run log.
cat >"$world/publisher" <<'SH'
#!/bin/sh
# pywaggle's own lines, beside a plugin; and fps, of which fastd tells more.
mkdir -p "$PYWAGGLE_LOG_DIR"
while sleep 0.05; do
  echo '{"meta":{"camera":"left"},"name":"people","timestamp":"2022-08-23T13:27:10.562104000","value":3}'
  echo '{"meta":{},"name":"fps","timestamp":"2022-08-23T13:27:10000","value":1}'
done >>"$PYWAGGLE_LOG_DIR/data.ndjson" &
exec worker
SH
chmod +x "$world/publisher"
check 'the run log of a plugin is read' fastprof run "${quick[@]}" --out "$out" --run-log "$(realpath --relative-to=. "$world/log")" \
  "${worker_knobs[@]}" --knob period_ms=10 -- "$world/publisher"
check 'its numbers are series, those of fastd stay' result '
  d["settings"][0]["metrics"]["people{camera=\"left\"}"]["mean"]==3 and
  d["settings"][0]["metrics"]["people{camera=\"left\"}"]["source"]=="runlog" and
  d["settings"][0]["metrics"]["fps"]["source"]=="plugin" and d["settings"][0]["metrics"]["fps"]["mean"]>5'

# A repository.
repo=$world/repo
git -c init.defaultBranch=main init -q "$repo"
cp "$FASTD_BIN/worker" "$repo/camera"
cat >"$repo/sage.yaml" <<'YAML'
name: camera
version: "0.1.0"
source: {architectures: ["linux/amd64"], branch: main}
YAML
cat >"$repo/fastd.yaml" <<'YAML'
command: [./camera]
args: --name cloned
knobs: {period_ms: 10, res: 1, mode: fast, enabled: true}
YAML
git -C "$repo" add -A
git -C "$repo" -c user.name=t -c user.email=t@example.org commit -qm 'A camera'
check 'a repository is cloned and run as it says' fastprof run "${quick[@]}" --out "$out" \
  --repo "file://$repo"
check 'the result names its commit' result \
  "d['run']['commit']=='$(git -C "$repo" rev-parse HEAD)' and d['run']['plugin']=='cloned'"
refuses 'a repository that is not there ends with 5' 5 'cannot be cloned' \
  fastprof run "${quick[@]}" --out "$out" --repo "file://$world/nowhere"

exit "$failed"
