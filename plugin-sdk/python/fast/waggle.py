"""Adds metric(), param() and what goes with them to pywaggle's `waggle.plugin`.

`import fast.waggle` once, or run the program by `fast-run`, and

    from waggle import plugin
    fps = plugin.metric("fps")

works; nothing else of pywaggle is changed. Without pywaggle `waggle.plugin` is this package's
`plugin` alone, and whatever else is asked of it is missing, as it is."""
import importlib
import importlib.abc
import importlib.util
import sys
import types

from . import plugin as _plugin

NAMES = ("metric", "counter", "gauge", "histogram", "timer", "heartbeat", "info", "stateset",
         "param", "snapshot", "listen", "dispatch")


def _add(module):
    for name in NAMES:
        if not hasattr(module, name):  # what pywaggle may have of its own one day stays
            setattr(module, name, getattr(_plugin, name))


class _Loader(importlib.abc.Loader):
    """pywaggle's own loader, and then our names."""

    def __init__(self, loader):
        self.loader = loader

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        self.loader.exec_module(module)
        _add(module)

    def __getattr__(self, name):
        return getattr(self.loader, name)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds waggle.plugin as anybody would; makes one when there is none."""

    def __init__(self):
        self.is_finding = False

    def find_spec(self, name, path=None, target=None):
        if name not in ("waggle", "waggle.plugin") or self.is_finding:
            return None
        self.is_finding = True
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            spec = None
        finally:
            self.is_finding = False
        if spec is None:
            return importlib.util.spec_from_loader(name, _Stand(), is_package=name == "waggle")
        if name == "waggle.plugin":
            spec.loader = _Loader(spec.loader)
            return spec
        return None


class _Stand(importlib.abc.Loader):
    """An empty module, in the place of pywaggle's."""

    def create_module(self, spec):
        return types.ModuleType(spec.name)

    def exec_module(self, module):
        if module.__name__ == "waggle.plugin":
            _add(module)


def hook():
    """Lets `waggle.plugin` have our names, whether it is imported already or not. Again: the same."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    if "waggle.plugin" in sys.modules:
        _add(sys.modules["waggle.plugin"])


hook()
