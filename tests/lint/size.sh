#!/usr/bin/env bash
# No file above 400 lines, no public header above 150, no function above 60.
set -u
cd "$FASTD_SOURCE" || exit 1
failed=0
report() {
  if [ -n "$2" ]; then
    printf 'not ok - %s\n%s\n' "$1" "$2"
    failed=1
  else
    printf 'ok - %s\n' "$1"
  fi
}

sources=$(find runtime controller plugin-sdk gen -name '*.[ch]')
report 'no file is above 400 lines' \
  "$(for f in $sources $(find tests -name '*.[ch]' -not -path '*/golden/*'); do
    n=$(wc -l <"$f")
    [ "$n" -gt 400 ] && echo "$n $f"
  done)"
report 'no public header is above 150 lines' \
  "$(for f in runtime/include/fast/*.h plugin-sdk/include/fast/*.h; do
    n=$(wc -l <"$f")
    [ "$n" -gt 150 ] && echo "$n $f"
  done)"
# In the house's format a function's body opens with { and closes with } in the first column.
report 'no function is above 60 lines' \
  "$(for f in $sources; do
    awk -v f="$f" '/^\{/ { start = NR } /^\}/ { if (start && NR - start - 1 > 60) print f ":" start ": " NR - start - 1 " lines"; start = 0 }' "$f"
  done)"
exit "$failed"
