#!/usr/bin/env bash
# A controller that is cut off, by a proxy between or by a signal: over tcp its lease ends by its time
# alone, over ipc with its process; fastd does what the claim said, without it.
. "$(dirname "$0")/util.sh"

start_fastd --listen tcp://127.0.0.1:0 --role tcp=controller
start worker worker
wait_worker worker
tcp=$(fastctl status --json | grep -oE 'tcp://127\.0\.0\.1:[0-9]+' | head -n 1)
# Whatever the worker's pace, 1.0 is never the best.
printf 'res,fps,acc\n1.0,50,0.5\n0.5,100,1.0\n0.25,200,0.8\n' >"$world/table.csv"

# hold NAME ENDPOINT TTL_MS: a feedback controller, which turns res to 0.5 or less and holds it.
hold() {
  start "$1" fastctl --endpoint "$2" hold 'fps >= 60' --maximize acc --plugin worker --knobs res \
    --table "$world/table.csv" --ttl "$3" --for 120
  hold_pid=$started
}
held() { fastctl params res --plugin worker --json | grep -qE '"leaseId": *"?[1-9]'; }
free() { ! held; }
turned() { fastctl params res --plugin worker --json | grep -qE '"desired": *\{"doubleValue": *0\.'; }
back() { fastctl params res --plugin worker --json | grep -qE '"desired": *\{"doubleValue": *1\.0'; }

hold remote "$tcp" 5000
check 'a controller over tcp claims' wait_until 10 held
check 'and turns the knob' wait_until 10 turned
kill -STOP "$hold_pid"
check 'its link cut, the lease outlasts it' held
check 'until its time is up' wait_until 20 free
check 'and fastd reverts the knob' wait_until 20 back
kill -CONT "$hold_pid"
check 'back again, it claims anew' wait_until 10 held
check 'and turns the knob anew' wait_until 10 turned
kill -9 "$hold_pid"
wait "$hold_pid" 2>/dev/null
check 'until it is killed and its time is up, too' wait_until 20 free

hold remote "$tcp" 60000
check 'a controller over tcp claims for a minute' wait_until 10 held
check 'and turns the knob' wait_until 10 turned
lease=$(fastctl params res --json | json_field leaseId)
connections() { fastctl rpc call fast.v1.Admin/Connections --json | grep -o '"transport": *"tcp"' | wc -l; }
one_less() { [ "$(connections)" -lt "$before" ]; }
before=$(connections)
kill -9 "$hold_pid"
wait "$hold_pid" 2>/dev/null
check 'killed, its connection is gone' wait_until 20 one_less
check 'but its lease still runs' held
check 'until it is released' fastctl release "$lease" --revert
check 'which reverts the knob' wait_until 20 back

# The link is cut, and both ends live: a proxy stands between them.
coproc proxy { exec proxy tcp://127.0.0.1:0 "$tcp"; }
pids+=("$proxy_PID")
read -r link <&"${proxy[0]}"
# tell ORDER: the proxy obeys; its answer is in $told.
tell() {
  echo "$1" >&"${proxy[1]}"
  read -r told <&"${proxy[0]}"
}
lease() { fastctl params res --plugin worker --json | json_field leaseId; }
reverts() { fastctl audit --json | grep -o '"verb": *"revert"' | wc -l; }

hold remote "$link" 2000
check 'a controller over a link claims' wait_until 10 held
check 'and turns the knob' wait_until 10 turned
tell stop
check 'the link gone silent, its lease ends with its time' wait_until 10 free
check 'and fastd reverts the knob' wait_until 20 back
check 'though the controller lives' kill -0 "$hold_pid"
tell go
check 'the link back again, it claims anew' wait_until 20 held
check 'and turns the knob anew' wait_until 10 turned
kill -9 "$hold_pid"
wait "$hold_pid" 2>/dev/null
check 'killed, its lease ends with its time' wait_until 10 free

hold remote "$link" 10000
check 'a controller with a longer lease claims' wait_until 10 held
check 'and turns the knob' wait_until 10 turned
before=$(lease)
reverted=$(reverts)
tell count
count=$told
tell cut
came_again() { tell count && [ "$told" -gt "$count" ]; }
check 'its connection cut, it comes again' wait_until 10 came_again
# The time that is left rises again.
renewed() {
  local left
  left=$(fastctl params res --plugin worker --json | json_field leaseTtlMs)
  [ "$left" -gt "$((least + 500))" ] && return
  [ "$left" -lt "$least" ] && least=$left
  return 1
}
least=10000
check 'renews its lease' wait_until 10 renewed
[ "$(lease)" = "$before" ] && pass 'which is the one that it had' ||
  fail "which is the one that it had ($before, now $(lease))"
check 'and keeps its knob as it was' turned
[ "$(reverts)" -eq "$reverted" ] && pass 'which was never reverted' || fail 'which was never reverted'
kill -9 "$hold_pid"
wait "$hold_pid" 2>/dev/null
check 'its lease is released for it' fastctl release "$before" --revert

hold local "$FASTD_ENDPOINT" 60000
check 'a controller over ipc claims for a minute' wait_until 10 held
check 'and turns the knob' wait_until 10 turned
stopped() { [ "$(cut -d' ' -f3 "/proc/$hold_pid/stat")" = T ]; }
kill -STOP "$hold_pid"
check 'it is stopped' wait_until 20 stopped
check 'and lives, so that it holds on' held
kill -9 "$hold_pid"
wait "$hold_pid" 2>/dev/null
check 'killed, it holds nothing any more' wait_until 20 free
check 'and fastd reverts the knob' wait_until 20 back
exit "$failed"
