#!/usr/bin/env bash
# The disk is full: what is live goes on, history and knobs pause and say so, and go on by themselves.
. "$(dirname "$0")/util.sh"

# A file system of 4 MiB of our own; unshare gives us the right to mount where the kernel allows it.
if [ "${1-}" != inside ]; then
  rm -rf "$world"
  unshare --mount --map-root-user true 2>/dev/null || { skip 'no file system can be mounted here'; exit 77; }
  exec unshare --mount --map-root-user bash "$0" inside
fi
mkdir "$world/state"
mount -t tmpfs -o size=4m none "$world/state" 2>/dev/null || { skip 'no tmpfs can be mounted here'; exit 77; }

start_fastd
start worker worker
total() { fastctl metrics frames --json | json_field count; }
counted() { [ "$(total)" -gt 0 ]; }
check 'the plugin is sampled' wait_until 10 counted
check 'a knob is turned' fastctl set period_ms=5 --plugin worker
dd if=/dev/zero of="$world/state/ballast" bs=4096 2>/dev/null
# SQLite may have room in its files for a while.
refused() { ! fastctl set period_ms=$((RANDOM % 40 + 5)) --plugin worker >"$world/refused" 2>&1; }
check 'a knob is refused in the end' wait_until 30 refused
check 'and the reason is told' grep -qiE 'full|disk|store' "$world/refused"
fastctl status >"$world/status"
check 'the status says so' grep -qE '^store +can' "$world/status"
before=$(total)
more() { [ "$(total)" -gt "$before" ]; }
check 'metrics go on live' wait_until 20 more
check 'fastd lives' kill -0 "$fastd_pid"
rm "$world/state/ballast"
well() { fastctl status | grep -qE '^store +ok'; }
check 'with room again it goes on' wait_until 10 well
check 'and knobs can be turned' fastctl set period_ms=7 --plugin worker
samples() { fastctl history frames --plugin worker --json | grep -oE '"count": ?"[0-9]+"' | tr -dc '0-9\n'; }
resumed() { [ "$(samples | tail -n 1)" -gt "$mended" ]; }
mended=$(total)
check 'the history goes on' wait_until 20 resumed
told() { fastctl events | grep -q store_failed && fastctl events | grep -q store_mended; }
check 'the events tell of it' wait_until 20 told
kill -TERM "$fastd_pid"
wait "$fastd_pid"
umount "$world/state" 2>/dev/null
exit "$failed"
