#!/usr/bin/env bash
# clang-format 14 would change nothing.
set -u
cd "$FASTD_SOURCE" || exit 1
tool=$(command -v clang-format-14 || command -v clang-format) || {
  echo 'skip - clang-format is not installed'
  exit 77
}
find runtime controller plugin-sdk gen tests -name '*.[ch]' -not -path 'tests/gen/golden/*' -print0 |
  xargs -0 "$tool" --dry-run -Werror && echo 'ok - every source is formatted'
