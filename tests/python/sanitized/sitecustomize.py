"""Marks the reports of a Python that ends while other threads of it run: what their frames hold lies
where LeakSanitizer does not look, and seems lost. Python loads this by its name; the last handler of
atexit is the first that was registered."""
import atexit
import os
import sys


def _mark():
    if len(sys._current_frames()) > 1:
        open("%s.%d.threads" % (os.environ["SANITIZER_REPORTS"], os.getpid()), "w").close()


atexit.register(_mark)
