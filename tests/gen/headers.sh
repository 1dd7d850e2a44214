#!/usr/bin/env bash
# headers.sh FOLDER INCLUDE...: each header generated into FOLDER compiles alone, in C and in C++,
# with warnings as errors.
set -uo pipefail
folder=$1
shift
includes=("${@/#/-I}")
failed=0
find "$folder" -name '*.fast.h' | grep -q . || {
  echo "not ok - $folder has no generated header"
  exit 1
}

# compiles COMPILER FLAG...: every header; passes by a compiler that is not there.
compiles() {
  command -v "$1" >/dev/null || return 0
  find "$folder" -name '*.fast.h' | while read -r header; do
    "$@" -Wall -Wextra -Wconversion -Wshadow -Werror -fsyntax-only -isystem "$folder" \
      "${includes[@]}" -include "$header" /dev/null || exit 1
  done && echo "ok - $*"
}

for compiler in gcc clang; do
  compiles "$compiler" -x c -std=c11 -D_GNU_SOURCE -Wstrict-prototypes -Wmissing-prototypes || failed=1
done
for compiler in g++ clang++; do
  compiles "$compiler" -x c++ -std=c++11 || failed=1
  compiles "$compiler" -x c++ -std=c++20 || failed=1
done
exit "$failed"
