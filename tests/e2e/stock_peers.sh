#!/usr/bin/env bash
# Stock peers of a running fastd: one packed packet in, one reply out; samples by subscription.
. "$(dirname "$0")/util.sh"
command -v nngcat >/dev/null || { skip 'nngcat is not installed'; exit 77; }
command -v protoc >/dev/null || { skip 'protoc is not installed'; exit 77; }

start_fastd --listen tcp://127.0.0.1:0 --publish "ipc://$world/pub.sock"
start worker worker
wait_worker worker
protos=$FASTD_SOURCE/proto

# request METHOD: a request packet with an empty message.
request() {
  printf 'kind: PACKET_KIND_REQUEST method: "%s" timeout_us: 5000000 payload: "%s"' "$1" "${2:-}" |
    protoc --proto_path="$protos" --encode=fast.v1.Packet fast/v1/packet.proto
}
decode() { protoc --proto_path="$protos" --decode=fast.v1.Packet fast/v1/packet.proto; }
ask() { # PROGRAM URL METHOD [PAYLOAD]
  request "$3" "${4:-}" >"$world/request"
  "$1" --req --dial "$2" --file "$world/request" --raw 2>/dev/null |
    decode 2>/dev/null
}
ask_nano() {
  request "$1" >"$world/request"
  nanocat --req --connect "$FASTD_ENDPOINT" --file "$world/request" --recv-timeout 5 --raw 2>/dev/null |
    decode 2>/dev/null
}
tcp=$(fastctl status --json | grep -oE 'tcp://127\.0\.0\.1:[0-9]+' | head -n 1)

ask nngcat "$FASTD_ENDPOINT" fast.v1.Plugin/List >"$world/answer"
check 'nngcat over ipc gets its reply' grep -q 'PACKET_KIND_RESPONSE' "$world/answer"
check 'with the plugin in it' grep -q 'worker' "$world/answer"
ask nngcat "$tcp" fast.v1.Plugin/List >"$world/answer"
check 'nngcat over tcp too' grep -q 'worker' "$world/answer"
ask nngcat "$FASTD_ENDPOINT" fast.v1.Plugin/Nothing >"$world/answer"
check 'an unknown method is told' grep -q 'code: 12' "$world/answer"
ask nngcat "$FASTD_ENDPOINT" fast.v1.Metric/Watch >"$world/answer"
check 'a stream is refused to a bare peer' grep -q 'code: 12' "$world/answer"
ask nngcat "$FASTD_ENDPOINT" fast.v1.Metric/List '\377\377' >"$world/answer"
check 'a malformed payload is told' grep -q 'code: 3' "$world/answer"
if command -v nanocat >/dev/null; then
  ask_nano fast.v1.Node/Status >"$world/answer"
  check 'nanocat gets its reply' grep -q 'PACKET_KIND_RESPONSE' "$world/answer"
else
  skip 'nanocat is not installed'
fi

timeout 20 nngcat --sub --dial "ipc://$world/pub.sock" --subscribe metric.worker.fps --count 3 --raw \
  >"$world/samples" 2>/dev/null
check 'nngcat --sub reads samples' grep -qa 'metric.worker.fps' "$world/samples"
[ "$(grep -ao 'metric\.worker\.[a-z]*' "$world/samples" | sort -u)" = metric.worker.fps ] &&
  pass 'and only its topic' || fail 'and only its topic'
check 'fastd is well' fastctl status
exit "$failed"
