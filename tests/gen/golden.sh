#!/usr/bin/env bash
# golden.sh PROTOC-GEN-FAST OUR-PROTOS [--update]: the output for proto/golden/ is that in golden/,
# byte for byte; or, with --update, becomes so.
set -euo pipefail
plugin=$1
protos=$2
here=$(cd "$(dirname "$0")" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

protoc -I "$here/proto" -I "$protos" --plugin=protoc-gen-fast="$plugin" --fast_out="$out" \
  golden/v1/bare.proto golden/v1/common.proto golden/v1/feature.proto golden/v1/rules.proto
# Most of this one is the descriptor.proto of whatever protoc there is.
sed -i '/^static const uint8_t descriptors_/,/^};/d' "$out/golden/v1/rules.fast.c"
if [ "${3:-}" = --update ]; then
  cp "$out"/golden/v1/* "$here/golden/"
  exit
fi
diff -ru "$here/golden" "$out/golden/v1" || {
  echo "not ok - the output has changed; if it should, run: $0 $plugin $protos --update"
  exit 1
}
echo 'ok - the output is as it was'
