"""Runs one module of unittest tests, and says "ok - a counter counts" for test_a_counter_counts."""
import sys
import unittest


class Result(unittest.TextTestResult):
    def _say(self, word, test, why=""):
        name = test.id().split(".")[-1].replace("test_", "", 1).replace("_", " ")
        print("%s - %s%s" % (word, name, why), flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._say("ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._say("not ok", test)

    def addError(self, test, err):
        super().addError(test, err)
        self._say("not ok", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._say("skip", test, ": " + reason)


suite = unittest.defaultTestLoader.loadTestsFromName(sys.argv[1])
runner = unittest.TextTestRunner(stream=sys.stderr, verbosity=0, resultclass=Result)
outcome = runner.run(suite)
if outcome.testsRun == 0:
    sys.exit("no test ran")
if len(outcome.skipped) == outcome.testsRun:
    sys.exit(77)
sys.exit(not outcome.wasSuccessful())
