"""The text of an auth code: its fields, reading and writing it, and everything that is wrong with it as text.

Source: device-protocol.md b.1, b.4, b.6; service.md 5.1.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from enum import IntEnum

from harness.id2.errors import Id2Error, quoted
from harness.id2.hashes import HashType

CODE_MAX = 512
DEVICE_RANDOM_LENGTH = 16
RANDOM_MAX = 32
DEVICE_CHALLENGE_MAX = 128
HARDENED_PREFIX = "99~"

_NO_UPPER_HEX = re.compile(r"[^0-9A-F]")
_NOT_PRINTABLE = re.compile(r"[^ -~]")
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_GOOD_DEVICE_CODE = re.compile(r"([0-3])~([1-3])~([0-9A-F]{16})~([ -~]{1,32})~([A-Za-z0-9+/]+={0,2})")
_CLIENT_FIELDS = ("type", "hash", "device_random", "random", "sign")
_SERVER_FIELDS = ("type", "hash", "device_random", "sign")


class AuthCodeType(IntEnum):
    """First field of an auth code: who made it, over what, with or without extra."""

    CHALLENGE = 0
    TIMESTAMP = 1
    CHALLENGE_EXTRA = 2
    TIMESTAMP_EXTRA = 3
    SERVER = 10
    SERVER_EXTRA = 11

    @property
    def from_server(self) -> bool:
        """True for codes that the service makes for the device."""
        return self >= AuthCodeType.SERVER

    @property
    def timestamp(self) -> bool:
        """True when the random field is a time."""
        return self in (AuthCodeType.TIMESTAMP, AuthCodeType.TIMESTAMP_EXTRA)

    @property
    def with_extra(self) -> bool:
        """True when extra bytes were signed too."""
        return self in (AuthCodeType.CHALLENGE_EXTRA, AuthCodeType.TIMESTAMP_EXTRA, AuthCodeType.SERVER_EXTRA)

    @property
    def meaning(self) -> str:
        """The type in words."""
        return {
            AuthCodeType.CHALLENGE: "device code over a challenge, no extra",
            AuthCodeType.TIMESTAMP: "device code over a timestamp, no extra",
            AuthCodeType.CHALLENGE_EXTRA: "device code over a challenge, with extra",
            AuthCodeType.TIMESTAMP_EXTRA: "device code over a timestamp, with extra",
            AuthCodeType.SERVER: "server code for the device, no extra",
            AuthCodeType.SERVER_EXTRA: "server code for the device, with extra",
        }[self]


@dataclass(frozen=True, slots=True)
class AuthCode:
    """An auth code in its fields.

    Attributes:
        type: Who made it, over what.
        hash: Hash under SIGN.
        device_random: 16 upper-case hex digits; in a server code the device challenge, 1 to 128 characters.
        random: Challenge or timestamp; empty in a server code.
        sign: SIGN as bytes.
    """

    type: AuthCodeType
    hash: HashType
    device_random: str
    random: str
    sign: bytes

    @property
    def text(self) -> str:
        """The code as text."""
        middle = self.device_random if self.type.from_server else f"{self.device_random}~{self.random}"
        return f"{self.type.value}~{self.hash.value}~{middle}~{base64.b64encode(self.sign).decode()}"

    def start_of(self, field: str) -> int:
        """Return the offset inside the text of `type`, `hash`, `device_random`, `random` or `sign`."""
        offset = 0
        for name in _SERVER_FIELDS if self.type.from_server else _CLIENT_FIELDS:
            if name == field:
                return offset
            width = {"type": len(str(self.type.value)), "hash": 1, "device_random": len(self.device_random)}
            offset += width.get(name, len(self.random)) + 1
        raise Id2Error(f"an auth code of type {self.type.value} has no field {field}", field=field)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        field: Which field (`type`, `hash`, `device_random`, `random`, `sign`, `extra`, `id`), or `code` for
            the whole.
        position: Offset of the first wrong character in the text of the code, when it is known.
        message: What is wrong, safe to print.
    """

    field: str
    position: int | None
    message: str

    def __str__(self) -> str:
        where = "" if self.position is None else f" at position {self.position}"
        return f"{self.field}{where}: {self.message}"


