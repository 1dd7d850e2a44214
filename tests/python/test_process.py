"""Processes: how they end, fork, and run other programs. No fastd."""
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest

import fast
from world import forks, python


class Ends(unittest.TestCase):
    def test_a_program_ends_with_its_own_code(self):
        for code in (0, 3):
            done = python("""
                import sys
                from fast import plugin
                plugin.counter("frames").inc()
                plugin.param("res").get()
                plugin.listen()
                sys.exit(int(sys.argv[1]))
                """, str(code))
            self.assertEqual((done.returncode, done.stderr), (code, ""))

    def test_an_exception_ends_it_as_ever(self):
        done = python("from fast import plugin; plugin.counter('frames').inc(); 1 / 0")
        self.assertEqual(done.returncode, 1)
        self.assertIn("ZeroDivisionError", done.stderr)

    def test_verbs_at_exit_harm_nobody(self):
        done = python("""
            import atexit, threading
            def late():
                frames.inc(); print(res.get())
            atexit.register(late)  # before fast's own, so called after it
            from fast import plugin
            frames, res = plugin.counter("frames"), plugin.param("res", default=0.5)
            atexit.register(late)
            def count():
                while True:
                    frames.inc()
            threading.Thread(target=count, daemon=True).start()
            """)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "0.5\n0.5\n", ""))

    def test_an_interrupt_ends_a_wait(self):
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", "from fast import plugin\nres = plugin.param('res')\n"
             "print('waiting')\nres.wait()"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        error = process.communicate(timeout=20)[1]
        self.assertIn("KeyboardInterrupt", error)

    def test_the_log_goes_to_logging(self):
        done = python("""
            import logging, sys
            logging.basicConfig(format="%(name)s %(levelname)s %(message)s")
            from fast import plugin
            try:
                plugin.gauge("acc").inc()
            except TypeError:
                pass
            for i in range(100): pass
            """)
        self.assertIn('fast WARNING metric "acc" is a gauge', done.stderr)

    def test_a_free_threaded_interpreter_that_keeps_off_the_gil_is_refused(self):
        done = python("""
            import sys
            sys._is_gil_enabled = lambda: True
            from fast import _fast
            del sys.modules["fast._fast"]
            sys._is_gil_enabled = lambda: False  # as PYTHON_GIL=0 has it
            try:
                import fast._fast
            except ImportError as error:
                print(error)
            """)
        self.assertEqual((done.stdout, done.stderr),
                         ("fast needs the GIL: run without PYTHON_GIL=0 and -X gil=0\n", ""))

    def test_a_sub_interpreter_is_refused(self):
        done = python("""
            try:
                import _xxsubinterpreters as interpreters
            except ImportError:
                print("in the main interpreter only")
                raise SystemExit
            import fast
            try:
                interpreters.run_string(interpreters.create(), "import fast")
            except Exception as error:
                print(error)
            """)
        self.assertRegex(done.stdout, "in the main interpreter only|loading in subinterpreters")
        self.assertEqual(done.returncode, 0)


    def test_whoever_waits_holds_up_no_end(self):
        done = python("""
            import asyncio, sys, threading
            from fast import plugin
            res = plugin.param("res")
            res.on_change(print)
            plugin.listen()
            threading.Thread(target=res.wait, daemon=True).start()
            async def main():
                task = asyncio.ensure_future(res.changed())
                await asyncio.sleep(0.05)
                task.cancel()
            asyncio.new_event_loop().run_until_complete(main())
            sys.exit(5)
            """)
        self.assertEqual((done.returncode, done.stderr), (5, ""))


@forks
class Forks(unittest.TestCase):
    def test_a_forked_child_counts_for_itself(self):
        done = python("""
            import os, sys
            from fast import plugin
            frames, res = plugin.counter("frames"), plugin.param("res", default=0.5)
            frames.add(5)
            pid = os.fork()
            if pid == 0:
                frames.inc()
                assert frames.read().count == 1 and res.get() == 0.5 and not res.wait(0.01)
                plugin.gauge("own").set(2)
                sys.exit(4)
            print(os.WEXITSTATUS(os.waitpid(pid, 0)[1]), frames.read().count)
            """)
        self.assertEqual(done.stdout, "4 5\n", done.stderr)

    def test_multiprocessing_works_by_fork_and_by_spawn(self):
        for method in ("fork", "spawn"):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "pool.py")
                with open(path, "w") as program:
                    program.write(textwrap.dedent("""
                        import multiprocessing, sys
                        from fast import plugin
                        frames = plugin.counter("frames")
                        def work(n):
                            frames.add(n)
                            return frames.read().count >= n
                        if __name__ == "__main__":
                            frames.add(100)
                            context = multiprocessing.get_context(sys.argv[1])
                            with context.Pool(2) as pool:
                                assert all(pool.map(work, [1, 2, 3, 4]))
                            print(frames.read().count)
                        """))
                done = subprocess.run([sys.executable, path, method], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, universal_newlines=True, timeout=60)
            self.assertEqual((done.stdout, done.returncode), ("100\n", 0), method + done.stderr)

    def test_a_fork_while_a_thread_waits_can_close(self):
        done = python("""
            import os, threading, sys
            from fast import plugin
            res = plugin.param("res")
            threading.Thread(target=res.wait, daemon=True).start()
            pid = os.fork()
            if pid == 0:
                plugin.close()
                os._exit(7)
            print(os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
            """)
        self.assertEqual((done.stdout, done.returncode), ("7\n", 0))  # though the thread still waits


