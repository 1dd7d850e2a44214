#!/usr/bin/env bash
# fastprof --repo: at HEAD, a branch, a tag, a commit, or where sage.yaml says.
. "$FASTD_SOURCE/tests/e2e/util.sh"
unset FASTD_ENDPOINT FASTD_PLUGIN_SOCKET
out=$world/out
repo=$world/repo
url=file://$repo
export TMPDIR=$world/tmp
mkdir "$TMPDIR"

result() { python3 -c 'import json,sys; r=json.load(open(sys.argv[1]))["targets"][0]["run"]; assert eval("(" + sys.argv[2] + ")"), r' "$out/results.json" "$1"; }
in_repo() { git -C "$repo" -c user.name=t -c user.email=t@example.org "$@"; }
# commit NAME [LINE of source]: a commit whose plugin is called so.
commit() {
  printf 'name: camera\nsource: {%s}\nprofiling:\n  command: [worker]\n  args: --name %s\n  knobs: {period_ms: 10, res: 1, mode: fast, enabled: true}\n' \
    "${2:-}" "$1" >"$repo/sage.yaml"
  in_repo add -A
  in_repo commit -qm "$1"
}
# runs NAME PLUGIN ARGUMENT...: the plugin of that commit is profiled.
runs() {
  local name=$1 plugin=$2
  shift 2
  check "$name" fastprof run --quiet --interval 0.05 --warmup 0 --duration 0.2 --out "$out" "$@"
  check "  and it is that one" result "r['plugin']=='$plugin'"
}

git -c init.defaultBranch=main init -q "$repo"
commit first
first=$(in_repo rev-parse HEAD)
commit tagged
in_repo tag v1.0
in_repo checkout -q -b feature/fast
commit branched
in_repo checkout -q main
commit newest 'branch: main'

runs 'a repository is run at its HEAD' newest --repo "$url"
check 'the result names its commit' result "r['commit']=='$(in_repo rev-parse main)' and 'ref' not in r"
runs '--ref takes a branch' branched --repo "$url" --ref feature/fast
check 'the result names it' result "r['ref']=='feature/fast' and r['commit']=='$(in_repo rev-parse feature/fast)'"
runs '--ref takes a tag' tagged --repo "$url" --ref v1.0
runs '--ref takes a commit' first --repo "$url" --ref "$first"
runs 'and a short one' first --repo "$url" --ref "${first:0:10}"
runs 'URL#REF is the same' tagged --repo "$url#v1.0"
refuses 'a ref that is not there is told' 2 "has no branch, tag or commit 'nowhere'" \
  fastprof run --quiet --out "$out" --repo "$url" --ref nowhere
refuses 'no option of git can be smuggled in' 2 'can be named so' \
  fastprof run --quiet --out "$out" --repo "$url#--upload-pack=x"
refuses 'a repository that is not there ends with 5' 5 'cannot be cloned' \
  fastprof run --quiet --out "$out" --repo "file://$world/nowhere" --ref main
refuses 'without a repository there is no ref' 2 'there is none' fastprof run --ref main -- worker

# What sage.yaml says of its source counts, unless the command line says otherwise.
commit pinning 'branch: main, tag: v1.0'
check 'a tag in sage.yaml is checked out' fastprof run --quiet --interval 0.05 --warmup 0 --duration 0.2 \
  --out "$out" --repo "$url"
check '  and it is that one' result "r['ref']=='v1.0' and r['commit']=='$(in_repo rev-parse v1.0^0)' and r['plugin']=='pinning'"
runs '--ref outranks it' pinning --repo "$url" --ref main
check '  and its commit is run' result "r['commit']=='$(in_repo rev-parse main)'"
commit wrong 'branch: master'
refuses 'a branch in sage.yaml that is not there is told' 2 "'master', which its sage.yaml names" \
  fastprof run --quiet --out "$out" --repo "$url"
commit by_commit "url: \"$url\", git_commit: \"$first\""
cp "$repo/sage.yaml" "$world/sage.yaml"
runs 'a sage.yaml alone names its repository and commit' by_commit --sage "$world/sage.yaml"
check '  and that is run' result "r['repo']=='$url' and r['commit']=='$first'"

# An engine that says what it was asked for: no container is needed.
mkdir "$world/bin"
printf '#!/bin/sh\necho "$@" >>"%s"\n[ "$1" != build ]\n' "$world/asked" >"$world/bin/podman"
chmod +x "$world/bin/podman"
cp "$world/bin/podman" "$world/bin/docker"
# asks NAME STATUS WORDS LINE of sage.yaml: what becomes of building that.
asks() {
  printf 'name: camera\nsource: {%s}\n' "$4" >"$repo/sage.yaml"
  in_repo add -A
  in_repo commit -qm 'To be built'
  : >"$world/asked"
  refuses "$1" "$2" "$3" env PATH="$world/bin:$PATH" fastprof run --quiet --out "$out" --repo "$url"
}
mkdir "$repo/image"
touch "$repo/image/Dockerfile" "$repo/image/Other"
ln -s / "$repo/way_out"
ln -s "$world/asked" "$repo/image/elsewhere"
asks 'a folder of the repository is built' 5 'cannot be built' 'directory: image, dockerfile: Other'
check '  of which the engine is given the whole path' grep -Eq 'build .* -f /.*/repo/image/Other /.*/repo/image$' "$world/asked"
for line in 'directory: "--volume=/:/host"' 'directory: ..' 'directory: /etc' 'directory: nowhere' \
  'directory: way_out, dockerfile: proc/self/cwd/image/Dockerfile' 'directory: image, dockerfile: elsewhere'; do
  asks "but not $line" 2 'must be in the repository' "$line"
  check '  and nothing is asked of the engine' test "$(grep -c ^build "$world/asked")" = 0
done
check 'no clone is left behind' test -z "$(ls "$TMPDIR")"
exit "$failed"
