#!/usr/bin/env bash
# A program that has nothing but protoc-c's stubs of Metric and Param, at a running fastd.
. "$(dirname "$0")/../e2e/util.sh"

start_fastd
start worker worker
fastctl wait worker
check 'the program reads and turns' interop_protobuf_c "$FASTD_ENDPOINT" worker period_ms 25
said=$world/check.out
for line in 'metric fps' 'metric latency' 'param period_ms desires 25' \
  'watch: UNIMPLEMENTED: fast.v1.Metric/Watch: the method answers with a stream'; do
  grep -q "^$line" "$said" && pass "it says: $line" || fail "it says: $line (all: $(cat "$said"))"
done
fastctl get period_ms --plugin worker | grep -q 25 && pass 'fastctl sees the knob' || fail 'fastctl sees the knob'
refuses 'a value out of range is told' 1 'set: OUT_OF_RANGE' \
  interop_protobuf_c "$FASTD_ENDPOINT" worker period_ms 100000
refuses 'a plugin that is not there is told' 1 'get: NOT_FOUND' \
  interop_protobuf_c "$FASTD_ENDPOINT" nobody period_ms 1
exit "$failed"
