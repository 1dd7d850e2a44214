#!/usr/bin/env bash
# run.sh MODULE: one module of tests, in the environment of install.sh. run.sh every: see every.py.
set -u
cd "$(dirname "$0")" || exit 1
unset XDG_RUNTIME_DIR PYWAGGLE_LOG_DIR FASTD_PLUGIN_NAME FASTD_PLUGIN_ENDPOINT
export PATH=$FASTD_BIN:$PATH PYTHONDONTWRITEBYTECODE=1 FASTD_PLUGIN_SOCKET=/nonexistent/plugin.sock
[ "$1" = every ] && exec /usr/bin/python3 every.py
exec "$FASTD_BIN/../python/bin/python" harness.py "$1"
