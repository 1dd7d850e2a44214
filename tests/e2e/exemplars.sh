#!/usr/bin/env bash
# From a slow bucket to the trace that made it: by fastctl, the scrape, a real Prometheus; and from another host.
. "$(dirname "$0")/util.sh"
command -v curl >/dev/null || { skip 'curl is not installed'; exit 77; }

start_fastd --http "unix:$world/http.sock" --listen tcp://127.0.0.1:0 --role tcp=plugin
start worker worker --exemplars
worker=$started
endpoint=$(fastctl status --json | grep -oE '"tcp://127\.0\.0\.1:[0-9]+' | tr -d '"' | head -n 1)
FASTD_PLUGIN_ENDPOINT=$endpoint start far worker-remote --exemplars --name far

scrape() { curl -sf --unix-socket "$world/http.sock" -H "Accept: $1" http://fastd/metrics; }
openmetrics=application/openmetrics-text
exemplar='# \{trace_id="4bf92f3577b34da6",frame="[0-9]+"\} [0-9.e-]+ [0-9]{10}\.[0-9]{3}$'
has() { scrape "$openmetrics" | grep -qE "^$1 $exemplar"; }
for plugin in worker far; do
  check "a counter of $plugin has one" \
    wait_until 20 has "plugin_frames_total\{plugin=\"$plugin\"\} [0-9]+"
  for le in 128.0 512.0 4096.0; do
    check "and a bucket up to $le of $plugin" \
      wait_until 20 has "plugin_sizes_bytes_bucket\{plugin=\"$plugin\",le=\"$le\"\} [0-9]+"
  done
  check "fastctl shows those of $plugin" bash -c "fastctl metrics latency --plugin $plugin --json |
    tr -d ' \n' | grep -qE '\"exemplars\":\[\{\"labels\":\[\{\"name\":\"trace_id\",\"value\":\"4bf92f3577b34da6\"\}'"
done
scrape "$openmetrics" >"$world/om"
grep -vE '_total\{|_bucket\{' "$world/om" | grep -v '^#' | grep -q ' # ' &&
  fail 'no other line has one' || pass 'no other line has one'
scrape text/plain | grep -v '^#' | grep -q '#' &&
  fail 'the text format has none' || pass 'the text format has none'
check 'nothing was rejected' grep -q '^fastd_exemplars_rejected_total 0$' "$world/om"

# Python's own parser of OpenMetrics, which is strict.
if /usr/bin/python3 -c 'import prometheus_client' 2>/dev/null; then
  cat >"$world/parse.py" <<'PYTHON'
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
seen = 0
for family in text_string_to_metric_families(sys.stdin.read()):
    above = {}
    for sample in family.samples:
        labels = {key: value for key, value in sample.labels.items() if key != "le"}
        low = above.get(str(labels), float("-inf"))
        if "le" in sample.labels:
            above[str(labels)] = float(sample.labels["le"])
        if sample.exemplar is None:
            continue
        seen += 1
        assert sample.name.endswith(("_total", "_bucket")), sample
        assert sample.exemplar.labels["trace_id"] == "4bf92f3577b34da6", sample
        assert float(sample.exemplar.timestamp) > 1e9, sample
        if "le" in sample.labels:
            assert low < sample.exemplar.value <= float(sample.labels["le"]), (sample, low)
assert seen >= 10, seen
PYTHON
  check 'the Python parser takes the page, each exemplar in its bucket' \
    /usr/bin/python3 "$world/parse.py" <"$world/om"
else
  skip 'python3-prometheus-client is not installed'
fi

kill -9 "$worker"
{ wait "$worker"; } 2>/dev/null
gone() { ! scrape "$openmetrics" | grep -q '^plugin_frames_total{plugin="worker"}'; }
check 'a dead plugin leaves the scrape' wait_until 20 gone
check 'its last ones are known still' bash -c \
  'fastctl metrics frames --plugin worker --all --json | grep -q 4bf92f3577b34da6'
exit "$failed"
