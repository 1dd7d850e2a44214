"""docs/python.md: every piece of Python in it runs, and whatever it names is there."""
import os
import re
import tempfile
import textwrap
import unittest

import fast
from fast import plugin
from world import python

PAGE = os.path.join(os.environ["FASTD_SOURCE"], "docs/python.md")
# A loop for ever ends at its tenth sleep; the run log that is read is there.
BEFORE = """
import os, sys, time, fast.waggle
from fast import plugin
def sleep(seconds, naps=[]):
    naps.append(seconds)
    if len(naps) == 10: sys.exit(0)
time.sleep = sleep
os.chdir(sys.argv[1])
os.mkdir("log")
open("log/data.ndjson", "w").write(
    '{"meta":{},"name":"env.temp","timestamp":"2022-08-23T13:27:10.562104000","value":23.1}\\n')
"""


def sections():
    """[(heading, its Python, one after the other)]."""
    with open(PAGE) as file:
        parts = re.split(r"^#+ (.*)\n", file.read(), flags=re.M)[1:]
    for heading, text in zip(parts[::2], parts[1::2]):
        blocks = re.findall(r"(?:^(?: {4}.*)?\n)+", text, flags=re.M)
        code = "\n".join(textwrap.dedent(block) for block in blocks if "pip install" not in block)
        if code.strip():
            yield heading, code


class Docs(unittest.TestCase):
    def run_section(self, heading, more="", log="^$"):
        (code,) = [code for name, code in sections() if name == heading]
        with tempfile.TemporaryDirectory() as folder:
            done = python(BEFORE + code + more, folder, FASTD_PLUGIN_NAME="camera")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, log)
        return done.stdout

    def test_the_first_ten_lines_run(self):
        self.run_section("Plugins in Python")

    def test_metrics_are_declared_and_counted(self):
        said = self.run_section("Metrics", "\nprint(left.read().count, latency.read().count)\n")
        self.assertEqual(said, "1 2\n")

    def test_knobs_are_declared_and_followed(self):
        said = self.run_section("Knobs", "\nprint(scale, is_night, model.get())\n")
        self.assertEqual(said, "1.0 False small\n")

    def test_pywaggles_module_has_the_functions(self):
        self.run_section("With pywaggle", "\nfps.inc()\n")

    def test_a_run_log_is_read(self):
        self.assertIn("env.temp 23.1 ", self.run_section("The run log"))

    def test_a_refusal_is_as_it_says(self):
        said = self.run_section("Errors, processes, threads")
        with open(PAGE) as file:
            self.assertIn("# " + said, file.read())

    def test_an_endpoint_is_taken(self):
        self.run_section("A fastd elsewhere", log="^$|ca.pem")  # which is not there, and may be said

    def test_no_section_is_left_out(self):
        self.assertEqual([heading for heading, code in sections()],
                         ["Plugins in Python", "With pywaggle", "Metrics", "Knobs", "The run log",
                          "Errors, processes, threads", "A fastd elsewhere"])

    def test_what_is_named_is_there(self):
        named = {"plugin": plugin, "metric": fast.Metric, "latency": fast.Metric, "t": fast.Metric,
                 "res": fast.Param, "fast": fast}
        with open(PAGE) as file:
            found = re.findall(r"`(?:with |await |@)?(%s)\.(\w+)" % "|".join(named), file.read())
        self.assertGreater(len(found), 20)
        for owner, name in found:
            if (owner, name) not in (("fast", "run"), ("fast", "_remote")):  # programs and parts
                self.assertTrue(hasattr(named[owner], name), "%s.%s" % (owner, name))
