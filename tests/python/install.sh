#!/usr/bin/env bash
# pip builds and installs the package from a checkout, without network, as a wheel, without a warning.
set -u
cd "$FASTD_SOURCE" || exit 1
venv=$FASTD_BIN/../python
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# check NAME COMMAND...
check() {
  local name=$1
  shift
  if "$@" >"$log" 2>&1; then
    echo "ok - $name"
  else
    echo "not ok - $name"
    tail -n 30 "$log" | sed 's/^/  | /'
    failed=1
  fi
}

# The tree's own libraries save building them once more.
[ -f "$FASTD_BIN/../plugin-sdk/libfast_plugin_remote.a" ] && export FAST_REMOTE=$FASTD_BIN/..
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 FAST_WERROR=1
rm -rf "$venv"
check 'an environment is made' /usr/bin/python3 -m venv --system-site-packages "$venv"
check 'pip makes a wheel of the checkout' "$venv/bin/pip" wheel --no-build-isolation --no-deps \
  --no-index --wheel-dir "$venv/wheels" plugin-sdk/python
check 'the wheel is installed' "$venv/bin/pip" install --no-deps --no-index "$venv"/wheels/fast-*.whl
check 'it is typed' test -f "$("$venv/bin/python" -c 'import os, fast; print(os.path.dirname(fast.__file__))')/py.typed"
for module in _fast _remote; do
  extension=$("$venv/bin/python" -c "import fast.$module; print(fast.$module.__file__)")
  names=$(nm -D --defined-only "$extension" | awk '{ print $3 }' | tr '\n' ' ')
  if [ "$names" = "PyInit_$module " ]; then
    echo "ok - $module exports its entry alone"
  else
    echo "not ok - $module exports its entry alone ($names)"
    failed=1
  fi
done
exit "$failed"
