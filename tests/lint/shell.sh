#!/usr/bin/env bash
# Every script parses.
set -u
cd "$FASTD_SOURCE" || exit 1
failed=0
for f in dev .ci/run $(find tests plugin-sdk -name '*.sh'); do
  if bash -n "$f"; then
    echo "ok - $f parses"
  else
    echo "not ok - $f"
    failed=1
  fi
done
exit "$failed"