def message(id2: str, device_random: str, random: str, extra: bytes = b"") -> bytes:
    """Return the bytes that a device signs: ID ‖ device random ‖ challenge or timestamp ‖ extra.

    Source: device-protocol.md b.2.
    """
    return (id2 + device_random + random).encode() + extra


def parse(text: str) -> AuthCode:
    """Read an auth code.

    Args:
        text: The code, without surrounding blanks.

    Returns:
        Its fields. A challenge may hold `~`: type, hash and device random are taken from the left, SIGN from
        the right, and the rest is the challenge; `ambiguity` tells.

    Raises:
        Id2Error: The first thing that is wrong, with field and position.

    Source: device-protocol.md b.1, b.6.
    """
    code, problems = read(text)
    if code is None:
        first = problems[0]
        raise Id2Error(f"auth code {quoted(text)}: {first}", field=first.field, position=first.position)
    return code


def ambiguity(code: AuthCode) -> Problem | None:
    """Tell when a challenge holds `~`, so that another reader may cut the code elsewhere.

    Source: device-protocol.md a.4.
    """
    at = code.random.find("~")
    if at < 0:
        return None
    return Problem("random", code.start_of("random") + at, "holds '~', the separator: the code is ambiguous")


def is_hardened(text: str) -> bool:
    """Tell whether the text is the hardened form, `99~` and base64 of the encrypted code.

    Source: device-protocol.md b.1 (known from source text only).
    """
    return text.startswith(HARDENED_PREFIX)


def read(text: str) -> tuple[AuthCode | None, list[Problem]]:
    """Read an auth code and collect everything that is wrong with its text.

    Returns:
        The code and an empty list, or None and at least one problem. Never raises, whatever the text is.
    """
    if len(text) > CODE_MAX:
        return None, [Problem("code", CODE_MAX, f"{len(text)} characters; a code has at most {CODE_MAX}")]
    if (good := _read_good(text)) is not None:
        return good, []
    if is_hardened(text):
        return None, [
            Problem("type", 0, "hardened form (99): it can be read only by decrypting it with the ID² key")
        ]
    problems: list[Problem] = []
    fields = _cut(text, problems)
    kind = _read_type(fields, problems)
    hash_type = _read_hash(fields, problems)
    from_server = kind is not None and kind.from_server
    _check_device_random(fields, problems, from_server=from_server)
    if "random" in fields:
        _check_random(fields, problems)
    sign = _read_sign(fields, problems)
    if problems or kind is None or hash_type is None or sign is None:
        return None, sorted(
            problems, key=lambda problem: -1 if problem.position is None else problem.position
        )
    random = fields["random"][1] if "random" in fields else ""
    return AuthCode(kind, hash_type, fields["device_random"][1], random, sign), []


def cut(text: str) -> dict[str, tuple[int, str]]:
    """Cut any text at the separators of an auth code, without judging it.

    Returns:
        Offset and text of each field; a missing one is empty. To look at a damaged code with, not to trust.
    """
    return _cut(text[:CODE_MAX], [])


_Fields = dict[str, tuple[int, str]]
_TYPES = {str(kind.value): kind for kind in AuthCodeType}
_HASHES = {str(hash_type.value): hash_type for hash_type in HashType}


def _read_good(text: str) -> AuthCode | None:
    """Return a device's code that is right in every field, as nearly all are; others are read field by field."""
    fields = _GOOD_DEVICE_CODE.fullmatch(text)
    if fields is None:
        return None
    kind, hash_type, device_random, random, written = fields.groups()
    try:
        sign = binascii.a2b_base64(written, strict_mode=True)
    except binascii.Error:
        return None
    if binascii.b2a_base64(sign, newline=False).decode() != written:
        return None
    return AuthCode(_TYPES[kind], _HASHES[hash_type], device_random, random, sign)


