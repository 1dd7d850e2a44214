#!/usr/bin/env bash
# The live page in a real browser: what it shows came by server-sent events, and a knob is turned there.
# What docs/connect.md has for a browser's console works there, too.
. "$(dirname "$0")/util.sh"
command -v chromium >/dev/null || { skip 'a browser on the live page: chromium is not installed'; exit 77; }

start_fastd --http 127.0.0.1:0 --role tcp=controller
start worker worker
url=$(fastctl status --json | grep -oE 'http://127\.0\.0\.1:[0-9]+' | head -n 1)
wait_until 10 fastctl get res || fail 'a plugin is there'

# Chromium's own protocol, over a pipe: each line of input is an expression that must become true on the page.
cat >"$world/browser.py" <<'PYTHON'
import json, os, subprocess, sys, threading
url, profile = sys.argv[1:]
in_read, in_write = os.pipe()
out_read, out_write = os.pipe()

def fds():  # the browser reads 3 and writes 4
    os.dup2(in_read, 30); os.dup2(out_write, 31)
    os.dup2(30, 3); os.dup2(31, 4)

browser = subprocess.Popen(
    ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
     f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"],
    stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=fds, close_fds=False)
os.close(in_read)
os.close(out_write)
timer = threading.Timer(60, browser.kill)
timer.daemon = True
timer.start()
messages, count, rest = iter(lambda: os.read(out_read, 65536), b""), 0, b""

def call(method, params, session=None):
    global count, rest
    count += 1
    message = {"id": count, "method": method, "params": params, **({"sessionId": session} if session else {})}
    os.write(in_write, json.dumps(message).encode() + b"\0")
    while True:
        while b"\0" in rest:
            one, rest = rest.split(b"\0", 1)
            answer = json.loads(one)
            if answer.get("id") == count:
                return answer.get("result")
        piece = next(messages, None)
        if piece is None:
            sys.exit(77 if count == 1 else 1)
        rest += piece

target = call("Target.createTarget", {"url": url})["targetId"]
session = call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
wait = """new Promise((done) => {
  const ends = Date.now() + 20000;
  const look = () => ((() => { try { return %s; } catch { return false; } })() ? done("")
    : Date.now() > ends ? done(document.body.innerText.slice(0, 1500)) : setTimeout(look, 50));
  look();
})"""
failed = False
for line in sys.stdin:
    name, expression = line.rstrip("\n").split(": ", 1)
    answer = None
    while answer is None:  # a page that is still being opened forgets what it was asked
        answer = call("Runtime.evaluate",
                      {"expression": wait % expression, "awaitPromise": True, "returnByValue": True}, session)
    said = answer["result"].get("value", str(answer))
    print(("not ok - " if said else "ok - ") + name + ("\n" + said if said else ""), flush=True)
    failed = failed or bool(said)
browser.kill()
os._exit(1 if failed else 0)
PYTHON
row='[...document.querySelectorAll("#TABLE tr")].find((row) => row.dataset.key === "worker\tNAME")'
metric=${row/TABLE/metrics} knob=${row/TABLE/knobs}
knob=${knob/NAME/res}
# Begun once, it tells its console what has come.
console=$(sed -n '/^    .*new EventSource/,/^$/p' "$FASTD_SOURCE/docs/connect.md" | sed 's,//.*,,; s/street/worker/' | tr '\n' ' ')
console="(window.told ??= (() => { const told = [], console = { log: (item) => told.push(item) }; $console; return told; })())"
python3 "$world/browser.py" "$url/live" "$world/profile" >"$world/browser.out" <<PAGE
the streams are open: document.querySelector("#state").innerText === "live"
a metric comes, by and by: Number(${metric/NAME/fps}.cells[5].innerText.replace(",", "")) > 10
and is drawn: ${metric/NAME/fps}.querySelector("polyline").points.length >= 2
the time between beats has its unit: /^[0-9.]+ .?s$/.test(${metric/NAME/fps}.cells[6].innerText)
a gauge counts nothing: ${metric/NAME/env.level}.cells[5].innerText === "" && ${metric/NAME/env.level}.cells[3].innerText === "Cel"
the plugin is listed: document.querySelector("#plugins").innerText.includes("worker")
a knob is there, with its choices: ${knob}.querySelector("select").options.length > 1
it is turned: (${knob}.querySelector("select").value = "0.5", ${knob}.querySelector("form").requestSubmit(), true)
and what was wanted comes back: ${knob}.cells[2].innerText === "0.5" && ${knob}.cells[3].innerText === "0.5"
who did it is shown: ${knob}.cells[5].innerText.includes("live page")
the EventSource of the docs gets what is measured: ${console}.some((item) => item.samples.some((sample) => sample.metric === "fps"))
and goes on: ${console}.length >= 3
PAGE
code=$?
[ "$code" -eq 77 ] && { skip 'a browser on the live page: chromium does not start here'; exit 77; }
cat "$world/browser.out"
[ "$code" -eq 0 ] || failed=1
[ "$(grep -c '^ok' "$world/browser.out")" -eq 12 ] || fail 'all of the page was looked at'
exit "$failed"
