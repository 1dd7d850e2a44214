#!/usr/bin/env bash
# Bad input gets a clear error: what was wrong, and what would be right.
. "$(dirname "$0")/util.sh"

refuses 'no fastd: the endpoint is named' 3 "$world/fastd.sock" fastctl status
start_fastd
start worker worker
wait_worker worker

refuses 'a value out of range: the reason and the nearest' 1 '1000' fastctl set period_ms=5000 --plugin worker
refuses 'a value that is no choice: the nearest' 1 '0\.5' fastctl set res=0.6 --plugin worker
refuses 'an enum that does not exist: the choices' 1 'good' fastctl set mode=best --plugin worker
refuses 'a param that does not exist' 1 'nothere' fastctl set nothere=1 --plugin worker
refuses 'a plugin that does not exist' 1 'nobody' fastctl set res=1 --plugin nobody
refuses 'text for a number' '[12]' 'period_ms|number|integer' fastctl set period_ms=quick --plugin worker
refuses 'a command that does not exist' 2 'frobnicate' fastctl frobnicate
refuses 'an option that does not exist' 2 'wrong' fastctl status --wrong
refuses 'a goal that cannot be read' 2 'fps' fastctl hold 'fps about 24' --maximize acc --plugin worker

worker --conflict >"$world/conflict.out"
check 'one metric, two kinds' grep -qE 'ALREADY_EXISTS: .*twice.*counter' "$world/conflict.out"
check 'a name with wrong characters' grep -qE 'INVALID_ARGUMENT: .*Bad Name' "$world/conflict.out"
check 'an unknown kind' grep -qE 'INVALID_ARGUMENT: .*kind' "$world/conflict.out"

refuses 'a live fastd is not pushed aside' 3 'already' \
  fastd --socket "$world/fastd.sock" --plugin-socket "$world/other.sock" --state-dir "$world/state2"
refuses 'nor its state' 3 'state' \
  fastd --socket "$world/f2.sock" --plugin-socket "$world/p2.sock" --state-dir "$world/state"
check 'it still answers' fastctl status

long=$(printf 'x%.0s' $(seq 120))
refuses 'a socket path that is too long' '[23]' '107' fastd --socket "$world/$long" \
  --plugin-socket "$world/p3.sock" --state-dir "$world/state3"
printf 'socket: %s/a.sock\nplugin_sockets: %s/b.sock\n' "$world" "$world" >"$world/wrong.yaml"
refuses 'a config file with a wrong key' 2 "$world/wrong.yaml:2:.*plugin_sockets.*plugin-socket" \
  fastd --config "$world/wrong.yaml" --check
printf 'tick: soon\n' >"$world/type.yaml"
refuses 'a config value that is no number' 2 "$world/type.yaml:1:.*tick" fastd --config "$world/type.yaml" --check
refuses 'a config file that is not there' 2 "$world/none.yaml" fastd --config "$world/none.yaml" --check
touch "$world/file"
refuses 'a state directory that is a file' 3 "$world/file" fastd --socket "$world/f4.sock" \
  --plugin-socket "$world/p4.sock" --state-dir "$world/file"
if [ "$(id -u)" -ne 0 ]; then
  mkdir -m 0500 "$world/readonly"
  refuses 'a state directory that is not writable' 3 'not writable|denied' fastd \
    --socket "$world/f5.sock" --plugin-socket "$world/p5.sock" --state-dir "$world/readonly/state"
else
  refuses 'a state directory that is not writable' 3 '/proc/fastd' fastd --socket "$world/f5.sock" \
    --plugin-socket "$world/p5.sock" --state-dir /proc/fastd
fi
refuses 'http that is not loopback' '[23]' 'loopback|127' fastd --socket "$world/f6.sock" \
  --plugin-socket "$world/p6.sock" --state-dir "$world/state6" --http 0.0.0.0:0
exit "$failed"
