#!/usr/bin/env bash
# The README's tour, word for word: the commands between its "tour" marks.
. "$(dirname "$0")/util.sh"
unset FASTD_ENDPOINT FASTD_PLUGIN_SOCKET
export XDG_RUNTIME_DIR=$world/run XDG_STATE_HOME=$world/state
mkdir -p "$XDG_RUNTIME_DIR"

awk '/<!-- tour -->/ { on = 1; next } /<!-- end of tour -->/ { on = 0 } on && !/^```/' \
  "$FASTD_SOURCE/README.md" >"$world/tour.sh"
[ -s "$world/tour.sh" ] && pass 'the README has a tour' || { fail 'the README has a tour'; exit 1; }
# The tour builds and sets PATH for a stranger; here that has been done.
sed -i -E '/^\.\/dev build/d; /^export PATH=/d' "$world/tour.sh"
{
  echo 'set -e'
  cat "$world/tour.sh"
  echo 'kill $(jobs -p); wait'
} >"$world/run.sh"
(cd "$world" && timeout 60 bash run.sh >"$world/tour.out" 2>&1)
code=$?
[ "$code" -eq 0 ] && pass 'each of its commands succeeds' || {
  fail "each of its commands succeeds (exit $code)"
  sed 's/^/  | /' "$world/tour.out"
}
for word in knob fps applied plugin_fps; do
  check "its output shows $word" grep -q "$word" "$world/tour.out"
done
exit "$failed"
