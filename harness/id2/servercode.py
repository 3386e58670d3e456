"""Server codes, types 10 and 11: how a device knows that it talks to the ID² service.

Symmetric keys only: the service signs with the key that the device holds too.

Source: device-protocol.md b.6; service.md 5.1.
"""

from dataclasses import replace

from harness.id2 import codecheck, diagnose
from harness.id2.authcode import EXTRA_MAX, Mismatch
from harness.id2.codetext import DEVICE_CHALLENGE_MAX, AuthCode, AuthCodeType, Problem, read
from harness.id2.errors import Id2Error, quoted
from harness.id2.ids import inverted
from harness.id2.keys import Key, KeyType
from harness.id2.signing import fits, sign

__all__ = [
    "Mismatch",
    "build",
    "changed",
    "check",
    "message",
    "require_device_challenge",
    "verify",
    "with_other_end",
]


def message(id2: str, device_random: str, server_extra: bytes = b"") -> bytes:
    """Return the bytes that the service signs: inverted ID ‖ device challenge ‖ server extra.

    Source: device-protocol.md b.6.
    """
    return (inverted(id2) + device_random).encode() + server_extra


def require_device_challenge(text: str) -> None:
    """Check the limits of a device challenge: 1 to 128 printable characters without `~`.

    The device itself makes upper-case hex digits; iTLS uses the 64 digits of the ClientHello random.

    Raises:
        Id2Error: Outside the limits.

    Source: device-protocol.md a.1, b.6, c.5.
    """
    if not 1 <= len(text) <= DEVICE_CHALLENGE_MAX:
        raise Id2Error(
            f"device challenge has {len(text)} characters; it must have 1 to {DEVICE_CHALLENGE_MAX}",
            field="device_random",
        )
    for position, char in enumerate(text):
        if not " " <= char < "~":
            raise Id2Error(
                f"device challenge: character {position} is '~' or not printable ASCII",
                field="device_random",
                position=position,
            )


def build(key: Key, id2: str, device_random: str, server_extra: bytes = b"") -> AuthCode:
    """Build the code that the service gives for a device challenge.

    Args:
        key: Symmetric ID² key of the device.
        id2: Identifier of the device, not inverted.
        device_random: The device challenge, 1 to 128 characters.
        server_extra: At most 512 bytes; empty makes type 10, else type 11.

    Raises:
        Id2Error: Outside the limits, or an asymmetric or SM1 key.

    Source: device-protocol.md b.6.
    """
    _require_symmetric(key.key_type)
    require_device_challenge(device_random)
    if len(server_extra) > EXTRA_MAX:
        raise Id2Error(f"server extra has {len(server_extra)} bytes; the limit is {EXTRA_MAX}", field="extra")
    kind = AuthCodeType.SERVER_EXTRA if server_extra else AuthCodeType.SERVER
    return AuthCode(
        kind, key.key_type.hash, device_random, "", sign(key, message(id2, device_random, server_extra))
    )


