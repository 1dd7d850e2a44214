#!/usr/bin/env bash
# fastd is killed 200 times (FAST_TEST_KILLS) in the midst of sets, claims and bounds: what it has
# answered, it keeps.
. "$(dirname "$0")/util.sh"

check 'nothing that was answered is lost' killer "${FAST_TEST_KILLS:-200}" "$world" "${FAST_TEST_SEED:-20261123}"
tail -n 3 "$world/check.out"
exit "$failed"
