"""The value of an open knob, from the text that somebody has set."""

_WORDS = {"": None, "true": True, "false": False}


def literal(text):
    """None for nothing; a bool, int or float where it reads like one; else the text."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if "_" in text or text != text.strip() or text[-1] not in ".0123456789":
        return text  # what Python would read as a number and nobody else would
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text
