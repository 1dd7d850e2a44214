#!/usr/bin/env bash
# Connect's own client for Node.js, with code that its generator makes of our schemas.
. "$(dirname "$0")/../e2e/util.sh"
for program in node npm protoc; do
  command -v "$program" >/dev/null || { skip "Connect for Node.js: $program is not installed"; exit 77; }
done
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ] ||
  { skip 'Connect for Node.js: it wants Node.js 18 or later'; exit 77; }

source=$FASTD_SOURCE/tests/connect/node
cache=$FASTD_SOURCE/.cache/connect-node-$(sha256sum "$source/package.json" | cut -c1-16)
if [ ! -e "$cache/whole" ]; then
  mkdir -p "$cache"
  cp "$source/package.json" "$cache/"
  (cd "$cache" && timeout 200 npm install --no-package-lock --no-audit --no-fund --loglevel=error) >"$world/npm.log" 2>&1 ||
    { skip "Connect for Node.js cannot be had: $(grep -m 1 . "$world/npm.log" | cut -c1-120)"; exit 77; }
  touch "$cache/whole"
fi
ln -s "$cache/node_modules" "$world/node_modules"
cp "$source/package.json" "$source/client.mjs" "$world/"
check 'its generator takes our schemas' protoc -I "$FASTD_SOURCE/proto" -I "$FASTD_SOURCE/tests/runtime/proto" \
  --plugin="$cache/node_modules/.bin/protoc-gen-es" --es_out="$world" --es_opt=target=js,import_extension=js \
  $(cd "$FASTD_SOURCE/proto" && ls fast/v1/*.proto) testing/v1/probe.proto
mkdir "$world/gen" && mv "$world/fast" "$world/testing" "$world/gen/"

start_fastd --http 127.0.0.1:0 --role tcp=controller
fastd=$(fastctl status --json | grep -oE 'http://127\.0\.0\.1:[0-9]+' | head -n 1)
start worker worker
start probe connect_probe_server
wait_until 10 fastctl get res || fail 'a plugin is there'
wait_until 10 grep -q '^http' "$world/probe.log" || fail 'the Probe is there'
probe=$(head -n 1 "$world/probe.log")

# A second daemon, on a unix socket alone.
start other fastd --socket "$world/other.sock" --plugin-socket "$world/other-plugin.sock" \
  --state-dir "$world/other-state" --http "unix:$world/http.sock"
FASTD_PLUGIN_SOCKET=$world/other-plugin.sock start other-worker worker
one_lives() { FASTD_ENDPOINT=ipc://$world/other.sock fastctl get res; }
wait_until 10 one_lives || fail 'the other plugin is there'

(cd "$world" && timeout 100 node client.mjs "$fastd" "$probe" "$world/http.sock" 2>&1) || failed=1
[ "$failed" -eq 0 ] || head -n 60 "$world/probe.log"
exit "$failed"
