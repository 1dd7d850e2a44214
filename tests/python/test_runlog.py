"""pywaggle's run log, written and read."""
import json
import os
import tempfile
import unittest

from fast import runlog
from fast.plugin import Plugin
from world import python

# As pywaggle 0.56 writes it where local time is UTC: a plain value, one of whole seconds, one
# that was rounded up to them, a text, an upload.
GOLDEN = """\
{"meta":{},"name":"env.temp","timestamp":"2022-08-23T13:27:10.562104000","value":23.1}
{"meta":{"sensor":"a"},"name":"env.count","timestamp":"2022-08-23T13:27:10000","value":3}
{"meta":{},"name":"env.count","timestamp":"2022-08-23T13:27:11999","value":4}
{"meta":{},"name":"env.state","timestamp":"2022-08-23T13:27:11.000001007","value":"idle"}
{"meta":{"filename":"a.jpg"},"name":"upload","timestamp":"2022-08-23T13:27:11.562104000","value":"/log/uploads/1661261231562104000-a.jpg"}
"""
SECOND = 1661261230 * 10**9


class RunLog(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path = os.path.join(self.folder, "data.ndjson")

    def write(self, text):
        with open(self.path, "w") as file:
            file.write(text)

    def test_what_pywaggle_writes_is_read(self):
        self.write(GOLDEN)
        records = list(runlog.read(self.folder, utc=True, strict=True))
        self.assertEqual([record.timestamp - SECOND for record in records],
                         [562104000, 0, 1000000999, 1000001007, 1562104000])
        self.assertEqual([record.value for record in records[:4]], [23.1, 3, 4, "idle"])
        self.assertEqual(records[1].meta, {"sensor": "a"})

    def test_a_line_that_is_cut_is_passed_over(self):
        self.write(GOLDEN + '{"meta":{},"name":"env')
        self.assertEqual(len(list(runlog.read(self.path))), 5)
        with self.assertRaisesRegex(ValueError, "data.ndjson:6:"):
            list(runlog.read(self.path, strict=True))

    def test_a_line_is_as_pywaggles(self):
        first = GOLDEN.splitlines(True)[0]
        self.assertEqual(runlog.line(runlog.parse(first)), first)
        whole = runlog.Record("a", 1, SECOND, {})
        self.assertTrue(json.loads(runlog.line(whole))["timestamp"].endswith(".000000000"))
        self.assertEqual(runlog.parse(runlog.line(whole)), whole)

    def test_metrics_are_written_when_they_have_changed(self):
        plugin = Plugin("camera")
        self.addCleanup(plugin.close)
        log = runlog.Log(plugin, self.folder, 3600)
        frames, acc = plugin.counter("frames"), plugin.gauge("acc")
        size = plugin.histogram("size").labels(camera="left")
        frames.add(3)
        acc.set(0.5)
        for value in (1, 2, 3):
            size.observe(value)
        log.write()
        log.write()
        frames.inc()
        size.observe(10)
        log.close()
        records = list(runlog.read(self.folder, strict=True))
        self.assertEqual([(record.name, record.value) for record in records if "p95" not in record.name],
                         [("frames", 3), ("acc", 0.5), ("size", 2.0), ("frames", 4), ("size", 10.0)])
        self.assertEqual(records[2].meta, {"camera": "left"})
        self.assertEqual(records[-1].name, "size.p95")
        self.assertAlmostEqual(records[-1].value, 10, delta=1)

    def test_states_facts_and_knobs_are_written_when_they_have_changed(self):
        plugin = Plugin("camera")
        self.addCleanup(plugin.close)
        log = runlog.Log(plugin, self.folder, 3600)
        mode = plugin.stateset("mode", ["idle", "busy"])
        plugin.info("model", version="3")
        night = plugin.param("night", default=True)
        plugin.param("res", default=0.5)
        plugin.param("size", choices=["small", "large"])
        plugin.param("set_by_nobody")
        log.write()
        log.write()
        mode.enter("busy")
        log.write()
        mode.state("idle")
        log.close()
        self.assertEqual(
            [(record.name, record.value, record.meta)
             for record in runlog.read(self.folder, strict=True)],
            [("mode", "", {}), ("model", 1, {"version": "3"}), ("night", 1, {"kind": "param"}),
             ("res", 0.5, {"kind": "param"}), ("size", "small", {"kind": "param"}),
             ("mode", "busy", {}), ("mode", "idle,busy", {})])
        self.assertIs(night.last, True)

    def test_no_more_than_the_limit_is_written_at_a_time(self):
        plugin = Plugin("camera")
        self.addCleanup(plugin.close)
        log = runlog.Log(plugin, self.folder, 3600)
        for i in range(runlog.RECORDS_MAX + 20):
            plugin.counter("c%d" % i).inc()
        with self.assertLogs("fast", "WARNING"):
            log.close()
        self.assertEqual(len(list(runlog.read(self.folder))), runlog.RECORDS_MAX)

    def test_a_program_with_the_variable_set_writes_its_rate(self):
        done = python("""
            from waggle import plugin
            fps = plugin.metric("fps")
            for i in range(100): fps.inc()
            """.replace("from", "import fast.waggle\n            from", 1), PYWAGGLE_LOG_DIR=self.folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        (record,) = runlog.read(self.folder, strict=True)
        self.assertEqual(record.name, "fps")
        self.assertGreater(record.value, 0)
