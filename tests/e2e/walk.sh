#!/usr/bin/env bash
# The README's way to a plugin of one's own, word for word: the commands between its "walk" marks, from pip to a report.
. "$(dirname "$0")/util.sh"
unset FASTD_ENDPOINT FASTD_PLUGIN_SOCKET
export HOME=$world XDG_RUNTIME_DIR=$world/run XDG_STATE_HOME=$world/state
mkdir -p "$XDG_RUNTIME_DIR"
# Without network, from what the machine has.
export PIP_NO_BUILD_ISOLATION=0 PIP_NO_INDEX=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
# The tree's own libraries save building them once more.
[ -f "$FASTD_BIN/../plugin-sdk/libfast_plugin_remote.a" ] && export FAST_REMOTE=$FASTD_BIN/..

awk '/<!-- walk -->/ { on = 1; next } /<!-- end of walk -->/ { on = 0 } on && !/^```/' \
  "$FASTD_SOURCE/README.md" >"$world/walk.sh"
[ -s "$world/walk.sh" ] && pass 'the README has a walk' || { fail 'the README has a walk'; exit 1; }
# What a stranger installs is here already.
sed -i -e '/^apt-get /d' -e 's/-m venv /-m venv --system-site-packages /' "$world/walk.sh"
# Debian's Python: it has what building takes.
PATH=$FASTD_BIN:/usr/bin:$PATH
start fastd fastd --http 127.0.0.1:0
http() { fastctl status --json | grep -oE 'http://127\.0\.0\.1:[0-9]+'; }
wait_until 20 http || fail 'fastd starts'
sed -i "s|http://127\.0\.0\.1:9400|$(http)|" "$world/walk.sh"
{
  echo 'set -e; trap "kill \$(jobs -p); wait" EXIT'
  cat "$world/walk.sh"
} >"$world/run.sh"
(cd "$FASTD_SOURCE" && timeout 250 bash "$world/run.sh" >"$world/walk.out" 2>&1)
code=$?
[ "$code" -eq 0 ] && pass 'each of its commands succeeds' || {
  fail "each of its commands succeeds (exit $code)"
  tail -n 40 "$world/walk.out" | sed 's/^/  | /'
}
said() { check "$1" grep -qE "$2" "$world/walk.out"; }
said 'pip installs the package' '^Successfully installed fast-'
said 'fastctl top shows the metric and the knob' '^ +samples +10000 +10000 '
said 'the knob turns' '^samples +50000 +50000 +applied'
said 'curl sees the metric' '^plugin_acc\{plugin="pi"'
said 'the report has its settings' '^samples=2000 '
check 'and a page' grep -q '</html>' "$world/pi/fastprof-out/report.html"
exit "$failed"
