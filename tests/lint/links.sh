#!/usr/bin/env bash
# Every link of a page to a file of ours leads to one, and to a heading that it has.
set -u
cd "$FASTD_SOURCE" || exit 1
failed=0

# The anchors of a page, as forges make them: lower case, blanks to dashes, what is no word left out.
anchors() {
  sed -n 's/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | sed -e 's/[^a-z0-9 _-]//g' -e 's/ /-/g'
}

while IFS=: read -r page link; do
  target=${link%%#*}
  file=$(dirname "$page")/$target
  [ -n "$target" ] || file=$page
  if [ ! -e "$file" ]; then
    echo "not ok - $page: there is no $target"
    failed=1
  elif [[ $link == *'#'* ]] && ! anchors "$file" | grep -qxF -- "${link#*#}"; then
    echo "not ok - $page: $target has no heading #${link#*#}"
    failed=1
  fi
done < <(find . \( -name 'build*' -o -name .git -o -name .cache -o -name out \) -prune -o -name '*.md' -print0 |
  xargs -0 grep -oE '\]\([^) ]+\)' | sed -e 's/\](\(.*\))$/\1/' | grep -vE '^[^:]+:(https?|mailto):')
[ "$failed" -eq 0 ] && echo 'ok - every link leads somewhere'
exit "$failed"
