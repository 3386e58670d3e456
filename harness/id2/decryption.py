"""The second half of the adaptation verification: does the device decrypt what was encrypted for it?

Judged from the console log of the program with `ID2_CIPHER_DATA` in it. Pure functions.

Source: service.md 7; device-protocol.md i.2.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from harness.id2.errors import quoted

_BOOT = re.compile(r"ID2 Client Version: 0x")
_PRINTED_ID = re.compile(r"\bID2: (?P<id2>[0-9A-Za-z-]{24,48})(?![0-9A-Za-z-])")
_PLAINTEXT = re.compile(r"\bout_data: (?P<plain>[^\r\n]{0,256})")
_START = "ID2 Client Test Decrypt Start."
_PASS = "ID2 Client Test Decrypt Pass."  # noqa: S105 - what the program prints
_FAIL = "ID2 Client Test Decrypt Fail."
_SERVER_GOOD = re.compile(r"ID2 Client Verify Server {1,2}AuthCode End\.")
_SERVER_START = "ID2 Client Verify Server AuthCode Start."
_BEFORE_BANNER = 160  # characters: that line's end, and what a terminal program puts before the next
_SERVER_BAD = "ID2 Client Verify Server AuthCode Fail."


class DecryptionCause(StrEnum):
    """What a second console log says of the decryption."""

    PASSED = "passed"
    NOT_THERE = "not-there"
    CUT = "cut"
    NO_ID = "no-id"
    OTHER_DEVICE = "other-device"
    NOT_HEX = "not-hex"
    NOT_DECRYPTED = "not-decrypted"
    OTHER_PLAINTEXT = "other-plaintext"
    FAILED = "failed"
    CONTRADICTS = "contradicts"


@dataclass(frozen=True, slots=True)
class Decryption:
    """The verdict on the device's decryption, and on the server code when the program checked one.

    Attributes:
        cause: What was seen.
        detail: The fact, safe to print; may be empty.
        server_code: True or False as the device judged the server code; None when it checked none.
    """

    cause: DecryptionCause
    detail: str = ""
    server_code: bool | None = None

    @property
    def passed(self) -> bool:
        """True when the device decrypted, and refused no server code."""
        return self.cause is DecryptionCause.PASSED and self.server_code is not False


def judge(text: str, id2: str) -> Decryption:
    """Judge the console log of the program with the ciphertext in it; of several starts, the last that decrypts.

    Args:
        text: Any text; its length should be bounded by the caller.
        id2: The device that must have decrypted.
    """
    starts = [found.start() for found in _BOOT.finditer(text) if not _goes_on(text, found.start())]
    runs = [text[at:end] for at, end in zip([0, *starts], [*starts, len(text)], strict=True)]
    mine = next((run for run in reversed(runs) if _START in run or _PASS in run or _FAIL in run), None)
    if mine is None:
        judged = next((run for run in reversed(runs) if _SERVER_BAD in run), "")
        return Decryption(DecryptionCause.NOT_THERE, server_code=False if judged else None)
    cause, detail = _decrypted(mine, id2)
    good, bad = _SERVER_GOOD.search(mine) is not None, _SERVER_BAD in mine
    return Decryption(cause, detail, None if good == bad else good)


def _goes_on(text: str, banner: int) -> bool:
    """Tell whether a version banner is no start: the program opens the client again before these parts."""
    before = text[max(0, banner - _BEFORE_BANNER) : banner]
    opened = max(before.rfind(_SERVER_START), before.rfind(_START))
    return opened > max(before.rfind(_PASS), before.rfind(_FAIL))


def _decrypted(run: str, id2: str) -> tuple[DecryptionCause, str]:
    ids = {found["id2"] for found in _PRINTED_ID.finditer(run)}
    if others := ids - {id2}:
        return DecryptionCause.OTHER_DEVICE, ", ".join(quoted(each) for each in sorted(others)[:3])
    after = run[run.find(_START) :] if _START in run else run
    good, bad = _PASS in after, _FAIL in after
    plain = _PLAINTEXT.search(after)
    shown = "" if plain is None else plain["plain"].strip()
    if bad:
        if "string to hex fail" in after:
            return DecryptionCause.NOT_HEX, ""
        if "plaintext data is error" in after:
            return DecryptionCause.OTHER_PLAINTEXT, quoted(shown)
        if broken := re.search(r"id2 client decrypt fail, (?P<code>-?\d{1,10})", after):
            return DecryptionCause.NOT_DECRYPTED, broken["code"]
        return DecryptionCause.FAILED, ""
    if not good:
        return DecryptionCause.CUT, ""
    if not ids:
        return DecryptionCause.NO_ID, ""
    if plain is not None and shown != id2:
        return DecryptionCause.CONTRADICTS, quoted(shown)
    return DecryptionCause.PASSED, ""
