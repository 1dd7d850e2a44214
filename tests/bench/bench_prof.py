"""bench_prof.py BIN CLIP [--json] [--quick] [NAME-PREFIX]: what fastprof costs the plugin it measures.

The street-video plugin runs free through so many frames at one setting of its knobs, by itself and under
fastprof (its private fastd attached, every sampler reading), in turn, round after round. A row
.overhead_percent is the median of the rounds' ratios and .spread_percent half the distance of their
quartiles; .overhead_least_percent is the ratio of the least of all rounds, which says most where others
use the machine too. plugin_cpu is the CPU time that the kernel charges to the plugin, less that of a
start without frames; frame_time is what passes, and includes waiting for a CPU. prof.plugin_threads is
what the threads beside the plugin's own one take more, of which the SDK has one: a neighbour does not
change that figure, and it is what being measured makes the plugin do."""
import json
import os
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

if sys.argv[1] == "--wrap":  # FILE COMMAND...: runs it, and leaves what it took
    child = subprocess.Popen(sys.argv[3:], stdout=subprocess.PIPE)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: child.send_signal(number))
    beside, ended = 0, False
    while not ended:  # CPU time of the threads but the first, until the plugin closes its output
        ended = bool(select.select([child.stdout], [], [], 0.05)[0])
        try:
            beside = max(beside, sum(int(open("/proc/%d/task/%s/schedstat" % (child.pid, task))
                                         .read().split()[0])
                                     for task in os.listdir("/proc/%d/task" % child.pid)
                                     if int(task) != child.pid))
        except (OSError, ValueError, IndexError):
            pass
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    with open(sys.argv[2], "w") as file:
        json.dump({"cpu": usage.ru_utime + usage.ru_stime, "beside": beside / 1e9, "said": said.decode()}, file)
    sys.exit(os.waitstatus_to_exitcode(status))

folder, clip = os.path.abspath(sys.argv[1]), sys.argv[2]
quick = "--quick" in sys.argv
as_json = "--json" in sys.argv
prefix = ([word for word in sys.argv[3:] if not word.startswith("-")] or [""])[0]
ROUNDS = 5 if quick else 15
FRAMES = 300 if quick else 600
FRAMES_MAX = 100  # of the clip, again and again
ENDED = 3  # fastprof's word for a plugin that ends before it was told to
KNOBS = ["--knob", "res=0.5", "--knob", "skip=0"]

world = tempfile.mkdtemp(prefix="fastprof-bench.")
taken = os.path.join(world, "taken.json")
street = [sys.executable, os.path.abspath(__file__), "--wrap", taken, os.path.join(folder, "street"),
          "--clip", clip, "--cache", world, "--frames-max", str(FRAMES_MAX), "--res", "0.5",
          "--skip", "0", "--json", "--frames"]
environment = {name: value for name, value in os.environ.items() if not name.startswith("FASTD_")}


def run(command, ends=0):
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE)
    if done.returncode != ends:
        sys.exit("bench_prof: %s\n%s" % (" ".join(command), done.stderr.decode()))
    with open(taken) as file:
        result = json.load(file)
    return result["cpu"], json.loads(result["said"]), result["beside"]


def per_frame(command, ends=0):
    """Seconds: of CPU, that passed, and of CPU in threads beside the first."""
    cpu, said, beside = run(command, ends)
    return (cpu - start) / FRAMES, 1 / said["fps"], beside / FRAMES


def row(name, value, unit):
    if not name.startswith(prefix):
        return
    if as_json:
        print(json.dumps({"name": name, "value": round(value, 4), "unit": unit, "n": ROUNDS}))
    else:
        print("%-44s %12.2f %-8s %12d" % (name, value, unit, ROUNDS), flush=True)


def compared(name, rounds):
    """rounds: pairs of (without, with)."""
    percent = [(b / a - 1) * 100 for a, b in rounds]
    quarters = statistics.quantiles(percent)
    least = min(b for _, b in rounds) / min(a for a, _ in rounds)
    row(name + ".us", statistics.median(a for a, _ in rounds) * 1e6, "us")
    row(name + ".overhead_percent", statistics.median(percent), "%")
    row(name + ".spread_percent", (quarters[2] - quarters[0]) / 2, "%")
    row(name + ".overhead_least_percent", (least - 1) * 100, "%")


try:
    alone = street + [str(FRAMES)]
    profiled = [os.path.join(folder, "fastprof"), "run", "--quiet", "--out",
                os.path.join(world, "out"), "--warmup", "0", "--duration", "3600"] + KNOBS + [
                    "--"] + alone
    run(street + ["1"])  # makes the cache
    start = min(run(street + ["1"])[0] for _ in range(3))
    cpu, time, own, beside = [], [], [], []
    for _ in range(ROUNDS):
        without, with_it = per_frame(alone), per_frame(profiled, ENDED)
        cpu.append((without[0], with_it[0]))
        time.append((without[1], with_it[1]))
        beside.append((with_it[2] - without[2]) / without[0])
        with open(os.path.join(world, "out", "results.json")) as file:
            spent = json.load(file)["targets"][0]["overhead"]
        own.append((spent["fastprofCpuSeconds"] / spent["wallSeconds"],
                    spent["fastdCpuSeconds"] / spent["wallSeconds"]))
    compared("prof.plugin_cpu", cpu)
    compared("prof.frame_time", time)
    row("prof.plugin_threads.overhead_percent", statistics.median(beside) * 100, "%")
    row("prof.fastprof_cpu_percent", statistics.median(a for a, _ in own) * 100, "%")
    row("prof.fastd_cpu_percent", statistics.median(b for _, b in own) * 100, "%")
finally:
    shutil.rmtree(world)
