#!/usr/bin/env bash
# A plugin is killed with SIGKILL: its last values are known, and it is known how it ended.
. "$(dirname "$0")/util.sh"
command -v curl >/dev/null || { skip 'curl is not installed'; exit 77; }

start_fastd --http "unix:$world/http.sock"
start worker worker
page() { curl -sf --unix-socket "$world/http.sock" http://localhost/metrics; }
counted() { [ "$(fastctl metrics frames --json | json_field count)" -gt 100 ]; }
check 'it counts' wait_until 10 counted
check 'it is up' wait_until 20 sh -c "curl -s --unix-socket '$world/http.sock' http://localhost/metrics |
  grep -q '^fastd_plugin_up{plugin=\"worker\"} 1'"
scraped=$(page | sed -n 's/^plugin_frames_total{plugin="worker"} //p')
kill -9 "${pids[1]}"
down() { page | grep -q '^fastd_plugin_up{plugin="worker"} 0'; }
check 'it is down' wait_until 20 down
page | grep -q '^plugin_frames' && fail 'its series have left the scrape' ||
  pass 'its series have left the scrape'
fastctl metrics frames --json | grep -q '"frames"' && fail 'they have left the list' ||
  pass 'they have left the list'
last=$(fastctl metrics frames --all --json | json_field count)
[ "$last" -ge "$scraped" ] && pass "its last value is known ($last)" ||
  fail "its last value is known ($last, scraped was $scraped)"
fastctl metrics frames --all --json | grep -q PLUGIN_STATE_ENDED && pass 'as that of an ended one' ||
  fail 'as that of an ended one'
stored() {
  [ "$(fastctl history frames --plugin worker --json | grep -oE '"count": ?"[0-9]+"' |
    tail -n 1 | tr -dc 0-9)" = "$last" ]
}
check 'the history ends with it' wait_until 10 stored
died() { fastctl runs worker | grep -q 'its process has ended\|it has closed its connection'; }
check 'the run has ended, and why' wait_until 20 died
check 'the events tell of it' sh -c 'fastctl events --plugin worker | grep -q "end  *worker"'
start worker2 worker
check 'another may have its name' fastctl wait worker --patience 20
two() { [ "$(fastctl runs worker --json | grep -o '"pid"' | wc -l)" -eq 2 ]; }
check 'which is another run' wait_until 20 two
exit "$failed"
