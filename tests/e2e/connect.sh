#!/usr/bin/env bash
# The services over HTTP by the Connect protocol, with curl and with Python's urllib: unary calls by
# POST and GET, in JSON and in protobuf, streams, errors, timeouts; on TCP and on a unix socket.
. "$(dirname "$0")/util.sh"
command -v curl >/dev/null || { skip 'curl is not installed'; exit 77; }

start_fastd --http 127.0.0.1:0 --role tcp=controller
start worker worker
url=$(fastctl status --json | grep -oE 'http://127\.0\.0\.1:[0-9]+' | head -n 1)
fastctl wait worker --param res
json='Content-Type: application/json'

# gets NAME CODE PATTERN CURL-ARGUMENT...: the answer has that HTTP code and matches.
gets() {
  local name=$1 code=$2 pattern=$3 got
  shift 3
  got=$(curl -sS --max-time 10 -o "$world/body" -D "$world/head" -w '%{http_code}' "$@" 2>"$world/curl.err")
  if [ "$got" = "$code" ] && cat "$world/head" "$world/body" | grep -qE -- "$pattern"; then
    pass "$name"
  else
    fail "$name"
    printf '  got %s, expected %s and %s\n' "$got" "$code" "$pattern"
    head -c 600 "$world/body" "$world/curl.err" | sed 's/^/  | /'
  fi
}

gets 'a unary call by POST' 200 '"pluginsLive":1' -H "$json" -d '{}' "$url/fast.v1.Node/Status"
gets 'and its content type' 200 '^Content-Type: application/json' -H "$json" -d '{}' "$url/fast.v1.Node/Status"
gets 'a call without side effects by GET' 200 '"name":"res"' -G \
  --data-urlencode 'message={"plugin":"worker","param":"res"}' "$url/fast.v1.Param/Get?connect=v1&encoding=json"
gets 'the same in base 64 of URLs' 200 '"name":"res"' \
  "$url/fast.v1.Param/Get?encoding=json&base64=1&message=$(printf '{"plugin":"worker","param":"res"}' | base64 -w0 | tr '+/' '-_' | tr -d =)"
gets 'in protobuf' 200 '^Content-Type: application/proto' -H 'Content-Type: application/proto' \
  --data-binary '' "$url/fast.v1.Node/Status"
check 'whose answer names the version' grep -aq '0\.1\.0' "$world/body"
gets 'a knob is turned' 200 '"revision":"[1-9]' -H "$json" \
  -d '{"plugin":"worker","assignments":[{"param":"res","value":{"doubleValue":0.5}}]}' "$url/fast.v1.Param/Set"
check 'and fastctl sees it' sh -c "fastctl get res --json | grep -q '0\.5'"
gets 'a refusal has a code, a sentence and details' 400 \
  '"code":"out_of_range","message":".*takes one of.*"details":\[\{"type":"fast.v1.ParamRefusal","value":"[A-Za-z0-9+/]*"' \
  -H "$json" -d '{"plugin":"worker","assignments":[{"param":"res","value":{"doubleValue":7}}]}' "$url/fast.v1.Param/Set"
gets 'what is not there is 404' 404 '"code":"not_found"' -H "$json" -d '{"plugin":"nobody","param":"res"}' "$url/fast.v1.Param/Get"
gets 'a misspelt field is pointed out' 400 'did you mean .*plugin' -H "$json" -d '{"plugn":"x"}' "$url/fast.v1.Param/List"
gets 'a program may have a newer schema' 200 '"params"' -H "$json" -H 'Connect-Protocol-Version: 1' -d '{"newer":1}' "$url/fast.v1.Param/List"
gets 'an unknown codec is 415' 415 'application/json' -d '{}' "$url/fast.v1.Node/Status"
gets 'an unknown method is 404' 404 'no such method' -H "$json" -d '{}' "$url/fast.v1.Node/Nothing"
gets 'an unknown service is 404' 404 'there is nothing at' -H "$json" -d '{}' "$url/nothing.Here/Get"
gets 'GET of what has side effects is 405' 405 'called by POST' "$url/fast.v1.Param/Set"
gets 'a wrong timeout is refused' 400 'Connect-Timeout-Ms' -H "$json" -H 'Connect-Timeout-Ms: soon' -d '{}' "$url/fast.v1.Node/Status"
gets 'JSON that is none is refused' 400 '"code":"invalid_argument"' -H "$json" -d '{' "$url/fast.v1.Node/Status"
gets 'a page of strangers may not call' 403 'may not call' -H 'Origin: http://evil.example' -H "$json" -d '{}' "$url/fast.v1.Node/Status"
gets 'nor a name that is not ours' 403 'not this one' -H 'Host: evil.example' -H "$json" -d '{}' "$url/fast.v1.Node/Status"
gets 'the index is for people' 200 'fast\.v1\.Param/List' "$url/"
gets 'the OpenAPI document is for tools' 200 '"openapi": "3\.1\.0"' "$url/openapi.json"
check 'and is JSON' python3 -c "import json,sys; d=json.load(open('$world/body')); assert '/fast.v1.Param/Set' in d['paths']
def walk(x):
    if isinstance(x, dict):
        if '\$ref' in x: assert x['\$ref'].split('/')[-1] in d['components']['schemas'], x
        [walk(v) for v in x.values()]
    elif isinstance(x, list): [walk(v) for v in x]
