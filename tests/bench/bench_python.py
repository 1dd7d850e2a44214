"""bench_python.py [--json] [--quick] [NAME-PREFIX]: what a verb costs in Python, beside a call of a
method in C that does nothing, and prometheus_client. All are timed in turn, round after round; a row
.vs_X is the median of the rounds' ratios, and each timing is of one loop that holds one call."""
import json
import os
import statistics
import sys
import timeit

os.environ["FASTD_PLUGIN_SOCKET"] = "/nonexistent/plugin.sock"

from fast import _fast  # noqa: E402
from fast.plugin import Plugin  # noqa: E402

quick = "--quick" in sys.argv
as_json = "--json" in sys.argv
prefix = ([word for word in sys.argv[1:] if not word.startswith("-")] or [""])[0]
ROUNDS = 7 if quick else 15
CALLS = 50000 if quick else 200000
NOISY = 1.3  # the baseline's upper quartile to its lower


def loop(statement, **names):
    return timeit.Timer(statement, globals=names)


plugin = Plugin("bench")
empty = _fast.Empty()
int_param = plugin.param("i", default=100000)
exemplar = {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7"}
timers = {
    "call": loop("f.call()", f=empty),
    "call_with": loop("f.call_with(1.5)", f=empty),
    "clock": loop("f.clock()", f=empty),
    "inc": loop("m.inc()", m=plugin.counter("c")),
    "set": loop("m.set(1.5)", m=plugin.gauge("g")),
    "observe": loop("m.observe(1.5)", m=plugin.histogram("h")),
    "observe_exemplar": loop("m.observe(1.5, exemplar=e)", m=plugin.histogram("x"), e=exemplar),
    "get": loop("m.get()", m=plugin.param("d", default=0.5)),
    "get_int": loop("m.get()", m=int_param),
    "get_enum": loop("m.get()", m=plugin.param("e", choices=["a", "b"])),
    "heartbeat": loop("m.inc()", m=plugin.heartbeat("b")),
}
# Verb: (what it takes as much of a call, its like in prometheus_client).
verbs = {"inc": ("call", "p_inc"), "set": ("call_with", "p_set"),
         "observe": ("call_with", "p_observe"),
         "observe_exemplar": ("call_with", "p_observe_exemplar"), "get": ("call", None), "get_int": ("call", None),
         "get_enum": ("call", None), "heartbeat": ("call", None)}
try:
    import prometheus_client as peer
    timers["p_inc"] = loop("m.inc()", m=peer.Counter("c", "c"))
    timers["p_set"] = loop("m.set(1.5)", m=peer.Gauge("g", "g"))
    timers["p_observe"] = loop("m.observe(1.5)", m=peer.Histogram("h", "h"))
    timers["p_observe_exemplar"] = loop("m.observe(1.5, e)", m=peer.Histogram("x", "x"), e=exemplar)
except ImportError:
    peer = None

times = {name: [] for name in timers}
for _ in range(ROUNDS):
    for name, timer in timers.items():
        times[name].append(min(timer.repeat(3, CALLS)) / CALLS * 1e9)


def row(name, value, unit, noisy=False):
    if not name.startswith(prefix):
        return
    if as_json:
        fields = {"name": name, "value": round(value, 4), "unit": unit, "n": ROUNDS * CALLS}
        print(json.dumps(dict(fields, noisy=True) if noisy else fields))
    else:
        print("%-44s %12.2f %-8s %12d%s" % (name, value, unit, ROUNDS * CALLS,
                                           "  noisy" if noisy else ""))


def ratio(name, to):
    quarters = statistics.quantiles(times[to])
    return (statistics.median(a / b for a, b in zip(times[name], times[to])), "x",
            quarters[2] > NOISY * quarters[0])


row("python.empty_call.ns", statistics.median(times["call"]), "ns")
for verb, (call, like) in verbs.items():
    row("python.%s.ns" % verb, statistics.median(times[verb]), "ns")
    row("python.%s.vs_empty_call" % verb, *ratio(verb, call))
    if like is not None and peer is not None:
        row("python.%s.vs_prometheus_client" % verb, *ratio(verb, like))
row("python.heartbeat.over_call_and_clock.ns",
    statistics.median(a - b for a, b in zip(times["heartbeat"], times["clock"])), "ns")
plugin.close()
