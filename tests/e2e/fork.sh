#!/usr/bin/env bash
# A plugin forks, clones and executes: each count is counted once, by whom it belongs to.
. "$(dirname "$0")/util.sh"

start_fastd
start forker setsid forker fork
forker_pid=$started
trap 'kill -9 -- "-$forker_pid" 2>/dev/null; finish' EXIT # its children, too
all_run() { [ "$(wc -l <"$world/forker.log")" -eq 6 ]; }
check 'all of the family run' wait_until 20 all_run

count_of() { fastctl metrics frames --plugin "$1" --json | json_field count; }
is() { [ "$(count_of "$1")" = "$2" ]; }
instances() { fastctl plugins --json | grep -oE '"name": ?"[^"]*"' | sed -E 's/.*"([^"]*)"$/\1/' | sort; }
totals() { # of all that live, in order
  local instance
  for instance in $(instances); do count_of "$instance"; done | sort -n | xargs
}
all_are() { found=$(totals) && [ "$found" = "$1" ] || { echo "found: $found"; return 1; }; }
whole() { all_are '7 100 100 100 1000'; }
check 'each process has its own count, and the clone none' wait_until 20 whole
check 'which goes on under the name of the parent' is forker 1000
children=$(fastctl plugins --json | grep -oE '"parent": ?"forker"' | wc -l)
[ "$children" -eq 3 ] && pass 'three are known as its children' || fail "three are known as its children ($children)"

kill -9 "$fastd_pid"
wait "$fastd_pid" 2>/dev/null
start_fastd
check 'after a restart of fastd the counts are the same' wait_until 20 whole

kill -9 "$forker_pid"
orphans() { all_are '7 100 100 100'; }
check 'the parent killed, its children are there' wait_until 20 orphans
kill -9 -- "-$forker_pid"
none() { [ -z "$(instances)" ]; }
check 'and they end when they are killed' wait_until 20 none

start exec forker exec
exec_pid=$started
executed() { grep -q '^sleep' "/proc/$exec_pid/comm"; }
check 'a plugin executes another program' wait_until 20 executed
check 'which is no plugin' wait_until 20 none
check 'though the process is the same' kill -0 "$exec_pid"
last() { fastctl metrics frames --plugin 'forker*' --all --json | grep -qE '"count": ?"?1000'; }
check 'its last count is known' last
exit "$failed"
