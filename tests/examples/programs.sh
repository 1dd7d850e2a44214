#!/usr/bin/env bash
# The example plugins as programs: they run without fastd, end when told to, and say what is wrong.
set -u

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export FASTD_PLUGIN_SOCKET=$folder/no-fastd.sock
export XDG_CACHE_HOME=$folder/cache
unset FASTD_CLIP
failed=0

check() { # check SENTENCE STATUS COMMAND...: runs it and compares its exit status
  local sentence=$1 expected=$2 status=0
  shift 2
  "$@" >"$folder/out" 2>"$folder/err" || status=$?
  if [ "$status" -eq "$expected" ]; then
    echo "ok - $sentence"
  else
    echo "not ok - $sentence: exit $status, not $expected"
    sed 's/^/  /' "$folder/out" "$folder/err"
    failed=1
  fi
}

says() { # says FILE TEXT: what the last command wrote
  grep -qF -- "$2" "$folder/$1" && return
  echo "not ok - $1 does not say: $2"
  sed 's/^/  /' "$folder/$1"
  failed=1
}

check "counter counts without fastd" 0 "$FASTD_BIN/counter" 2
check "knob beats without fastd" 0 "$FASTD_BIN/knob" 2

street=$FASTD_BIN/street
check "street teaches" 0 "$street" --help
says out "--clip PATH"
check "street wants a clip" 2 "$street"
says err "--clip"
check "street refuses an unknown option" 2 "$street" --clip x --bogus
check "street refuses a bad name at once" 2 "$street" --clip x --name "A b"
check "street refuses a clip that is not there" 3 "$street" --clip "$folder/none.avi"
says err "No such file"
check "street refuses a text" 3 "$street" --clip "$0"
says err "not readable as a video"

# Ten frames of 64 x 48 grey pixels are a clip as well.
clip=$folder/grey.y4m
{
  echo "YUV4MPEG2 W64 H48 F10:1 C420"
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    echo FRAME
    head -c 4608 /dev/zero
  done
} >"$clip"
check "street prepares" 0 "$street" --clip "$clip" --prepare
says err "reference boxes kept in $folder/cache/fastd/"
check "street runs round the clip" 0 "$street" --clip "$clip" --frames 25 --skip 1 --json
says out '"frames":25,"searched":13'
says out '"acc":1.0000'
check "street draws" 0 "$street" --clip "$clip" --frames 4 --draw "$folder/draw" --draw-every 2
[ "$(find "$folder/draw" -name '*.ppm' | wc -l)" -eq 2 ] || {
  echo "not ok - it drew other than 2 pictures"
  failed=1
}
check "street says when the cache can't be made" 1 "$street" --clip "$clip" --cache /dev/null/x --prepare

end_by() { # end_by SIGNAL: starts street, waits until it runs, and ends it
  mkfifo "$folder/pipe"
  "$street" --clip "$clip" --json --draw "$folder/run" --draw-every 1000000 >"$folder/pipe" &
  local pid=$!
  exec 3<"$folder/pipe"
  rm "$folder/pipe"
  for _ in $(seq 1000); do
    [ -e "$folder/run/frame-00000000.ppm" ] && break
    sleep 0.01
  done
  rm -rf "$folder/run"
  kill -"$1" "$pid"
  cat <&3
  exec 3<&-
  wait "$pid"
}
check "SIGTERM ends street cleanly" 0 end_by TERM
says out '"frames":'
check "SIGINT ends street cleanly" 0 end_by INT

exit $failed
