"""Builds the package with every CPython on the machine that it supports, and runs with each the tests
that need nothing else. A build is kept until a source of it changes. The last interpreter builds the
remote part from the sources, as pip does; the others take the tree's."""
import concurrent.futures
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

OLDEST = (3, 6)  # setup.cfg says so, too
STABLE = (3, 10)  # so does setup.py: from there on it is built for the stable ABI
MODULES = ["test_api", "test_objects", "test_process", "test_runlog", "test_live"]
BUILD_S, TESTS_S = 240, 240
SOURCE, BIN = os.environ["FASTD_SOURCE"], os.path.abspath(os.environ["FASTD_BIN"])
TREE, KEPT = os.path.dirname(BIN), os.path.join(os.path.dirname(BIN), "python-every")
PROBE = """
import json, os, platform, sys, sysconfig
try:
    import setuptools
    own = True
except ImportError:
    own = False
print(json.dumps({
    "name": platform.python_implementation() + " " + platform.python_version(),
    "version": sys.version_info[:3], "path": os.path.realpath(sys.executable),
    "setuptools": own, "free": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "headers": os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h"))}))
"""


def probe(path):
    try:
        done = subprocess.run([path, "-c", PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              timeout=30)
        return json.loads(done.stdout.decode())
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None  # a shim, or no Python 3


def interpreters():
    """Those of the usual places, the oldest first, each once."""
    folders = os.environ["PATH"].split(":") + ["/usr/bin", "/usr/local/bin"]
    pyenv = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    folders += glob.glob(pyenv + "/versions/*/bin") + glob.glob("/opt/python/*/bin")
    paths = {os.path.realpath(path) for folder in folders for path in glob.glob(folder + "/python3*")
             if re.search(r"/python3(\.\d+t?)?$", path)}
    found = {}
    for path in sorted(paths):
        facts = probe(path)
        if facts is not None and facts["name"].startswith("CPython "):
            found[facts["path"]] = facts
    return sorted(found.values(), key=lambda facts: (facts["version"], facts["path"]))


def name_of(facts):
    return "%s (%s)" % (facts["name"], facts["path"])


def sources_key():
    digest = hashlib.sha256()
    for folder in ("plugin-sdk", "proto", "runtime", "gen", "cmake"):
        for root, folders, files in sorted(os.walk(os.path.join(SOURCE, folder))):
            folders[:] = [name for name in folders if name not in ("build", "__pycache__")
                          and not name.endswith(".egg-info")]  # pip may be at work beside us
            for name in sorted(files):
                with open(os.path.join(root, name), "rb") as file:
                    digest.update(os.path.join(root, name).encode() + file.read())
    return digest.hexdigest()


def borrowed():
    """A folder with nothing but this interpreter's setuptools, for those that have none."""
    import setuptools
    folder = os.path.join(KEPT, "setuptools")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    site = os.path.dirname(os.path.dirname(setuptools.__file__))
    for name in os.listdir(site):
        if re.match(r"(setuptools|pkg_resources|_distutils_hack)\b", name):
            os.symlink(os.path.join(site, name), os.path.join(folder, name))
    return folder


def build(facts, key, lender, is_last):
    """Gives the folder with the package."""
    base = os.path.join(KEPT, hashlib.sha256(facts["path"].encode()).hexdigest()[:16])
    stamp = os.path.join(base, "key")
    if not os.path.exists(stamp) or open(stamp).read() != key:
        shutil.rmtree(base, ignore_errors=True)
        environment = dict(os.environ, FAST_WERROR="1", PYTHONDONTWRITEBYTECODE="1",
                           FAST_REMOTE="1" if is_last else TREE)
        if not facts["setuptools"]:
            environment["PYTHONPATH"] = lender
        done = subprocess.run([facts["path"], "setup.py", "-q", "build", "--build-base", base],
                              cwd=os.path.join(SOURCE, "plugin-sdk/python"), env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=BUILD_S)
        if done.returncode != 0:
            raise RuntimeError(done.stdout.decode(errors="replace"))
        with open(stamp, "w") as file:
            file.write(key)
    return glob.glob(base + "/lib*")[0]


def run(facts, folder, module):
    """Gives the line to print, with what was said when it fails, and whether all is well."""
    environment = dict(os.environ, PYTHONPATH=folder, PYTHONDONTWRITEBYTECODE="1")
    done = subprocess.run([facts["path"], "harness.py", module], env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TESTS_S)
    good = done.returncode == 0
    line = "%s - %s: %s" % ("ok" if good else "not ok", name_of(facts), module)
    return line if good else line + "\n" + done.stdout.decode(errors="replace"), good


def check(facts, key, lender, is_last):
    """Gives the lines to print, and whether all is well."""
    name = name_of(facts)
    if facts["free"]:
        return ["skip - %s: it takes the GIL back for this package, and warns" % name], True
    if not facts["headers"]:
        return ["skip - %s: its headers are not installed" % name], True
    try:
        folder = facts["folder"] = build(facts, key, lender, is_last)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        return ["not ok - %s: the package builds" % name, str(error)], False
    lines, good = ["ok - %s: the package builds" % name], True
    for module in MODULES + (["test_remote"] if is_last else []):
        line, passed = run(facts, folder, module)
        lines.append(line)
        good = good and passed
    return lines, good


def check_stable(found):
    """The build of one serves all from 3.10 on: the newest runs the oldest's, and the other way."""
    stable = [facts for facts in found if tuple(facts["version"]) >= STABLE and "folder" in facts]
    if len(stable) < 2:
        return True
    good = True
    for facts, other in ((stable[-1], stable[0]), (stable[0], stable[-1])):
        line, passed = run(facts, other["folder"], "test_api")
        print("%s as %s has built it" % (line, name_of(other)) if passed else line, flush=True)
        good = good and passed
    return good


def main():
    os.makedirs(KEPT, exist_ok=True)
    found = [facts for facts in interpreters() if tuple(facts["version"]) >= OLDEST]
    key, lender = sources_key(), borrowed()
    good = bool(found)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = [pool.submit(check, facts, key, lender, facts is found[-1]) for facts in found]
        for run in runs:
            lines, passed = run.result()
            print("\n".join(lines), flush=True)
            good = good and passed
    good = check_stable(found) and good
    sys.exit(not good)


if __name__ == "__main__":
    main()
