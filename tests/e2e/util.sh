# Sourced by the end-to-end tests: a private world, and words to judge it.
# Programs come from $FASTD_BIN, the sources from $FASTD_SOURCE.
set -u
export LC_ALL=C
PATH=$FASTD_BIN:$PATH
world=$(mktemp -d /tmp/fastd-e2e.XXXXXX)
export FASTD_ENDPOINT=ipc://$world/fastd.sock FASTD_PLUGIN_SOCKET=$world/plugin.sock
unset XDG_RUNTIME_DIR NOTIFY_SOCKET
failed=0
pids=()

pass() { printf 'ok - %s\n' "$1"; }
fail() {
  printf 'not ok - %s\n' "$1"
  failed=1
}
skip() { printf 'skip - %s\n' "$1"; }

# check NAME COMMAND...: the command must succeed.
check() {
  local name=$1
  shift
  if "$@" >"$world/check.out" 2>&1; then
    pass "$name"
  else
    fail "$name"
    printf '  %s\n' "$*"
    sed 's/^/  | /' "$world/check.out" | head -n 30
  fi
}

# refuses NAME CODE PATTERN COMMAND...: ends with that code (a pattern too), and says something that
# matches.
refuses() {
  local name=$1 code=$2 pattern=$3 got=0
  shift 3
  timeout 20 "$@" >"$world/refuses.out" 2>&1 || got=$?
  if [[ "$got" =~ ^($code)$ ]] && grep -qE -- "$pattern" "$world/refuses.out"; then
    pass "$name"
  else
    fail "$name"
    printf '  %s\n  exit %s, expected %s; expected to match: %s\n' "$*" "$got" "$code" "$pattern"
    sed 's/^/  | /' "$world/refuses.out" | tail -n 20
  fi
}

# wait_until SECONDS COMMAND...: polls until the command succeeds.
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -ge "$end" ] && return 1
    sleep 0.05
  done
}

# start NAME COMMAND...: in the background, output to $world/NAME.log; its pid is in $started.
start() {
  local name=$1
  shift
  "$@" >"$world/$name.log" 2>&1 &
  started=$!
  pids+=("$started")
}

start_fastd() {
  start fastd fastd --socket "$world/fastd.sock" --plugin-socket "$world/plugin.sock" \
    --state-dir "$world/state" "$@"
  fastd_pid=$started
  wait_until 10 fastctl status || {
    fail 'fastd starts'
    sed 's/^/  | /' "$world/fastd.log"
    exit 1
  }
}

# A field of a command's JSON, by a jq-less path: json_field KEY reads stdin, first match.
json_field() { grep -oE "\"$1\": ?(\"[^\"]*\"|[-0-9.e+]+|true|false)" | head -n 1 | sed -E 's/^"[^"]*": ?//; s/^"//; s/"$//'; }

# wait_worker NAME [OPTION...]: until that plugin is there with the last knob that worker.c declares.
wait_worker() { fastctl wait "$1" --param label --metric sizes --patience 20 "${@:2}"; }

# returned_ms PLUGIN: from fastd's last start until the plugin attached again, by fastd's own clock.
returned_ms() {
  fastctl events --json | tr '{' '\n' | awk -v plugin="$1" -F'"' '
    { for (i = 2; i < NF; i += 2) said[$i] = $(i + 2) }
    said["event"] == "start" { start = said["timeUnixNs"]; back = "" }
    said["event"] == "reattach" && said["plugin"] == plugin { back = said["timeUnixNs"] }
    END { if (back == "") exit 1; printf "%d\n", (back - start) / 1e6 }'
}
# returns_within MS PLUGIN
returns_within() { returned_ms "$2" && [ "$(returned_ms "$2")" -lt "$1" ]; }

finish() {
  local pid
  for pid in "${pids[@]:-}"; do
    [ -n "$pid" ] && kill "$pid" 2>/dev/null
  done
  for pid in "${pids[@]:-}"; do
    [ -n "$pid" ] && wait "$pid" 2>/dev/null
  done
  rm -rf "$world"
}
trap finish EXIT
