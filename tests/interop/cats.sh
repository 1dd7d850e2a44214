#!/usr/bin/env bash
# nngcat and nanocat against the runtime: one packed packet in, one reply out; and what is published.
. "$FASTD_SOURCE/tests/e2e/util.sh"
for tool in nngcat nanocat protoc; do
  command -v "$tool" >/dev/null || { skip "$tool is not installed"; exit 77; }
done

start server interop_server "$world"
wait_until 10 grep -q tcp "$world/server.log" || { fail 'the server starts'; exit 1; }
tcp=$(cat "$world/server.log")

# packet TEXT: the bytes of a packet; message TEXT: those of a request, quoted for a packet's text.
packet() {
  printf '%s' "$1" | protoc --proto_path="$FASTD_SOURCE/proto" --encode=fast.v1.Packet \
    fast/v1/packet.proto
}
message() {
  printf '%s' "$1" | protoc --proto_path="$FASTD_SOURCE/tests/runtime/proto" \
    --encode=testing.v1.ProbeRequest testing/v1/probe.proto | od -An -tx1 -v |
    tr -d '\n' | sed 's/ /\\x/g'
}
decode() {
  protoc --proto_path="$FASTD_SOURCE/proto" --decode=fast.v1.Packet fast/v1/packet.proto
}
request() { # METHOD MESSAGE
  packet "kind: PACKET_KIND_REQUEST method: \"testing.v1.Probe/$1\" payload: \"$(message "$2")\"" \
    >"$world/request"
}
ask_nng() { # URL
  timeout 10 nngcat --req --dial "$1" --file "$world/request" --raw 2>/dev/null | decode
}
ask_nano() { # URL
  timeout 10 nanocat --req --connect "$1" --file "$world/request" --raw --recv-timeout 5 \
    2>/dev/null | decode
}

request Echo 'number: 7 text: "seven"'
for url in "ipc://$world/rpc" "$tcp"; do
  for cat in ask_nng ask_nano; do
    $cat "$url" >"$world/answer"
    check "$cat over ${url%%:*} gets its one answer" grep -q 'seven' "$world/answer"
    check "$cat over ${url%%:*} sees a response" grep -q 'PACKET_KIND_RESPONSE' "$world/answer"
  done
done

request Nothing ''
ask_nng "ipc://$world/rpc" >"$world/answer"
check 'an unknown method is answered with its name' \
  grep -q 'no method testing.v1.Probe/Nothing' "$world/answer"
request Watch 'number: 1'
ask_nano "ipc://$world/rpc" >"$world/answer"
check 'a stream is refused to a stock socket' grep -q 'needs a client that says HELLO' "$world/answer"
printf 'no packet' >"$world/request"
ask_nng "ipc://$world/rpc" >"$world/answer"
check 'what is no packet is answered' grep -q 'code: 3' "$world/answer"

timeout 10 nngcat --sub --dial "ipc://$world/pub" --subscribe even --raw --count 5 \
  >"$world/samples" 2>/dev/null
check 'nngcat reads what it subscribed to' grep -qa even "$world/samples"
check 'nngcat reads nothing else' bash -c '! grep -qa odd "$0"' "$world/samples"
timeout 3 nanocat --sub --connect "ipc://$world/pub" --subscribe odd --raw \
  >"$world/samples" 2>/dev/null
check 'nanocat reads what it subscribed to' grep -qa odd "$world/samples"

kill "$started"
wait "$started"
check 'the server ends cleanly' [ $? = 0 ]
pids=()
exit $failed
