"""The process's own plugin: `plugin.metric("fps")`, `plugin.param("res")`.

It opens at the first of these calls, under the name that open() was given, or else
$FASTD_PLUGIN_NAME, or else the program's.
"""
import atexit
import os
import re
import sys
import threading
import weakref

from . import _fast
from ._declare import KINDS, declaration, state_names

# Names of programs that say nothing; their folder's does.
_PLAIN = ("__main__", "main", "app", "plugin", "run")

_lock = threading.RLock()
_default = None
_open_plugins = weakref.WeakSet()


def _fork_child():
    global _lock
    _lock = threading.RLock()  # whoever held it may not be here


if hasattr(os, "register_at_fork"):  # since 3.7
    os.register_at_fork(after_in_child=_fork_child)


class Plugin(_fast.Plugin):
    """A plugin of its own. Most programs use the module's functions, which have one for all.

    name: [a-z0-9_-]+ in dotted parts, at most 64 bytes. socket: fastd's plugin socket, if it is not
    where $FASTD_PLUGIN_SOCKET says, or /run/fastd/plugin.sock. endpoint: a fastd elsewhere, as
    tls+tcp://HOST:PORT, with files of certificates; docs/python.md says more."""

    def __init__(self, name, version=None, socket=None, endpoint=None, tls_ca=None,
                 tls_certificate=None, tls_key=None):
        super().__init__(name, version, socket, endpoint, tls_ca, tls_certificate, tls_key)
        self.name = name
        self._params = {}
        self._listener = None
        self._log = None
        if os.environ.get("PYWAGGLE_LOG_DIR"):
            from . import runlog
            self._log = runlog.Log(self, os.environ["PYWAGGLE_LOG_DIR"])
        _open_plugins.add(self)

    def close(self):
        """Says goodbye to fastd. Metrics then count nowhere and params keep their values."""
        log = self._log
        if log is not None:
            log.write()  # for the last time: nothing can be read of what is closed
        super().close()
        self._log = None
        if log is not None:
            log.close()
        with _lock:
            self._params.clear()  # they hold on to the plugin

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def metric(self, name, kind=None, unit=None, help=None):
        """A metric. Without a kind its first verb gives it one: inc and beat make a heartbeat, add
        a counter, set a gauge, observe a histogram, time a timer."""
        if kind is not None and kind not in KINDS:
            raise _fast.DeclarationError(
                'metric "%s": kind %r does not exist; use one of %s' % (name, kind, ", ".join(KINDS)))
        return self._metric(name, KINDS[kind] if kind else 0, unit, help, ())

    def counter(self, name, unit=None, help=None):
        """What only grows: inc(), add(n)."""
        return self.metric(name, "counter", unit, help)

    def gauge(self, name, unit=None, help=None):
        """What goes up and down: set(value)."""
        return self.metric(name, "gauge", unit, help)

    def histogram(self, name, unit=None, help=None):
        """A distribution: observe(value)."""
        return self.metric(name, "histogram", unit, help)

    def timer(self, name, help=None):
        """A distribution of seconds: `with timer.time():`, `@timer.time()`, observe(seconds)."""
        return self.metric(name, "timer", None, help)

    def heartbeat(self, name, unit=None, help=None):
        """Progress, of which fastd derives the rate: inc(), beat(work)."""
        return self.metric(name, "heartbeat", unit, help)

    def info(self, name, help=None, **facts):
        """Facts, as labels: info("model", version="3")."""
        return self.metric(name, "info", None, help).labels(
            **{fact: str(value) for fact, value in facts.items()})

    def stateset(self, name, states, help=None):
        """States, each on or off: enter("idle"), state("idle", True)."""
        states = state_names(name, states)
        return self._metric(name, KINDS["stateset"], None, help, states)

    def param(self, name, default=None, min=None, max=None, step=None, choices=None, type=None,
              unit=None, help=None, ack="read"):
        """A knob. With a default (or choices, of which the first is the default) it is declared:
        its type is the default's, or what `type` says ("bool", "int", "float", "str", "enum").

        With a name alone it is the param that was declared under this name; if there is none, an
        open knob: get() gives None until somebody sets it, and then what was set, as a bool, int or
        float where it reads like one, else as str.

        ack: "read", a value counts as applied once it is read; "explicit", at applied()."""
        with _lock:
            declared = (default, min, max, step, choices, type, unit, help) != (None,) * 8
            if not declared and name in self._params:
                return self._params[name]
            param = self._param(name, *declaration(name, default, min, max, step, choices, type,
                                                   unit, help, ack))
            self._params[name] = param
            return param

    def snapshot(self, *params):
        """The values of these params, or a dict of all by their names, at one moment: of a batch
        that was set at once it gives all or nothing."""
        if params:
            return self._snapshot(*params)
        with _lock:
            names, params = list(self._params), list(self._params.values())
        return dict(zip(names, self._snapshot(*params)))

    def listen(self):
        """Calls dispatch() at each change from now on, on a thread of its own: for programs that
        have no loop to do it in."""
        with _lock:
            if self._listener is None or self._listener[0] != os.getpid():
                thread = threading.Thread(target=self._listen, name="fast-listen", daemon=True)
                self._listener = (os.getpid(), thread)
                thread.start()

    def _listen(self):
        seen = 0
        try:
            while not self.closed:
                self.dispatch()
                seen = self.wait(seen)
        except _fast.Error:
            if not self.closed:  # else it was closed meanwhile
                raise


def open(name=None, version=None, socket=None, endpoint=None, tls_ca=None, tls_certificate=None,
         tls_key=None):
    """Opens the process's plugin under this name, instead of the program's. Once, and before
    anything is declared. The other arguments are those of Plugin."""
    global _default
    with _lock:
        if _default is not None and not _default.closed:
            raise _fast.Error('the plugin is open already, as "%s"' % _default.name)
        _default = Plugin(name or program_name(), version, socket, endpoint, tls_ca,
                          tls_certificate, tls_key)
        return _default


def default():
    """The process's plugin, opened if it is not."""
    found = _default
    if found is None or found.closed:
        with _lock:
            found = _default
            if found is None or found.closed:
                found = open()
    return found


def program_name():
    """$FASTD_PLUGIN_NAME, or the program's name as a plugin may be called."""
    given = os.environ.get("FASTD_PLUGIN_NAME")
    if given:
        return given
    path = os.path.abspath(sys.argv[0] if sys.argv and sys.argv[0] not in ("", "-c") else "python")
    name = os.path.splitext(os.path.basename(path))[0]
    if name in _PLAIN:
        name = os.path.basename(os.path.dirname(path)) or name
    return re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-")[:64] or "plugin"


def close():
    """Closes the process's plugin. The next declaration opens another one."""
    if _default is not None:
        _default.close()


def _forward(name):
    method = getattr(Plugin, name)

    def function(*args, **keywords):
        return getattr(default(), name)(*args, **keywords)

    function.__name__ = name
    function.__qualname__ = name
    function.__doc__ = method.__doc__
    return function


for _name in ("metric", "counter", "gauge", "histogram", "timer", "heartbeat", "info", "stateset",
              "param", "snapshot", "listen", "wait", "dispatch", "wait_attached"):
    globals()[_name] = _forward(_name)


def _at_exit():
    _fast.quiet()
    for plugin in list(_open_plugins):
        plugin.close()


atexit.register(_at_exit)
