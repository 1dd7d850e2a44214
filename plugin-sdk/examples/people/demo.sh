#!/usr/bin/env bash
# demo.sh BIN PYTHON CLIP [LEARN-MS [SECONDS]]: the detector, fastd, and a controller that learns its
# knobs, for so long each, and then holds half as much again as the rate of the finest setting. Under
# a minute. Ends with 4 when the goal was out of reach most of the time.
set -euo pipefail
export PATH=$1:$PATH
python=$2 clip=$3 learn_ms=${4:-2000} seconds=${5:-15}
world=$(mktemp -d /tmp/fastd-people.XXXXXX)
export FASTD_ENDPOINT=ipc://$world/fastd.sock FASTD_PLUGIN_SOCKET=$world/plugin.sock
pids=()
finish() {
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
  wait
  rm -rf "$world"
}
trap finish EXIT
say() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }

fastd --socket "$world/fastd.sock" --plugin-socket "$world/plugin.sock" --state-dir "$world/state" &
pids+=($!)
"$python" "$(dirname "$0")/people.py" "$clip" &
pids+=($!)
say 'people.py looks for people in the street video'
fastctl wait people --metric fps --param stride
rate() { fastctl metrics fps --json | grep -oE '"rateWindow": ?[0-9.]+' | grep -oE '[0-9.]+$'; }
for _ in $(seq 100); do
  finest=$(rate || echo 0)
  awk -v r="$finest" 'BEGIN { exit !(r > 0) }' && break
  sleep 0.2
done
sleep 2 # a whole window
finest=$(rate)
goal=$(awk -v r="$finest" 'BEGIN { printf "%.1f", 1.5 * r }')
fastctl metrics
say "$(printf '%.1f' "$finest") frames a second at its finest; the goal is $goal, with as much accuracy as that leaves"
code=0
fastctl hold "fps >= $goal" --maximize acc --learn --learn-ms "$learn_ms" --table "$world/people.csv" \
  --knobs scale,stride --for "$seconds" || code=$?
say 'what the controller has learned of each setting, and what is in effect'
cat "$world/people.csv"
fastctl params
fastctl metrics
exit "$code"
