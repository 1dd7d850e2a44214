#!/usr/bin/env bash
# fastprof --image, and --repo with a Dockerfile, by podman or docker. The images are made here, of nothing
# but our own programs and the libraries they need: no registry is asked.
. "$FASTD_SOURCE/tests/e2e/util.sh"
unset FASTD_ENDPOINT FASTD_PLUGIN_SOCKET
export TMPDIR=$world
out=$world/out
image=fastprof-test-$$
quick=(--quiet --interval 0.05 --warmup 0.1 --duration 0.5 --out "$out")

result() { python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); t=d["targets"][0]; assert eval("(" + sys.argv[2] + ")"), (d["ending"], t["run"], t["settings"])' "$out/results.json" "$1"; }

# Inside another container the limits that the engine sets by itself may be out of reach.
limits='--network none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024'
engine= why='neither podman nor docker is installed'
tar -h -C "$FASTD_BIN" -cf "$world/root.tar" worker ill \
  $(ldd "$FASTD_BIN/worker" "$FASTD_BIN/ill" | grep -oE '/[^ ]+\.so[^ ]*' | sort -u) 2>/dev/null
for name in podman docker; do
  command -v "$name" >/dev/null || continue
  if timeout 20 "$name" info >"$world/why" 2>&1 &&
    timeout 60 "$name" import "$world/root.tar" "$image" >"$world/why" 2>&1 &&
    # With --conflict the worker says so, and ends by itself.
    timeout 60 "$name" run --rm --init $limits "$image" /worker --conflict 2>&1 | tee "$world/why" | grep -q ALREADY_EXISTS; then
    engine=$name
    break
  fi
  why="$name: $(tail -n 1 "$world/why")"
done
if [ -z "$engine" ]; then
  skip "containers cannot run here: $why"
  refuses 'without containers it says so' '3|5' 'neither podman nor docker|no plugin|ended by itself' \
    fastprof run "${quick[@]}" --attach 2 --image no-such-image
  exit "$failed"
fi

container=(--engine-options "$limits")
check 'an image is run in a container' fastprof run "${quick[@]}" "${container[@]}" --image "$image" \
  --knob res=1 --knob mode=fast --knob enabled=true --knob period_ms=10 -- /worker
check 'the result names its digest' result 't["run"]["imageDigest"]!="" and t["settings"][0]["repeats"]==1'
check 'its processes are measured' result 't["settings"][0]["metrics"]["proc.memory"]["mean"]>100000'
refuses 'one that crashes is started again' 3 'signal 11' \
  fastprof run "${quick[@]}" "${container[@]}" --image "$image" --knob mood=crash,well -- /ill
check 'for the other setting' result '[s["ending"] for s in t["settings"]]==["crashed","done"]'
if timeout 60 "$engine" run --rm --memory 64m $limits "$image" /worker --conflict 2>&1 | grep -q ALREADY_EXISTS; then
  refuses 'one that the kernel kills for want of memory is told as that' 3 'memory ran out' \
    fastprof run "${quick[@]}" --engine-options "$limits --memory 64m" --image "$image" \
    --knob mood=greedy -- /ill
else
  skip 'a container cannot be given less memory here'
fi

# Its Dockerfile is built where sage.yaml names no command.
repo=$world/repo
git -c init.defaultBranch=main init -q "$repo"
cp "$world/root.tar" "$repo/"
printf 'FROM scratch\nADD root.tar /\nENTRYPOINT ["/worker"]\n' >"$repo/Dockerfile"
cat >"$repo/sage.yaml" <<'YAML'
name: worker
profiling:
  targets:
  - {name: one, args: --name one, knobs: {period_ms: 10, res: 1, mode: fast, enabled: true}}
  - {name: two, args: --name two, knobs: {period_ms: 10, res: 1, mode: fast, enabled: true}}
YAML
git -C "$repo" add -A
git -C "$repo" -c user.name=t -c user.email=t@example.org commit -qm 'A worker'
check 'a repository is built, once, and its targets run' fastprof run "${quick[@]}" "${container[@]}" \
  --repo "file://$repo"
check 'each with its arguments' result '[x["run"]["plugin"] for x in d["targets"]]==["one","two"]'
built=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["targets"][1]["run"]["image"])' "$out/results.json")
check 'the image is removed in the end' test -z "$("$engine" images -q "$built")"
check 'unless it is to be kept' fastprof run "${quick[@]}" "${container[@]}" --repo "file://$repo" --target one --keep-image
built=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["targets"][0]["run"]["image"])' "$out/results.json")
check '  and then it is there' test -n "$("$engine" images -q "$built")"
check 'no container is left behind' test -z \
  "$("$engine" ps -aq --filter "ancestor=$image")$("$engine" ps -aq --filter "ancestor=$built")"
"$engine" rmi -f "$built" >/dev/null 2>&1
"$engine" rmi -f "$image" >/dev/null 2>&1
exit "$failed"
