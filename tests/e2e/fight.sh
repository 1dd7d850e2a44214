#!/usr/bin/env bash
# Two controllers do not fight; a lost controller's knobs go back.
. "$(dirname "$0")/util.sh"

start_fastd
start worker worker
fastctl wait worker
printf 'res,fps,acc\n1.0,50,1.0\n0.5,100,0.8\n0.25,200,0.5\n' >"$world/table.csv"
start hold fastctl hold 'fps >= 60' --maximize acc --plugin worker --knobs res \
  --table "$world/table.csv" --ttl 1000 --for 60
hold_pid=$started
held() { fastctl params res --plugin worker --json | grep -qE '"leaseId": *"?[1-9]'; }
free() { ! held; }
check 'the first controller gets the claim' wait_until 10 held
refuses 'the second is refused, and told who holds' 1 'fastctl hold' \
  fastctl hold 'fps >= 60' --maximize acc --plugin worker --knobs res --table "$world/table.csv" --for 5
refuses 'a set from outside is refused, and told who holds' 1 'fastctl hold' \
  fastctl set res=1.0 --plugin worker
check 'a knob that is not claimed can be turned' fastctl set period_ms=20 --plugin worker
kill -9 "$hold_pid"
wait "$hold_pid" 2>/dev/null
check 'a killed controller loses its claim' wait_until 5 free
back() { fastctl params res --plugin worker --json | grep -qE '"desired": *\{"doubleValue": *1\.0'; }
check 'the knob goes back' wait_until 5 back
fastctl audit >"$world/audit"
check 'the audit log tells' grep -qE 'lose|revert' "$world/audit"
exit "$failed"
