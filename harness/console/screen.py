"""What a console's output looks like on a terminal, as far as a shell needs it.

Source: consoles.md A, reader rules.
"""

import re

_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>78]|[\x00\x07\x1f]")
_OPEN_ESCAPE = re.compile(rb"\x1b(?:\[[0-9;?]{0,32})?$")
_LINE_END = re.compile(rb"\r*\n")


def without_escapes(data: bytes) -> bytes:
    """Return an output without colours, cursor movements, bells, and the tag of AliOS's command line.

    An escape sequence that has not come whole yet is left out as well.
    """
    return _OPEN_ESCAPE.sub(b"", _ESCAPES.sub(b"", data))


def rendered(line: bytes) -> bytes:
    r"""Return what one line shows after its `\r` and `\b`: what was written last stands there."""
    if b"\r" in line:
        line = next((part for part in reversed(line.split(b"\r")) if part), b"")
    if b"\b" not in line:
        return line
    shown = bytearray()
    for byte in line:
        if byte == 8:
            del shown[-1:]
        else:
            shown.append(byte)
    return bytes(shown)


def lines_of(output: bytes) -> list[bytes]:
    """Return the lines of an output as a terminal shows them; the last one has no end yet, and may be empty.

    Args:
        output: Without escape sequences.
    """
    return [rendered(line) for line in _LINE_END.split(output)]


def last_line(data: bytes) -> bytes:
    """Return the line that the cursor stands on: what has come since the last line end."""
    tail = data[data.rfind(b"\n") + 1 :]
    return rendered(without_escapes(tail))


def shows_typed(data: bytes, typed: bytes) -> bool:
    """Tell whether what came is `typed`, echoed, with nothing but whole lines of others in between.

    Args:
        data: What came since the first character was sent.
        typed: What was sent so far, without a line end.
    """
    *others, last = lines_of(without_escapes(data))
    if not others:
        return last == typed
    if not typed.endswith(last):
        return False
    return _in_front(others, typed[: len(typed) - len(last)])


def _in_front(lines: list[bytes], wanted: bytes) -> bool:
    """Tell whether the beginnings of these lines can be put together to what is wanted."""
    reached = {0}
    for line in lines:
        reached |= {
            at + count
            for at in reached
            for count in range(1, len(wanted) - at + 1)
            if line.startswith(wanted[at : at + count])
        }
    return len(wanted) in reached
