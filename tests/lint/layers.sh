#!/usr/bin/env bash
# Layers include only downwards: each folder and the quoted includes that it may have.
set -u
cd "$FASTD_SOURCE" || exit 1
failed=0

# check FOLDER ALLOWED: every #include "..." in FOLDER is of the same folder or matches ALLOWED.
check() {
  local bad
  bad=$(grep -rnE --include='*.[ch]' '^#include "' "$1" | grep -vE "#include \"([a-z_]+\.h\"|$2)" || true)
  if [ -n "$bad" ]; then
    printf 'not ok - %s may include only %s\n%s\n' "$1" "$2" "$bad"
    failed=1
  else
    printf 'ok - %s includes only downwards\n' "$1"
  fi
}

# only FOLDER PATTERN: nothing outside FOLDER includes <PATTERN.
only() {
  local bad
  bad=$(grep -rnE --include='*.[ch]' "^#include [<\"]($2)" runtime controller plugin-sdk gen |
    grep -vE "^($1)" || true)
  if [ -n "$bad" ]; then
    printf 'not ok - only %s may include %s\n%s\n' "$1" "$2" "$bad"
    failed=1
  else
    printf 'ok - only %s includes %s\n' "$1" "$2"
  fi
}

check runtime/base 'base/'
check runtime/wire 'base/|wire/'
check runtime/link 'base/|wire/|link/'
check runtime/rpc 'base/|wire/|link/|rpc/'
check runtime/json 'base/|wire/|json/'
check runtime/connect 'base/|wire/|rpc/|json/|connect/'
check plugin-sdk/page 'page/'
check plugin-sdk 'page/|street/'
check controller/daemon 'daemon/|page/'
check controller/client 'client/'
check controller/cli 'client/|cli/|daemon/(nearest|help)\.h'
check controller/demo 'client/|demo/'
check controller/prof 'client/|prof/'
check gen 'google/protobuf/'
only runtime/link/ 'nng/|mbedtls/'
only 'runtime/wire/packet\.h' 'fast/v1/packet\.pb-c\.h'
only controller/ 'sqlite3\.h|jansson\.h|yaml\.h'
only runtime/connect/ 'microhttpd\.h'
only plugin-sdk/examples/ 'libav'
exit "$failed"
