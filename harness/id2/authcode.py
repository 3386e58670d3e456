"""Auth codes of the device: build, read, verify with the key, check without it.

Source: device-protocol.md a.4, b.1 to b.5, i.4; service.md 5.1.
"""

import secrets
from collections import Counter
from collections.abc import Iterable

from harness.id2 import ciphers, codecheck, ids
from harness.id2.codetext import (
    DEVICE_RANDOM_LENGTH,
    HARDENED_PREFIX,
    RANDOM_MAX,
    AuthCode,
    AuthCodeType,
    Problem,
    ambiguity,
    is_hardened,
    message,
    parse,
)
from harness.id2.errors import Id2Error
from harness.id2.hardened import harden, unharden
from harness.id2.hashes import HashType
from harness.id2.keys import Key, KeyType
from harness.id2.signing import Signer, chip_signer, fits, sign, sign_input, signer

__all__ = [
    "EXTRA_MAX",
    "HARDENED_PREFIX",
    "RANDOM_MAX",
    "AuthCode",
    "AuthCodeType",
    "Mismatch",
    "Problem",
    "Signer",
    "ambiguity",
    "build",
    "build_with",
    "check",
    "chip_signer",
    "code_length",
    "constant_tail",
    "fits",
    "harden",
    "is_hardened",
    "message",
    "parse",
    "random_device_random",
    "repeated_randoms",
    "sign",
    "sign_input",
    "signer",
    "tail_of_key",
    "unharden",
    "verify",
]

EXTRA_MAX = 512


class Mismatch(Id2Error):  # noqa: N818 - named for what it says, as the callers read it
    """The code is well formed, and is not what this key makes of these values."""


def build(
    key: Key,
    id2: str,
    *,
    challenge: str | None = None,
    timestamp: str | None = None,
    extra: bytes = b"",
    device_random: str | None = None,
) -> AuthCode:
    """Build the code that a device with this key and ID gives.

    Args:
        key: ID² key.
        id2: Identifier.
        challenge: 1 to 32 printable characters; exactly one of challenge and timestamp is given.
        timestamp: 1 to 32 printable characters; decimal milliseconds since 1970 in real use.
        extra: At most 512 bytes; empty means without extra.
        device_random: 16 upper-case hex digits; random by default.

    Raises:
        Id2Error: A value is outside its limits, or the key cannot sign.

    Source: device-protocol.md a.4, b.1 to b.3.
    """
    return build_with(
        signer(key),
        key.key_type.hash,
        id2,
        challenge=challenge,
        timestamp=timestamp,
        extra=extra,
        device_random=device_random,
    )


def build_with(
    sign_message: Signer,
    hash_type: HashType,
    id2: str,
    *,
    challenge: str | None = None,
    timestamp: str | None = None,
    extra: bytes = b"",
    device_random: str | None = None,
) -> AuthCode:
    """Build a code with a signer instead of a key, as a carrier does whose key sits in a chip.

    Args:
        sign_message: Message in, SIGN out.
        hash_type: Hash of the key type (`KeyType.hash`).
        id2: As for `build`, like the rest.
        challenge: See `build`.
        timestamp: See `build`.
        extra: See `build`.
        device_random: See `build`.

    Raises:
        Id2Error: A value is outside its limits.
    """
    if (challenge is None) == (timestamp is None):
        raise Id2Error("a code needs exactly one of challenge and timestamp", field="random")
    random = timestamp if challenge is None else challenge
    assert random is not None
    what = "timestamp" if challenge is None else "challenge"
    require_random(what, random)
    if len(extra) > EXTRA_MAX:
        raise Id2Error(f"extra has {len(extra)} bytes; the limit is {EXTRA_MAX}", field="extra")
    if device_random is None:
        device_random = random_device_random()
    if len(device_random) != DEVICE_RANDOM_LENGTH or set(device_random) - set("0123456789ABCDEF"):
        raise Id2Error(
            f"device random has {len(device_random)} characters; it must be {DEVICE_RANDOM_LENGTH} "
            "upper-case hex digits",
            field="device_random",
        )
    ids.parse(id2)
    number = (0 if challenge is not None else 1) + (2 if extra else 0)
    signature = sign_message(message(id2, device_random, random, extra))
    return AuthCode(AuthCodeType(number), hash_type, device_random, random, signature)


