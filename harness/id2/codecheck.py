"""The judgement of a device code: everything that is wrong with it, from its text to its SIGN.

`authcode.check` and `authcode.verify` are the doors to this module.

Source: device-protocol.md a.4, b.1 to b.4, i.4.
"""

from harness.id2 import diagnose
from harness.id2.codetext import AuthCode, AuthCodeType, Problem, ambiguity, message, read
from harness.id2.errors import Id2Error, quoted
from harness.id2.hashes import HashType
from harness.id2.keys import Key, KeyType
from harness.id2.signing import fits

# Sizes of SIGN that some key type has, for a check that does not know which: 3DES, AES and its like, ECC and
# SM2, the smaller PUF curves (56 and 48), RSA. SHA-1 codes of version 1.0 end one block earlier.
_SIGN_SIZES = {
    HashType.SHA256: (40, 48, 56, 64, 128, 256),
    HashType.SM3: (48, 64),
    HashType.SHA1: (24, 32, 64, 128, 256),
}


def check_device_code(
    text: str,
    *,
    key_type: KeyType | None,
    id2: str | None,
    key: Key | None,
    extra: bytes,
    challenge: str | None,
    timestamp: str | None,
) -> tuple[Problem, ...]:
    """Do the work of `authcode.check`; see there."""
    if challenge is not None and timestamp is not None:
        raise Id2Error("a code answers a challenge or a timestamp, not both", field="random")
    key_type = _agreed_key_type(key_type, key)
    if key is not None and id2 is None:
        raise Id2Error("checking with a key needs the ID too", field="id")
    code, problems = read(text)
    if code is None:
        return tuple(problems)
    if code.type.from_server:
        return (
            Problem("type", 0, f"type {code.type.value} is a {code.type.meaning}; a device gives 0 to 3"),
        )
    found = _expected_random(code, challenge, timestamp)
    if key is not None or extra:
        found += _extra_problems(code, extra)
    found += _shape(code, key_type)
    unclear = ambiguity(code)
    if unclear:
        found.append(unclear)
    if key is not None and id2 is not None and not any(p.field in ("hash", "sign") for p in found):
        suspect = "device_random" if (challenge, timestamp) != (None, None) else "random"
        if any(problem.field == "random" for problem in found):
            suspect = "random"
        found += _sign_problems(key, id2, code, extra, suspect)
    return tuple(found)


def problems_with_key(key: Key, id2: str, code: AuthCode, extra: bytes) -> list[Problem]:
    """Do the work of `authcode.verify`; see there."""
    if code.type.from_server:
        return [Problem("type", 0, f"type {code.type.value} is a {code.type.meaning}; a device gives 0 to 3")]
    found = _extra_problems(code, extra) + shape_with_type(code, key.key_type)
    return found or _sign_problems(key, id2, code, extra, "device_random")


def shape_with_type(code: AuthCode, key_type: KeyType) -> list[Problem]:
    """Compare hash and length of SIGN with what the key type says.

    Source: device-protocol.md b.3, b.4.
    """
    found = []
    if code.hash is not key_type.hash:
        found.append(
            Problem(
                "hash",
                code.start_of("hash"),
                f"hash is {code.hash.name}; {key_type} goes with {key_type.hash.name}",
            )
        )
    if len(code.sign) != key_type.sign_size:
        found.append(
            Problem(
                "sign",
                code.start_of("sign"),
                f"SIGN has {len(code.sign)} bytes; {key_type} gives {key_type.sign_size}"
                + (" (hash and a whole block of padding)" if key_type.symmetric else ""),
            )
        )
    return found


def _agreed_key_type(key_type: KeyType | None, key: Key | None) -> KeyType | None:
    if key is None:
        return key_type
    if key_type is not None and key_type is not key.key_type:
        raise Id2Error(f"key is of type {key.key_type}; key type {key_type} was asked for", field="key_type")
    return key.key_type


def _shape(code: AuthCode, key_type: KeyType | None) -> list[Problem]:
    if key_type is not None:
        return shape_with_type(code, key_type)
    if len(code.sign) in _SIGN_SIZES[code.hash]:
        return []
    sizes = ", ".join(str(size) for size in _SIGN_SIZES[code.hash])
    return [
        Problem(
            "sign",
            code.start_of("sign"),
            f"SIGN has {len(code.sign)} bytes; with hash {code.hash.name} every key type gives one of "
            f"{sizes}",
        )
    ]


def _expected_random(code: AuthCode, challenge: str | None, timestamp: str | None) -> list[Problem]:
    found = []
    expected = challenge if timestamp is None else timestamp
    if expected is not None:
        wanted = "challenge" if timestamp is None else "timestamp"
        if code.type.timestamp is not (timestamp is not None):
            found.append(
                Problem(
                    "type", 0, f"type {code.type.value} is a {code.type.meaning}; a {wanted} was asked for"
                )
            )
        if code.random != expected:
            pairs = zip(code.random, expected, strict=False)
            at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(code.random), len(expected)))
            found.append(
                Problem(
                    "random",
                    code.start_of("random") + at,
                    f"{quoted(code.random)} is not the {wanted} that was given, {quoted(expected)}",
                )
            )
    elif code.type.timestamp and not (code.random.isascii() and code.random.isdigit()):
        found.append(
            Problem(
                "random",
                code.start_of("random"),
                f"{quoted(code.random)} is no time in decimal milliseconds, and type {code.type.value} is a "
                "timestamp code",
            )
        )
    return found


def _extra_problems(code: AuthCode, extra: bytes) -> list[Problem]:
    if code.type.with_extra is bool(extra):
        return []
    right = AuthCodeType(code.type.value % 2 + (2 if extra else 0))
    given = f"{len(extra)} bytes of extra were given" if extra else "no extra was given"
    return [Problem("type", 0, f"type is {code.type.value}; {given}, which makes type {right.value}")]


def _sign_problems(key: Key, id2: str, code: AuthCode, extra: bytes, suspect: str) -> list[Problem]:
    if fits(key, message(id2, code.device_random, code.random, extra), code.sign):
        return []
    parts = (
        ("id", id2.encode()),
        ("device_random", code.device_random.encode()),
        ("random", code.random.encode()),
        ("extra", extra),
    )
    return [diagnose.explain(key, code, parts, suspect)]
