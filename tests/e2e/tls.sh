#!/usr/bin/env bash
# Another host's view: calls over tls+tcp with certificates, ours and stock peers'.
. "$(dirname "$0")/util.sh"
for tool in openssl nngcat protoc; do
  command -v "$tool" >/dev/null || { skip "$tool is not installed"; exit 77; }
done
certs=$world/certs
bash "$FASTD_SOURCE/tests/support/make_certs.sh" "$certs" || exit 1

start_fastd --listen tls+tcp://127.0.0.1:0 --tls-ca "$certs/ca.pem" --tls-cert "$certs/server.pem" \
  --tls-key "$certs/server.key" --role name:controller.example=controller
start worker worker
wait_until 10 fastctl params period_ms
tls=$(fastctl status --json | grep -oE 'tls\+tcp://127\.0\.0\.1:[0-9]+' | head -n 1)

# remote NAME COMMAND...: fastctl as the holder of that certificate. A program, as refuses wants it.
PATH=$world:$PATH
cat >"$world/remote" <<SCRIPT
#!/bin/sh
name=\$1
shift
exec fastctl --endpoint "$tls" --tls-ca "$certs/ca.pem" --tls-cert "$certs/\$name.pem" \\
  --tls-key "$certs/\$name.key" "\$@"
SCRIPT
chmod +x "$world/remote"
check 'fastctl over tls+tcp lists plugins' remote client plugins
check 'and turns a knob' remote client set period_ms=7
remote client audit >"$world/audit"
check 'the audit log has the certificate'"'"'s name' grep -q 'controller\.example' "$world/audit"
export FASTD_TLS_CA=$certs/ca.pem FASTD_TLS_CERT=$certs/client.pem FASTD_TLS_KEY=$certs/client.key
check 'the environment names the files, too' fastctl --endpoint "$tls" status
check 'a host name is as good' fastctl --endpoint "${tls/127.0.0.1/localhost}" status
unset FASTD_TLS_CA FASTD_TLS_CERT FASTD_TLS_KEY
check 'a stream comes over tls+tcp' remote client watch fps --count 2

refuses 'a certificate of another CA is refused' 3 \
  "the server refused this client's certificate: unknown CA" remote other-client status
refuses 'an expired one too, with its date' 3 'it has expired on 2021-02-03' \
  remote expired-client status
refuses 'no certificate is refused' 3 'wants a client certificate' \
  fastctl --endpoint "$tls" --tls-ca "$certs/ca.pem" status
refuses 'a server of another CA is refused' 3 'not signed by a CA in' \
  fastctl --endpoint "$tls" --tls-ca "$certs/other-ca.pem" status
refuses 'a wrong key is named' 2 'is not the key of' \
  fastctl --endpoint "$tls" --tls-ca "$certs/ca.pem" --tls-cert "$certs/client.pem" \
  --tls-key "$certs/server.key" status
refuses 'tls+tcp without a CA says what to give' 2 'give --tls-ca' fastctl --endpoint "$tls" status
refuses 'fastd without certificates does not listen' 2 'needs certificates' \
  fastd --listen tls+tcp://127.0.0.1:0

# A stock REQ socket: NNG wants a name, and certificate and key in one file each.
cat "$certs/client.pem" "$certs/client.key" >"$world/both.pem"
printf 'kind: PACKET_KIND_REQUEST method: "fast.v1.Plugin/List" timeout_us: 5000000' |
  protoc --proto_path="$FASTD_SOURCE/proto" --encode=fast.v1.Packet fast/v1/packet.proto \
    >"$world/request"
timeout 20 nngcat --req --dial "${tls/127.0.0.1/localhost}" --cacert "$certs/ca.pem" \
  --cert "$certs/client.pem" --key "$certs/client.key" --file "$world/request" --raw \
  >"$world/answer" 2>"$world/nngcat.err"
check 'nngcat over tls+tcp gets its reply' grep -qa worker "$world/answer"

# Stock TLS.
s_client=(openssl s_client -connect "127.0.0.1:${tls##*:}" -CAfile "$certs/ca.pem"
  -cert "$certs/client.pem" -key "$certs/client.key")
timeout 10 "${s_client[@]}" </dev/null >"$world/openssl" 2>&1
check 'OpenSSL agrees on TLS 1.2' grep -q 'TLSv1.2' "$world/openssl"
check 'with X25519' grep -q 'X25519' "$world/openssl"
check 'and an AEAD suite' grep -qE 'Cipher is ECDHE-ECDSA-(CHACHA20-POLY1305|AES...-GCM-SHA...)' \
  "$world/openssl"
check 'and gets a ticket' grep -qE 'lifetime hint: 3600' "$world/openssl"
refuses 'TLS 1.1 is refused' '[^0]*' 'alert|no protocols|unsupported' \
  "${s_client[@]}" -tls1_1
refuses 'a CBC suite is refused' '[^0]*' 'alert|failure' \
  "${s_client[@]}" -cipher ECDHE-ECDSA-AES128-SHA256
check 'fastd is well' fastctl status
exit "$failed"