walk(d)"

# gzip both ways. What is short is not worth it.
gets 'who takes gzip gets it' 200 '^Content-Encoding: gzip' -H 'Accept-Encoding: gzip' "$url/fast.v1.Param/List"
check 'and it unpacks' sh -c "gunzip <'$world/body' | grep -q '\"name\":\"res\"'"
gets 'who does not gets it plain' 200 '"name":"res"' "$url/fast.v1.Param/List"
check 'and no word of gzip' sh -c "! grep -qi '^Content-Encoding' '$world/head'"
gets 'metrics can be compressed' 200 '^Content-Encoding: gzip' -H 'Accept-Encoding: gzip;q=1.0,identity;q=0.5' "$url/metrics"
check 'and are whole' sh -c "gunzip <'$world/body' | grep -q '^# EOF\|fastd_'"
printf '{"plugin":"worker"}' | gzip >"$world/request.gz"
gets 'a request may be gzip' 200 '"name":"res"' -H "$json" -H 'Content-Encoding: gzip' --data-binary "@$world/request.gz" "$url/fast.v1.Param/List"
gets 'also by GET' 200 '"name":"res"' \
  "$url/fast.v1.Param/List?encoding=json&base64=1&compression=gzip&message=$(base64 -w0 <"$world/request.gz" | tr '+/' '-_' | tr -d =)"
gets 'what is not gzip is refused' 400 'not whole' -H "$json" -H 'Content-Encoding: gzip' -d '{}' "$url/fast.v1.Param/List"
head -c 100000000 /dev/zero | gzip >"$world/bomb.gz"
gets 'a bomb is refused at the limit' 429 'longer than 4194304 bytes' -H "$json" -H 'Content-Encoding: gzip' --data-binary "@$world/bomb.gz" "$url/fast.v1.Param/List"
gets 'another encoding is refused, naming those there are' 501 '"code":"unimplemented".*gzip' -H "$json" -H 'Content-Encoding: br' -d '{}' "$url/fast.v1.Param/List"

# Streams: five bytes before each message; the last says how it ended.
events=$(curl -sN --max-time 20 -G --data-urlencode 'message={"plugin":"worker","metric":"fps"}' \
  "$url/fast.v1.Metric/Watch" | grep -m 3 -c '^data: {"timeUnixNs"')
[ "$events" -ge 3 ] && pass 'a stream by GET is a stream of events' ||
  fail 'a stream by GET is a stream of events'

cat >"$world/client.py" <<'PYTHON'
import json, struct, sys, urllib.request, urllib.error
url = sys.argv[1]

def unary(path, message):
    request = urllib.request.Request(url + path, json.dumps(message).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=10))

def stream(path, message, timeout_ms):
    body = json.dumps(message).encode()
    request = urllib.request.Request(url + path, struct.pack(">BI", 0, len(body)) + body, {
        "Content-Type": "application/connect+json", "Connect-Timeout-Ms": str(timeout_ms)})
    with urllib.request.urlopen(request, timeout=10) as answer:
        while True:
            flags, size = struct.unpack(">BI", answer.read(5))
            yield flags, json.loads(answer.read(size))

print(unary("/fast.v1.Param/Get", {"plugin": "worker", "param": "res"})["param"]["desired"])
seen, end = 0, None
for flags, message in stream("/fast.v1.Metric/Watch", {"plugin": "worker"}, 2500):
    if flags & 2:
        end = message
        break
    seen += 1