class Run(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.program = os.path.join(folder.name, "camera.py")
        with open(self.program, "w") as program:
            program.write(textwrap.dedent("""
                import sys
                from waggle import plugin
                plugin.metric("fps").inc()
                res = plugin.param("res", default=0.5)
                print(__name__, sys.argv[1:], plugin.metric("fps").read().count, res.get())
                sys.exit(3)
                """))

    def run_it(self, *arguments):
        return subprocess.run([sys.executable] + list(arguments), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True, timeout=60)

    def test_fast_run_hooks_a_program(self):
        starts = [("-m", "fast.run")]
        if "site-packages" in fast.__file__:  # not where the package was only built
            starts.append((os.path.join(os.path.dirname(sys.executable), "fast-run"),))
        for start in starts:
            done = self.run_it(*(start + (self.program, "--size", "3")))
            self.assertEqual((done.stdout, done.returncode),
                             ("__main__ ['--size', '3'] 1 0.5\n", 3), done.stderr)

    @forks
    def test_processes_that_are_spawned_have_the_hooks(self):
        with open(self.program, "w") as program:
            program.write(textwrap.dedent("""
                import multiprocessing, sys
                from waggle import plugin
                frames = plugin.counter("frames")
                def work(n):
                    frames.add(n)
                    return frames.read().count
                if __name__ == "__main__":
                    for method in ("spawn", "forkserver"):
                        with multiprocessing.get_context(method).Pool(1) as pool:
                            print(pool.map(work, [1, 2]))
                """))
        done = self.run_it("-m", "fast.run", self.program)
        self.assertEqual((done.stdout, done.returncode), ("[1, 3]\n" * 2, 0), done.stderr)

    def test_fast_run_says_what_is_wrong(self):
        for arguments, words in (((), "a program is missing"), (("nowhere.py",), "is no file"),
                                 (("--speed", "x.py"), "--speed is no option")):
            done = self.run_it("-m", "fast.run", *arguments)
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr)
            self.assertIn("usage: fast-run", done.stderr)

    def end_by(self, number, code):
        """Runs this by fast-run until it says "up", and then sends the signal. Its stdout, stderr, and
        exit code."""
        with open(self.program, "w") as program:
            program.write(textwrap.dedent(code))
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "fast.run", self.program], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True)
        self.assertEqual(process.stdout.readline(), "up\n")
        process.send_signal(number)
        return process.communicate(timeout=60) + (process.returncode,)

    def test_an_interrupt_ends_it_in_silence(self):
        # Before 3.8 Python ended with 1.
        code = -signal.SIGINT if sys.version_info >= (3, 8) else 1
        out, error, ended = self.end_by(signal.SIGINT, """
            import atexit, time
            from waggle import plugin
            atexit.register(print, "goodbye")
            frames = plugin.counter("frames")
            print("up")
            while True:
                frames.inc()
                time.sleep(0.001)
            """)
        self.assertEqual((out, error, ended), ("goodbye\n", "", code))
        _, error, ended = self.end_by(signal.SIGINT, """
            import asyncio
            from waggle import plugin
            res = plugin.param("res")
            async def main():
                print("up")
                await res.changed()
            (asyncio.run if hasattr(asyncio, "run") else asyncio.get_event_loop().run_until_complete)(main())
            """)
        self.assertEqual((error, ended), ("", code))

    def test_an_interrupt_hides_no_error(self):
        for handler in ("1 / 0", "raise"):
            error = self.end_by(signal.SIGINT, """
                import time
                try:
                    try:
                        print("up")
                        time.sleep(60)
                    finally:
                        [][3]
                except IndexError:
                    %s
                """ % handler)[1]
            self.assertIn("IndexError", error)
        error = self.end_by(signal.SIGINT, """
            import time
            try:
                {}["camera"]
            except KeyError:
                print("up")
                time.sleep(60)
            """)[1]
        self.assertRegex(error, "(?s)KeyError.*KeyboardInterrupt")

    def test_a_termination_is_as_ever(self):
        self.assertEqual(self.end_by(signal.SIGTERM, """
            import time
            from waggle import plugin
            plugin.counter("frames").inc()
            print("up")
            time.sleep(60)
            """), ("", "", -signal.SIGTERM))
