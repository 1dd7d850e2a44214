#!/usr/bin/env bash
# Knobs from the command line: values that go back, bounds, profiles, priorities, explanations.
. "$(dirname "$0")/util.sh"

# says PATTERN COMMAND...: the command succeeds and says that.
says() {
  local pattern=$1
  shift
  "$@" >"$world/said" 2>&1 && grep -qE -- "$pattern" "$world/said" || { cat "$world/said"; return 1; }
}

# refuses_words PATTERN FILE: no line of it matches.
refuses_words() { ! grep -qE -- "$1" "$2"; }

start_fastd
start wait fastctl --json wait late --param res --metric fps --patience 60
waiting=$started
start worker worker
worker=$started
check 'wait waits for a knob and a metric' fastctl wait worker --param res --metric 'f*'
refuses 'a knob that does not come in time is named' 4 "'worker' has declared no param 'nothere' within 0.3 s" \
  fastctl wait worker --param nothere --patience 300ms
refuses 'a metric, too' 4 "no plugin has declared a metric 'nothere'" fastctl wait --metric nothere --patience 0.3
refuses 'and a plugin' 4 "no plugin 'nobody' has attached" fastctl wait nobody --param res --patience 0.3
start late worker --name late
late=$started
wait "$waiting" && grep -q '"name":"late"' "$world/wait.log" && pass 'what comes later ends a wait' || {
  fail 'what comes later ends a wait'
  cat "$world/wait.log"
}
kill "$late"
wait "$late"
wait_until 10 fastctl get res

check 'a knob is turned for a while' fastctl set res=0.5 --for 5s
check 'explain tells where it goes back to' says 'goes back to its initial value, 1' fastctl explain worker res
check 'it goes back' wait_until 20 says 'Nobody has set it' fastctl explain res

check 'a bound is set' fastctl bounds set period_ms --plugin 'w*' --max 50
check 'it is listed' says 'w\*.*period_ms.*\.\.50' fastctl bounds --plugin worker
refuses 'a value outside is refused, with the nearest inside' 1 'nearest allowed value of period_ms is 50' \
  fastctl set period_ms=90
check 'a pin moves the knob' fastctl bounds set mode --choices good
check 'at once' wait_until 20 says 'set it to good' fastctl explain mode
check 'explain tells of the bound' says 'leaves only good' fastctl explain mode
kill -9 "$fastd_pid"
wait "$fastd_pid" 2>/dev/null
start_fastd
wait_worker worker
refuses 'a bound outlives fastd' 1 "operator's bounds" fastctl set period_ms=90
check 'bounds are cleared' fastctl bounds clear period_ms --plugin 'w*'
check 'both' fastctl bounds clear mode
refuses 'once' 1 'there is no bound' fastctl bounds clear mode
check 'then the value is free' fastctl set period_ms=90 mode=fast

check 'a profile is saved' says 'res=1' fastctl profile save plain res period_ms
check 'the knobs change' fastctl set res=0.25 period_ms=20
check 'the profile brings them back' fastctl profile apply plain
check 'all of them' says 'set it to 90' fastctl explain period_ms
check 'it is listed' says 'plain' fastctl profile
check 'it is deleted' fastctl profile delete plain
refuses 'and gone' 1 'has no profile "plain"' fastctl profile apply plain

check 'a clerk claims' fastctl claim res --notice 100 --on-loss hold-then-default --hold 60000
refuses 'an equal is refused, and told who holds' 1 'is held by .*fastctl claim' fastctl claim res
check 'a chief takes over' fastctl claim res --priority 5
check 'explain tells who holds' says 'priority 5' fastctl explain res
check 'the audit log tells of it' says 'preempt' fastctl audit
refuses 'a priority has a limit' 2 'from 0 to 100' fastctl claim res --priority 101

