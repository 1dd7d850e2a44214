#!/usr/bin/env bash
# run.sh BIN SECONDS: fuzzes each target in BIN for so long. New inputs stay in .cache/fuzz; those worth
# keeping are copied into corpus/ by hand.
set -euo pipefail
bin=$1 seconds=$2
here=$(dirname "$0")
status=0
for target in "$bin"/fuzz_*; do
  name=$(basename "$target" | sed 's/^fuzz_//')
  mkdir -p ".cache/fuzz/$name"
  printf '%s for %s s ...\n' "$name" "$seconds"
  "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix=".cache/fuzz/$name-" ".cache/fuzz/$name" "$here/corpus/$name" \
    >".cache/fuzz/$name.log" 2>&1 || { tail -n 30 ".cache/fuzz/$name.log"; status=1; }
  grep -E 'stat::number_of_executed_units' ".cache/fuzz/$name.log" || true
done
exit $status
