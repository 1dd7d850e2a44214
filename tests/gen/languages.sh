#!/usr/bin/env bash
# languages.sh OUR-PROTOS: other languages' generators take every schema of ours, and stock protoc-c
# those of fastd's clients.
set -uo pipefail
protos=$1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
failed=0

mapfile -t files < <(cd "$protos" && find fast -name '*.proto' | sort)
for language in cpp csharp java objc php python ruby; do
  mkdir "$out/$language"
  if protoc -I "$protos" "--${language}_out=$out/$language" "${files[@]}" >"$out/log" 2>&1; then
    echo "ok - $language"
  else
    echo "not ok - $language"
    cat "$out/log"
    failed=1
  fi
done
# Stock protoc-c has no descriptor.pb-c.h: what a C client of fastd needs must not include it.
mkdir "$out/c"
clients=(fast/v1/{types,metric,param,packet}.proto)
if protoc-c -I "$protos" "--c_out=$out/c" "${clients[@]}" >"$out/log" 2>&1 &&
  "${CC:-cc}" -I "$out/c" -c "$out/c/fast/v1/param.pb-c.c" -o "$out/c/param.o" >>"$out/log" 2>&1 &&
  "${CC:-cc}" -I "$out/c" -c "$out/c/fast/v1/metric.pb-c.c" -o "$out/c/metric.o" >>"$out/log" 2>&1; then
  echo "ok - C, by stock protoc-c"
else
  echo "not ok - C, by stock protoc-c"
  cat "$out/log"
  failed=1
fi
exit "$failed"
