"""What a declaration says, as the SDK wants it."""
import numbers

from . import _fast

KINDS = {"counter": 1, "gauge": 2, "histogram": 3, "timer": 4, "heartbeat": 5, "info": 6,
         "stateset": 7}
TYPES = {"bool": 1, "int": 2, "float": 3, "str": 4, "enum": 5}
_BOOL, _INT, _FLOAT, _STR, _ENUM = 1, 2, 3, 4, 5
# Values of numpy, and of whatever else calls itself a number, become Python's own.
_CONVERT = {_BOOL: bool, _INT: int, _FLOAT: float, _STR: str, _ENUM: str}


def state_names(name, states):
    states = tuple(states)
    if isinstance(states, str) or not all(isinstance(state, str) for state in states):
        raise TypeError('metric "%s": states are a sequence of str' % name)
    return states


def _is_bool(value):
    return isinstance(value, bool) or type(value).__name__ in ("bool_", "bool8")


def _type_of(value):
    """The type of one value, or None."""
    if _is_bool(value):
        return _BOOL
    if isinstance(value, str):
        return _STR
    if isinstance(value, numbers.Integral):
        return _INT
    if isinstance(value, numbers.Real) or hasattr(value, "__float__"):
        return _FLOAT
    return None


def _type(name, kind, default, others, choices):
    """The param's type: what is said, or else the default's, widened by what goes with it."""
    if kind is not None:
        kind = {bool: "bool", int: "int", float: "float", str: "str"}.get(kind, kind)
        if kind not in TYPES:
            raise _fast.DeclarationError(
                'param "%s": type %r does not exist; use one of %s'
                % (name, kind, ", ".join(TYPES)))
        return TYPES[kind]
    found = _type_of(default)
    if found is None:
        raise _fast.DeclarationError(
            'param "%s": default %r is no bool, int, float or str' % (name, default))
    if found == _INT and any(_type_of(other) == _FLOAT for other in others):
        return _FLOAT
    return _ENUM if found == _STR and choices else found


def _converted(name, kind, value):
    given = _type_of(value)
    fits = given == kind or (kind == _FLOAT and given == _INT) or (kind == _ENUM and given == _STR)
    if not fits:
        raise _fast.DeclarationError(
            'param "%s": %r is no %s' % (name, value, [key for key in TYPES if TYPES[key] == kind][0]))
    return _CONVERT[kind](value)


def declaration(name, default, least, most, step, choices, kind, unit, help, ack):
    """What Plugin._param() takes after the name."""
    if ack not in ("read", "explicit"):
        raise _fast.DeclarationError('param "%s": ack is "read" or "explicit"' % name)
    choices = tuple(choices) if choices is not None else ()
    if default is None and choices:
        default = choices[0]
    if default is None and (least, most, step, kind) == (None,) * 4:
        return (_STR, "", unit, help, 0, 0, 0, (), ack == "explicit", True)
    if default is None:
        raise _fast.DeclarationError(
            'param "%s": a default is missing; give one that the rest allows' % name)
    if (least is None) != (most is None):
        raise _fast.DeclarationError(
            'param "%s": a range has both ends; give min and max, or neither' % name)
    others = [value for value in (least, most, step) + choices if value is not None]
    kind = _type(name, kind, default, others, choices)
    return (kind, _converted(name, kind, default), unit, help,
            float(least or 0), float(most or 0), float(step or 0),
            tuple(_converted(name, kind, choice) for choice in choices),
            ack == "explicit", False)
