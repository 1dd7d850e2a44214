"""What the package promises without any fastd."""
import asyncio
import gc
import math
import os
import sys
import threading
import time
import unittest
import weakref

import fast
from fast import _changed, _fast, plugin
from fast.plugin import Plugin


class Case(unittest.TestCase):
    def setUp(self):
        self.plugin = Plugin("camera")
        self.addCleanup(self.plugin.close)


class Objects(unittest.TestCase):
    @staticmethod
    def use():
        own = Plugin("short")
        timer = own.timer("latency")
        with timer.time():
            own.counter("frames").labels(camera="left").inc()
        timer.read().since(timer.read())
        for default in (1, 0.5, "text", True):
            own.param("p%s" % type(default).__name__, default=default).get()
        own.param("mode", choices=["slow", "fast"]).on_change(lambda value: own)
        own.snapshot()
        own.close()
        return weakref.ref(own)

    def test_a_closed_plugin_leaves_no_object_behind(self):
        types = [_fast.Plugin, _fast.Metric, _fast.Param, _fast.Timing, _fast.Reading, Plugin]
        self.use()
        gc.collect()
        before = [sys.getrefcount(kind) for kind in types]
        for _ in range(20):
            gone = self.use()
        gc.collect()
        self.assertIsNone(gone())
        self.assertEqual([sys.getrefcount(kind) for kind in types], before)

    def test_verbs_take_no_reference_to_none_away(self):
        with Plugin("short") as own:
            frames, acc = own.counter("frames"), own.gauge("acc")
            before = sys.getrefcount(None)
            for _ in range(5000):
                frames.inc()
                acc.set(0.5)
            self.assertLess(abs(sys.getrefcount(None) - before), 1000)

    def test_only_a_plugin_makes_metrics_and_params(self):
        for kind in (_fast.Metric, _fast.Param, _fast.Timing, _fast.Reading):
            with self.assertRaises(TypeError):
                kind()


