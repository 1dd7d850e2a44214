"""Plugins whose fastd is elsewhere: the same numbers and knobs, over tcp and TLS."""
import os
import shutil
import subprocess
import unittest

from world import World, forks, goodbyes, python, until

WORKER = """
    import time
    from fast import plugin
    frames, fps, latency = plugin.counter("frames"), plugin.metric("fps"), plugin.timer("latency")
    res = plugin.param("res", default=0.5, min=0.1, max=1)
    mode = plugin.param("mode", choices=["slow", "fast"])
    acc = plugin.gauge("acc")
    while True:
        with latency.time():
            time.sleep(0.005)
        frames.inc(); fps.inc(); acc.set(res.get())
        mode.get()
    """


class Remote(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def total(self):
        return int((self.world.metric("frames") or {}).get("count", 0))

    def applied(self, name):
        return (self.world.param(name) or {}).get("status") == "PARAM_STATUS_APPLIED"

    def test_metrics_and_knobs_go_over_tcp(self):
        self.world.start("--listen", "tcp://127.0.0.1:0", "--role", "tcp=plugin")
        self.world.run(WORKER, FASTD_PLUGIN_NAME="far",
                       FASTD_PLUGIN_ENDPOINT=self.world.endpoint("tcp"))
        until(lambda: self.total() > 10)
        until(lambda: (self.world.metric("fps") or {}).get("rateWindow", 0) > 10)
        self.assertEqual(self.world.json("plugins")["plugins"][0]["host"], "tcp")
        self.assertIsNotNone(self.world.ctl("set", "res=0.75", "mode=fast", "--wait"))
        self.assertTrue(self.applied("res") and self.applied("mode"))
        until(lambda: (self.world.metric("acc") or {}).get("value") == 0.75)
        self.assertIsNone(self.world.ctl("set", "res=2"))

    def test_totals_and_knobs_outlive_fastd(self):
        self.world.start("--listen", "tcp://127.0.0.1:0", "--role", "tcp=plugin")
        endpoint = self.world.endpoint("tcp")
        worker = self.world.run(WORKER, FASTD_PLUGIN_NAME="far", FASTD_PLUGIN_ENDPOINT=endpoint)
        until(lambda: self.total() > 10)
        self.world.ctl("set", "res=0.25", "--wait")
        before = self.total()
        self.world.kill()
        self.world.start("--listen", endpoint, "--role", "tcp=plugin")
        self.assertGreaterEqual(until(self.total), before)
        until(lambda: self.applied("res"))
        self.assertIsNone(worker.poll())

    @goodbyes
    def test_what_a_program_has_counted_when_it_ends_is_known(self):
        self.world.start("--listen", "tcp://127.0.0.1:0", "--role", "tcp=plugin")
        for place in ({}, {"FASTD_PLUGIN_ENDPOINT": self.world.endpoint("tcp")}):
            for total in range(1, 6):
                process = self.world.run("""
                    import sys
                    from fast import plugin
                    plugin.counter("frames").add(int(sys.argv[1]))
                    for i in range(150):
                        plugin.counter("part%d" % i).inc()
                    """, str(total), FASTD_PLUGIN_NAME="brief%d%d" % (len(place), total), **place)
                self.assertEqual(process.wait(30), 0)
                until(lambda: self.counts("brief%d%d" % (len(place), total)) == (total, 151))

    def counts(self, plugin):
        """Of a plugin that may have ended: its frames, and how many metrics it has."""
        entries = [entry for entry in self.world.json("metrics", "--all").get("metrics", [])
                   if entry["sample"].get("plugin") == plugin]
        frames = [int(entry["sample"].get("count", 0)) for entry in entries
                  if entry["sample"]["metric"] == "frames"]
        return sum(frames), len(entries)

    @unittest.skipIf(shutil.which("openssl") is None, "openssl is not installed")
    def test_files_of_certificates_are_what_tls_takes(self):
        certs = os.path.join(self.world.folder, "certs")
        script = os.path.join(os.environ["FASTD_SOURCE"], "tests/support/make_certs.sh")
        subprocess.run(["bash", script, certs], check=True)
        self.world.start("--listen", "tls+tcp://127.0.0.1:0", "--role",
                         "name:controller.example=plugin", "--tls-ca", certs + "/ca.pem",
                         "--tls-cert", certs + "/server.pem", "--tls-key", certs + "/server.key")
        process = self.world.run("""
            import sys
            from fast import plugin
            endpoint, certs = sys.argv[1:]
            plugin.open("safe", version="1.2", endpoint=endpoint, tls_ca=certs + "/ca.pem",
                        tls_certificate=certs + "/client.pem", tls_key=certs + "/client.key")
            frames, res = plugin.counter("frames"), plugin.param("res", default=1)
            frames.add(42)
            assert plugin.wait_attached()
            print("attached")
            res.wait(30)
            print(res.get())
            """, self.world.endpoint("tls+tcp"), certs)
        self.assertEqual(process.stdout.readline(), "attached\n")
        until(lambda: self.total() == 42)
        found = self.world.json("plugins")["plugins"][0]
        self.assertEqual((found["host"], found["version"]), ("controller.example", "1.2"))
        until(lambda: self.world.ctl("set", "res=2"))
        self.assertEqual(process.stdout.readline(), "2\n")
        self.assertEqual(process.wait(30), 0)

    def test_a_peer_without_the_role_is_told_so_in_the_log(self):
        self.world.start("--listen", "tcp://127.0.0.1:0")
        process = self.world.run("""
            import logging, sys, time
            from fast import plugin
            logging.basicConfig(stream=sys.stdout, format="%(name)s %(message)s")
            plugin.counter("frames").inc()
            while True: time.sleep(0.01)
            """, FASTD_PLUGIN_ENDPOINT=self.world.endpoint("tcp"))
        self.assertRegex(process.stdout.readline(), "^fast .*role")

    @forks
    def test_forked_workers_count_for_themselves(self):
        self.world.start("--listen", "tcp://127.0.0.1:0", "--role", "tcp=plugin")
        process = self.world.run("""
            import multiprocessing, os, time
            from fast import plugin
            frames = plugin.counter("frames")
            frames.add(1000)
            assert plugin.wait_attached()
            def work():
                frames.add(10)
                assert frames.read().count == 10
                assert plugin.wait_attached()
                print(os.getpid())
                time.sleep(600) # or until the test ends
            worker = multiprocessing.get_context("fork").Process(target=work)
            worker.start(); worker.join()
            """, FASTD_PLUGIN_NAME="pool", FASTD_PLUGIN_ENDPOINT=self.world.endpoint("tcp"))
        worker = "pool-" + process.stdout.readline().strip()
        until(lambda: int((self.world.metric("frames", worker) or {}).get("count", 0)) == 10)
        until(lambda: int((self.world.metric("frames", "pool") or {}).get("count", 0)) == 1000)
        self.assertEqual({found["name"]: found.get("parent", "")
                          for found in self.world.json("plugins")["plugins"]},
                         {"pool": "", worker: "pool"})


class Alone(unittest.TestCase):
    def test_a_plugin_runs_the_same_when_nobody_answers(self):
        done = python("""
            from fast import plugin
            frames, res = plugin.counter("frames"), plugin.param("res", default=0.5)
            frames.inc()
            print(frames.read().count, res.get(), plugin.wait_attached(0.1))
            """, FASTD_PLUGIN_ENDPOINT="tcp://127.0.0.1:1")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "1 0.5 False\n", ""))

    def test_without_the_part_an_endpoint_is_refused_with_what_it_needs(self):
        done = python("""
            import sys
            sys.modules["fast._remote"] = None
            import fast
            try:
                fast.Plugin("far", endpoint="tcp://127.0.0.1:1")
            except fast.Error as error:
                print(error.status, error)
            fast.Plugin("near", endpoint="")
            """, FASTD_PLUGIN_ENDPOINT="tcp://127.0.0.1:1")
        self.assertEqual(done.stderr, "")
        self.assertRegex(done.stdout, "^FAILED_PRECONDITION .*remote part.*apt-get install .*libnng-dev")

    def test_a_plugin_of_this_node_loads_nothing_of_it(self):
        done = python("""
            from fast import plugin
            plugin.counter("frames").inc()
            print("libnng" in open("/proc/self/maps").read())
            plugin.close()
            plugin.open("far", endpoint="ipc:///nonexistent")
            print("libnng" in open("/proc/self/maps").read())
            """)
        self.assertEqual((done.stdout, done.stderr), ("False\nTrue\n", ""))
