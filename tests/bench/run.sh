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
# Family of rows, and the program that measures it.
families=(hot:bench_hot rpc:bench_rpc tls:bench_rpc fastd:bench_node scrape:bench_node knob:bench_node knob:bench_wake metric:bench_node)
programs=()
for family in "${families[@]}"; do
  name=${family%%:*} program=${family#*:}
  case "$prefix" in
    "" | "$name"*) ;;
    *) case "$name" in "$prefix"*) ;; *) continue ;; esac ;;
  esac
  case " ${programs[*]} " in *" $program "*) ;; *) programs+=("$program") ;; esac
done
if [ ${#programs[@]} -eq 0 ]; then
  echo "bench: no benchmark begins with '$prefix' (rows begin with ${families[*]%%:*})" >&2
  exit 2
fi
certificates=
trap 'rm -rf "$certificates"' EXIT
# For TLS; without them its rows are skipped.
certify() {
  local name
  certificates=$(mktemp -d)
  if bash "$(dirname "$0")/../support/make_certs.sh" "$certificates"; then
    for name in server client; do # as NNG reads them
      cat "$certificates/$name.pem" "$certificates/$name.key" >"$certificates/$name-both.pem"
    done
    export BENCH_CERTIFICATES=$certificates
  fi
}
for program in "${programs[@]}"; do
  [ "$program" != bench_rpc ] || certify
  "$bin/$program" "$@"
done
