"""A fastd of one's own, and programs beside it."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

PATIENCE_S = 15
# ThreadSanitizer knows no threads in a forked child, where the SDK starts one.
forks = unittest.skipIf("FAST_NO_FORKS" in os.environ, "ThreadSanitizer knows no threads in a forked child")
# A plugin waits for fastd when it ends, but not for long: END_MS, GOODBYE_MS.
goodbyes = unittest.skipIf("SANITIZER_REPORTS" in os.environ,
                           "a sanitizer may be slower than what a plugin waits at its end")


def until(condition, patience_s=PATIENCE_S):
    """Waits until condition() is true, and gives what it gave. AssertionError."""
    end = time.monotonic() + patience_s
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, "not true in %g s" % patience_s
        time.sleep(0.02)


def python(code, *arguments, **environment):
    """Runs a program; gives it when it has ended."""
    return subprocess.run([sys.executable, "-c", textwrap.dedent(code)] + list(arguments),
                          env=dict(os.environ, **environment), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, timeout=60)


class World:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="fastd-py.", dir="/tmp")
        self.socket = os.path.join(self.folder, "plugin.sock")
        self.environment = dict(
            os.environ, FASTD_PLUGIN_SOCKET=self.socket,
            FASTD_ENDPOINT="ipc://%s/fastd.sock" % self.folder)
        self.fastd = None
        self.programs = []

    def start(self, *arguments):
        """Starts fastd, with further arguments."""
        log = open(os.path.join(self.folder, "fastd.log"), "a")
        self.fastd = subprocess.Popen(
            ["fastd", "--socket", self.folder + "/fastd.sock", "--plugin-socket", self.socket,
             "--state-dir", self.folder + "/state"] + list(arguments), stdout=log, stderr=log)
        log.close()
        until(lambda: self.ctl("status") is not None)

    def kill(self):
        self.fastd.send_signal(signal.SIGKILL)
        self.fastd.wait()

    def close(self):
        for process in self.programs:
            try:
                os.killpg(process.pid, signal.SIGKILL)  # with the workers that it has forked
            except ProcessLookupError:
                pass
        for process in self.programs + [self.fastd]:
            if process is not None and process.poll() is None:
                process.kill()
            if process is not None:
                process.wait()
            for pipe in (process.stdin, process.stdout) if process is not None else ():
                if pipe is not None:
                    pipe.close()
        shutil.rmtree(self.folder)

    def run(self, code, *arguments, **environment):
        """Starts a program whose output is a pipe."""
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", textwrap.dedent(code)] + list(arguments),
            env=dict(self.environment, **environment), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, universal_newlines=True, start_new_session=True)
        self.programs.append(process)
        return process

    def ctl(self, *arguments):
        """What fastctl says; None if it fails."""
        done = subprocess.run(("fastctl",) + arguments, env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              universal_newlines=True, timeout=30)
        return done.stdout if done.returncode == 0 else None

    def json(self, *arguments):
        text = self.ctl(*(arguments + ("--json",)))
        return json.loads(text) if text else {}

    def endpoint(self, scheme):
        """Where fastd listens, of those that it was told."""
        return until(lambda: re.search('"(%s://127.0.0.1:[0-9]+)' % re.escape(scheme),
                                       self.ctl("status", "--json") or "")).group(1)

    def metric(self, name, plugin=None):
        """The newest sample of a metric, or None."""
        for metric in self.json("metrics").get("metrics", []):
            sample = metric.get("sample", {"metric": None})  # not sampled yet
            if sample["metric"] == name and plugin in (None, sample["plugin"]):
                return sample
        return None

    def param(self, name):
        for param in self.json("params").get("params", []):
            if param["spec"]["name"] == name:
                return param
        return None
