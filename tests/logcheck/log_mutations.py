"""Every place of a log that holds a code, an ID or a value of the report, and what may replace it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from harness.logcheck import judge
from harness.run.verdict import Verdict
from tests.logcheck.log_samples import Case

_CODE = re.compile(rb"\d{1,2}~\d~[0-9A-F]+~[0-9A-Za-z]+~[A-Za-z0-9+/=]+")
_VALUE = re.compile(rb'"[^"\\\n]*":\s*"(?P<value>[^"\n]*)"')
_CLASSES = (b"ABCDEF", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz", b"0123456789", b"+/")
OTHERS = b'0AaG~ ="\\#\n\r\t\x00\x1b\xff[]{},'


@dataclass(frozen=True)
class Miss:
    """A change that was not told, or told without its line."""

    line: int
    place: int
    old: str
    new: str
    verdict: Verdict


def places(data: bytes, id2: str) -> list[int]:
    """Return the offsets of all characters in codes, mentions of the ID and values of the report."""
    found: set[int] = set()
    for match in _CODE.finditer(data):
        found.update(range(*match.span()))
    for match in re.finditer(re.escape(id2.encode()), data):
        found.update(range(*match.span()))
    for match in _VALUE.finditer(data):
        found.update(range(*match.span("value")))
    return sorted(found)


def replacements(old: int) -> list[int]:
    """Return what may stand for a character: neighbours of its own class first, then others."""
    pool: dict[int, None] = {}
    for members in _CLASSES:
        if old in members:
            at = members.index(old)
            pool[members[(at + 1) % len(members)]] = None
            pool[members[at - 1]] = None
    pool.update(dict.fromkeys(OTHERS))
    pool.pop(old, None)
    return list(pool)


def changes(data: bytes, id2: str, *, stride: int = 1, each: int | None = None) -> Iterator[tuple[int, int]]:
    """Give offset and new character; with `each`, only so many a place, others at the next place."""
    for number, place in enumerate(places(data, id2)):
        if number % stride:
            continue
        pool = replacements(data[place])
        if each is not None:
            start = number // stride * each
            pool = [pool[0], *(pool[1:][(start + k) % (len(pool) - 1)] for k in range(each - 1))]
        for new in pool:
            yield place, new


def miss(data: bytes, case: Case, place: int, new: int) -> Miss | None:
    """Make one change and judge; None when the log fails and an item names the line."""
    changed = data[:place] + bytes([new]) + data[place + 1 :]
    report = judge([changed], keys=case.keys)
    line = data.count(b"\n", 0, place) + 1
    if report.verdict is Verdict.FAILED and any(line in item.lines for item in report.failed()):
        return None
    return Miss(line, place, chr(data[place]), chr(new), report.verdict)


def is_honest_exception(data: bytes, found: Miss) -> bool:
    """Tell whether a change may go untold, or be told without its line.

    A line end tears the line, and what is torn accuses nobody, but it must not pass either. Another date within a day of
    the banner's may pass: more is not known.
    """
    if found.new in "\r\n":
        return found.verdict is not Verdict.PASSED
    changed = data[: found.place] + found.new.encode("latin-1") + data[found.place + 1 :]
    row = changed.split(b"\n")[found.line - 1].decode("latin-1").strip()
    value = re.fullmatch(r'"date": "(\w{3} .\d \d{4} \d\d:\d\d:\d\d)",', row)
    built = re.search(rb"ID2 Client Build Time: (.{20})", data)
    if value is None or built is None:
        return False
    pattern = "%b %d %Y %H:%M:%S"
    dates = [datetime.strptime(text, pattern).replace(tzinfo=UTC) for text in (value[1], built[1].decode())]
    return abs(dates[0] - dates[1]) <= timedelta(days=1)
