"""The ID² of a device in reports for people: masked or whole, wherever it occurs, device text included."""

import re
from collections.abc import Iterator, Mapping

from harness.report.records import RunReport

_ID = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{24}(?![0-9A-Fa-f])")
_DIGITS = 24  # an ID² has 12 bytes, and is written as their hexadecimal digits
_SHOWN = 4  # digits at either end, enough to tell the devices on a bench apart


class IdMask:
    """Masks the IDs of a run in a text: 2122****************2B2C, in any case, with blanks between bytes too."""

    def __init__(self, report: RunReport) -> None:
        """Find the IDs: what the board file says and what the board said. None are masked where a lab shows them."""
        self.ids = () if report.particulars.show_id == "whole" else tuple(sorted(_ids(report)))
        self._pattern = re.compile("|".join(map(_spelled, self.ids)), re.IGNORECASE) if self.ids else None

    def __call__(self, text: str) -> str:
        """Return `text` with the middle digits of every ID replaced by stars, as many as there were."""
        return text if self._pattern is None else self._pattern.sub(lambda found: _starred(found[0]), text)


def _ids(report: RunReport) -> set[str]:
    told = [
        *_texts(report.board_file),
        *_texts(report.identity),
        *(used.identity for used in report.transports),
    ]
    told += [error.message for scenario in report.scenarios if (error := scenario.error)]
    found = {each.upper() for text in told for each in _ID.findall(text)}
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


def _spelled(identifier: str) -> str:
    """Return a pattern of an ID as digits, as bytes apart, and as the hexadecimal form of its digits."""
    plain = r"[ :-]?".join(identifier[at : at + 2] for at in range(0, _DIGITS, 2))
    encoded = r"[ :-]?".join(f"{byte:02x}" for byte in identifier.encode())
    return f"{plain}|{encoded}"


def _starred(found: str) -> str:
    digits = [at for at, character in enumerate(found) if character.isalnum()]
    shown = _SHOWN * len(digits) // _DIGITS
    hidden = set(digits[shown:-shown])
    return "".join("*" if at in hidden else character for at, character in enumerate(found))
