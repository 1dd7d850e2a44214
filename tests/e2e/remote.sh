#!/usr/bin/env bash
# A plugin whose fastd is on another host: it has no page to share, and yet the same numbers and knobs.
. "$(dirname "$0")/util.sh"
command -v openssl >/dev/null || { skip 'openssl is not installed'; exit 77; }
certs=$world/certs
bash "$FASTD_SOURCE/tests/support/make_certs.sh" "$certs" || exit 1
roles=(--role tcp=plugin --role "name:controller.example=plugin:safe")
tls=(--tls-ca "$certs/ca.pem" --tls-cert "$certs/server.pem" --tls-key "$certs/server.key")

endpoint() { fastctl status --json | grep -oE "\"$1://127\.0\.0\.1:[0-9]+" | tr -d '"' | head -n 1; }
total() { fastctl metrics frames --plugin "$1" --json | json_field count; }
counted() { [ "$(total "$1")" -gt 0 ]; }
applied() { fastctl get period_ms --plugin "$1" --json | grep -q '"effectiveRevision": *"\?[1-9]'; }
gone() { ! fastctl plugins --json | grep -q "\"$1\""; }

start_fastd --listen tcp://127.0.0.1:0 --listen tls+tcp://127.0.0.1:0 "${roles[@]}" "${tls[@]}"
tcp=$(endpoint tcp)
secure=$(endpoint 'tls\+tcp')

refuses 'without the library an endpoint is refused' 1 'needs fast_plugin_use_remote' \
  env FASTD_PLUGIN_ENDPOINT="$tcp" worker
FASTD_PLUGIN_ENDPOINT=$tcp start far worker-remote --name far
far=$started
check 'a plugin comes over tcp' fastctl wait far
check 'it is sampled' wait_until 20 counted far
check 'its knobs are turned' fastctl set period_ms=5 res=0.5 mode=good --plugin far
check 'and it reads them' wait_until 20 applied far
fastctl plugins --json >"$world/plugins"
check 'it is known to be elsewhere' grep -qE '"host": ?"tcp"' "$world/plugins"
fastctl plugins far >"$world/plugins"
check 'and no process of this node' grep -qE '^far +live +at tcp +- ' "$world/plugins"
check 'its distributions come too' fastctl metrics latency --plugin far --json
check 'and its rate' bash -c \
  "fastctl metrics fps --plugin far --json | grep -qE '\"rateWindow\": ?[1-9]'"

FASTD_PLUGIN_ENDPOINT=$secure FASTD_TLS_CA=$certs/ca.pem FASTD_TLS_CERT=$certs/client.pem \
  FASTD_TLS_KEY=$certs/client.key start safe worker-remote --name safe
safe=$started
check 'another one comes over tls+tcp' fastctl wait safe
check 'it is sampled, too' wait_until 20 counted safe
check 'a knob is turned over tls+tcp' fastctl set period_ms=5 --plugin safe
check 'and read' wait_until 20 applied safe
fastctl plugins --json >"$world/plugins"
check 'its host is what the certificate says' grep -qE '"host": ?"controller\.example"' \
  "$world/plugins"

before=$(total far)
kill -9 "$fastd_pid"
wait "$fastd_pid" 2>/dev/null
sleep 2 # the plugins' pauses have become as long as they can
start_fastd --listen "$tcp" --listen "$secure" "${roles[@]}" "${tls[@]}"
check 'both attach again when fastd comes back' wait_worker far
check 'over tls+tcp, too' wait_worker safe
# A second is promised (sdk/test_pause); a loaded machine has another one.
for plugin in far safe; do
  check "soon, by the events ($plugin)" wait_until 20 returns_within 2000 "$plugin"
done
check 'and are sampled' wait_until 20 counted far
after=$(total far)
[ "$after" -ge "$before" ] && pass "the total goes on ($before, then $after)" ||
  fail "the total goes on ($before, then $after)"
rate_of() { fastctl metrics fps --plugin "$1" --json | json_field rateWindow; }
rated() { awk -v r="$(rate_of "$1")" 'BEGIN { exit !(r > 0) }'; }
check 'its rate is there again' wait_until 20 rated far
rate=$(rate_of far)
awk -v r="$rate" 'BEGIN { exit !(r < 400) }' && pass "the rate shows no spike ($rate Hz)" ||
  fail "the rate shows no spike ($rate Hz)"
check 'the knobs are as they were set' wait_until 20 applied far

kill -TERM "$safe"
wait "$safe"
check 'a plugin that closes ends here' wait_until 20 gone safe
kill -9 "$far"
wait "$far" 2>/dev/null
check 'and one that is killed' wait_until 10 gone far
check 'fastd is well' fastctl status
exit "$failed"
