"""The ID² of a device in reports for people: masked or whole, wherever it occurs, device text included."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from harness.report.records import RunReport

_ID = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{24}(?![0-9A-Fa-f])")
_SHOWN = 4  # digits at either end, enough to tell the devices on a bench apart
_LEAST = 5  # bytes in a row that are taken for a part of an ID
_LONG = 12  # characters of an ID that is no row of bytes, as that of a PUF
_APART = r"(?:0x|\\{1,2}[xnrt]|[\s:,;._|-]){0,4}"
"""What may stand between two bytes: blanks, line ends and signs, also as programs and JSON write them."""
_GAP = re.compile(_APART)
_GONE = dict.fromkeys(map(ord, "\\xnrtXNRT \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\xa0:,;._|-"))
_PART = 4096
_REACH = 2048  # characters that an ID with signs between its bytes may take


class IdMask:
    """Masks the IDs of a run in a text: 2122****************2B2C, in any case, with signs and line ends between bytes.

    A part of the board's ID, as of a text that was shortened, is masked as it is in the whole.
    """

    def __init__(self, report: RunReport) -> None:
        """Find the IDs: what the board file says and what the board said. None are masked where a lab shows them."""
        self._spellings = () if report.particulars.show_id == "whole" else tuple(_spellings(report))
        self._seeds = {_bare("".join(each.units[each.first :][: each.least])) for each in self._spellings}
        starts = sorted({re.escape(each.units[each.first][:1]) for each in self._spellings})
        chains = "|".join(f"({each.pattern})" for each in self._spellings)
        self._pattern = (
            re.compile(f"(?=[{''.join(starts)}])(?:{chains})", re.IGNORECASE) if self._spellings else None
        )

    @property
    def hides(self) -> bool:
        """Whether there is an ID that is not shown."""
        return self._pattern is not None

    def __call__(self, text: str) -> str:
        """Return `text` with the middle of every ID replaced by stars, one a character."""
        if self._pattern is None:
            return text
        if len(text) <= _PART:
            return self._pattern.sub(self._starred, text)
        return "".join(
            self._pattern.sub(self._starred, part) if is_suspect else part
            for is_suspect, part in self._parts(text)
        )

    def _parts(self, text: str) -> Iterator[tuple[bool, str]]:
        """Yield the parts of a long text in order, and whether an ID may be in them: the pattern is slow."""
        begins = [
            any(seed in bare for seed in self._seeds)
            for at in range(0, len(text), _PART)
            for bare in (_bare(text[at : at + _PART + _REACH]),)
        ]
        # Where an ID begins in one part, it may end in the next.
        suspect = [here or before for here, before in zip(begins, [False, *begins], strict=False)]
        for is_suspect, group in groupby(range(len(suspect)), key=suspect.__getitem__):
            numbers = list(group)
            yield is_suspect, text[numbers[0] * _PART : (numbers[-1] + 1) * _PART]

    def _starred(self, found: re.Match[str]) -> str:
        return self._spellings[(found.lastindex or 1) - 1].starred(found[0])


@dataclass(frozen=True, slots=True)
class _Spelling:
    """A way in which an ID stands in a text.

    Attributes:
        units: What it is made of: its bytes in hex, those of its digits, or its characters.
        shown: How many of these the mask leaves at either end.
        first: The unit that the text begins with; not 0 for a part of an ID.
        least: How many units must stand in a row.
    """

    units: tuple[str, ...]
    shown: int
    first: int
    least: int

    @property
    def pattern(self) -> str:
        """The pattern of the units from the first on, as many as there are."""
        units = [re.escape(each) for each in self.units[self.first :]]
        rest = ""
        for unit in reversed(units[self.least :]):
            rest = f"(?:{_APART}{unit}{rest})?"
        return _APART.join(units[: self.least]) + rest

    def starred(self, text: str) -> str:
        """Return a text that the pattern matches with stars for the units that the mask hides."""
        told, place = "", 0
        for number, unit in enumerate(self.units[self.first :], self.first):
            is_next = text[place : place + len(unit)].lower() == unit.lower()
            gap = None if is_next or not place else _GAP.match(text, place)
            start = gap.end() if gap else place
            end = start + len(unit)
            if end > len(text):
                break
            is_hidden = self.shown <= number < len(self.units) - self.shown
            told += text[place:start] + ("*" * (end - start) if is_hidden else text[start:end])
            place = end
        return told + text[place:]


def _spellings(report: RunReport) -> Iterator[_Spelling]:
    """Yield how the IDs of a run may be written; the board's own in part, too."""
    own = _ids(
        *_texts(report.board_file), *_texts(report.identity), *(used.identity for used in report.transports)
    )
    told = [error.message for scenario in report.scenarios if (error := scenario.error)]
    for identifier in sorted(own | _ids(*told)):
        plain = tuple(identifier[at : at + 2] for at in range(0, len(identifier), 2))
        encoded = _encoded(identifier)
        yield _Spelling(plain, _SHOWN // 2, 0, _LEAST if identifier in own else len(plain))
        yield _Spelling(encoded, _SHOWN, 0, 2 * _LEAST if identifier in own else len(encoded))
        if identifier in own:
            for at in range(1, len(plain) - _LEAST + 1):
                yield _Spelling(plain, _SHOWN // 2, at, _LEAST)
    device = report.board_file.get("device")
    named = device.get("id") if isinstance(device, Mapping) else None
    if isinstance(named, str) and len(named) >= _LONG and not _ID.fullmatch(named):
        yield _Spelling(tuple(named), _SHOWN, 0, len(named))
        yield _Spelling(_encoded(named), _SHOWN, 0, len(named.encode()))


def _bare(text: str) -> str:
    """Return a text in lower case without all that may stand between two bytes."""
    return text.lower().replace("0x", "").translate(_GONE)


def _encoded(identifier: str) -> tuple[str, ...]:
    return tuple(f"{byte:02x}" for byte in identifier.encode())


def _ids(*texts: str) -> set[str]:
    found = {each.upper() for text in texts for each in _ID.findall(text)}
    # A repeated digit is a placeholder, such as the ID of an empty chip.
    return {each for each in found if len(set(each)) > 1}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
