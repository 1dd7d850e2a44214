"""await param.changed(): one thread for each plugin waits for all that await its params, and ends
when nobody does."""
import asyncio
import os
import threading

from . import _fast

_lock = threading.Lock()
_watchers = {}  # (process, plugin's id) -> _Watcher


def _fork_child():
    global _lock
    _lock = threading.Lock()  # whoever held it may not be here
    _watchers.clear()


if hasattr(os, "register_at_fork"):  # since 3.7
    os.register_at_fork(after_in_child=_fork_child)


def _look(param):
    """Whether it has changed, or why nobody will ever know."""
    try:
        return param.wait(0)
    except _fast.Error as error:  # its plugin is closed
        return error


class _Watcher:
    def __init__(self, plugin):
        self.plugin = plugin
        self.waiting = []  # (param, loop, future); guarded by _lock

    def start(self):
        threading.Thread(target=self.run, name="fast-changed", daemon=True).start()

    def run(self):
        seen = 0
        while True:
            try:
                # In slices, for those that come and go meanwhile.
                seen = self.plugin.wait(seen, 0.1)
            except _fast.Error as error:
                self.give(lambda param: error)
                return
            if not self.give(_look):
                return

    def give(self, answer):
        """Tells those that have an answer. False: nobody is left."""
        with _lock:
            waiting, self.waiting = self.waiting, []
            for entry in waiting:
                param, loop, future = entry
                if future.done() or loop.is_closed():
                    continue
                found = answer(param)
                if found is False:
                    self.waiting.append(entry)
                else:
                    try:
                        loop.call_soon_threadsafe(_finish, future, param, found)
                    except RuntimeError:
                        pass  # it was closed at this moment
            if not self.waiting:
                _watchers.pop((os.getpid(), id(self.plugin)), None)
            return bool(self.waiting)


def _finish(future, param, found):
    if future.done():
        return
    if isinstance(found, Exception):
        future.set_exception(found)
    else:
        future.set_result(param.get())


def _await(param, loop, future):
    key = (os.getpid(), id(param.plugin))
    with _lock:
        watcher = _watchers.get(key)
        is_new = watcher is None
        if is_new:
            watcher = _watchers[key] = _Watcher(param.plugin)
        watcher.waiting.append((param, loop, future))
    if is_new:
        watcher.start()


async def changed(param, timeout=None):
    """Waits for a value that nobody has been shown yet, and gives it. TimeoutError."""
    if param.wait(0):
        return param.get()
    loop = asyncio.get_event_loop()
    future = loop.create_future()
    _await(param, loop, future)
    try:
        return await asyncio.wait_for(future, timeout)
    except asyncio.TimeoutError:
        raise TimeoutError('param "%s": no change in %g s' % (param.name, timeout)) from None
