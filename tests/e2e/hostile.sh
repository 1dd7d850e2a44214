#!/usr/bin/env bash
# Plugins that mean harm, in processes of their own: fastd takes no page that is none, bears any bytes in
# one that is, and serves everybody else.
. "$(dirname "$0")/util.sh"
command -v curl >/dev/null || { skip 'curl is not installed'; exit 77; }

start_fastd --http "unix:$world/http.sock"
start worker worker
total() { fastctl metrics frames --plugin worker --json | json_field count; }
grows() { [ "$(total)" -gt "$1" ]; }
page() { curl -sf --unix-socket "$world/http.sock" http://localhost/metrics; }
descriptors() { find "/proc/$fastd_pid/fd" -mindepth 1 | wc -l; }
check 'a plugin is there' wait_until 10 grows 0

# serves NAME: the honest plugin is sampled and its knob turned, and the store is well.
serves() {
  check "$1: others are sampled" wait_until 10 grows "$(total)"
  check 'and turned' fastctl set period_ms=$((RANDOM % 9 + 2)) --plugin worker
  check 'and fastd lives' kill -0 "$fastd_pid"
}

before=$(descriptors)
for round in 1 2 3; do
  hostile evil tricks >"$world/tricks"
done
sed -n 's/^skip/skip/p' "$world/tricks"
grep -q '^taken' "$world/tricks" && { fail 'no page that is none is taken'; grep '^taken' "$world/tricks"; } ||
  pass 'no page that is none is taken'
[ "$(grep -c '^refused - .*: the page' "$world/tricks")" -ge 14 ] && pass 'and each refusal says why' ||
  { fail 'and each refusal says why'; cat "$world/tricks"; }
none_left() { [ "$(descriptors)" -le "$before" ]; }
check 'and no descriptor is left behind' wait_until 10 none_left
serves 'after all that'

start twice hostile evil twice
twice_pid=$started
check 'one page for two plugins is borne' wait_until 10 grep -q attached "$world/twice.log"
check 'the one is turned' wait_until 10 fastctl set quality=6 --plugin evil
check 'and the other' wait_until 10 fastctl set quality=8 --plugin evil2
check 'and the one again where it overlaps itself' wait_until 10 fastctl set same=9 --plugin evil
serves 'one page twice'
kill -9 "$twice_pid"

start scribble hostile mad scribble
mad_pid=$started
check 'a page is scribbled on' wait_until 10 grep -q attached "$world/scribble.log"
for round in $(seq 10); do
  # It may be refused, if the plugin seems to have read what it has not; but it is answered.
  timeout 10 fastctl set quality=$round --plugin mad >/dev/null 2>&1
  [ $? -le 1 ] || fail "a knob of it is answered (round $round)"
  fastctl metrics --plugin mad --json >"$world/mad" || fail "its metrics are told (round $round)"
  grep -qiE '(: ?|[^a-z"])(-?nan|-?inf)' "$world/mad" && fail 'each number is one'
  page >"$world/page" || fail "the scrape goes on (round $round)"
done
check 'it is there still' sh -c 'fastctl plugins --json | grep -q "\"mad\""'
if command -v promtool >/dev/null; then
  check 'promtool takes the scrape' promtool check metrics <"$world/page"
fi
serves 'a page that is scribbled on'
kill -9 "$mad_pid"
ended() { page | grep -q '^fastd_plugin_up{plugin="mad"} 0'; }
check 'killed, it is down' wait_until 10 ended
check 'and its history can be read' fastctl history m1 --plugin mad
serves 'after it'

start half hostile half half
half_pid=$started
stopped() { [ "$(cut -d' ' -f3 "/proc/$half_pid/stat")" = T ]; }
check 'a plugin stops in the middle of an update' wait_until 10 stopped
seen() { [ "$(fastctl metrics m1 --plugin half --json | json_field count)" = 1000 ]; }
check 'what it has written is seen' wait_until 10 seen
check 'half a value, too' sh -c 'fastctl metrics m3 --plugin half --json | grep -qE "\"count\": ?\"?1\"?,"'
check 'its knob is turned, without waiting for it' timeout 20 fastctl set quality=7 --plugin half
serves 'a plugin that has stopped'
kill -9 "$half_pid"
down() { page | grep -q '^fastd_plugin_up{plugin="half"} 0'; }
check 'killed, it is down' wait_until 10 down
check 'and its last values are known' \
  sh -c 'fastctl metrics m1 --plugin half --all --json | grep -qE "\"count\": ?\"?1000"'
kill -TERM "$fastd_pid"
wait "$fastd_pid"
[ $? -eq 0 ] && pass 'fastd ends cleanly' || fail 'fastd ends cleanly'
exit "$failed"
