#!/usr/bin/env bash
# languages.sh OUR-PROTOS: other languages' generators take every schema of ours.
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
exit "$failed"
