"""Under fastprof: a plugin of fast-run, with metrics and without any."""
import json
import os
import subprocess
import sys
import tempfile
import textwrap
import unittest

RUN = ["--interval", "0.05", "--warmup", "0.1", "--duration", "1"]


def profile(program, *arguments, code=0, **environment):
    """Runs fastprof on a program of fast-run. Its result, what it said, and the plugin's log."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = os.path.join(folder, "camera.py"), os.path.join(folder, "out")
        with open(path, "w") as file:
            file.write(textwrap.dedent(program))
        done = subprocess.run(
            ["fastprof", "run", "--out", out, "--run-log", os.path.join(folder, "log")] + RUN
            + list(arguments) + ["--", sys.executable, "-m", "fast.run", path],
            env=dict(os.environ, **environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            universal_newlines=True, timeout=120)
        assert done.returncode == code, done.stdout
        with open(os.path.join(out, "results.json")) as file:
            result = json.load(file)
        with open(os.path.join(out, "plugin.log")) as file:
            return result, done.stdout, file.read()


class Profiled(unittest.TestCase):
    def test_its_log_holds_no_traceback_of_its_end(self):
        result, _, log = profile("""
            import time
            from waggle import plugin
            fps = plugin.metric("fps")
            while True:
                fps.inc()
                time.sleep(0.01)
            """, "--goal", "fps >= 1")
        self.assertEqual((result["ending"], log), ("done", ""))

    def test_one_without_a_metric_is_measured_by_its_processes_and_its_run_log(self):
        result, said, log = profile("""
            import os, time
            from fast import runlog
            os.makedirs(os.environ["PYWAGGLE_LOG_DIR"], exist_ok=True)
            with open(os.environ["PYWAGGLE_LOG_DIR"] + "/data.ndjson", "a", buffering=1) as file:
                while True:  # as pywaggle publishes
                    file.write(runlog.line(runlog.Record("env.temp", 21.5, 1600000000 * 10**9, {})))
                    sum(range(10000))
                    time.sleep(0.01)
            """, "--attach", "4", "--goal", "env.temp >= 20")
        self.assertEqual((result["ending"], log), ("done", ""))
        target = result["targets"][0]
        metrics = target["settings"][0]["metrics"]
        self.assertEqual((metrics["env.temp"]["mean"], metrics["env.temp"]["source"]),
                         (21.5, "runlog"))
        self.assertGreater(metrics["proc.cpu"]["mean"], 0)
        self.assertGreater(metrics["proc.memory"]["mean"], 1e6)
        self.assertIn("the plugin declared no metric", said)

    def test_one_that_tells_nothing_is_measured_and_fails(self):
        result, said, log = profile("import time; time.sleep(600)", "--attach", "1", code=3)
        self.assertEqual((result["ending"], log), ("no_plugin", ""))
        self.assertGreater(result["targets"][0]["settings"][0]["metrics"]["proc.memory"]["mean"], 1e6)
        self.assertIn("the plugin declared no metric", said)

    def test_knobs_that_are_wanted_need_a_plugin(self):
        result, _, _ = profile("""
            from waggle import plugin
            plugin.param("res", default=1).wait()
            """, "--attach", "1", "--knob", "res=1,2", code=3)
        self.assertEqual(result["ending"], "no_plugin")
