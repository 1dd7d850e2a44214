#!/usr/bin/env bash
# fastctl rpc against a server whose schema fastctl has never seen.
. "$(dirname "$0")/../e2e/util.sh"

export FASTD_ENDPOINT=ipc://$world/parlor.sock
refuses 'no server: the endpoint is named' 3 'parlor.sock' fastctl rpc list
start parlor parlor "$FASTD_ENDPOINT"
wait_until 10 grep -q ready "$world/parlor.log"

# says NAME EXPECTED COMMAND...: its standard output is exactly so.
says() {
  local name=$1 expected=$2 got
  shift 2
  got=$(timeout 20 "$@" 2>"$world/says.err")
  if [ "$got" = "$expected" ]; then
    pass "$name"
  else
    fail "$name"
    printf '  %s\n  expected: %s\n  got:      %s %s\n' "$*" "$expected" "$got" "$(cat "$world/says.err")"
  fi
}

check 'the services are listed' grep -qx testing.v1.Parlor <(fastctl rpc list)
says 'the methods of one are listed' $'testing.v1.Parlor/Echo\ntesting.v1.Parlor/Chant\ntesting.v1.Parlor/Fail\ntesting.v1.Parlor/Nap' \
  fastctl rpc list testing.v1.Parlor
check 'a list in JSON says the kinds' grep -q '"path":"testing.v1.Parlor/Chant","kind":"server-stream"' \
  <(fastctl rpc list testing.v1.Parlor --json)
says 'a message is described' $'message testing.v1.Words {\n  string text = 1;\n  int64 count = 2;\n  repeated testing.v1.Words parts = 3;\n}' \
  fastctl rpc describe testing.v1.Words
check 'a method is described with its messages' grep -q 'message testing.v1.Words' \
  <(fastctl rpc describe testing.v1.Parlor/Echo)
says 'the rules of methods are part of the schema' \
  $'message fast.v1.MethodRules {\n  fast.v1.MethodRules.Priority priority = 1;\n  bool resumable = 2;\n  bool lossy = 3;\n}' \
  fastctl rpc describe fast.v1.MethodRules
refuses 'what is not there is not described' 1 'Nothing' fastctl rpc describe testing.v1.Nothing

says 'a call in JSON' '{"text":"a","count":"3","parts":[{"text":"b"}]}' \
  fastctl rpc call testing.v1.Parlor/Echo '{"text":"a","count":3,"parts":[{"text":"b"}]}' --json
says 'a call for people' $'{\n  "text": "a"\n}' fastctl rpc call testing.v1.Parlor/Echo '{"text":"a"}'
says 'a call without a request' '{}' fastctl rpc call testing.v1.Parlor/Echo
says 'a call with defaults' '{"text":"","count":"0","parts":[]}' \
  fastctl rpc call testing.v1.Parlor/Echo --defaults --json
echo '{"text":"from a file"}' >"$world/request.json"
says 'a request from a file' '{"text":"from a file"}' \
  fastctl rpc call testing.v1.Parlor/Echo "@$world/request.json" --json
says 'a request from the standard input' '{"text":"from a file"}' \
  fastctl rpc call testing.v1.Parlor/Echo - --json <"$world/request.json"
says 'a stream is a line per item' $'{"text":"om","count":"1"}\n{"text":"om","count":"2"}' \
  fastctl rpc call testing.v1.Parlor/Chant '{"text":"om","count":2}'
says 'a stream without end ends by count' $'{"text":"om","count":"1"}\n{"text":"om","count":"2"}\n{"text":"om","count":"3"}' \
  fastctl rpc call testing.v1.Parlor/Chant '{"text":"om"}' --count 3
says 'a stream that fails gives what came' '{"text":"!x","count":"1"}' \
  fastctl rpc call testing.v1.Parlor/Chant '{"text":"!x","count":1}'
refuses 'and says how it failed' 1 'DATA_LOSS' \
  fastctl --json rpc call testing.v1.Parlor/Chant '{"text":"!x","count":1}'
refuses 'a stream ends at its timeout' '1|3' 'in time|DEADLINE' \
  fastctl rpc call testing.v1.Parlor/Chant '{"text":"om"}' --timeout 0.2

