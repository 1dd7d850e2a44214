#!/usr/bin/env bash
# fastd is killed with SIGKILL and started again: the plugin goes on, nothing that was known is lost, also
# of plugins that have gone.
. "$(dirname "$0")/util.sh"

total() { fastctl metrics frames --json | json_field count; }
counted() { [ "$(total)" -gt 0 ]; }
epoch() { fastctl status --json | json_field bootId; }

start_fastd
start worker worker
check 'the plugin attaches' wait_worker worker
check 'it is sampled' wait_until 20 counted
check 'a knob is turned' fastctl set period_ms=5 res=0.5 --plugin worker
before=$(total)
boot_before=$(epoch)
kill -9 "$fastd_pid"
wait "$fastd_pid" 2>/dev/null
check 'the plugin lives on without fastd' kill -0 "${pids[1]}"
start_fastd
check 'the plugin attaches again' wait_worker worker
check 'within a second' wait_until 20 returns_within 1000 worker
check 'and is sampled' wait_until 20 counted
after=$(total)
if [ "$after" -ge "$before" ] && [ "$before" -gt 0 ]; then
  pass "the total goes on ($before, then $after)"
else
  fail "the total goes on ($before, then $after)"
fi
[ "$(epoch)" != "$boot_before" ] && pass 'the boot id has changed' || fail 'the boot id has changed'
value=$(fastctl get res --plugin worker)
case $value in
  *0.5*) pass 'the knob has kept its value' ;;
  *) fail "the knob has kept its value (it is: $value)" ;;
esac
applied() { fastctl get period_ms --plugin worker --json | grep -q '"effectiveRevision": *"\?[1-9]'; }
check 'the plugin reads it' wait_until 20 applied
fastctl audit >"$world/audit"
check 'the audit log is still there' grep -q period_ms "$world/audit"
# A spike would show as a rate far above the 200 Hz that period_ms=5 allows.
rate=$(fastctl metrics fps --plugin worker --json | json_field rateWindow)
awk -v r="$rate" 'BEGIN { exit !(r < 400) }' && pass "the rate shows no spike ($rate Hz)" ||
  fail "the rate shows no spike ($rate Hz)"
spikes() {
  fastctl history fps --plugin worker --json | grep -oE '"rate(Window|Global)": ?[0-9.e+]+' |
    awk -F: '$2 > 400 { n++ } END { print n + 0 }'
}
runs_again() { fastctl history fps --plugin worker --json | grep -qE '"rateWindow": ?[1-9]'; }
check 'the plugin beats' wait_until 10 runs_again
[ "$(spikes)" -eq 0 ] && pass 'and has no spike either' || fail "and has no spike either ($(spikes))"
fastctl runs worker --json >"$world/runs"
[ "$(grep -o '"pid"' "$world/runs" | wc -l)" -eq 1 ] && grep -qE '"endTimeUnixNs": ?"0"' "$world/runs" &&
  pass 'the run is one, and goes on' || fail "the run is one, and goes on ($(cat "$world/runs"))"
fastctl events >"$world/events"
check 'the events tell of it' grep -q 'reattach  *worker' "$world/events"
# What the plugin itself has counted, before, without and after fastd.
kill -TERM "${pids[1]}"
wait "${pids[1]}"
told=$(grep -oE '^[0-9]+ frames' "$world/worker.log" | cut -d' ' -f1)
exact() { [ "$(fastctl metrics frames --plugin worker --all --json | json_field count)" = "$told" ]; }
[ "${told:-0}" -gt "$before" ] && pass "the plugin counted on ($told)" || fail "the plugin counted on ($told)"
check 'the total is the true one' wait_until 10 exact

# Knobs of a plugin that has gone are told as before, whichever way fastd went.
ended_knobs() { fastctl params --plugin worker --all --json | sed -E 's/"epoch": ?"[0-9]+"//'; }
again() {
  kill "$1" "$fastd_pid"
  wait "$fastd_pid" 2>/dev/null
  start_fastd
}
run_is_over() { fastctl runs worker --json | grep -qE '"endTimeUnixNs": ?"[1-9]'; }
check 'the store knows of its end' wait_until 10 run_is_over
knobs=$(ended_knobs)
check 'the knobs of an ended plugin are listed' grep -q '"period_ms"' <<<"$knobs"
for signal in -KILL -TERM; do
  again $signal
  [ "$(ended_knobs)" = "$knobs" ] && pass "and the same after SIG${signal#-}" ||
    fail "and the same after SIG${signal#-} ($(diff <(echo "$knobs") <(ended_knobs)))"
  check 'but not as there' sh -c '! fastctl params | grep -q period_ms'
done
refuses 'nor are they turned' 1 'plugin "worker" has ended' fastctl set period_ms=7 --plugin worker
start worker worker
check 'the plugin starts again' fastctl wait worker --patience 10
check 'and its knob is turned' wait_until 10 fastctl set period_ms=8 --plugin worker
kill -9 "$fastd_pid" "$started"
wait "$fastd_pid" "$started" 2>/dev/null
start_fastd
kept() { fastctl params period_ms --plugin worker --all | grep -qE ' 8 +.*pending'; }
check 'a knob of a plugin that went with fastd is known, with its value' kept
refuses 'and not turned' 1 'plugin "worker" has ended' fastctl set period_ms=9 --plugin worker
kill -TERM "$fastd_pid"
wait "$fastd_pid"
code=$?
[ "$code" -eq 0 ] && pass 'SIGTERM ends it cleanly' || fail "SIGTERM ends it cleanly (exit $code)"
[ ! -e "$world/fastd.sock" ] && [ ! -e "$world/plugin.sock" ] && pass 'its sockets are gone' ||
  fail 'its sockets are gone'
exit "$failed"