assert seen >= 3, seen
assert end["error"]["code"] == "deadline_exceeded", end
try:
    unary("/fast.v1.Param/Get", {"plugin": "nobody", "param": "x"})
except urllib.error.HTTPError as error:
    assert error.code == 404 and json.load(error)["code"] == "not_found"
else:
    raise SystemExit("no error")
PYTHON
check 'a plain Python script calls and streams' python3 "$world/client.py" "$url"

# The programs of docs/connect.md, as they stand there.
page() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$FASTD_SOURCE/docs/connect.md" | sed -e '/^```/d' -e "s|http://127.0.0.1:9400|$url|"; }
page python >"$world/page.py"
page js >"$world/page.mjs"
check "the page's Python calls and streams" sh -c \
  "timeout 20 python3 '$world/page.py' >'$world/page.out' && grep -q '^worker res ' '$world/page.out' && grep -q '^worker fps ' '$world/page.out'"
if node -e 'fetch' 2>/dev/null; then
  check "and its JavaScript" sh -c "timeout 20 node '$world/page.mjs' | grep -q '^worker res '"
else
  skip 'node with fetch() is not installed: the JavaScript of the page is not run'
fi

# On TCP nobody knows who calls.
check 'a set over TCP is audited as that alone' sh -c "fastctl audit --json | tail -n 1 | grep -q '\"http' && ! fastctl audit --json | tail -n 1 | grep -q uid"
gets 'what is for administrators is not for TCP' 403 '"code":"permission_denied"' "$url/fast.v1.Admin/Connections"
gets 'a method of HTTP that there is not' 405 '^Allow: GET, POST' -X OPTIONS "$url/fast.v1.Param/List"
gets 'the live page lies in no frame' 200 '^X-Frame-Options: DENY' "$url/live"
gets 'HEAD of a page' 200 '^Content-Type: text/html' -I "$url/"

kill "$fastd_pid" && wait "$fastd_pid"
start_fastd --http "unix:$world/http.sock"
wait_until 10 fastctl get res
gets 'on a unix socket' 200 '"pluginsLive":1' --unix-socket "$world/http.sock" -H "$json" -d '{}' http://fastd/fast.v1.Node/Status
gets 'a set there is audited by the user that the kernel names' 200 'revision' --unix-socket "$world/http.sock" -H "$json" \
  -d '{"plugin":"worker","assignments":[{"param":"res","value":{"doubleValue":0.25}}]}' http://fastd/fast.v1.Param/Set
gets 'what is for administrators is for their user there' 200 '"connections"' --unix-socket "$world/http.sock" http://fastd/fast.v1.Admin/Connections
check 'as uid and pid' sh -c "fastctl audit --json | tail -n 1 | grep -qE 'uid $(id -u) pid [0-9]+'"
gets 'a stream of events tells of its failure' 200 '^event: error' --unix-socket "$world/http.sock" -G \
  --data-urlencode 'message={"plugin":"worker","intervalMs":1}' http://fastd/fast.v1.Metric/Watch
check 'with its reason' grep -qE '^data: \{"code":"invalid_argument","message":"interval_ms is 1;' "$world/body"
gets 'or of its end' 200 '^event: error' --unix-socket "$world/http.sock" -G -H 'Connect-Timeout-Ms: 1500' \
  --data-urlencode 'message={"plugin":"worker"}' http://fastd/fast.v1.Metric/Watch
check 'after what it had to say' sh -c "grep -q '^data: {\"timeUnixNs\"' '$world/body' && grep -q '^data: {\"code\":\"deadline_exceeded\"' '$world/body'"

# Who calls has the rights of the socket's peer: as little as the operator gives that user.
kill "$fastd_pid" && wait "$fastd_pid"
start_fastd --http "unix:$world/http.sock" --role "uid:$(id -u)=viewer"
gets 'a viewer looks' 200 '"version"' --unix-socket "$world/http.sock" http://fastd/fast.v1.Node/Status
gets 'and turns nothing' 403 "\"code\":\"permission_denied\".*uid:$(id -u) has viewer.*fast.v1.RoleNeeded" \
  --unix-socket "$world/http.sock" -H "$json" \
  -d '{"plugin":"worker","assignments":[{"param":"res","value":{"doubleValue":0.5}}]}' http://fastd/fast.v1.Param/Set
exit "$failed"