says 'headers and trailers are shown when asked for' $'< header served-by: parlor\n< trailer mood: fine: so far\n< trailer raw-bin: \\x01z' \
  bash -c "fastctl rpc call testing.v1.Parlor/Echo -H 'mood: fine: so far' -v 2>&1 >/dev/null"
says 'those of a stream too' $'< header served-by: parlor\n{"text":"om","count":"1"}\n< trailer mood: fine\n< trailer raw-bin: \\x01z' \
  bash -c "fastctl rpc call testing.v1.Parlor/Chant '{\"text\":\"om\",\"count\":1}' --header mood:fine --verbose 2>&1"
says 'a call that sends headers and does not ask shows none' '{}' \
  bash -c "fastctl rpc call testing.v1.Parlor/Echo -H 'mood: fine' 2>&1"
refuses 'where a failure arose, and when to try again, is shown too' 1 'origin house' \
  fastctl rpc call testing.v1.Parlor/Fail -v -H 'mood: bad'
refuses 'a key that cannot be one' 2 "header 'Mood': a key is 1 to 64" fastctl rpc call testing.v1.Parlor/Echo -H 'Mood: bad'
refuses 'a header without a value' 2 "does not read like 'key: value'" fastctl rpc call testing.v1.Parlor/Echo -H mood

refuses 'a failed call' 1 'too much' fastctl rpc call testing.v1.Parlor/Fail '{"text":"too much"}'
refuses 'a failed call in JSON, with its detail' 1 \
  '"code":"OUT_OF_RANGE","message":"too much","executed":"yes","details":\[\{"text":"too much","@type":"testing.v1.Words"\}\]' \
  fastctl --json rpc call testing.v1.Parlor/Fail '{"text":"too much"}'
refuses 'a call that takes too long' 3 'in time' \
  fastctl rpc call testing.v1.Parlor/Nap '{"count":2000}' --timeout 0.1
refuses 'an unknown field: the path and the nearest' 2 'parts\[0\].txet: .*did you mean "text"' \
  fastctl rpc call testing.v1.Parlor/Echo '{"parts":[{"txet":"a"}]}'
refuses 'text that is no JSON' 2 'line 1, column 2' fastctl rpc call testing.v1.Parlor/Echo '{text}'
refuses 'a file that is not there' 2 'none.json' fastctl rpc call testing.v1.Parlor/Echo "@$world/none.json"
refuses 'a service that is not there' 1 'Salon' fastctl rpc call testing.v1.Salon/Echo
refuses 'a method that is not there' 1 'has no method Sing' fastctl rpc call testing.v1.Parlor/Sing
refuses 'a method without its service' 2 'does not read like' fastctl rpc call Echo
refuses 'a verb that is not there' 2 'none of list' fastctl rpc sing

load=$(fastctl --json rpc load testing.v1.Parlor/Echo '{"text":"a"}' --rate 200 --duration 1 --connections 2)
check 'load sends every call' grep -q '"planned":200,"sent":200,"ok":200,"notSent":0,"errors":{}' <(echo "$load")
check 'load reports percentiles' grep -qE '"latencySeconds":\{"p50":[0-9.e-]+,"p90":[0-9.e-]+,"p99":[0-9.e-]+,"p999":[0-9.e-]+,"max":[0-9.e-]+\}' <(echo "$load")
# Four workers that nap 100 ms a call answer 40 in a second; of 80 the last waits about a second, which
# a generator that waits for answers would never see.
load=$(fastctl --json rpc load testing.v1.Parlor/Nap '{"count":100}' --rate 80 --duration 1 --timeout 10)
p99=$(json_field p99 <<<"$load")
check "load counts the wait for a slow server (p99 $p99 s)" awk "BEGIN { exit !($p99 > 0.5) }"
refuses 'load reports errors by status' 1 '"errors":\{"OUT_OF_RANGE":20\}' \
  fastctl --json rpc load testing.v1.Parlor/Fail '{"text":"no"}' --rate 100 --duration 0.2
refuses 'load sends headers with every call' 1 '"errors":\{"FAILED_PRECONDITION":20\}' \
  fastctl --json rpc load testing.v1.Parlor/Echo -H 'mood: sulky' --rate 100 --duration 0.2
refuses 'load refuses a stream' 2 'is a stream' fastctl rpc load testing.v1.Parlor/Chant
exit "$failed"
