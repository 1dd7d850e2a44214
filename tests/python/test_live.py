"""With a real fastd: what others see of a plugin, and what it sees of them."""
import json
import os
import unittest

from world import World, forks, until

WORKER = """
    import sys, time
    from fast import plugin
    fps, frames = plugin.metric("fps"), plugin.counter("frames", unit="{frame}", help="All of them.")
    acc, latency = plugin.gauge("acc"), plugin.timer("latency")
    res = plugin.param("res", default=0.5, min=0.1, max=1)
    size = plugin.param("size")
    plugin.stateset("mode", ["idle", "busy"]).enter("busy")
    while True:
        with latency.time():
            time.sleep(0.005)
        frames.labels(camera="left").inc()
        frames.inc(); fps.inc(); acc.set(res.get())
        size.get()
    """


class Live(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.world.start()

    def applied(self, name, value):
        param = self.world.param(name)
        return (param is not None and param["status"] == "PARAM_STATUS_APPLIED"
                and str(value) in map(str, param["effective"].values()))

    def test_fastctl_sees_metrics_of_all_kinds(self):
        self.world.run(WORKER, FASTD_PLUGIN_NAME="worker")
        fps = until(lambda: (self.world.metric("fps") or {}).get("rateWindow", 0) > 10
                    and self.world.metric("fps"))
        self.assertLess(fps["rateWindow"], 210)
        until(lambda: self.world.metric("mode"))
        kinds = {metric["spec"]["name"]: metric["spec"]["kind"][len("METRIC_KIND_"):].lower()
                 for metric in self.world.json("metrics")["metrics"]}
        self.assertEqual(kinds, {"fps": "heartbeat", "frames": "counter", "acc": "gauge",
                                 'frames{camera="left"}': "counter", "latency": "timer",
                                 "mode": "stateset"})
        self.assertEqual(self.world.metric("acc")["value"], 0.5)

    def test_fastctl_sees_an_exemplar(self):
        self.world.run("""
            import sys
            from fast import plugin
            plugin.histogram("latency").observe(0.3, exemplar={"trace_id": "4bf92f35"})
            sys.stdin.readline()
            """, FASTD_PLUGIN_NAME="worker")
        metric = until(lambda: [metric for metric in self.world.json("metrics")["metrics"]
                                if metric.get("exemplars")])[0]
        self.assertEqual((metric["spec"]["name"], metric["exemplars"][0]["value"],
                          metric["exemplars"][0]["labels"]),
                         ("latency", 0.3, [{"name": "trace_id", "value": "4bf92f35"}]))

    def test_a_knob_is_turned_and_read(self):
        self.world.run(WORKER, FASTD_PLUGIN_NAME="worker")
        until(lambda: self.world.param("size"))
        self.assertIsNotNone(self.world.ctl("set", "res=0.75", "size=640x480", "--wait"))
        self.assertTrue(self.applied("res", 0.75))
        self.assertTrue(self.applied("size", "640x480"))
        until(lambda: (self.world.metric("acc") or {}).get("value") == 0.75)
        self.assertIsNone(self.world.ctl("set", "res=2"))

    def test_looking_at_the_last_value_acknowledges_nothing(self):
        process = self.world.run("""
            import sys
            from fast import plugin, runlog
            res = plugin.param("res", default=1)
            assert plugin.wait_attached()
            log = runlog.Log(plugin.default(), sys.argv[1], 3600)
            for line in sys.stdin:
                if line == "get\\n":
                    res.get()
                log.write()
                print(res.last)
            """, self.world.folder, FASTD_PLUGIN_NAME="worker")

        def ask(what):
            process.stdin.write(what + "\n")
            process.stdin.flush()
            return process.stdout.readline()

        self.assertEqual(ask("look"), "1\n")
        until(lambda: self.world.param("res"))
        self.assertIsNotNone(self.world.ctl("set", "res=2"))
        self.assertEqual(ask("look"), "1\n")
        self.assertFalse(self.applied("res", 2))
        until(lambda: ask("get") == "2\n")
        until(lambda: self.applied("res", 2))
        process.stdin.close()
        self.assertEqual(process.wait(30), 0)
        with open(os.path.join(self.world.folder, "data.ndjson")) as file:
            self.assertEqual([json.loads(line)["value"] for line in file], [1, 2])

    def test_gets_waits_callbacks_and_awaits_see_a_change(self):
        process = self.world.run("""
            import asyncio, sys, threading
            from fast import plugin
            def say(what, value):
                sys.stdout.write("%s %d\\n" % (what, value))
            a, b, c, d = (plugin.param(name, default=0) for name in "abcd")
            called = threading.Event()
            @a.on_change
            def change(value):
                say("callback", value)
                called.set()
            plugin.listen()
            def wait():
                if b.wait(20): say("wait", b.get())
            waiter = threading.Thread(target=wait)
            waiter.start()
            async def main():
                say("await", await c.changed(20))
            plugin.wait_attached()
            print("ready")
            asyncio.new_event_loop().run_until_complete(main())
            waiter.join()
            called.wait(20)
            say("get", d.get())
            """, FASTD_PLUGIN_NAME="worker")
        self.assertEqual(process.stdout.readline(), "ready\n")
        until(lambda: self.world.param("d"))
        self.assertIsNotNone(self.world.ctl("set", "a=1", "b=2", "c=3", "d=4"))
        self.assertEqual(sorted(process.stdout.read().splitlines()),
                         ["await 3", "callback 1", "get 4", "wait 2"])
        self.assertEqual(process.wait(20), 0)

    def test_a_callback_that_raises_is_a_knob_that_failed(self):
        process = self.world.run("""
            import sys
            from fast import plugin
            sys.unraisablehook = lambda raised: None
            res = plugin.param("res", default=1)
            @res.on_change
            def change(value):
                if value > 2: raise RuntimeError("%d is too much" % value)
            plugin.listen()
            input()
            """, FASTD_PLUGIN_NAME="worker")
        until(lambda: self.world.param("res"))
        self.world.ctl("set", "res=2", "--wait")
        self.assertTrue(self.applied("res", 2))
        self.world.ctl("set", "res=3")
        failed = until(lambda: self.world.param("res")["status"] == "PARAM_STATUS_FAILED"
                       and self.world.param("res"))
        self.assertEqual(failed["lastFailure"]["reason"], "RuntimeError: 3 is too much")
        process.kill()

    def test_fastd_may_be_killed_and_started_again(self):
        worker = self.world.run(WORKER, FASTD_PLUGIN_NAME="worker")
        until(lambda: int((self.world.metric("frames") or {}).get("count", 0)) > 10)
        self.world.ctl("set", "res=0.25", "--wait")
        before = int(self.world.metric("frames")["count"])
        self.world.kill()
        self.assertIsNone(worker.poll())
        self.world.start()
        after = until(lambda: int((self.world.metric("frames") or {}).get("count", 0)))
        self.assertGreaterEqual(after, before)
        until(lambda: self.applied("res", 0.25))
        self.assertIsNone(worker.poll())

    @forks
    def test_workers_of_multiprocessing_count_apart(self):
        process = self.world.run("""
            import multiprocessing, sys
            from fast import plugin
            frames = plugin.counter("frames")
            def work(barrier, end):
                frames.add(10)
                barrier.wait()
                end.wait()
            frames.add(1000)
            plugin.wait_attached()
            context = multiprocessing.get_context("fork")
            barrier, end = context.Barrier(4), context.Event()
            workers = [context.Process(target=work, args=(barrier, end)) for _ in range(3)]
            for worker in workers: worker.start()
            barrier.wait()
            print("ready")
            sys.stdin.readline()
            end.wait(30)
            """, FASTD_PLUGIN_NAME="pool")
        self.assertEqual(process.stdout.readline(), "ready\n")

        def counts():
            found = sorted(int(metric["sample"]["count"])
                           for metric in self.world.json("metrics").get("metrics", [])
                           if metric.get("sample", {}).get("metric") == "frames")
            return found if len(found) == 4 and sum(found) >= 1030 else None

        self.assertEqual(until(counts), [10, 10, 10, 1000])
        plugins = self.world.json("plugins")["plugins"]
        self.assertEqual(sorted(plugin["parent"] for plugin in plugins), ["", "pool", "pool", "pool"])

    def test_a_callback_without_end_holds_up_no_end(self):
        process = self.world.run("""
            import os, threading, time
            from fast import plugin
            called = threading.Event()
            res = plugin.param("res", default=1)
            @res.on_change
            def change(value):
                called.set()
                time.sleep(600)
            plugin.listen()
            called.wait()
            """, FASTD_PLUGIN_NAME="worker")
        until(lambda: self.world.param("res"))
        self.assertIsNotNone(self.world.ctl("set", "res=2"))
        self.assertEqual(process.wait(30), 0)

    def test_a_close_in_a_callback_is_refused_and_the_run_log_goes_on(self):
        process = self.world.run("""
            import fast
            from fast import plugin
            frames, res = plugin.counter("frames"), plugin.param("res", default=1)
            @res.on_change
            def change(value):
                try:
                    plugin.close()
                except fast.Error as error:
                    print(error)
            plugin.wait(0)
            plugin.dispatch()
            frames.add(7)
            """, FASTD_PLUGIN_NAME="worker", PYWAGGLE_LOG_DIR=self.world.folder)
        until(lambda: self.world.param("res"))
        self.assertIsNotNone(self.world.ctl("set", "res=2"))
        self.assertEqual(process.stdout.readline(), "close() in a callback\n")
        self.assertEqual(process.wait(30), 0)
        with open(os.path.join(self.world.folder, "data.ndjson")) as file:
            records = [json.loads(line) for line in file]
        self.assertEqual([record["value"] for record in records if record["name"] == "frames"][-1], 7)

    @forks
    def test_a_fork_while_a_callback_runs_can_dispatch(self):
        process = self.world.run("""
            import os, threading
            from fast import plugin
            called, end, parent = threading.Event(), threading.Event(), os.getpid()
            res = plugin.param("res", default=1)
            @res.on_change
            def change(value):
                called.set()
                if os.getpid() == parent: end.wait(30)
            plugin.listen()
            called.wait()
            pid = os.fork()
            if pid == 0:
                plugin.default().wait(0, 0)
                plugin.dispatch()
                os._exit(3)
            print(os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
            end.set()
            """, FASTD_PLUGIN_NAME="worker")
        until(lambda: self.world.param("res"))
        self.assertIsNotNone(self.world.ctl("set", "res=2"))
        self.assertEqual(process.stdout.readline(), "3\n")
        self.assertEqual(process.wait(30), 0)

    def test_a_plugin_that_ends_says_goodbye(self):
        process = self.world.run("""
            from fast import plugin
            plugin.counter("frames").inc()
            assert plugin.wait_attached()
            """, FASTD_PLUGIN_NAME="short")
        self.assertEqual(process.wait(30), 0)
        ended = until(lambda: [plugin for plugin in self.world.json("plugins", "--all").get("plugins", [])
                               if plugin["name"] == "short"])
        self.assertNotEqual(ended[0]["state"], "PLUGIN_STATE_LIVE")
