#!/usr/bin/env bash
# Who may do what: by what the socket says of the peer, and by the operator's map.
. "$(dirname "$0")/util.sh"
command -v openssl >/dev/null || { skip 'openssl is not installed'; exit 77; }
certs=$world/certs
bash "$FASTD_SOURCE/tests/support/make_certs.sh" "$certs" || exit 1
options=(--listen tcp://127.0.0.1:0 --listen tls+tcp://127.0.0.1:0 --http 127.0.0.1:0
  --tls-ca "$certs/ca.pem" --tls-cert "$certs/server.pem" --tls-key "$certs/server.key"
  --publish "ipc://$world/pub.sock")
client=(--tls-ca "$certs/ca.pem" --tls-cert "$certs/client.pem" --tls-key "$certs/client.key")

# heard WORD: what a stock SUB socket hears in three seconds has the word.
heard() {
  timeout 3 nngcat --sub --dial "ipc://$world/pub.sock" --subscribe metric. --raw --count 20 \
    >"$world/samples" 2>/dev/null || true
  grep -qa "$1" "$world/samples"
}
# hears WORD, hears_nothing NAME: of what is published.
hears() { ! command -v nngcat >/dev/null || wait_until 20 heard "$1"; }
hears_nothing() { ! command -v nngcat >/dev/null || ! heard .; }

# begin OPTION...: fastd anew, with these roles.
begin() {
  [ -n "${fastd_pid:-}" ] && kill "$fastd_pid" && wait "$fastd_pid"
  start_fastd "${options[@]}" "$@"
  check 'the plugin is there, with its knobs' wait_worker worker
  tcp=$(fastctl status --json | grep -oE '"tcp://127\.0\.0\.1:[0-9]+' | tr -d '"')
  tls=$(fastctl status --json | grep -oE 'tls\+tcp://127\.0\.0\.1:[0-9]+')
  http=$(fastctl status --json | grep -oE 'http://127\.0\.0\.1:[0-9]+')
}

start worker worker
begin
check 'who is on the control socket as its owner turns knobs' fastctl set period_ms=9
check 'and bounds them' fastctl bounds set period_ms --max 500
check 'over tcp one looks' fastctl --endpoint "$tcp" params
refuses 'but does not turn, and is told which role it takes' 1 \
  'needs the role controller, and tcp has viewer; fastd gives it by --role tcp=controller' \
  fastctl --endpoint "$tcp" set period_ms=8
refuses 'a program is told the code' 1 '"code": ?"PERMISSION_DENIED"' \
  fastctl --endpoint "$tcp" --json set period_ms=8
refuses 'over tls neither, by the name of the certificate' 1 \
  '--role name:controller\.example=controller' \
  fastctl --endpoint "$tls" "${client[@]}" set period_ms=8
refuses 'nor over HTTP' 0 '"code": ?"permission_denied"' curl -s -d '{"plugin":"worker"}' \
  -H 'Content-Type: application/json' "$http/fast.v1.Param/Claim"
check 'over HTTP one scrapes' curl -fsS "$http/metrics" -o "$world/scrape"
check 'samples are published to local users' hears metric.worker
FASTD_PLUGIN_ENDPOINT=$tcp start refused worker-remote --name far
told() { grep -q "$1" "$world/refused.log"; }
check 'whoever may only look attaches no plugin' wait_until 20 told 'needs the role plugin'
check 'and it is not there' bash -c '! fastctl plugins --json | grep -q "\"far\""'
kill "$started" && wait "$started"

begin --role tcp=plugin:far --role "name:controller.example=controller:work*/period_ms" \
  --role name:controller.example=viewer --role uid:$(id -u)=controller
refuses 'a plugin looks at nothing' 1 'needs the role viewer, and tcp has plugin' \
  fastctl --endpoint "$tcp" plugins
refuses 'and scrapes nothing' 0 '/metrics needs the role viewer, and tcp has plugin' curl -sS "$http/metrics"
check 'health is for everybody' curl -fsS "$http/healthz"
FASTD_PLUGIN_ENDPOINT=$tcp start far worker-remote --name far
check 'but it attaches' fastctl wait far
FASTD_PLUGIN_ENDPOINT=$tcp start refused worker-remote --name near
check 'by its own name alone' wait_until 20 told "is plugin for plugins 'far'"
kill "$started" && wait "$started"
check 'a certificate turns the knob that it was given' \
  fastctl --endpoint "$tls" "${client[@]}" set period_ms=8 --plugin worker
refuses 'and no other' 1 "is controller for plugins 'work\*' and params 'period_ms' alone" \
  fastctl --endpoint "$tls" "${client[@]}" set res=0.5 --plugin worker
check 'who may look hears of both' hears metric.far
check 'and sees all' fastctl --endpoint "$tls" "${client[@]}" params
refuses 'a user who was given less has less' 1 'needs the role admin, and uid:[0-9]+ has controller' \
  fastctl bounds clear period_ms
kill "$fastd_pid" && wait "$fastd_pid"
start_fastd "${options[@]}" --role "uid:$(id -u)=viewer:far"
http=$(fastctl status --json | grep -oE 'http://127\.0\.0\.1:[0-9]+')
check 'the plugin is there again' wait_until 10 bash -c "curl -fsS $http/metrics | grep -q 'plugin=\"worker\"'"
check 'what is published is kept from who may look at another plugin alone' hears_nothing
refuses 'a map that is wrong is refused at the start' 2 "did you mean viewer" \
  fastd --role tcp=viewr
exit "$failed"
