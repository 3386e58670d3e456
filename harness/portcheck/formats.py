"""What `ls_osa_snprintf` must leave in a buffer, and `ls_osa_print` on the console.

Source: ISO C99 7.19.6.5; SDK 3.1.0 include/osa/ls_osa.h.
"""

from collections.abc import Sequence
from dataclasses import dataclass

UNSEEN = "not seen"
"""What `print_problem` says of lines of which nothing came."""

FILLING = 0xA5
"""What a buffer holds before the call. Source: docs/probe-protocol.md, calls."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a call left behind.

    Attributes:
        format: The format and what was formatted, for messages.
        whole: The text that a buffer without end would hold.
        size: Bytes of the buffer.
        rc: What was returned.
        buffer: The whole buffer; empty when the probe did not give it, as an older one for a negative `rc`.
        overwritten: Bytes that changed behind the buffer.
    """

    format: str
    whole: str
    size: int
    rc: int
    buffer: bytes
    overwritten: int

    @property
    def cut(self) -> bool:
        """Whether the text does not fit."""
        return len(self.whole) >= self.size

    @property
    def unseen(self) -> bool:
        """Whether the buffer cannot be looked into, as the function returned an error."""
        return self.rc < 0 and self.size > 0 and not self.buffer


def format_problems(written: Written) -> list[str]:
    """Return what is wrong with the buffer; empty when nothing is.

    The value that is returned for a text that is cut is not judged: see `odd_return`.
    """
    where = f"{written.format} into {written.size} bytes"
    problems = []
    if written.overwritten:
        problems.append(f"{where}: {written.overwritten} bytes behind the buffer were written")
    expected = written.whole[: max(0, written.size - 1)]
    if not written.cut and written.rc != len(expected):
        problems.append(f"{where}: {written.rc} was returned, the text has {len(expected)} characters")
    if written.unseen or not written.size:
        return problems
    text, end, _ = written.buffer.partition(b"\0")
    if not end:
        problems.append(f"{where}: no NUL is in the buffer, which holds {_shown(written.buffer)}")
    elif text != expected.encode("ascii"):
        problems.append(f"{where}: {_shown(text)} was written, {expected!r} is right")
    return problems


def odd_return(written: Written) -> str:
    """Return how the value for a text that is cut differs from that of ISO C; empty when it does not."""
    if not written.cut or written.rc == len(written.whole):
        return ""
    return (
        f"{written.format} into {written.size} bytes returned {written.rc}; by ISO C it is the length of the whole "
        f"text, {len(written.whole)}"
    )


def print_problem(lines: Sequence[str], came: Sequence[bytes]) -> str:
    """Return how lines that were printed came out wrong each time; empty when one came out whole.

    One is enough: others may have been torn by what else prints, or on the way.

    Args:
        lines: What was printed, each with a beginning of its own that ends in `-`.
        came: What was heard after each.

    Returns:
        `UNSEEN` when not even the beginning of any came.
    """
    torn = ""
    for line, heard in zip(lines, came, strict=True):
        if line.encode("ascii") in heard:
            return ""
        head = line[: line.rindex("-") + 1].encode("ascii")
        _, begun, tail = heard.partition(head)
        if begun:
            part = head + tail.partition(b"\n")[0][: len(line)]
            torn = f"of a line of {len(line)} characters came {_shown(part)}"
    return torn or UNSEEN


def _shown(data: bytes) -> str:
    untouched = len(data) - len(data.rstrip(bytes((FILLING,))))
    text = ascii(data[: len(data) - untouched].decode("latin-1"))
    return f"{text} and {untouched} untouched bytes" if untouched else text
