#!/usr/bin/env bash
# run.sh BIN [--json] [--quick] [NAME-PREFIX]: every benchmark that has rows with that prefix.
set -euo pipefail
bin=$1
shift
prefix=
for argument in "$@"; do
  case $argument in
    --json | --quick) ;;
    -*)
      echo "bench: unknown option $argument (there are --json, --quick and a name prefix)" >&2
      exit 2
      ;;
    *) prefix=$argument ;;
  esac
done
ran=no
for family in hot rpc; do
  case "$prefix" in
    "" | "$family"*) ;;
    *) case "$family" in "$prefix"*) ;; *) continue ;; esac ;;
  esac
  ran=yes
  "$bin/bench_$family" "$@"
done
if [ "$ran" = no ]; then
  echo "bench: no benchmark begins with '$prefix' (there are hot.* and rpc.*)" >&2
  exit 2
fi
