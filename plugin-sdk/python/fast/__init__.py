"""Live metrics and knobs for plugins: the Python SDK of fastd.

    from fast import plugin

    fps = plugin.metric("fps")
    res = plugin.param("res", default=1.0, min=0.1, max=1.0)
    while True:
        process(frame(), scale=res.get())
        fps.inc()

A plugin runs the same with no fastd, before it and after it. docs/python.md has the rest.
"""
from . import _fast, plugin
from ._fast import DeclarationError, Error, Metric, Param, Reading
from .plugin import Plugin

__all__ = ["DeclarationError", "Error", "Metric", "Param", "Plugin", "Reading", "plugin"]
__version__ = "0.1.0"
