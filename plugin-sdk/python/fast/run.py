"""fast-run [--name NAME] PROGRAM.py [ARGUMENT...]: runs a plugin with the hooks of fast.waggle.

Also `python -m fast.run`, and `-m MODULE` in the place of PROGRAM.py. It ends as the program does.
With $PYWAGGLE_LOG_DIR set, metrics go to the run log there (fast.runlog)."""
import importlib
import os
import runpy
import sys

USAGE = """usage: fast-run [--name NAME] PROGRAM.py [ARGUMENT...]
       fast-run [--name NAME] -m MODULE [ARGUMENT...]"""
HELP = USAGE + """

Runs a plugin with the hooks on: `from waggle import plugin` has metric() and
param() beside all that pywaggle has, also where pywaggle is not installed. The
program needs no other change, and runs the same with no fastd. It ends as the
program does.

  --name NAME        how fastd calls the plugin (default: as the program, or
                     $FASTD_PLUGIN_NAME)
  -m MODULE          a module instead of a file, as python -m has it
  --help             print this and exit

To begin:

  fastd --http 127.0.0.1:9400 &
  fast-run camera.py --stream front &
  fastctl top

Environment: $FASTD_PLUGIN_SOCKET is where fastd takes plugins, when it is not
where it is by itself; $FASTD_PLUGIN_ENDPOINT is that of a fastd elsewhere; with
$PYWAGGLE_LOG_DIR metrics go to the run log there, too."""


def _wrong(sentence):
    sys.stderr.write("fast-run: %s\n%s\n" % (sentence, USAGE))
    return 2


def _is_interruption(error):
    """Whether it tells of a KeyboardInterrupt alone. asyncio raises one while it handles that it has
    cancelled what ran."""
    cancelled = getattr(sys.modules.get("asyncio"), "CancelledError", KeyboardInterrupt)
    found = isinstance(error, KeyboardInterrupt)
    while error is not None and isinstance(error, (KeyboardInterrupt, cancelled)):
        error = None if error.__suppress_context__ else error.__context__
    return found and error is None


def _end(kind, error, traceback):
    """For sys.excepthook. An interruption was asked for, by Ctrl-C or fastprof: it ends the program as
    Python has it, but says nothing. An error that was being handled meanwhile is said."""
    if not _is_interruption(error):
        sys.__excepthook__(kind, error, traceback)


class _Hooks:
    """Its copy in another process is the import of the hooks."""

    def __reduce__(self):
        return importlib.import_module, ("fast.waggle",)


def _hook_spawned():
    """A process that multiprocessing spawns unpickles what prepares it, and then imports the program."""
    from multiprocessing import spawn
    given = spawn.get_preparation_data
    spawn.get_preparation_data = lambda name: dict(given(name), fast_hooks=_Hooks())


def main(arguments=None):
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    is_module = False
    while arguments and arguments[0].startswith("-"):
        option = arguments.pop(0)
        if option in ("-h", "--help"):
            print(HELP)
            return 0
        if option == "--name" and arguments:
            os.environ["FASTD_PLUGIN_NAME"] = arguments.pop(0)
        elif option == "-m" and arguments:
            is_module = True
            break
        else:
            return _wrong("%s is no option, or lacks its value" % option)
    if not arguments:
        return _wrong("a program is missing")
    if not is_module and not os.path.isfile(arguments[0]):
        return _wrong("%s is no file" % arguments[0])

    from . import waggle  # noqa: F401: the hooks

    _hook_spawned()
    sys.excepthook = _end
    sys.argv = arguments
    if is_module:
        sys.path.insert(0, os.getcwd())
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, os.path.dirname(os.path.abspath(arguments[0])))
        runpy.run_path(arguments[0], run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main())
