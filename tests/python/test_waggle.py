"""The hooks in the real pywaggle, which pip gets into a folder of its own."""
import os
import subprocess
import sys
import tempfile
import textwrap
import unittest

from fast import runlog
from test_prof import profile

INSTALL_S = 60
PROGRAM = """
    import sys
    from waggle import plugin
    from waggle.plugin import Plugin, get_timestamp
    fps, res = plugin.metric("fps"), plugin.param("res", default=0.5)
    with Plugin() as waggle:
        fps.inc()
        waggle.publish("env.temperature", 20.5, meta={"sensor": "a"}, timestamp=1600000000123456789)
        print(plugin.__file__.endswith("waggle/plugin/__init__.py"), fps.read().count, res.get(),
              get_timestamp() > 0, flush=True)
    """


class Waggle(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        try:
            done = subprocess.run(
                [sys.executable, "-m", "pip", "install", "-q", "--target", cls.folder.name, "pywaggle"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True,
                timeout=INSTALL_S)
            code = done.returncode
        except subprocess.TimeoutExpired:
            code = 1
        if code != 0:
            cls.folder.cleanup()
            raise unittest.SkipTest("pywaggle can't be had from PyPI here")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def run_it(self, start, program=PROGRAM):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "camera.py")
            with open(path, "w") as file:
                file.write(textwrap.dedent(program))
            environment = dict(os.environ, PYTHONPATH=self.folder.name,
                               PYWAGGLE_LOG_DIR=os.path.join(folder, "log"))
            done = subprocess.run([sys.executable] + start + [path], env=environment,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  universal_newlines=True, timeout=60)
            if "publish" in program:
                self.check_log(os.path.join(folder, "log"))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def check_log(self, folder):
        """Both have written to the run log, in one format."""
        records = {record.name: record for record in runlog.read(folder, strict=True)}
        self.assertEqual(sorted(records), ["env.temperature", "fps", "res"])
        self.assertEqual((records["res"].value, records["res"].meta), (0.5, {"kind": "param"}))
        temperature = records["env.temperature"]
        self.assertAlmostEqual(temperature.timestamp, 1600000000123456789, delta=1000)
        with open(os.path.join(folder, "data.ndjson")) as file:
            self.assertIn(runlog.line(temperature), list(file))

    def test_a_plugin_runs_unchanged_and_has_metrics(self):
        self.assertEqual(self.run_it(["-m", "fast.run"]), "True 1 0.5 True\n")

    def test_one_that_only_publishes_is_profiled(self):
        result, said, log = profile("""
            import time
            from waggle.plugin import Plugin
            with Plugin() as waggle:
                while True:
                    waggle.publish("env.temperature", 20.5, meta={"sensor": "a"})
                    time.sleep(0.01)
            """, "--attach", "4", PYTHONPATH=self.folder.name)
        metrics = result["targets"][0]["settings"][0]["metrics"]
        self.assertEqual(metrics['env.temperature{sensor="a"}']["mean"], 20.5)
        self.assertGreater(metrics["proc.memory"]["mean"], 1e6)
        self.assertIn("the plugin declared no metric", said)
        self.assertEqual((result["ending"], log), ("done", ""))

    def test_one_import_is_enough(self):
        for order in ("import fast.waggle\nimport waggle.plugin",
                      "import waggle.plugin\nimport fast.waggle"):
            self.assertEqual(self.run_it([], order + textwrap.dedent(PROGRAM)), "True 1 0.5 True\n")

    def test_without_the_hooks_pywaggle_is_as_it_was(self):
        self.assertEqual(self.run_it([], "import fast\nfrom waggle import plugin\n"
                                     "print(hasattr(plugin, 'metric'))"), "False\n")
