#!/usr/bin/env bash
# sanitized.sh address|thread: the extension built with that sanitizer, and its tests in a Python that
# is linked with it. fastd is the sanitized build's.
set -u
sanitizer=$1
cd "$(dirname "$0")" || exit 1
tree=$(cd "$FASTD_BIN/.." && pwd)
base=$tree/python-sanitized
failed=0
pass() { printf 'ok - %s\n' "$1"; }
fail() {
  printf 'not ok - %s\n' "$1"
  failed=1
}

case $sanitizer in
  address) flags='-fsanitize=address,undefined -fno-sanitize-recover=all' library=libasan.so ;;
  thread) flags='-fsanitize=thread -Wno-tsan' library=libtsan.so ;;
  *)
    echo "sanitized.sh: '$sanitizer' is neither address nor thread" >&2
    exit 2
    ;;
esac
if [[ "$(gcc -print-file-name="$library")" != /* ]] || ! /usr/bin/python3-config --embed --libs >/dev/null 2>&1; then
  echo "skip - the extension with the $sanitizer sanitizer: gcc's $library and python3-dev are not both installed"
  exit 77
fi
[ "$sanitizer" = thread ] && export FAST_NO_FORKS=1 # see world.py
flags+=' -fno-omit-frame-pointer'

# The extension, Python, and what is broken.
build() {
  local package=$FASTD_SOURCE/plugin-sdk/python compile
  local -a libraries
  compile="gcc $flags -I$package/src $(/usr/bin/python3-config --includes)"
  read -ra libraries < <(/usr/bin/python3-config --embed --ldflags)
  (cd "$package" && CC=gcc CFLAGS=$flags LDFLAGS=$flags FAST_REMOTE=$tree FAST_WERROR=1 \
    /usr/bin/python3 setup.py -q build --build-base "$base") &&
    $compile -o "$base/python3" sanitized/python.c "${libraries[@]}" &&
    $compile -shared -fPIC -o "$(echo "$base"/lib*)/broken.so" sanitized/broken.c
}

rm -rf "$base"
mkdir -p "$base"
if build >"$base/build.log" 2>&1; then
  pass "the extension builds with the $sanitizer sanitizer"
else
  fail "the extension builds with the $sanitizer sanitizer"
  tail -n 30 "$base/build.log"
  exit 1
fi
unset XDG_RUNTIME_DIR PYWAGGLE_LOG_DIR FASTD_PLUGIN_NAME FASTD_PLUGIN_ENDPOINT
PYTHONPATH=$(echo "$base"/lib*):$PWD/sanitized
# A malloc for each object: none hides in an arena.
export PATH=$FASTD_BIN:$PATH PYTHONPATH PYTHONDONTWRITEBYTECODE=1 PYTHONMALLOC=malloc \
  FASTD_PLUGIN_SOCKET=/nonexistent/plugin.sock

# run NAME ARGUMENT...: Python; its reports go to a folder of this name. What counts is reports, not
# exit codes: Python leaves memory behind. It has no frame pointers, so that only the slow way to unwind
# a stack sees who has called it, and deep stacks make that slower still. UBSan's own words do not reach
# the folder; that it aborts does.
run() {
  local name=$1 reports=$base/$1/report
  shift
  mkdir -p "$base/$name"
  ASAN_OPTIONS="${ASAN_OPTIONS:-}:exitcode=0:log_path=$reports:fast_unwind_on_malloc=0:malloc_context_size=12:handle_abort=1" \
    UBSAN_OPTIONS="${UBSAN_OPTIONS:-}:abort_on_error=1:log_path=$reports" \
    TSAN_OPTIONS="${TSAN_OPTIONS:-}:exitcode=0:halt_on_error=0:log_path=$reports" \
    SANITIZER_REPORTS=$reports timeout 300 "$base/python3" "$@" >"$base/$name.log" 2>&1
}

# counted NAME: what counts of its reports; 1: some does.
counted() { python3 sanitized/reports.py "$base/$1" "$tree"; }

# reported NAME WHAT: the module broken does that, which must count.
reported() {
  run "$1" -c "import broken; broken.$1()"
  if ! counted "$1" >"$base/$1.counted" && grep -q "$2" "$base/$1.counted"; then
    pass "$1() would be reported"
  else
    fail "$1() would be reported"
  fi
}

if [ "$sanitizer" = thread ]; then
  reported race 'data race'
else
  reported overflow 'heap-buffer-overflow'
  reported undefined 'broken_undefined'
  reported leak 'Direct leak'
  run call -c 'import broken, ctypes
broken.call(lambda: ctypes.pythonapi.Py_IncRef(ctypes.py_object(object())))'
  if grep -qs 'leak of' "$base"/call/* && counted call; then
    pass 'a leak of the Python code that it calls is none of its own'
  else
    fail 'a leak of the Python code that it calls is none of its own'
  fi
fi

for module in api objects process runlog live remote; do
  if ! run "$module" harness.py "test_$module"; then
    fail "test_$module passes"
    tail -n 40 "$base/$module.log"
  elif ! counted "$module"; then
    fail "test_$module leaves no report"
  else
    pass "test_$module passes without a report"
    grep '^skip - ' "$base/$module.log"
  fi
done
exit "$failed"
