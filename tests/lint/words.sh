#!/usr/bin/env bash
# Nothing is left open in the tree, and no test sleeps where it could wait for a condition.
set -u
cd "$FASTD_SOURCE" || exit 1
failed=0
report() {
  if [ -n "$2" ]; then
    printf 'not ok - %s\n%s\n' "$1" "$2"
    failed=1
  else
    printf 'ok - %s\n' "$1"
  fi
}
report 'no TODO, FIXME or XXX' \
  "$(grep -rnE --include='*.[ch]' --include='*.md' --include='*.sh' '\b(TODO|FIXME|XXX)\b' \
    runtime controller plugin-sdk gen tests docs proto README.md | grep -v 'tests/lint/words.sh')"
report 'no test in C sleeps' \
  "$(grep -rnE --include='*.c' '\b(usleep|nanosleep|sleep) ?\(' tests | grep -v 'poll_interval')"
report 'no unbounded string functions' \
  "$(grep -rnwE --include='*.c' '(strcpy|strcat|sprintf|vsprintf|gets|atoi|atof)' \
    runtime controller plugin-sdk gen | grep -E '(strcpy|strcat|sprintf|vsprintf|gets|atoi|atof) ?\(')"
exit "$failed"
