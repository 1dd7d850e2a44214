#!/usr/bin/env bash
# A state directory whose database is broken: fastd says so, begins a new one, and serves.
. "$(dirname "$0")/util.sh"

start_fastd
start worker worker
check 'a knob is turned' wait_until 10 fastctl set period_ms=5 --plugin worker

# again NAME COMMAND: fastd ends, the command spoils its database, and it is started again.
again() {
  kill "$fastd_pid"
  wait "$fastd_pid"
  (cd "$world/state" && eval "$2")
  start_fastd
  check "$1: fastd says so" grep -q 'is broken (.*) and set aside as' "$world/fastd.log"
  check 'the plugin is there' wait_worker worker
  check 'a knob can be turned' wait_until 10 fastctl set period_ms=6 --plugin worker
  check 'the store is well' sh -c 'fastctl status | grep -qE "^store +ok"'
}
junk='head -c 8192 /dev/urandom'
again 'another header' "$junk | dd of=fastd.db conv=notrunc status=none"
again 'junk in the middle' "$junk | dd of=fastd.db bs=1 seek=8192 conv=notrunc status=none"
again 'a folder in its place' 'rm fastd.db; mkdir fastd.db; touch fastd.db/file'
[ "$(find "$world/state" -maxdepth 1 -name 'fastd.db.corrupt-*[0-9]' | wc -l)" -eq 3 ] &&
  pass 'what was set aside is there' || fail "what was set aside is there ($(ls "$world/state"))"
kill "$fastd_pid"
wait "$fastd_pid"
start_fastd
grep -q broken "$world/fastd.log" && fail 'the next start finds nothing broken' ||
  pass 'the next start finds nothing broken'
check 'and has the value' sh -c 'fastctl get period_ms --plugin worker | grep -q 6'
exit "$failed"
