#!/usr/bin/env bash
# man.sh NAME VERSION COMMAND...: the manual page of a program, made of what `COMMAND... --help` says; that of fastctl also of
# what each of its commands says.
set -euo pipefail
name=$1 version=$2
shift 2
declare -A sections=([fastd]=8 [fastctl]=1 [fastprof]=1 [fast-run]=1)
declare -A summaries=(
  [fastd]="the node's daemon: metrics and knobs of plugins"
  [fastctl]='show and turn what the plugins of a node measure and offer'
  [fastprof]='measure a plugin at the settings of its knobs'
  [fast-run]='run a Python plugin with metrics and knobs')

# roff [-v NAME=VALUE]...: prose is filled, options are tagged, what is indented stands as it is. usage, about and heading are
# the requests before the usage, the text and a line that ends in a colon; after `last` nothing is taken.
roff() {
  awk "$@" -v name="$name" '
    function text(s) {
      gsub(/\\/, "\\e", s)
      gsub(/-/, "\\-", s)
      return s ~ /^[.\047]/ ? "\\&" s : s
    }
    function leave() {
      if (mode == "as is") print ".fi\n.RE"
      mode = ""
    }
    last != "" && index($0, last) == 1 { exit }
    /^usage: / {
      seen = 1
      mode = "usage"
      sub(/^usage: /, "")
      print usage "\n.nf"
    }
    !seen { next }
    mode == "usage" && NF {
      sub(/^ +/, "")
      print (index($0, name) == 1 ? "" : "    ") text($0)
      next
    }
    mode == "usage" {
      print ".fi\n" about
      mode = ""
      next
    }
    NF == 0 {
      if (mode != "option") print mode == "as is" ? "" : ".PP"
      next
    }
    /^  --?[a-z]/ {
      leave()
      mode = "option"
      sub(/^ +/, "")
      cut = match($0, /  +/)
      print ".TP\n.B " text(cut ? substr($0, 1, cut - 1) : $0)
      if (cut) print text(substr($0, cut + RLENGTH))
      next
    }
    mode == "option" && /^ / {
      sub(/^ +/, "")
      print text($0)
      next
    }
    /^ / {
      if (mode != "as is") print ".RS 2\n.nf"
      mode = "as is"
      print text(substr($0, 3))
      next
    }
    {
      if (mode == "option") print ".PP"
      leave()
    }
    /^[A-Z][^.;]*:$/ {
      sub(/:$/, "")
      print heading " " text($0)
      next
    }
    { print text($0) }
    END { leave() }'
}

printf '.TH %s %s "" "fastd %s"\n.SH NAME\n%s \\- %s\n' "${name^^}" "${sections[$name]}" "$version" "$name" "${summaries[$name]}"
"$@" --help | roff -v usage='.SH SYNOPSIS' -v about='.SH DESCRIPTION' -v heading='.SS'
[ "$name" = fastctl ] || exit 0
echo '.SH COMMANDS'
for command in $("$@" --help | awk '/^  [a-z]+ / { print $1 }'); do
  printf '.SS fastctl %s\n' "$command"
  "$@" "$command" --help | roff -v usage='.PP' -v about='.PP' -v heading='.PP' -v last='Every command takes:'
done
