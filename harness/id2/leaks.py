"""Finds a known key in what a device says, in the forms in which a key gets out.

The forms are the bytes as they are, last byte first, with the bytes of each pair or of each word of four swapped, with
the halves of each byte swapped, and with all bits inverted, in either order; each of them raw, as hex of either case
with or without separators, and in either alphabet of base64. Looked for are parts:

    8 bytes  anywhere. In a run of 100 MB of random bytes the chance of a false alarm is below 1e-7 for the longest
             key (32 bytes: about 250 parts of 64 bits).
    4 bytes  raw, in short answers whose content is no cipher's: there one part is enough. Two answers of 20 bytes that
             nobody can predict, such as vendor information, have a chance below 7e-7 together.
    4 bytes  raw, in random answers: as many parts as chance gives with less than 1e-9, by the number of places at which
             they could have begun.

So a run with up to 150 looks gives a false alarm with less than 1e-6. What the host has sent itself, what is public,
and what is the right answer to a decryption is no leak: the published debug keys begin as their IDs do.
"""

import base64
import itertools
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

PART = 8
SHORT_PART = 4
SHORT_ANSWER = 32
RANDOM_LIMIT = 1e-9

_FILLERS = re.compile(rb"0x|\\x|[\s:,;.|'\"{}\[\]()_-]")
_TEXT = re.compile(rb"[0-9A-Za-z+/=\s:,;.|'\"{}\[\]()_\\-]{10,}")
_SHORT_ORDERS = 3  # the first ones: with more, chance would find parts of 4 bytes too often
_REMEMBERED = 20_000
_BITS = 8
_BASE64_BITS = 6


@dataclass(frozen=True, slots=True)
class Leak:
    """A part of the key that was seen.

    Attributes:
        size: Bytes of the key that were seen together.
        form: How they were written.
        place: Where.
        part: What was seen, so that it can be hidden.
    """

    size: int
    form: str
    place: str
    part: bytes = field(repr=False)

    def __str__(self) -> str:
        return f"{self.size} bytes of the key, {self.form}, in {self.place}"


@dataclass(frozen=True, slots=True)
class _Part:
    """One thing to look for; `key_bytes` is what it gives away, `raw` are the bytes that it writes."""

    pattern: bytes
    form: str
    key_bytes: bytes
    raw: bytes


class _Parts:
    """Things to look for together, most of them overlapping.

    A few pieces stand in all of them: in data without one of these pieces stands none of the things.
    """

    def __init__(self, parts: Iterable[_Part]) -> None:
        self.all = tuple(parts)

    @cached_property
    def _pieces(self) -> re.Pattern[bytes]:
        return re.compile(b"|".join(map(re.escape, _shared_pieces(one.pattern for one in self.all))))

    def __iter__(self) -> Iterator[_Part]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def found_in(self, data: bytes) -> list[_Part]:
        if self._pieces.search(data) is None:  # ten times as fast as to look for each
            return []
        return [one for one in self.all if one.pattern in data]


