#!/usr/bin/env bash
# What the libraries export is what their public headers declare: names that begin with fast_.
set -u
cd "$FASTD_BIN/.." || exit 1
failed=0
for library in $(find . -name 'libfast.a' -o -name 'libfast_base.a' -o -name 'libfast_plugin.a' -o -name 'libfast_page.a'); do
  bad=$(nm --defined-only --extern-only "$library" 2>/dev/null | awk 'NF == 3 && $2 ~ /[TDBRVWC]/ { print $3 }' |
    grep -vE '^fast_' || true)
  if [ -n "$bad" ]; then
    printf 'not ok - %s has names that do not begin with fast_\n%s\n' "$library" "$bad"
    failed=1
  else
    printf 'ok - every name of %s begins with fast_\n' "$(basename "$library")"
  fi
  visible=$(readelf -sW "$library" 2>/dev/null | awk '$5 == "GLOBAL" && $6 == "DEFAULT" && $7 != "UND" { print $8 }' | sort -u)
  for name in $visible; do
    grep -rqw "$name" "$FASTD_SOURCE"/runtime/include/fast "$FASTD_SOURCE"/plugin-sdk/include/fast || {
      echo "not ok - $name is visible but no public header declares it"
      failed=1
    }
  done
done
exit "$failed"
