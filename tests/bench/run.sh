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
families=(hot:bench_hot rpc:bench_rpc tls:bench_rpc fastd:bench_node fastd:bench_report scrape:bench_node knob:bench_node knob:bench_wake metric:bench_node python:bench_python prof:bench_prof)
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
# The Python package, built once for each state of the tree.
python_run() {
  local sources key
  sources=$(dirname "$0")/../..
  key=$(find "$sources"/plugin-sdk "$sources"/runtime/base -type f \( -name '*.[ch]' -o -name '*.py' \) -print0 |
    sort -z | xargs -0 sha256sum | sha256sum)
  if [ "$(cat "$bin/../python/key" 2>/dev/null)" != "$key" ]; then
    FASTD_SOURCE=$(cd "$sources" && pwd) FASTD_BIN=$(cd "$bin" && pwd) \
      bash "$sources/tests/python/install.sh" >&2
    echo "$key" >"$bin/../python/key"
  fi
  "$bin/../python/bin/python" "$(dirname "$0")/bench_python.py" "$@"
}
# Of fastprof; it needs the video.
prof_run() {
  local clip
  clip=$(dirname "$0")/../../.cache/vtest.avi
  if [ -s "$clip" ]; then
    python3 "$(dirname "$0")/bench_prof.py" "$bin" "$clip" "$@"
  else
    echo 'prof: skipped, since there is no street video (./dev setup fetches it)' >&2
  fi
}
for program in "${programs[@]}"; do
  if [ "$program" = bench_prof ]; then
    prof_run "$@"
    continue
  fi
  if [ "$program" = bench_python ]; then
    python_run "$@"
    continue
  fi
  case $program in bench_rpc | bench_report) [ -n "$certificates" ] || certify ;; esac
  "$bin/$program" "$@"
done
