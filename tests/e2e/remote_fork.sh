#!/usr/bin/env bash
# A plugin of another host forks: the child counts for itself under a name of its own, one that never
# counts costs nothing, and neither keeps the parent's connection alive.
. "$(dirname "$0")/util.sh"
command -v openssl >/dev/null || { skip 'openssl is not installed'; exit 77; }
certs=$world/certs
bash "$FASTD_SOURCE/tests/support/make_certs.sh" "$certs" || exit 1
options=(--role tcp=plugin --role 'name:controller.example=plugin:tls*'
  --tls-ca "$certs/ca.pem" --tls-cert "$certs/server.pem" --tls-key "$certs/server.key")
export FASTD_TLS_CA=$certs/ca.pem FASTD_TLS_CERT=$certs/client.pem FASTD_TLS_KEY=$certs/client.key

endpoint() { fastctl status --json | grep -oE "\"$1://127\.0\.0\.1:[0-9]+" | tr -d '"' | head -n 1; }
total() { fastctl metrics frames --plugin "$1" --json | json_field count; }
above() { [ "$(total "$1")" -gt "$2" ]; }
applied() { fastctl get period_ms --plugin "$1" --json | grep -q '"effectiveRevision": *"\?[1-9]'; }
gone() { fastctl plugins >"$world/plugins" && ! grep -qE "^$1 +live" "$world/plugins"; }
has_told() { grep -qE '^[0-9]+ [0-9]+$' "$world/$1.log"; }
parent_of() { fastctl plugins "$1" --json | json_field parent; }
without_nng() { ! cat "/proc/$1"/task/*/comm | grep -q nng; }
# Every 10 ms at most: whoever counts for two is faster.
counts_for_one() { awk -v r="$(fastctl metrics frames --plugin "$1" --json | json_field rateWindow)" \
  'BEGIN { exit !(r < 150) }'; }

start_fastd --listen tcp://127.0.0.1:0 --listen tls+tcp://127.0.0.1:0 "${options[@]}"
tcp=$(endpoint tcp)
secure=$(endpoint 'tls\+tcp')

declare -A parents children
for name in tcp tls; do
  [ "$name" = tcp ] && url=$tcp || url=$secure
  FASTD_PLUGIN_ENDPOINT=$url start "$name" worker-remote --name "$name" --fork
  parent=$started
  check "$name: it forks" wait_until 10 has_told "$name"
  read -r child idle < <(grep -E '^[0-9]+ [0-9]+$' "$world/$name.log")
  pids+=("$child" "$idle")
  parents[$name]=$parent children[$name]=$child
  check "$name: it comes" wait_worker "$name"
  check "$name: and its child under a name of its own" wait_worker "$name-$child"
  check "$name: whose parent is told" [ "$(parent_of "$name-$child")" = "$name" ]
  check "$name: both count" wait_until 10 above "$name" 20
  check "$name: each for itself" wait_until 10 above "$name-$child" 20
  check "$name: and not for the other" counts_for_one "$name"
  check "$name: neither of them" counts_for_one "$name-$child"
  check "$name: the child that never counts is not seen" gone "$name-$idle"
  check "$name: and has one thread" [ "$(find "/proc/$idle/task" -mindepth 1 -maxdepth 1 | wc -l)" = 1 ]
  check "$name: none has a thread of NNG's" without_nng "$parent"
  check "$name: nor its child" without_nng "$child"
  check "$name: the child's knob is turned" fastctl set period_ms=20 --plugin "$name-$child"
  check "$name: and it reads it" wait_until 10 applied "$name-$child"
  check "$name: which is not its parent's" \
    bash -c "fastctl get period_ms --plugin $name | grep -qw 10"
done

for name in tcp tls; do
  kill -9 "${parents[$name]}"
  wait "${parents[$name]}" 2>/dev/null
  check "$name: the parent is killed, and gone at once though its children live" \
    wait_until 20 gone "$name"
  check "$name: the child goes on" wait_until 10 above "$name-${children[$name]}" \
    "$(total "$name-${children[$name]}")"
done

before=$(total "tcp-${children[tcp]}")
kill -9 "$fastd_pid"
wait "$fastd_pid" 2>/dev/null
start_fastd --listen "$tcp" --listen "$secure" "${options[@]}"
for name in tcp tls; do
  check "$name: the child attaches again when fastd comes back" \
    wait_worker "$name-${children[$name]}"
done
check 'with its total' wait_until 10 above "tcp-${children[tcp]}" "$before"
for name in tcp tls; do
  kill -TERM "${children[$name]}"
  check "$name: a child that closes ends here" wait_until 10 gone "$name-${children[$name]}"
done
exit "$failed"