class Metrics(Case):
    def test_a_counter_counts(self):
        frames = self.plugin.counter("frames")
        frames.inc()
        frames.add(41)
        self.assertEqual(frames.read().count, 42)

    def test_a_counter_refuses_what_would_lower_it(self):
        frames = self.plugin.counter("frames")
        for value, error in ((-1, ValueError), (1.5, TypeError), ("1", TypeError)):
            with self.assertRaises(error):
                frames.add(value)
        self.assertEqual(frames.read().count, 0)

    def test_a_gauge_takes_any_number(self):
        gauge = self.plugin.gauge("acc", unit="1")
        self.assertTrue(math.isnan(gauge.read().value))
        for value in (0.5, 3, True, -2.25):
            gauge.set(value)
            self.assertEqual(gauge.read().value, value)
        with self.assertRaises(TypeError):
            gauge.set("high")

    def test_a_histogram_knows_its_distribution(self):
        sizes = self.plugin.histogram("size", unit="By")
        for value in range(1, 101):
            sizes.observe(value)
        reading = sizes.read()
        self.assertEqual((reading.count, reading.sum, reading.min, reading.max), (100, 5050, 1, 100))
        self.assertAlmostEqual(reading.quantile(0.5), 50, delta=5)
        sizes.observe(1000)
        self.assertEqual(sizes.read().since(reading).count, 1)

    def test_the_first_verb_gives_the_kind(self):
        for verb, arguments, kind in (("inc", (), "heartbeat"), ("beat", (2.0,), "heartbeat"),
                                      ("add", (1,), "counter"), ("set", (1,), "gauge"),
                                      ("observe", (1,), "histogram")):
            metric = self.plugin.metric("by_" + verb)
            self.assertIsNone(metric.kind)
            getattr(metric, verb)(*arguments)
            self.assertEqual(metric.kind, kind)
        timer = self.plugin.metric("by_time")
        with timer.time():
            pass
        self.assertEqual(timer.kind, "timer")

    def test_a_verb_that_does_not_fit_raises(self):
        gauge = self.plugin.gauge("acc")
        with self.assertRaisesRegex(TypeError, 'metric "acc" is a gauge: inc\\(\\) does not fit it; use set'):
            gauge.inc()
        with self.assertRaisesRegex(TypeError, "use inc\\(\\) or beat"):
            self.plugin.heartbeat("fps").time()

    def test_a_heartbeat_sums_its_work(self):
        fps = self.plugin.metric("fps")
        fps.inc()
        fps.beat(2.5)
        self.assertEqual((fps.read().count, fps.read().work), (2, 3.5))

    def test_a_timer_times_blocks_functions_and_coroutines(self):
        latency = self.plugin.timer("latency")

        @latency.time()
        def double(value):
            "Doubles."
            return 2 * value

        @latency.time()
        async def later(value):
            return value

        with self.assertRaises(KeyError), latency.time():
            raise KeyError("the time counts all the same")
        self.assertEqual((double(4), double.__doc__), (8, "Doubles."))
        self.assertEqual(asyncio.new_event_loop().run_until_complete(later(5)), 5)
        self.assertEqual(latency.read().count, 3)

    def test_labels_give_series_that_count_by_themselves(self):
        frames = self.plugin.counter("frames")
        left = frames.labels(camera="left")
        left.inc()
        self.assertIs(left, frames.labels(camera="left"))
        self.assertEqual((left.read().count, frames.read().count), (1, 0))
        with self.assertRaises(fast.DeclarationError):
            frames.labels(le="1")
        with self.assertRaises(TypeError):
            frames.labels(camera=1)

    def test_label_values_beyond_the_limit_are_folded(self):
        frames = self.plugin.counter("frames")
        series = {frames.labels(id=str(i)) for i in range(300)}
        self.assertEqual(len(series), 101)
        self.assertEqual(self.plugin.counter("fast.series_folded").read().count, 200)

    def test_an_exemplar_costs_no_count(self):
        frames, latency = self.plugin.counter("frames"), self.plugin.timer("latency")
        trace = {"trace_id": "4bf92f3577b34da6", "frame": "17"}
        frames.inc(exemplar=trace)
        frames.inc(2, trace)
        frames.add(amount=3, exemplar=trace)
        frames.inc(4)
        frames.add(5, exemplar=None)
        self.assertEqual(frames.read().count, 15)
        latency.observe(0.3, exemplar=trace)
        latency.observe(amount=0.3, exemplar={})
        self.assertEqual(latency.read().count, 2)
        fps = self.plugin.metric("fps")
        fps.inc(1, exemplar=trace)
        self.assertEqual((fps.kind, fps.read().count), ("heartbeat", 1))

    def test_a_wrong_exemplar_raises_and_counts(self):
        frames, latency = self.plugin.counter("frames"), self.plugin.histogram("latency")
        wrong = (({"trace id": "a"}, ValueError, 'exemplar label "trace id": its name must be'),
                 ({"a": "x" * 128}, ValueError, "of 129 characters"),
                 ({"a%d" % i: "" for i in range(20)}, ValueError, "at most 8 labels"),
                 ({"a": "b\0c"}, ValueError, "zero character"), ({"a": "\n"}, ValueError, "control"),
                 ({"a": 1}, TypeError, "value must be str, not int"),
                 ({1: "a"}, TypeError, "name must be str, not int"),
                 ("a", TypeError, "a dict of str to str, not str"))
        for exemplar, error, words in wrong:
            for verb in (frames.inc, lambda exemplar: frames.add(1, exemplar),
                         lambda exemplar: latency.observe(1, exemplar)):
                with self.assertRaisesRegex(error, words):
                    verb(exemplar=exemplar)
        self.assertEqual((frames.read().count, latency.read().count), (2 * len(wrong), len(wrong)))

    def test_arguments_of_verbs_are_checked(self):
        frames, latency = self.plugin.counter("frames"), self.plugin.histogram("latency")
        for call in (lambda: frames.inc(1, None, 2), lambda: frames.inc(1, amount=1), frames.add,
                     lambda: frames.inc(example=1), latency.observe, lambda: latency.observe("1"),
                     lambda: frames.inc(1.5), lambda: latency.observe(exemplar={"a": "b"}),
                     lambda: self.plugin.metric("fps").inc(2)):
            with self.assertRaises(TypeError):
                call()
        with self.assertRaises(ValueError):
            frames.inc(-1)
        with self.assertRaisesRegex(TypeError, "observe\\(\\) does not fit"):
            frames.observe(1, exemplar={"a": "b"})
        self.assertEqual((frames.read().count, latency.read().count), (0, 0))

    def test_a_closed_plugin_takes_exemplars(self):
        frames = self.plugin.counter("frames")
        self.plugin.close()
        frames.inc(2, exemplar={"a": "b"})

    def test_states_and_facts(self):
        mode = self.plugin.stateset("mode", ["idle", "busy"])
        mode.enter("busy")
        self.assertEqual(mode.read().value, 2)
        mode.state("idle")
        mode.state("busy", False)
        self.assertEqual(mode.read().value, 1)
        with self.assertRaisesRegex(ValueError, "has no state 'gone'"):
            mode.enter("gone")
        self.assertEqual(self.plugin.info("model", version="3").kind, "info")

    def test_a_declaration_is_refused_with_the_sdks_sentence(self):
        self.plugin.counter("frames")
        for kind, name, status in (("gauge", "frames", "ALREADY_EXISTS"),
                                   ("gauge", "Frames", "INVALID_ARGUMENT")):
            with self.assertRaises(ValueError) as caught:
                self.plugin.metric(name, kind)
            self.assertIsInstance(caught.exception, fast.DeclarationError)
            self.assertEqual(caught.exception.status, status)
            self.assertIn('metric "%s"' % name, str(caught.exception))
        with self.assertRaisesRegex(ValueError, "use one of counter, gauge"):
            self.plugin.metric("x", "meter")

    def test_threads_count_together(self):
        frames = self.plugin.counter("frames")
        threads = [threading.Thread(target=lambda: [frames.inc() for _ in range(20000)])
                   for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(frames.read().count, 80000)

    def test_numbers_of_numpy_are_numbers(self):
        try:
            import numpy
        except ImportError:
            self.skipTest("numpy is not installed")
        gauge = self.plugin.gauge("acc")
        gauge.set(numpy.float32(0.5))
        self.assertEqual(gauge.read().value, 0.5)
        gauge.set(numpy.int64(7))
        self.assertEqual(gauge.read().value, 7)
        frames = self.plugin.counter("frames")
        frames.add(numpy.uint8(3))
        self.assertEqual(frames.read().count, 3)
        self.assertEqual(self.plugin.param("f", default=numpy.float32(0.5)).get(), 0.5)
        self.assertIs(type(self.plugin.param("i", default=numpy.int64(4)).get()), int)
        self.assertIs(self.plugin.param("b", default=numpy.bool_(True)).get(), True)


class Params(Case):
    def test_the_default_gives_the_type(self):
        for default in (True, 7, 0.5, "640x480"):
            param = self.plugin.param(type(default).__name__, default=default)
            self.assertEqual(param.get(), default)
            self.assertIs(type(param.get()), type(default))

    def test_an_int_with_a_fraction_beside_it_is_a_float(self):
        self.assertIs(type(self.plugin.param("x", default=1, min=0, max=1, step=0.1).get()), float)

    def test_choices_give_the_default(self):
        self.assertEqual(self.plugin.param("mode", choices=["slow", "fast"]).get(), "slow")
        self.assertEqual(self.plugin.param("size", default=640, choices=[320, 640]).get(), 640)

    def test_without_a_declaration_it_is_open(self):
        res = self.plugin.param("res")
        self.assertIsNone(res.get())
        self.assertIs(self.plugin.param("res"), res)

    def test_a_name_alone_gives_what_was_declared(self):
        res = self.plugin.param("res", default=0.5, min=0, max=1)
        self.assertIs(self.plugin.param("res"), res)
        self.assertIs(self.plugin.param("res", default=0.5, min=0, max=1), res)

    def test_a_bad_declaration_is_refused(self):
        for keywords, words in (({"default": 5, "min": 0, "max": 3}, "outside 0 to 3"),
                                ({"min": 0, "max": 3}, "a default is missing"),
                                ({"default": 1, "min": 0}, "both ends"),
                                ({"default": "a", "choices": ["b"]}, "not among the choices"),
                                ({"default": "a", "type": "int"}, "is no int"),
                                ({"default": 1, "type": "number"}, "use one of bool"),
                                ({"default": []}, "no bool, int, float or str"),
                                ({"default": 1, "ack": "never"}, "ack is")):
            with self.assertRaisesRegex(fast.DeclarationError, words):
                self.plugin.param("x", **keywords)
        self.plugin.param("x", default=1)
        with self.assertRaises(fast.DeclarationError):
            self.plugin.param("x", default=2)

    def test_a_wait_ends_in_time(self):
        res = self.plugin.param("res")
        begin = time.monotonic()
        self.assertFalse(res.wait(0.02))
        self.assertEqual(self.plugin.wait(0, 0.02), 0)
        self.assertLess(time.monotonic() - begin, 5)
        with self.assertRaises(ValueError):
            res.wait(-1)

    def test_an_awaited_change_ends_in_time(self):
        res = self.plugin.param("res")
        loop = asyncio.new_event_loop()
        with self.assertRaisesRegex(TimeoutError, 'param "res": no change'):
            loop.run_until_complete(res.changed(0.02))
        loop.close()

    def test_a_loop_goes_on_while_it_awaits_and_takes_awaits_back(self):
        res = self.plugin.param("res")

        async def main():
            ticks = []

            async def tick():
                while True:
                    ticks.append(1)
                    await asyncio.sleep(0)

            ticking = asyncio.ensure_future(tick())
            awaits = [asyncio.ensure_future(res.changed()) for _ in range(20)]
            with self.assertRaises(TimeoutError):
                await res.changed(0.2)
            ticking.cancel()
            for one in awaits:
                one.cancel()
            found = await asyncio.gather(*awaits, return_exceptions=True)
            self.assertEqual({type(one) for one in found}, {asyncio.CancelledError})
            self.assertGreater(len(ticks), 10)

        loop = asyncio.new_event_loop()
        loop.run_until_complete(main())
        loop.close()

    def test_a_loop_that_is_closed_at_the_moment_of_a_change_disturbs_no_other(self):
        class Closing:
            def is_closed(self):
                return False

            def call_soon_threadsafe(self, *unused):
                raise RuntimeError("Event loop is closed")

        told = []

        class Open(Closing):
            def call_soon_threadsafe(self, *given):
                told.append(given)

        loop = asyncio.new_event_loop()
        watcher = _changed._Watcher(self.plugin)
        watcher.waiting = [(self.plugin.param("res"), one, loop.create_future()) for one in (Closing(), Open())]
        self.assertFalse(watcher.give(lambda param: True))
        self.assertEqual(len(told), 1)
        loop.close()

    def test_a_snapshot_has_all_or_those_asked_for(self):
        a = self.plugin.param("a", default=1)
        b = self.plugin.param("b", default="x")
        self.assertEqual(self.plugin.snapshot(), {"a": 1, "b": "x"})
        self.assertEqual(self.plugin.snapshot(b, a), ("x", 1))
        with Plugin("other") as other, self.assertRaises(TypeError):
            self.plugin.snapshot(other.param("c"))

    def test_a_callback_is_not_called_before_a_change(self):
        calls = []
        res = self.plugin.param("res", default=0.5)
        self.assertIs(res.on_change(print), print)
        res.on_change(calls.append)
        self.assertEqual((self.plugin.dispatch(), calls), (0, []))
        with self.assertRaises(TypeError):
            res.on_change(5)


class Life(Case):
    def test_after_close_everything_goes_on_quietly(self):
        frames = self.plugin.counter("frames")
        res = self.plugin.param("res", default=0.5)
        text = self.plugin.param("text", default="a")
        self.plugin.close()
        self.plugin.close()
        frames.inc()
        self.assertIsNone(frames.read())
        self.assertEqual((res.get(), text.get(), res.revision), (0.5, "a", 0))
        self.assertIs(frames.labels(camera="left"), frames)
        for call in (lambda: self.plugin.counter("x"), lambda: res.wait(0), self.plugin.dispatch):
            with self.assertRaisesRegex(fast.Error, "closed"):
                call()

    def test_a_close_ends_waits_of_other_threads(self):
        res = self.plugin.param("res")
        ended = []

        def wait():
            try:
                ended.append(res.wait())
            except fast.Error:
                ended.append(False)  # it began after the close

        thread = threading.Thread(target=wait)
        thread.start()
        self.plugin.close()
        thread.join(10)
        self.assertEqual(ended, [False])

    def test_the_process_has_one_plugin(self):
        plugin.close()
        opened = plugin.open("own", version="1")
        with self.assertRaisesRegex(fast.Error, "open already"):
            plugin.open("another")
        plugin.counter("frames").inc()
        self.assertIs(plugin.default(), opened)
        plugin.close()
        self.assertIsNot(plugin.default(), opened)
        plugin.close()

    def test_a_bad_name_is_refused_with_the_sdks_sentence(self):
        with self.assertRaisesRegex(fast.DeclarationError, "plugin"):
            Plugin("Bad Name")

    def test_the_programs_name_becomes_the_plugins(self):
        os.environ["FASTD_PLUGIN_NAME"] = "given"
        self.addCleanup(os.environ.pop, "FASTD_PLUGIN_NAME", None)
        self.assertEqual(plugin.program_name(), "given")
        del os.environ["FASTD_PLUGIN_NAME"]
        self.assertEqual(plugin.program_name(), "harness")


class Literals(unittest.TestCase):
    def test_an_open_knob_reads_literals(self):
        from fast._literal import literal
        for text, value in (("", None), ("true", True), ("False", False), ("3", 3), ("-0.5", -0.5),
                            ("1e3", 1000.0), ("640x480", "640x480"), ("1_000", "1_000"),
                            (" 3", " 3"), ("nan", "nan")):
            found = literal(text)
            if text != "nan":
                self.assertEqual((found, type(found)), (value, type(value)))
            else:
                self.assertEqual(found, "nan")
