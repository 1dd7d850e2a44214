#!/bin/sh
# fetch-clip.sh DIR - puts vtest.avi, a street video of 8 MB, into DIR: one file of Debian's package
# opencv-doc, which apt downloads (96 MB) but does not install.
set -eu

file=usr/share/doc/opencv-doc/examples/data/vtest.avi
sha256=45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf

fail() {
  echo "fetch-clip.sh: $*" >&2
  exit 1
}

[ $# -eq 1 ] || fail "usage: fetch-clip.sh DIR"
mkdir -p "$1"
directory=$(cd "$1" && pwd)
if [ -s "$directory/vtest.avi" ]; then
  exit 0
fi
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
  fail "this needs apt-get and dpkg-deb; any street video with a still camera does as well"

draft=$(mktemp -d "$directory/fetch.XXXXXX")
trap 'rm -rf "$draft"' EXIT INT TERM
cd "$draft"
if [ -s "/$file" ]; then
  cp "/$file" vtest.avi
else
  # Quietly, unless it fails: apt warns of folders that its own user can't enter.
  apt-get download opencv-doc >log 2>&1 || { cat log >&2; fail "apt-get can't download opencv-doc"; }
  dpkg-deb --fsys-tarfile opencv-doc_*.deb | tar -xO "./$file" >vtest.avi ||
    fail "there is no $file in the package"
fi
echo "$sha256  vtest.avi" | sha256sum --check --status ||
  echo "fetch-clip.sh: this vtest.avi is another than the one that was measured" >&2
mv vtest.avi "$directory/vtest.avi"
