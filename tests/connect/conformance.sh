#!/usr/bin/env bash
# Connect's conformance suite against a server that a stranger builds on the installed tree: every
# case of HTTP/1.1, unary calls and server streams, JSON and protobuf, plain and gzip.
. "$(dirname "$0")/../e2e/util.sh"
version=v1.0.5
cache=$FASTD_SOURCE/.cache/go
module=$cache/pkg/mod/connectrpc.com/conformance@$version
suite=$cache/bin/connectconformance

if [ ! -x "$suite" ]; then
  go=$(command -v go || ls /usr/local/go/bin/go 2>/dev/null) ||
    { skip 'the conformance suite of Connect: go is not installed'; exit 77; }
  mkdir -p "$cache"
  # Modules are read-only unless told, and then nobody can remove the cache.
  GOPATH=$cache GOBIN=$cache/bin GOFLAGS=-modcacherw GOTOOLCHAIN=local timeout 240 \
    "$go" install "connectrpc.com/conformance/cmd/connectconformance@$version" >"$world/go.log" 2>&1 ||
    { skip "the conformance suite of Connect cannot be had: $(tail -n 1 "$world/go.log" | cut -c1-120)"; exit 77; }
fi

# protobuf-c knows no "optional" of proto3; this is the same on the wire and in JSON.
protos=$world/proto/connectrpc/conformance/v1
mkdir -p "$protos"
for name in config service server_compat; do
  sed -E 's/^( *)optional ([A-Za-z0-9_.]+) ([a-z0-9_]+) = ([0-9]+);/\1oneof _\3 { \2 \3 = \4; }/' \
    "$module/proto/connectrpc/conformance/v1/$name.proto" >"$protos/$name.proto"
done
cmake --install "$FASTD_BIN/.." --prefix "$world/prefix" >"$world/install.log" 2>&1 || fail 'the tree installs'
check 'its server configures' cmake -S "$FASTD_SOURCE/tests/connect/conformance" -B "$world/build" -G Ninja \
  -DCMAKE_PREFIX_PATH="$world/prefix" -DPROTO_DIR="$world/proto" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_C_FLAGS="${FASTD_C_FLAGS:-}"
check 'and builds' cmake --build "$world/build"
[ "$failed" -eq 0 ] || exit 1

cat >"$world/config.yaml" <<'YAML'
features:
  versions: [HTTP_VERSION_1]
  protocols: [PROTOCOL_CONNECT]
  codecs: [CODEC_PROTO, CODEC_JSON]
  compressions: [COMPRESSION_IDENTITY, COMPRESSION_GZIP]
  stream_types: [STREAM_TYPE_UNARY, STREAM_TYPE_SERVER_STREAM]
  supports_h2c: false
  supports_tls: false
  supports_trailers: false
  supports_connect_get: true
  supports_message_receive_limit: true
YAML
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:log_path=$world/report" TSAN_OPTIONS="${TSAN_OPTIONS:-}:log_path=$world/report"
if "$suite" --conf "$world/config.yaml" --mode server -- "$world/build/conformance_server" >"$world/suite.log" 2>&1; then
  pass "every case passes: $(grep -oE '^[0-9]+ passed' "$world/suite.log" | head -n 1)"
else
  fail 'every case passes'
  grep -vE '^Running' "$world/suite.log" | head -n 60 | sed 's/^/  | /'
fi
reports=$(cat "$world"/report.* 2>/dev/null)
[ -z "$reports" ] || { fail 'no sanitizer has anything to say'; printf '%s\n' "$reports" | head -n 60; }
cases=$(grep -oE '[0-9]+ passed' "$world/suite.log" | grep -oE '[0-9]+' | head -n 1)
[ "${cases:-0}" -ge 100 ] && pass 'and there are more than a hundred' || fail "and there are more than a hundred (${cases:-none})"
exit "$failed"