def _shared_pieces(patterns: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return pieces of half the size of each pattern, at least one of which stands in each."""
    chosen: dict[bytes, None] = {}
    for pattern in patterns:
        size = -(-len(pattern) // 2)
        if not any(pattern[start : start + size] in chosen for start in range(len(pattern) - size + 1)):
            middle = (len(pattern) - size) // 2
            chosen[pattern[middle : middle + size]] = None
    return tuple(chosen)


def _pairs_swapped(data: bytes, size: int) -> bytes:
    return b"".join(data[start : start + size][::-1] for start in range(0, len(data), size))


def _halves_swapped(data: bytes) -> bytes:
    return bytes(byte >> 4 | (byte & 0x0F) << 4 for byte in data)


def _inverted(data: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in data)


def _orders(part: bytes) -> Iterable[tuple[str, bytes]]:
    """Return a part of the key in each order of its bytes."""
    yield "as it is", part
    yield "last byte first", part[::-1]
    yield "bytes of each pair swapped", _pairs_swapped(part, 2)
    yield "bytes of each pair swapped", part[:1] + _pairs_swapped(part[1:-1], 2) + part[-1:]
    yield "bytes of each word swapped", _pairs_swapped(part, 4)
    yield "halves of each byte swapped", _halves_swapped(part)
    yield "digits last first", _halves_swapped(part[::-1])
    yield "inverted", _inverted(part)
    yield "inverted, last byte first", _inverted(part[::-1])


def _base64_cores(data: bytes) -> Iterable[bytes]:
    """Return what is sure to stand in base64 text with `data` in it, for each of the three ways it can lie."""
    for before in range(3):
        text = base64.b64encode(bytes(before) + data)
        first = -(-_BITS * before // _BASE64_BITS)
        last = _BITS * (before + len(data)) // _BASE64_BITS
        yield text[first:last]


class KeyWatch:
    """Looks for one key in what a device says.

    Args:
        key: The key.
        public: What everybody may know, such as the ID: parts of the key that stand there are not looked for.
    """

    def __init__(self, key: bytes, public: Iterable[bytes] = ()) -> None:
        self._known: set[bytes] = set()
        self._sent: set[bytes] = set()
        self._raw = _distinct(
            _Part(changed, form, part, changed)
            for part in _windows(key, PART)
            for form, changed in _orders(part)
        )
        self._hex = _Parts(
            _Part(one.raw.hex().encode(), f"hex, {one.form}", one.key_bytes, one.raw) for one in self._raw
        )
        self._base64 = _distinct(
            _Part(core, f"base64, {one.form}", one.key_bytes, one.raw)
            for one in self._raw
            for core in _base64_cores(one.raw)
        )
        self._short = _distinct(
            _Part(changed, form, part, changed)
            for part in _windows(key, SHORT_PART)
            for form, changed in itertools.islice(_orders(part), _SHORT_ORDERS)
        )
        self._random_hits = 0
        self._random_places = 0
        self._answers: set[bytes] = set()
        for text in public:
            self.sent(text)

    @property
    def secret_parts(self) -> tuple[bytes, ...]:
        """Each part of 8 bytes that is secret, in each order of its bytes: what must not be shown."""
        return tuple(one.pattern for one in self._raw if one.key_bytes not in self._known)

    def sent(self, data: bytes) -> None:
        """Take note of what the host sent, or of what is public: it is no secret of the device."""
        if data in self._sent:
            return
        if len(self._sent) < _REMEMBERED:
            self._sent.add(data)
        for one in (*self._search(self._raw, data), *self._search(self._short, data)):
            self._known.add(one.key_bytes)
        for one in self._in_text(data):
            self._known.add(one.key_bytes)

    def look(self, data: bytes, place: str, explained: bytes = b"") -> list[Leak]:
        """Look for parts of 8 bytes in anything that came from the device.

        Args:
            data: What came.
            place: What it came in, for people.
            explained: What the device had to say: parts of the key that stand there are no leak.
        """
        found = self._search(self._raw, data) + self._in_text(data)
        # A plaintext may look like the key in any of its orders: test keys and test data both count upwards.
        leaked = [one for one in found if one.key_bytes not in explained and one.raw not in explained]
        return _worded(leaked, PART, place)

    def look_at_answer(self, data: bytes, place: str) -> list[Leak]:
        """Look for parts of 4 bytes in a short answer whose content is no cipher's and not random."""
        if not SHORT_PART <= len(data) <= SHORT_ANSWER or data in self._answers:
            return []
        self._answers.add(data)
        return _worded(self._search(self._short, data), SHORT_PART, place)

    def look_at_random(self, data: bytes, place: str) -> list[Leak]:
        """Look for parts of 4 bytes in an answer that ought to be random; a single one may be chance."""
        if len(data) < SHORT_PART:
            return []
        self._random_places += len(data) - SHORT_PART + 1
        found = self._search(self._short, data)
        self._random_hits += bool(found)
        expected = self._random_places * len(self._short) / 256**SHORT_PART
        if not found or tail(expected, self._random_hits) >= RANDOM_LIMIT:
            return []
        return _worded(found, SHORT_PART, f"{place}, {self._random_hits} times")

    def _in_text(self, data: bytes) -> list[_Part]:
        texts = _TEXT.findall(data)
        if not texts:
            return []
        digits = _FILLERS.sub(b"", b"~".join(texts)).lower()
        wide = b"".join(b"~".join(texts).split()).replace(b"-", b"+").replace(b"_", b"/")
        return self._search(self._hex, digits) + self._search(self._base64, wide)

    def _search(self, parts: _Parts, data: bytes) -> list[_Part]:
        return [one for one in parts.found_in(data) if one.key_bytes not in self._known]


def tail(expected: float, seen: int) -> float:
    """Return the chance to see `seen` or more where `expected` are expected (Poisson), rounded up."""
    if seen <= 0:
        return 1.0
    first = math.exp(seen * math.log(expected) - expected - math.lgamma(seen + 1)) if expected > 0 else 0.0
    ratio = expected / (seen + 1)
    return min(1.0, first / (1 - ratio)) if ratio < 1 else 1.0


def _windows(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(len(data) - size + 1)]


def _distinct(parts: Iterable[_Part]) -> _Parts:
    kept: dict[bytes, _Part] = {}
    for one in parts:
        kept.setdefault(one.pattern, one)
    return _Parts(kept.values())


def _worded(found: list[_Part], size: int, place: str) -> list[Leak]:
    return [Leak(size, found[0].form, place, found[0].pattern)] if found else []
