#!/usr/bin/env bash
# The link of a plugin of another host is cut, again and again, while fastd and the plugin live: a proxy
# stands between. No frame is lost or counted twice, no rate jumps, and what was turned meanwhile arrives.
. "$(dirname "$0")/util.sh"
command -v openssl >/dev/null || { skip 'openssl is not installed'; exit 77; }
certs=$world/certs
bash "$FASTD_SOURCE/tests/support/make_certs.sh" "$certs" || exit 1
export FASTD_TLS_CA=$certs/ca.pem FASTD_TLS_CERT=$certs/client.pem FASTD_TLS_KEY=$certs/client.key

start_fastd --listen tcp://127.0.0.1:0 --listen tls+tcp://127.0.0.1:0 --role tcp=plugin \
  --role 'name:controller.example=plugin:tls' \
  --tls-ca "$certs/ca.pem" --tls-cert "$certs/server.pem" --tls-key "$certs/server.key"
endpoint() { fastctl status --json | grep -oE "\"$1://127\.0\.0\.1:[0-9]+" | tr -d '"'; }

# Of the plugin in $plugin; check has a name of its own.
count() { fastctl metrics "$1" --plugin "$plugin" --all --json | json_field count; }
above() { [ "$(count frames)" -gt "$1" ]; }
# Just attached, it has declared nothing yet.
grows() {
  local before
  before=$(count frames)
  [ -n "$before" ] && wait_until 20 above "$before"
}
live() { fastctl plugins | grep -qE "^$plugin +live"; }
ended() { ! live; }
turned() { fastctl set period_ms="$1" --plugin "$plugin"; }
applied() {
  fastctl get period_ms --plugin "$plugin" --json >"$world/knob" &&
    grep -qE "\"effective\": *\{\"intValue\": *\"?$1\"?\}" "$world/knob"
}
# tell ORDER: the proxy obeys; its answer is in $told.
tell() {
  echo "$1" >&"${proxy[1]}"
  read -r told <&"${proxy[0]}"
}
came() { tell count && [ "$told" -gt "$1" ]; }
exact() { [ "$(count "$1")" = "$frames" ]; }
# Rates far above the 500 Hz that a period of 2 ms allows: a total that came twice would be one.
spikes() {
  fastctl history fps --plugin "$plugin" --json | grep -oE '"rate(Window|Global)": ?[0-9.e+]+' |
    awk -F: '$2 > 1000 { n++ } END { print n + 0 }'
}

# cuts NAME TARGET ENDPOINT: a plugin of that name whose link to the target, by a proxy at the endpoint, is cut.
cuts() {
  local scheme=${2%%://*} cut frames
  plugin=$1
  coproc proxy { exec proxy "$3" "${2/tls+tcp/tcp}"; }
  pids+=("$proxy_PID")
  read -r link <&"${proxy[0]}"
  FASTD_PLUGIN_ENDPOINT=$scheme://${link#*://} start "$plugin" worker-remote --name "$plugin"
  worker=$started
  check "$plugin: it comes" wait_worker "$plugin"
  check "$plugin: its pace is set" turned 2
  check "$plugin: it counts" wait_until 20 above 100

  for cut in 1 2 3 4 5; do
    tell count
    cut=$told
    tell cut
    wait_until 20 came "$cut" || fail "$plugin: its link cut, it dials again"
    wait_until 20 live || fail "$plugin: and attaches"
    wait_until 20 grows || fail "$plugin: and counts on"
  done
  pass "$plugin: its link cut five times, it comes back each time"

  # Silence: fastd takes it for alive, and what it turns does not arrive.
  tell stop
  check "$plugin: the link silent, a knob is turned" turned 3
  applied 3 && fail "$plugin: which cannot have arrived" || pass "$plugin: which cannot have arrived"
  tell cut
  check "$plugin: its link cut, it has ended for fastd" wait_until 20 ended
  tell go
  tell cut
  check "$plugin: with the link there again it comes back" wait_until 20 live
  check "$plugin: and the knob arrives" wait_until 20 applied 3
  check "$plugin: it counts on" wait_until 20 grows
  check "$plugin: another knob is turned" turned 4
  tell count
  cut=$told
  tell cut
  wait_until 20 came "$cut" || fail "$plugin: its link cut right after, it dials again"
  check "$plugin: its link cut right after, that one arrives, too" wait_until 20 applied 4
  check "$plugin: and it counts on" wait_until 20 grows

  kill -TERM "$worker"
  wait "$worker"
  frames=$(grep -oE '^[0-9]+ frames' "$world/$plugin.log" | cut -d' ' -f1)
  [ "${frames:-0}" -gt 100 ] && pass "$plugin: it says what it has counted ($frames)" ||
    fail "$plugin: it says what it has counted (${frames:-nothing})"
  for metric in frames fps latency sizes; do
    check "$plugin: which is the total of $metric" wait_until 20 exact "$metric"
  done
  [ "$(spikes)" -eq 0 ] && pass "$plugin: no rate has jumped" || fail "$plugin: no rate has jumped ($(spikes))"
  kill "$proxy_PID"
  wait "$proxy_PID" 2>/dev/null
}

cuts tcp "$(endpoint tcp)" tcp://127.0.0.1:0
cuts tls "$(endpoint 'tls\+tcp')" tcp://127.0.0.1:0
cuts ipc "$FASTD_ENDPOINT" "ipc://$world/link.sock"
check 'fastd is well' fastctl status
exit "$failed"
