"""@timer.time()"""
import functools
import inspect


def timed(metric, function):
    """The function, each call of which is one observation; of a coroutine, until it is done."""
    if inspect.iscoroutinefunction(function):
        @functools.wraps(function)
        async def timed_coroutine(*args, **keywords):
            with metric.time():
                return await function(*args, **keywords)

        return timed_coroutine

    @functools.wraps(function)
    def timed_function(*args, **keywords):
        with metric.time():
            return function(*args, **keywords)

    return timed_function
