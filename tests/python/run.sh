#!/usr/bin/env bash
# run.sh MODULE: one module of tests, in the environment of install.sh.
set -u
cd "$(dirname "$0")" || exit 1
unset XDG_RUNTIME_DIR PYWAGGLE_LOG_DIR FASTD_PLUGIN_NAME FASTD_PLUGIN_ENDPOINT
export PATH=$FASTD_BIN:$PATH PYTHONDONTWRITEBYTECODE=1 FASTD_PLUGIN_SOCKET=/nonexistent/plugin.sock
exec "$FASTD_BIN/../python/bin/python" harness.py "$1"