def require_random(what: str, value: str) -> None:
    """Check the limits of a challenge or timestamp: 1 to 32 printable ASCII characters.

    Raises:
        Id2Error: Outside the limits.

    Source: device-protocol.md a.1, a.4.
    """
    if not 1 <= len(value) <= RANDOM_MAX:
        raise Id2Error(f"{what} has {len(value)} characters; it must have 1 to {RANDOM_MAX}", field="random")
    for position, char in enumerate(value):
        if not " " <= char <= "~":
            raise Id2Error(
                f"{what}: character {position} is not printable ASCII", field="random", position=position
            )


def random_device_random() -> str:
    """Return 16 upper-case hex digits from the system's random source.

    Source: device-protocol.md b.1.
    """
    return secrets.token_hex(DEVICE_RANDOM_LENGTH // 2).upper()


def verify(key: Key, id2: str, code: AuthCode, extra: bytes = b"") -> None:
    """Recompute SIGN of a device code and compare.

    Args:
        key: ID² key; a public key is enough for asymmetric types.
        id2: Identifier of the device.
        code: The code.
        extra: The extra bytes that should have been signed; empty for codes without extra.

    Raises:
        Mismatch: Not what this key makes; field and position say where, as far as it can be told.
        Id2Error: The key cannot be used (SM1).

    Source: device-protocol.md i.4.
    """
    for problem in codecheck.problems_with_key(key, id2, code, extra):
        raise Mismatch(f"auth code: {problem}", field=problem.field, position=problem.position)


def check(
    text: str,
    *,
    key_type: KeyType | None = None,
    id2: str | None = None,
    key: Key | None = None,
    extra: bytes = b"",
    challenge: str | None = None,
    timestamp: str | None = None,
) -> tuple[Problem, ...]:
    """Judge the text of a device code with whatever is known.

    Args:
        text: What the device gave; any text is allowed.
        key_type: Makes hash, length of SIGN and length of the code exact; taken from the key when there is
            one.
        id2: Identifier; needed together with the key.
        key: Makes the check complete. Without it: structure, character sets, canonical base64, lengths.
        extra: What was given as extra. Without a key an empty extra means "not known".
        challenge: What was given as challenge, when it is known.
        timestamp: What was given as timestamp, when it is known.

    Returns:
        Every problem found, in the order of the text; empty when there is none.

    Raises:
        Id2Error: The caller's own values are wrong (key without ID, key of another type, SM1 key); never for
            `text`.

    Source: device-protocol.md a.4, b.1 to b.4, i.4.
    """
    return codecheck.check_device_code(
        text, key_type=key_type, id2=id2, key=key, extra=extra, challenge=challenge, timestamp=timestamp
    )


def code_length(
    key_type: KeyType, random_length: int, code_type: AuthCodeType = AuthCodeType.CHALLENGE
) -> int:
    """Return the length of a device code in characters.

    Args:
        key_type: Decides the length of SIGN.
        random_length: Characters of challenge or timestamp.
        code_type: Any device type; all have one digit.

    Source: device-protocol.md b.4.
    """
    base64_length = -(-key_type.sign_size // 3) * 4
    return len(str(code_type.value)) + 1 + DEVICE_RANDOM_LENGTH + random_length + base64_length + 4


def constant_tail(code: AuthCode, key_type: KeyType) -> bytes:
    """Return the last cipher block of SIGN, which is the same in every code of one device.

    Raises:
        Id2Error: Asymmetric key type, or a SIGN that is not whole blocks.

    Source: device-protocol.md b.3 ("check without the key").
    """
    block = key_type.block_size
    if not key_type.symmetric:
        raise Id2Error(f"key type {key_type} has no constant last block", field="key_type")
    if not code.sign or len(code.sign) % block:
        raise Id2Error(f"SIGN has {len(code.sign)} bytes, which is not a multiple of {block}", field="sign")
    return code.sign[-block:]


def tail_of_key(key: Key) -> bytes:
    """Return the last cipher block that every code made with this symmetric key ends with.

    Raises:
        Id2Error: Asymmetric or SM1 key.

    Source: device-protocol.md b.3.
    """
    block = key.key_type.block_size
    return ciphers.ecb_encrypt(key, bytes([block]) * block)


def repeated_randoms(codes: Iterable[AuthCode]) -> tuple[str, ...]:
    """Return the device randoms that occur more than once, in the order in which they first occur.

    Source: device-protocol.md a.4, k.4.
    """
    counts = Counter(code.device_random for code in codes)
    return tuple(random for random, count in counts.items() if count > 1)
