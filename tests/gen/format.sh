#!/usr/bin/env bash
# format.sh SOURCE FOLDER: clang-format would change nothing in what was generated into FOLDER.
set -uo pipefail
tool=$(command -v clang-format-14 || command -v clang-format) || {
  echo 'skip - clang-format is not installed'
  exit 77
}
case $("$tool" --version) in
*'version 14.'*) ;;
*)
  echo 'skip - clang-format is not version 14, and others differ'
  exit 77
  ;;
esac
find "$2" -name '*.fast.h' | grep -q . || {
  echo "not ok - $2 has no generated header"
  exit 1
}
find "$2" -name '*.fast.[ch]' -print0 |
  xargs -0 "$tool" --style="file:$1/.clang-format" --dry-run -Werror &&
  echo 'ok - the generated files are formatted'
