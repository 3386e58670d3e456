"""Texts of the vendor's programs that can be found anywhere in a line: where they begin, a prefix ends.

Only texts that the programs themselves begin a line with, so that what stands before one is not theirs.
Source: device-protocol.md i.1 to i.3, j.1.
"""

import re
from dataclasses import dataclass

TAG = "<LS_LOG>"

_FUNCTION = r"_{0,2}(?:id2|km|hal|irot|aes|sym|asym|se|sst|dpm|kpm|itls|test|chip)_\w{1,60}"
# "ID2=> text" is left out on purpose: the adapter of a chip prints it, and AliOS 1.x puts it before each line.
_WORDS = (
    rf"(?:(?:INF|ERR|DBG|WRN) )?{_FUNCTION}[ :]\d{{1,5}}: ?",
    r"ID2 Client (?:Version: 0x|Build Time: )",
    r"id2_client_version: 0x",
    r"CONFIG_ID2_[A-Z_]{1,40}(?: is |: )",
    r"id2 (?:has been provisioned|prov state: |irot type, )",
    r"AUTHCODE:\|\d",
    r"auth_code: \[\d",
    r"test: id2_client_",
    r"(?:Get |set )ID2: ",
    r"signature input data: [0-9A-F]",
    r"irot_pal_memory_(?:malloc|free), ",
    r"base64 output: ",
)
_SIGNS = (
    rf"\[{_FUNCTION}\] (?:enter|exit)\.",
    r"=*> ?(?:ID2 Client|HAL) \w",
    r"={12} ID2 Validation Json Message",
    r'"(?:reportVersion|sdkVersion|date|testContent|api|args|challenge|timestamp|extra|result)": ',
    r"\[\d{1,4}\] \d{1,2}~\d~",
)
_NEEDLES = (
    "id2",
    "ID2",
    '": ',
    "~",
    "HAL ",
    "_test",
    "AUTHCODE",
    "km_",
    "irot_",
    "hal_",
    "] e",
    "base64",
    "data: ",
)
# A byte that is no text, `\\xd0`, is no letter before a word.
_NOT_INSIDE = r"(?:(?<![0-9A-Za-z_])|(?<=\\x[0-9a-f]{2}))"
_LANDMARK = re.compile(
    rf"(?:(?P<tag>{TAG}) ?)?(?:ERROR: )?(?:{_NOT_INSIDE}(?:{'|'.join(_WORDS)})|{'|'.join(_SIGNS)})"
)
_WHOLE = re.compile(
    r"(?:CONFIG_ID2_[A-Z_]{1,40} is (?:not )?defined!"
    r"|id2 has been provisioned\.?"
    r"|ID2 Client Test [A-Z][\w -]{1,40}? (?:Start|End|Pass)\."
    r"|ID2 Client Generate AuthCode (?:Start|End)\."
    r"|HAL \w{1,10} Test Pass\."
    rf"|\[{_FUNCTION}\] (?:enter|exit)\.)"
)
_LOOKED_AT = 1024  # characters of a line: a longer prefix than that is none


@dataclass(frozen=True, slots=True)
class Landmark:
    """Where a text of the vendor's programs begins.

    Attributes:
        start: Offset of its first character; of the tag, when the tag is there.
        tagged: The SDK's tag stands right before it.
    """

    start: int
    tagged: bool


def speaks_of_sdk(text: str) -> bool:
    """Tell whether a text has a word that landmarks have."""
    return any(needle in text for needle in _NEEDLES)


def find(text: str) -> Landmark | None:
    """Return the first landmark of a line."""
    if not speaks_of_sdk(text):
        return None
    found = _LANDMARK.search(text, 0, _LOOKED_AT)
    return None if found is None else Landmark(found.start(), found["tag"] is not None)


def end_of_whole(text: str) -> int | None:
    """Return where a text ends that the programs print nothing behind; None when the line holds none."""
    found = _WHOLE.search(text, 0, _LOOKED_AT)
    return None if found is None else found.end()
