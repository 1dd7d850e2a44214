#!/usr/bin/env bash
# A short run of the demo in Python: OpenCV's detector of people, learned and held. Whether the goal
# was within reach is the demo's verdict on this machine at this moment; 0 and 4 are both an end.
. "$(dirname "$0")/util.sh"
clip=$FASTD_SOURCE/.cache/vtest.avi
python=$FASTD_BIN/../python/bin/python
[ -s "$clip" ] || { skip 'the street video is not there (./dev setup fetches it)'; exit 77; }
"$python" -c 'import cv2' 2>/dev/null || { skip 'python3-opencv is not installed'; exit 77; }

code=0
bash "$FASTD_SOURCE/plugin-sdk/examples/people/demo.sh" "$FASTD_BIN" "$python" "$clip" 1000 4 \
  >"$world/demo.out" 2>&1 || code=$?
if [ "$code" = 0 ] || [ "$code" = 4 ]; then
  pass "the demo runs to its end (exit $code)"
else
  fail "the demo runs to its end (exit $code)"
  tail -n 30 "$world/demo.out"
fi
check 'it learns all six settings' grep -q 'learned 6 of 6' "$world/demo.out"
check 'each of them has its row' \
  test "$(grep -cE '^0\.(75|6|5),(8|16),[0-9.]+,[0-9.]+$' "$world/demo.out")" = 6
check 'the finest agrees with itself' grep -qE '^0\.75,8,[0-9.]+,1$' "$world/demo.out"
check 'the controller holds for as long as it was told' \
  grep -qE '^[0-9:.]+ +fps [0-9.]+ .*stride=(8|16)' "$world/demo.out"
check 'the detector has beaten' grep -qE '^people +fps +heartbeat +[1-9]' "$world/demo.out"
refuses 'a clip that is none is refused by its name' 1 'nothing\.avi is no video' \
  "$python" "$FASTD_SOURCE/plugin-sdk/examples/people/people.py" "$world/nothing.avi"
exit "$failed"