def _cut(text: str, problems: list[Problem]) -> _Fields:
    """Cut the text into its fields, each with its offset; missing fields are empty and at the end."""
    first = text.partition("~")[0]
    separators = text.count("~")
    server = first in ("10", "11") or (
        first not in ("0", "1", "2", "3") and separators == len(_SERVER_FIELDS) - 1
    )
    names = _SERVER_FIELDS if server else _CLIENT_FIELDS
    fields: _Fields = {}
    offset, rest = 0, text
    for name in names[:-2]:
        value, tilde, rest = rest.partition("~")
        fields[name] = (offset, value)
        offset += len(value) + len(tilde)
    value, tilde, last = rest.rpartition("~")
    if not tilde:
        value, last = rest, ""
    fields[names[-2]] = (offset, value)
    fields[names[-1]] = (offset + len(value) + len(tilde), last)
    if separators < len(names) - 1:
        problems.append(
            Problem(
                "code", None, f"{len(names)} fields need {len(names) - 1} separators '~'; it has {separators}"
            )
        )
    return fields


def _read_type(fields: _Fields, problems: list[Problem]) -> AuthCodeType | None:
    value = fields["type"][1]
    kind = _TYPES.get(value)
    if kind is not None:
        return kind
    problems.append(Problem("type", 0, f"{quoted(value, 12)} is no type; types are 0, 1, 2, 3, 10 and 11"))
    return None


def _read_hash(fields: _Fields, problems: list[Problem]) -> HashType | None:
    position, value = fields["hash"]
    hash_type = _HASHES.get(value)
    if hash_type is not None:
        return hash_type
    problems.append(
        Problem(
            "hash",
            position,
            f"{quoted(value, 12)} is no hash; 2 is SHA-256, 3 is SM3, 1 was SHA-1 in version 1.0",
        )
    )
    return None


def _check_device_random(fields: _Fields, problems: list[Problem], *, from_server: bool) -> None:
    position, value = fields["device_random"]
    if from_server:
        _check_printable("device_random", position, value, DEVICE_CHALLENGE_MAX, problems)
        if "~" in value:
            problems.append(
                Problem(
                    "device_random",
                    position + value.index("~"),
                    "holds '~', which the device takes for its end",
                )
            )
        return
    if len(value) != DEVICE_RANDOM_LENGTH:
        problems.append(
            Problem(
                "device_random",
                position,
                f"{len(value)} characters; it has {DEVICE_RANDOM_LENGTH}, {quoted(value)}",
            )
        )
        return
    odd = _NO_UPPER_HEX.search(value)
    if odd is not None:
        problems.append(
            Problem(
                "device_random", position + odd.start(), f"{quoted(odd[0])} is not an upper-case hex digit"
            )
        )


def _check_random(fields: _Fields, problems: list[Problem]) -> None:
    position, value = fields["random"]
    _check_printable("random", position, value, RANDOM_MAX, problems)


def _check_printable(name: str, position: int, value: str, limit: int, problems: list[Problem]) -> None:
    if not 1 <= len(value) <= limit:
        problems.append(Problem(name, position, f"{len(value)} characters; it has 1 to {limit}"))
    odd = _NOT_PRINTABLE.search(value)
    if odd is not None:
        problems.append(Problem(name, position + odd.start(), f"{quoted(odd[0])} is not printable ASCII"))


def _read_sign(fields: _Fields, problems: list[Problem]) -> bytes | None:
    position, value = fields["sign"]
    if not value:
        problems.append(Problem("sign", position, "SIGN is missing"))
        return None
    odd = _NO_BASE64.search(value.rstrip("="))
    if odd is not None:
        problems.append(
            Problem("sign", position + odd.start(), f"{quoted(odd[0])} is not a base64 character")
        )
        return None
    try:
        sign = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        problems.append(
            Problem(
                "sign",
                position + len(value) - 1,
                f"{len(value)} characters are not whole base64 with its padding",
            )
        )
        return None
    again = base64.b64encode(sign).decode()
    if again != value:
        at = next((i for i, (a, b) in enumerate(zip(again, value, strict=False)) if a != b), len(again))
        problems.append(
            Problem("sign", position + at, "base64 is not canonical: bits behind the last byte are set")
        )
        return None
    return sign
