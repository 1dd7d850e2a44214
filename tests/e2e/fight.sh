#!/usr/bin/env bash
# Two controllers do not fight; a lost controller's knobs go back.
. "$(dirname "$0")/util.sh"

start_fastd
start worker worker
wait_worker worker
printf 'res,fps,acc\n1.0,50,1.0\n0.5,100,0.8\n0.25,200,0.5\n' >"$world/table.csv"
start hold fastctl hold 'fps >= 60' --maximize acc --plugin worker --knobs res \
  --table "$world/table.csv" --ttl 5000 --for 120
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
check 'a killed controller loses its claim' wait_until 20 free
back() { fastctl params res --plugin worker --json | grep -qE '"desired": *\{"doubleValue": *1\.0'; }
check 'the knob goes back' wait_until 20 back
fastctl audit >"$world/audit"
check 'the audit log tells' grep -qE 'lose|revert' "$world/audit"

# Each policy, with nobody there but fastd: claims that nobody renews, and that fastd's own death does
# not end.
TTL_MS=12000
values() { # of all knobs
  fastctl params --plugin worker --json | grep -oE '"desired": *\{"[a-zA-Z]+": *("[^"]*"|[^}]*)\}' |
    sed -E 's/.*: *"?([^"}]*)"?\}/\1/' | xargs
}
valued() { [ "$(values)" = "$1" ]; }
leases() { fastctl params --plugin worker --json | grep -oE '"leaseId": *"[1-9][0-9]*"' | wc -l; }
leased() { [ "$(leases)" -eq "$1" ]; }
# claims KNOB VALUE POLICY OPTION...: turns it under a lease.
claims() {
  local lease
  lease=$(fastctl claim "$1" --plugin worker --ttl "$TTL_MS" --on-loss "${@:3}" --json | json_field leaseId)
  check "$3: $1 is turned under a lease" fastctl set "$1=$2" --plugin worker --lease "$lease"
}
check 'knobs have values' fastctl set res=0.5 period_ms=20 label=before mode=fast --plugin worker
claims res 0.25 revert
claims period_ms 30 default
claims label under hold
claims mode good hold-then-default --hold 1000
kill -9 "$fastd_pid"
wait "$fastd_pid" 2>/dev/null
start_fastd
check 'fastd killed, the values hold' wait_until 10 valued '30 0.25 good true under'
check 'as do the leases' leased 4
check 'until their time is up' wait_until 40 leased 0
check 'each knob is what its claim said' wait_until 20 valued '10 0.5 fast true under'
exit "$failed"
