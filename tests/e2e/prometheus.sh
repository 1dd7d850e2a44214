#!/usr/bin/env bash
# GET /metrics: both formats, promtool, and a real Prometheus.
. "$(dirname "$0")/util.sh"
command -v curl >/dev/null || { skip 'curl is not installed'; exit 77; }

# A free port: fastd may be asked for port 0, and says in its status which it got.
start_fastd --http 127.0.0.1:0
start worker worker --exemplars
url=$(fastctl status --json | grep -oE 'http://127\.0\.0\.1:[0-9]+' | head -n 1)
[ -n "$url" ] && pass "the status names the endpoint ($url)" || fail 'the status names the endpoint'
counted() { curl -sf "$url/metrics" | grep -qE '^plugin_frames_total\{plugin="worker"\} [1-9]'; }
check 'the counter is there' wait_until 10 counted
curl -s "$url/metrics" >"$world/text"
curl -s -D "$world/head" -H 'Accept: application/openmetrics-text;version=1.0.0;q=0.8,text/plain;q=0.5' \
  "$url/metrics" >"$world/om"
check 'OpenMetrics when asked for' grep -qi 'content-type: application/openmetrics-text; *version=1.0.0' "$world/head"
[ "$(tail -n 1 "$world/om")" = '# EOF' ] && pass 'OpenMetrics ends with # EOF' || fail 'OpenMetrics ends with # EOF'
grep -q '# EOF' "$world/text" && fail 'the text format has no EOF line' || pass 'the text format has no EOF line'
check 'a histogram has its +Inf' grep -q 'plugin_latency_seconds_bucket{plugin="worker",le="+Inf"}' "$world/text"
check 'the heartbeat gives a rate' grep -qE '^plugin_fps\{plugin="worker"\} [0-9]' "$world/text"
check 'the plugin is up' grep -qE '^fastd_plugin_up\{plugin="worker"\} 1' "$world/text"
# Of fastd itself: what it costs, and what it lost.
costs() {
  curl -sf "$url/metrics" >"$world/self"
  for one in 'fastd_process_cpu_seconds_total' 'fastd_process_resident_memory_bytes' \
    'fastd_plugin_sampling_seconds_total{plugin="worker"}' 'fastd_plugin_metric_bytes{plugin="worker"}' \
    'fastd_sampling_seconds_total' 'fastd_samplings_total' 'fastd_store_commits_total'; do
    grep -F "$one " "$world/self" | awk '{ exit !($2 > 0) }' && grep -qF "$one " "$world/self" ||
      { echo "none: $one"; return 1; }
  done
}
check 'it tells what it costs itself' wait_until 10 costs
for one in dropped_items store_samples_dropped store_events_dropped; do
  check "and what it lost: $one" grep -qE "^fastd_${one}_total 0" "$world/self"
done
code=$(curl -s -o "$world/404" -w '%{http_code}' "$url/nothing")
[ "$code" = 404 ] && pass 'an unknown path is 404' || fail "an unknown path is 404 (got $code)"
code=$(curl -s -o "$world/405" -w '%{http_code}' -X POST -d x "$url/metrics")
[ "$code" = 405 ] && pass 'a wrong verb is 405' || fail "a wrong verb is 405 (got $code)"
if command -v promtool >/dev/null; then
  check 'promtool accepts the text format' promtool check metrics <"$world/text"
else
  skip 'promtool is not installed'
fi

if command -v prometheus >/dev/null; then
  cat >"$world/prometheus.yml" <<TEXT
scrape_configs:
  - job_name: fastd
    scrape_interval: 200ms
    scrape_timeout: 200ms
    static_configs: [{targets: ['${url#http://}']}]
TEXT
  start prometheus prometheus --config.file="$world/prometheus.yml" --storage.tsdb.path="$world/tsdb" \
    --web.listen-address=127.0.0.1:0 --log.level=debug --enable-feature=exemplar-storage
  port=
  listening() {
    # The log does not tell a chosen port; the kernel does.
    port=$(grep -l . "/proc/${started}/net/tcp" >/dev/null 2>&1 && ss -tlnpH 2>/dev/null |
      grep "pid=${started}," | grep -oE '127\.0\.0\.1:[0-9]+' | head -n 1 | cut -d: -f2)
    [ -n "$port" ]
  }
  if wait_until 20 listening; then
    scraped() {
      curl -sf "http://127.0.0.1:$port/api/v1/query?query=plugin_frames_total" | grep -q '"plugin":"worker"'
    }
    check 'a real Prometheus scrapes it' wait_until 20 scraped
    up() { curl -sf "http://127.0.0.1:$port/api/v1/targets" | grep -q '"health":"up"'; }
    check 'and calls the target up' wait_until 10 up
    exemplars() {
      curl -sf -G "http://127.0.0.1:$port/api/v1/query_exemplars" --data-urlencode "query=$1" \
        -d "start=$(($(date +%s) - 60))" -d "end=$(($(date +%s) + 60))" |
        grep -q '"trace_id":"4bf92f3577b34da6"'
    }
    check "it keeps a counter's exemplars" wait_until 10 exemplars plugin_frames_total
    check "and a histogram's" wait_until 10 exemplars plugin_latency_seconds_bucket
  else
    fail 'prometheus starts'
    tail -n 5 "$world/prometheus.log"
  fi
else
  skip 'prometheus is not installed'
fi
# A plugin that dies leaves the scrape at once.
kill -9 "${pids[1]}"
gone() { ! curl -sf "$url/metrics" | grep -q '^plugin_frames_total'; }
check 'a dead plugin leaves the scrape' wait_until 20 gone
down() { curl -s "$url/metrics" | grep -qE '^fastd_plugin_up\{plugin="worker"\} 0'; }
check 'and is down' wait_until 20 down
exit "$failed"
