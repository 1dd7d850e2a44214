"""reports.py FOLDER TREE: prints what counts of the reports that sanitizers have left in FOLDER. 1:
something does.

Every report counts, but for the leaks that are not ours: Python itself leaves memory behind. A leak is
ours when the last to run before the allocator was an object built below TREE. Where Python code ran in
between it is Python's, though one of ours may have called that: it imports modules, and calls what
authors have written. Nothing is known of those that ended while threads ran (sitecustomize.py)."""
import os
import re
import sys

LEAKS = re.compile(r"^==\d+==ERROR: LeakSanitizer: .*?^SUMMARY: [^\n]* leaked [^\n]*$", re.M | re.S)
LEAK = re.compile(r"^(?:Direct|Indirect) leak of .*?\n\n", re.M | re.S)
# The same of a thread that was just ending, and could not be stopped.
UNSURE = re.compile(r"^==\d+==Running thread \d+ was not suspended\. False leaks are possible\.$", re.M)
RULE = re.compile(r"^=+$", re.M)
PYTHON_CODE, PYTHON = "in _PyEval_EvalFrameDefault ", "/python3+0x"


def is_ours(leak, tree):
    for frame in leak.splitlines():
        if PYTHON_CODE in frame:
            return False
        if "(" + tree + "/" in frame and PYTHON not in frame:
            return True
    return False


def counted(text, tree, had_threads):
    """The parts of a file of reports that count."""
    parts = []
    if not had_threads and not UNSURE.search(text):
        for section in LEAKS.findall(text):
            parts += [leak for leak in LEAK.findall(section) if is_ours(leak, tree)]
    rest = RULE.sub("", UNSURE.sub("", LEAKS.sub("", text))).strip()
    return parts + ([rest] if rest else [])


def main(folder, tree):
    found = []
    names = sorted(os.listdir(folder))
    for name in names:
        with open(os.path.join(folder, name), errors="replace") as file:
            found += counted(file.read(), tree, name + ".threads" in names)
    for part in found:
        print(part)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(os.path.realpath(sys.argv[1]), os.path.realpath(sys.argv[2])))
