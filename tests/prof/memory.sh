#!/usr/bin/env bash
# A plugin that wants more memory than there is, by the kernel's hand and by its own.
. "$FASTD_SOURCE/tests/e2e/util.sh"
unset FASTD_ENDPOINT FASTD_PLUGIN_SOCKET
out=$world/out
quick=(--out "$out" --quiet --interval 0.05 --warmup 0 --duration 0.3)

# setting EXPRESSION: a Python expression over the setting s in which it was greedy must be true.
setting() {
  python3 -c '
import json,sys
d=json.load(open(sys.argv[1]))
s=[s for s in d["targets"][0]["settings"] if s["knobs"]["mood"]=="greedy"][0]
assert eval("(" + sys.argv[2] + ")"), (d["ending"], s)' "$out/results.json" "$1"
}

# A group with 64 MiB, version 2 or 1; its folder is in $group.
make_group() {
  local root
  group=
  if [ -w /sys/fs/cgroup/cgroup.subtree_control ]; then
    root=/sys/fs/cgroup
    echo +memory >"$root/cgroup.subtree_control" 2>/dev/null
    group=$root/fastprof-test-$$
    mkdir "$group" 2>/dev/null && echo 64M >"$group/memory.max" 2>/dev/null && {
      echo 0 >"$group/memory.swap.max" 2>/dev/null
      return 0
    }
    rmdir "$group" 2>/dev/null
  fi
  if [ -w /sys/fs/cgroup/memory/memory.limit_in_bytes ] || [ -d /sys/fs/cgroup/memory ]; then
    group=/sys/fs/cgroup/memory/fastprof-test-$$
    mkdir "$group" 2>/dev/null && echo 64M >"$group/memory.limit_in_bytes" 2>/dev/null && return 0
    rmdir "$group" 2>/dev/null
  fi
  return 1
}
# Processes leave it a moment after they were killed.
remove_group() { wait_until 10 rmdir "$group"; }

if make_group; then
  refuses 'a plugin that the kernel kills for want of memory' 3 'memory ran out' \
    fastprof run "${quick[@]}" --knob mood=greedy,well -- \
    sh -c "echo \$\$ >$group/cgroup.procs && exec ill"
  check 'is told as that' setting 's["ending"]=="out_of_memory" and s["exitStatus"]==9 and d["exitCode"]==3'
  check 'in junit.xml too' grep -q '<error type="out_of_memory"' "$out/junit.xml"
  check 'in report.txt too' grep -q '^mood=greedy *out_of_memory: ' "$out/report.txt"
  check 'in report.html too' grep -q 'mood=greedy.*out_of_memory' "$out/report.html"
  check 'in profile.sqlite too' test "$(sqlite3 "$out/profile.sqlite" \
    "SELECT ending FROM setting WHERE label='mood=greedy'")" = out_of_memory
  check 'and the other setting is measured' grep -q '^well,' "$out/measuretable.csv"
  remove_group
else
  skip 'want of memory: no cgroup with a limit can be made here'
fi

# One that is refused memory and gives up by itself is told by its own exit status.
refuses 'a plugin that malloc() refuses' 3 'ended by itself with status 12' \
  fastprof run "${quick[@]}" --knob mood=greedy,well -- sh -c 'ulimit -v 300000; exec ill'
check 'is told by its exit status' setting 's["ending"]=="exited" and s["exitStatus"]==12<<8'
exit "$failed"
