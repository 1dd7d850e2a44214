#!/usr/bin/env bash
# What docs/operate.md tells who runs a node: its certificates, its config file, and what bash completes.
. "$(dirname "$0")/util.sh"
command -v openssl >/dev/null || { skip 'openssl is not installed'; exit 77; }
page=$FASTD_SOURCE/docs/operate.md
mkdir "$world/certs"

awk '/<!-- certificates -->/ { on = 1; next } /<!-- end of certificates -->/ { on = 0 } on && !/^```/' "$page" |
  sed 's/node\.example/localhost/' >"$world/certs/make.sh"
check 'the certificates of the page are made' bash -ec "cd '$world/certs' && . ./make.sh"
awk '/^    listen:/, /^    role:/' "$page" |
  sed -e 's/^    //' -e 's/0\.0\.0\.0:5000/127.0.0.1:0/' -e "s|/etc/fastd/|$world/certs/|" -e 's/node\.example/localhost/' \
    >"$world/fastd.yaml"
check 'its config file is one' fastd --config "$world/fastd.yaml" --check --state-dir "$world/state"
start_fastd --config "$world/fastd.yaml"
start knob knob 1000000
check 'a plugin attaches' wait_until 10 fastctl get rate
port=$(fastctl status --json | grep -oE 'tls\+tcp://127\.0\.0\.1:[0-9]+' | head -n 1)
elsewhere() {
  (cd "$world/certs" && FASTD_ENDPOINT=tls+tcp://localhost:${port##*:} FASTD_TLS_CA=ca.crt FASTD_TLS_CERT=$1.crt \
    FASTD_TLS_KEY=$1.key exec fastctl "${@:2}")
}
check 'its certificate looks from elsewhere' elsewhere ada plugins
check 'and turns a knob' elsewhere ada set rate=500 --wait
check 'one without an entry looks' elsewhere localhost plugins
elsewhere localhost set rate=1 >/dev/null 2>&1 && fail 'and turns nothing' || pass 'and turns nothing'

# completes NAME WORD LINE...: the last word of the line is completed, and the word is offered.
completes() {
  check "$1" bash -c '. "$1/controller/install/completion.bash"; want=$2; shift 2
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _fast_complete "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf "%s\n" "${COMPREPLY[@]}" | grep -qxe "$want"' - "$FASTD_SOURCE" "${@:2}"
}
completes 'bash completes commands' plugins fastctl plu
completes 'options of a command' --wait fastctl set --w
completes 'options of fastd' --plugin-socket fastd --pl
completes 'options of fastprof' --goal fastprof run --g
completes 'knobs that there are' rate= fastctl set r
completes 'plugins that there are' knob fastctl watch --plugin k
exit "$failed"
