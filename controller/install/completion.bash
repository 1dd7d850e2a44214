# Completes fastctl, fastprof and fastd in bash: commands and options as their own --help has them, plugins and knobs as
# the running fastd has them.
_fast_help() { "$@" --help 2>/dev/null; }

# The names under which fastd lists what the command shows: _fast_names plugins, _fast_names params.
_fast_names() {
  fastctl "$1" 2>/dev/null | awk -v column="$2" 'NR > 1 { print $column }' | sort -u
}

_fast_complete() {
  local program=$1 word=$2 before=$3 words=''
  local command=${COMP_WORDS[1]:-}
  COMPREPLY=()
  case "$program $COMP_CWORD" in
    'fastctl 1') words=$(_fast_help fastctl | awk '/^  [a-z]+ / { print $1 }') ;;
    'fastprof 1') words='run compare' ;;
    *)
      case $before in
        --plugin) words=$(_fast_names plugins 1) ;;
        --param) words=$(_fast_names params 2) ;;
        --metric) words=$(_fast_names metrics 2) ;;
        --strategy) words='exhaustive endpoints selective:' ;;
        --on-loss) words='revert default hold hold-then-default' ;;
        --config | --table | --tls-* | --out | --sage | --bin) ;;
        *)
          case "$program $command" in
            'fastctl get' | 'fastctl explain' | 'fastctl claim') words=$(_fast_names params 2) ;;
            'fastctl set')
              words=$(_fast_names params 2 | sed 's/$/=/')
              compopt -o nospace 2>/dev/null
              ;;
            'fastctl wait' | 'fastctl runs') words=$(_fast_names plugins 1) ;;
            'fastctl history') words=$(_fast_names metrics 2) ;;
          esac
          ;;
      esac
      ;;
  esac
  if [[ $word == -* ]]; then
    [[ $program == fastctl && $command != -* ]] && program="fastctl $command"
    # shellcheck disable=SC2086
    words=$(_fast_help $program | grep -oE -- '(^|[[ ])--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort -u)
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o default -F _fast_complete fastctl fastprof fastd