def changed(code: AuthCode) -> tuple[AuthCode, AuthCode, AuthCode]:
    """Return a code with another bit in the first, in a middle and in the last byte of its signature.

    A device that compares no more than a part of the signature accepts at least one of them.
    """

    def at(place: int) -> AuthCode:
        other = bytearray(code.sign)
        other[place] ^= 1
        return replace(code, sign=bytes(other))

    return at(0), at(len(code.sign) // 2), at(len(code.sign) - 1)


def with_other_end(challenge: str) -> str:
    """Return a device challenge with another last character."""
    return challenge[:-1] + ("1" if challenge[-1] == "0" else "0")


def verify(key: Key, id2: str, code: AuthCode, device_random: str, server_extra: bytes = b"") -> None:
    """Check a server code as a device must: type, hash, its own challenge, SIGN.

    Args:
        key: Symmetric ID² key.
        id2: Identifier of the device, not inverted.
        code: The code.
        device_random: The challenge that the device gave.
        server_extra: What the service was given as server extra.

    Raises:
        Mismatch: Not what the service makes of these values; field and position say where.
        Id2Error: The key cannot be used.

    Source: device-protocol.md b.6; service.md 5.1.
    """
    for problem in _problems(key, id2, code, device_random, server_extra):
        raise Mismatch(f"server code: {problem}", field=problem.field, position=problem.position)


def check(
    text: str,
    *,
    key_type: KeyType | None = None,
    id2: str | None = None,
    key: Key | None = None,
    device_random: str | None = None,
    server_extra: bytes = b"",
) -> tuple[Problem, ...]:
    """Judge the text of a server code with whatever is known.

    Args:
        text: Any text.
        key_type: Makes hash and length of SIGN exact; taken from the key when there is one.
        id2: Identifier; needed together with the key.
        key: Makes the check complete.
        device_random: The challenge that the device gave, when it is known.
        server_extra: What was given as server extra; without a key an empty one means "not known".

    Returns:
        Every problem found; empty when there is none.

    Raises:
        Id2Error: The caller's own values are wrong; never for `text`.

    Source: device-protocol.md b.6, i.4.
    """
    if key is not None and id2 is None:
        raise Id2Error("checking with a key needs the ID too", field="id")
    code, problems = read(text)
    if code is None:
        return tuple(problems)
    if key is not None and id2 is not None:
        if key_type is not None and key_type is not key.key_type:
            raise Id2Error(
                f"key is of type {key.key_type}; key type {key_type} was asked for", field="key_type"
            )
        return tuple(
            _problems(
                key, id2, code, code.device_random if device_random is None else device_random, server_extra
            )
        )
    found = _type_problems(code, server_extra) if server_extra else _kind_problems(code)
    if device_random is not None:
        found += _challenge_problems(code, device_random)
    if key_type is not None:
        found += codecheck.shape_with_type(code, key_type)
    return tuple(found)


def _problems(key: Key, id2: str, code: AuthCode, device_random: str, server_extra: bytes) -> list[Problem]:
    _require_symmetric(key.key_type)
    found = _type_problems(code, server_extra)
    if found and not code.type.from_server:
        return found
    found += codecheck.shape_with_type(code, key.key_type) + _challenge_problems(code, device_random)
    if found or fits(key, message(id2, device_random, server_extra), code.sign):
        return found
    parts = (
        ("id", inverted(id2).encode()),
        ("device_random", device_random.encode()),
        ("extra", server_extra),
    )
    return [diagnose.explain(key, code, parts, "device_random")]


def _kind_problems(code: AuthCode) -> list[Problem]:
    if code.type.from_server:
        return []
    return [
        Problem("type", 0, f"type {code.type.value} is a {code.type.meaning}; the service gives 10 and 11")
    ]


def _type_problems(code: AuthCode, server_extra: bytes) -> list[Problem]:
    if not code.type.from_server or code.type.with_extra is bool(server_extra):
        return _kind_problems(code)
    right = AuthCodeType.SERVER_EXTRA if server_extra else AuthCodeType.SERVER
    given = (
        f"{len(server_extra)} bytes of server extra were given"
        if server_extra
        else "no server extra was given"
    )
    return [Problem("type", 0, f"type is {code.type.value}; {given}, which makes type {right.value}")]


def _challenge_problems(code: AuthCode, device_random: str) -> list[Problem]:
    if code.device_random == device_random:
        return []
    pairs = zip(code.device_random, device_random, strict=False)
    at = next(
        (i for i, (a, b) in enumerate(pairs) if a != b), min(len(code.device_random), len(device_random))
    )
    return [
        Problem(
            "device_random",
            code.start_of("device_random") + at,
            f"{quoted(code.device_random)} is not the device challenge, {quoted(device_random)}",
        )
    ]


def _require_symmetric(key_type: KeyType) -> None:
    if not key_type.symmetric:
        raise Id2Error(
            f"key type {key_type} is asymmetric; server codes exist for symmetric keys", field="key_type"
        )
