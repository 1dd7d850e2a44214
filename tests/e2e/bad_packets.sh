#!/usr/bin/env bash
# Malformed and oversize packets: the connection may go, fastd stays.
. "$(dirname "$0")/util.sh"
command -v python3 >/dev/null || { skip 'python3 is not installed'; exit 77; }

start_fastd --listen tcp://127.0.0.1:0
start worker worker
wait_worker worker
cat >"$world/abuse.py" <<'PYTHON'
import os, random, socket, struct, sys

path = sys.argv[1]
HELLO = b"\0SP\0\0\x30\0\0"


def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect(path)  # with no timeout it waits where the backlog is full
    s.settimeout(5)
    return s


def frame(body, length=None):
    return b"\1" + struct.pack(">Q", len(body) if length is None else length) + body


def closed(s):
    try:
        while True:
            if not s.recv(65536):
                return True
    except ConnectionResetError:
        return True
    except socket.timeout:
        return False


def case(name, ok):
    print(("ok - " if ok else "not ok - ") + name)
    return ok


good = True
s = connect(); s.sendall(b"GET / HTTP/1.1\r\n\r\n"); good &= case("another protocol is cut off", closed(s))
s = connect(); s.sendall(b"\0SP\0\0\x10\0\0"); good &= case("another SP protocol is cut off", closed(s))
s = connect(); s.sendall(HELLO + frame(b"", 1 << 40)); good &= case("an oversize frame is cut off", closed(s))
s = connect(); s.sendall(HELLO + frame(b"ab")); good &= case("a frame with no request id is cut off", closed(s))

s = connect()
s.sendall(HELLO + frame(struct.pack(">I", 0x80000007) + b"\xff\xff\xff\xff"))
data = b""
while len(data) < 8 + 9 + 4:
    data += s.recv(4096)
good &= case("a frame that is no packet is answered", data[17:21] == struct.pack(">I", 0x80000007))

rng = random.Random(1)
for _ in range(300):
    s = connect()
    try:
        s.sendall(HELLO)
        for _ in range(rng.randrange(1, 6)):
            s.sendall(frame(struct.pack(">I", 0x80000000 | rng.randrange(16)) + os.urandom(rng.randrange(200))))
        if rng.random() < 0.5:
            s.sendall(frame(b"x" * 50)[: rng.randrange(20)])
    except (BrokenPipeError, ConnectionResetError):
        pass
    s.close()
for _ in range(300):
    connect().close()
sys.exit(0 if good else 1)
PYTHON
python3 "$world/abuse.py" "$world/fastd.sock" || failed=1
check 'fastd answers after 600 rude connections' fastctl metrics fps --plugin worker

cat >"$world/plugin.py" <<'PYTHON'
import os, random, socket, sys

path = sys.argv[1]
rng = random.Random(2)
for i in range(300):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(path)
    s.settimeout(2)
    try:
        if i % 3 == 0:
            fd = os.memfd_create("page", os.MFD_CLOEXEC)
            os.ftruncate(fd, rng.choice([0, 10, 4096, 1 << 20]))
            socket.send_fds(s, [os.urandom(rng.randrange(1, 300))], [fd])
            os.close(fd)
        else:
            s.send(os.urandom(rng.randrange(1, 60000)))
    except (BrokenPipeError, ConnectionResetError):
        pass
    s.close()

PYTHON
python3 "$world/plugin.py" "$world/plugin.sock" || failed=1
check 'fastd answers after 300 rude plugins' fastctl status
check 'the real plugin is still there' fastctl get res --plugin worker

# One user opens as many connections as fastd has in all, says a word on each, and keeps them.
cat >"$world/greedy.py" <<'PYTHON'
import socket, struct, sys

held = []
for _ in range(1100):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect(sys.argv[1])
    try:
        s.sendall(b"\0SP\0\0\x30\0\0\1" + struct.pack(">QI", 8, 0x80000007) + b"\xff" * 4)
    except (BrokenPipeError, ConnectionResetError):
        pass
    held.append(s)
kept = 0
for s in held:
    s.settimeout(20)
    heard, more = b"", True
    while more and len(heard) <= 8:  # HELLO, and an answer
        try:
            more = s.recv(21)
        except ConnectionResetError:
            more = b""
        heard += more
    kept += len(heard) > 8
print("held", kept, flush=True)
sys.stdin.read()
PYTHON
ulimit -n 4096
mkfifo "$world/until"
start greedy sh -c 'exec python3 "$0" "$1" <"$2"' "$world/greedy.py" "$world/fastd.sock" "$world/until"
exec 7>"$world/until"
check 'one user takes many connections' wait_until 30 grep -q '^held' "$world/greedy.log"
check '  but not all' grep -q '^held 768$' "$world/greedy.log"
check '  and others are served' fastctl --endpoint "$(grep -o 'tcp://[0-9.:]*' "$world/fastd.log")" status
exec 7>&-
exit "$failed"
