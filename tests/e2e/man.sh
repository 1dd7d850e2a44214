#!/usr/bin/env bash
# The manual pages: all that --help says is in them, and groff has nothing to say about them.
. "$(dirname "$0")/util.sh"
make=$FASTD_SOURCE/controller/install/man.sh

# has_options PAGE COMMAND...: each option that the command's help names has an entry of its own.
has_options() {
  local page=$1 option
  shift
  for option in $("$@" --help | grep -oE '^  --[a-z-]+' | sort -u); do
    grep -qE "^\.B ${option//-/\\\\-}( |$)" "$page" || { echo "$option"; return 1; }
  done
}
is_narrow() { ! "$@" --help | grep -E '.{93}'; }

for program in fastd fastctl fastprof; do
  page=$world/$program.man
  check "$program has a page" sh -c "bash '$make' $program 1.2 '$FASTD_BIN/$program' >'$page'"
  check '  of its version' grep -q '^\.TH .*"fastd 1\.2"' "$page"
  check '  with all its options' has_options "$page" "$program"
  check '  and its help is of few columns' is_narrow "$program"
  if command -v groff >/dev/null; then
    warnings=$(groff -man -Tutf8 -ww "$page" 2>&1 >"$world/$program.txt")
    check '  which groff takes as it is' test -z "$warnings"
  fi
done
command -v groff >/dev/null || skip 'groff is not installed: nobody has read the pages'
commands=$(fastctl --help | awk '/^  [a-z]+ / { print $1 }')
for command in $commands; do
  has_options "$world/fastctl.man" fastctl "$command" >"$world/missing" &&
    grep -qx "\.SS fastctl $command" "$world/fastctl.man" && is_narrow fastctl "$command" ||
    fail "fastctl $command is in the page ($(cat "$world/missing"))"
done
check 'the page of fastctl has every command' test "$(grep -c '^\.SS fastctl' "$world/fastctl.man")" -eq "$(wc -w <<<"$commands")"

python=$FASTD_SOURCE/plugin-sdk/python
version=$(sed -n 's/^version = //p' "$python/setup.cfg")
PYTHONDONTWRITEBYTECODE=1 bash "$make" fast-run "$version" python3 "$python/fast/run.py" >"$world/fast-run.1"
check "fast-run's page says what its help says (man.sh makes it anew)" cmp "$world/fast-run.1" "$python/fast-run.1"
exit "$failed"
