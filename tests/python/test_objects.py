"""The native objects as Python's own: collected, subclassed, described; and what they refuse."""
import gc
import inspect
import os
import unittest
import weakref

import fast
from fast import _fast
from world import forks, python, until


class Lives(unittest.TestCase):
    def test_a_plugin_that_nobody_has_is_closed_and_collected(self):
        for make in (fast.Plugin, type("Camera", (fast.Plugin,), {})):
            camera = make("camera")
            camera.counter("frames").labels(side="left").inc()
            res = camera.param("res", default=1)
            res.on_change(lambda value: res.get())  # a circle through a function
            seen = weakref.ref(camera)
            threads = len(os.listdir("/proc/self/task"))  # one keeps house
            del camera, res
            gc.collect()
            self.assertIsNone(seen())
            until(lambda: len(os.listdir("/proc/self/task")) == threads - 1)

    def test_a_metric_or_param_keeps_its_plugin(self):
        camera = fast.Plugin("camera")
        frames, res = camera.counter("frames"), camera.param("res", default=1)
        seen = weakref.ref(camera)
        del camera
        gc.collect()
        frames.inc()
        self.assertEqual((frames.read().count, res.get()), (1, 1))
        del frames
        gc.collect()
        self.assertIsNotNone(seen())
        res.plugin.close()

    def test_the_collector_may_run_at_any_time(self):
        done = python("""
            import gc, threading
            import fast
            gc.set_threshold(1)
            def work():
                for i in range(50):
                    plugin = fast.Plugin("camera")
                    for j in range(5):
                        plugin.metric("m%d" % j).labels(i=str(j)).inc()
                        plugin.param("p%d" % j, default=1).get()
                    if i % 2: plugin.close()
            workers = [threading.Thread(target=work) for _ in range(3)]
            for worker in workers: worker.start()
            for worker in workers: worker.join()
            """)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_class_of_ones_own_has_its_own_arguments(self):
        class Camera(fast.Plugin):
            def __init__(self, side):
                super().__init__("camera-" + side)
                self.side = side

        with Camera("left") as camera:
            self.assertEqual((camera.name, camera.side, camera.closed), ("camera-left", "left", False))
            with self.assertRaises(fast.Error):
                _fast.Plugin.__init__(camera, "again")
        with self.assertRaises(fast.Error):
            _fast.Plugin.__init__(camera, "again")

    def test_one_that_was_never_opened_is_closed(self):
        unmade = _fast.Plugin.__new__(_fast.Plugin)
        self.assertTrue(unmade.closed)
        self.assertEqual((unmade.attached, unmade.instance, unmade._handles()), (False, "", []))
        with self.assertRaises(fast.Error):
            unmade.wait(0)
        self.assertIsNone(unmade.close())


class Says(unittest.TestCase):
    def test_help_shows_how_each_method_is_called(self):
        for owner in (_fast.Plugin, _fast.Metric, _fast.Param, _fast.Reading):
            for name, method in vars(owner).items():
                if callable(method) and not name.startswith("_"):
                    self.assertTrue(method.__doc__, name)
                    self.assertIn("self", inspect.signature(method).parameters, name)

    def test_a_declared_text_has_no_zero_character(self):
        with fast.Plugin("camera") as camera:
            for wrong in (lambda: camera.metric("fps\0x"), lambda: camera.param("res\0x", default=1),
                          lambda: camera.param("mode", default="day\0x"),
                          lambda: camera.param("mode", choices=["day", "night\0x"]),
                          lambda: camera.stateset("state", ["idle\0x"])):
                with self.assertRaises(fast.DeclarationError) as raised:
                    wrong()
                self.assertEqual(raised.exception.status, "INVALID_ARGUMENT")

    def test_how_long_to_wait_is_checked(self):
        with fast.Plugin("camera") as camera:
            self.assertFalse(camera.wait_attached(timeout=0))
            self.assertFalse(camera.wait_attached(0.01))
            for wrong in (-1, float("nan"), float("inf"), 1e300):
                with self.assertRaises(ValueError):
                    camera.wait_attached(wrong)
                with self.assertRaises(ValueError):
                    camera.wait(0, wrong)

    def test_an_interruption_is_not_lost_in_the_log(self):
        done = python("""
            import logging
            from fast import plugin
            class Interrupted(logging.Handler):
                def emit(self, record):
                    raise KeyboardInterrupt
            logging.getLogger("fast").addHandler(Interrupted())
            acc = plugin.gauge("acc")
            try:
                try:
                    acc.inc()
                except TypeError:
                    pass
                for i in range(1000): pass
            except KeyboardInterrupt:
                print("interrupted")
            """)
        self.assertEqual((done.stdout, done.stderr), ("interrupted\n", ""))


class Ends(unittest.TestCase):
    def test_who_awaits_a_plugin_that_is_closed_is_told(self):
        done = python("""
            import asyncio
            import fast
            from fast import plugin
            res = plugin.param("res", default=1)
            async def main():
                tasks = [asyncio.ensure_future(res.changed(30)) for _ in range(2)]
                await asyncio.sleep(0.2)
                plugin.close()
                for task in tasks:
                    try:
                        await task
                    except fast.Error as error:
                        print(error)
            asyncio.new_event_loop().run_until_complete(main())
            """)
        self.assertEqual((done.stdout, done.stderr), ("the plugin is closed\n" * 2, ""))

    @forks
    def test_a_fork_while_another_thread_declares_can_declare(self):
        done = python("""
            import os, sys, threading
            from fast import _changed, plugin
            if sys.version_info < (3, 7):
                print(3)
                raise SystemExit
            held, end = threading.Event(), threading.Event()
            def hold():
                with plugin._lock, _changed._lock:
                    held.set()
                    end.wait()
            threading.Thread(target=hold, daemon=True).start()
            held.wait()
            pid = os.fork()
            if pid == 0:
                plugin.param("res", default=1)
                with _changed._lock:
                    os._exit(3)
            print(os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
            end.set()
            """)
        self.assertEqual((done.stdout, done.returncode), ("3\n", 0), done.stderr)  # 3.12 warns