# The audit log has each attempt whole: who, what, from, to, the revision, the lease, the result.
lease=$(fastctl params res --json | json_field leaseId)
revision=$(fastctl plugins --json | json_field revision)
entry() { fastctl audit --json | grep -oE '\{"sequence"[^}]*\}' | tail -n 1; }
# notes FIELDS COMMAND...: whatever the command ends with, that is the newest entry.
notes() {
  local fields=$1
  shift
  "$@" >/dev/null 2>&1
  entry >"$world/entry"
  grep -qE -- "^\{\"sequence\":\"[0-9]+\",\"time\":\"2[^\"]*Z\",\"timeUnixNs\":\"[0-9]+\",\"actor\":\"uid $(id -u) pid [0-9]+ \(fastctl set\)\",\"verb\":\"set\",\"plugin\":\"worker\",$fields\}$" \
    "$world/entry" || { cat "$world/entry"; return 1; }
}
check 'a set under a lease is noted' notes \
  "\"param\":\"res\",\"oldValue\":\"1\",\"newValue\":\"0.25\",\"revision\":\"$((revision + 1))\",\"leaseId\":\"$lease\",\"result\":\"ok\"" \
  fastctl set res=0.25 --lease "$lease"
check 'a refused one, too' notes \
  "\"param\":\"res\",\"oldValue\":\"[^\"]*\",\"newValue\":\"0.5\",\"revision\":\"0\",\"leaseId\":\"0\",\"result\":\".*is held by .*fastctl claim.*\"" \
  fastctl set res=0.5
sequence() { entry | json_field sequence; }
before=$(sequence)
check 'a dry run says what would be' says 'WOULD BE' fastctl set period_ms=77 --dry-run
refuses 'or what would be refused' 1 'nearest allowed' fastctl set period_ms=7777 --dry-run
[ "$(sequence)" = "$before" ] && pass 'and is nowhere noted' || fail 'and is nowhere noted'
check 'nor has it changed anything' says 'set it to 90' fastctl explain period_ms
revision=$(fastctl plugins --json | json_field revision)
refuses 'a set that knew an older revision is refused' 1 "is $revision, not $((revision - 1))" \
  fastctl set period_ms=40 --if-rev "$((revision - 1))"
check 'and one that knows the newest is not' fastctl set period_ms=40 --if-rev "$revision"

revision=$(fastctl plugins --json | json_field revision)
epoch=$(fastctl status --json | json_field bootId)
check 'a knob is turned' fastctl set period_ms=30
start from fastctl watch --from-rev "$revision" --epoch "$epoch"
check 'a watch from a revision has what came after it' \
  wait_until 20 grep -qE '^change .* period_ms .* 30' "$world/from.log"
check 'and nothing else' refuses_words '^(state|gap)' "$world/from.log"
check 'a watch from another epoch says that changes are missing' \
  says '^gap' timeout 20 fastctl watch --from-rev "$revision" --epoch 1 --count 3
refuses 'a revision that is not yet' 1 'from_revision is 99999; the newest of .worker. is' \
  fastctl watch --from-rev 99999 --epoch "$epoch"
check 'a watch from it in another epoch gets the states' \
  says '^gap' timeout 20 fastctl watch --from-rev 99999 --epoch 1 --count 3
knobs=$(fastctl params --json | grep -o '"desired"' | wc -l)
sequence=$(timeout 20 fastctl watch --knobs --json --count "$knobs" | tail -n 1 | json_field sequence)
check 'another knob is turned' fastctl set period_ms=31
start after fastctl watch --from-seq "$sequence" --epoch "$epoch"
check 'a watch of all plugins goes on after a sequence number' \
  wait_until 20 grep -qE '^change .* period_ms .* 31' "$world/after.log"
check 'without the states' refuses_words '^(state|gap)' "$world/after.log"
refuses 'a sequence number without its epoch' 2 'takes the --epoch' fastctl watch --from-seq 1
start watch fastctl watch --knobs --plugin worker
watch_pid=$started
wait_until 20 grep -q '^state' "$world/watch.log"
kill -9 "$worker"
check 'a watch says that the plugin has ended' wait_until 20 grep -q '^ended *worker' "$world/watch.log"
kill -INT "$watch_pid"
exit "$failed"
