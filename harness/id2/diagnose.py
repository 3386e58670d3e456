"""Why a SIGN does not fit: tries what devices get wrong, and says which field is to blame.

A bare "signature wrong" sends an engineer looking for days. With the key at hand the harness can look inside:
the cipher opens, the hash of an RSA signature opens, and a few dozen wrong messages can be tried.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

from harness.id2 import asymmetric, ciphers
from harness.id2.codetext import AuthCode, Problem
from harness.id2.hashes import HashType, digest
from harness.id2.ids import inverted
from harness.id2.keys import Key, KeyType
from harness.id2.signing import sign_input

_RSA = (KeyType.RSA_1024, KeyType.RSA_2048)

_SLIP = 4

Parts = tuple[tuple[str, bytes], ...]
"""The named parts of the signed message, in the right order."""


def explain(key: Key, code: AuthCode, parts: Parts, suspect: str) -> Problem:
    """Say what is wrong with a SIGN that does not fit.

    Args:
        key: The key that should have made it.
        code: The code.
        parts: The parts of the message that should have been signed.
        suspect: The field of the code to name when a good signature of some other message was found.

    Returns:
        The best explanation; it is a statement of what was found, not of intent.
    """
    if key.key_type.symmetric:
        return _explain_symmetric(key, code, parts, suspect)
    start = code.start_of("sign")
    if key.key_type in _RSA:
        carried = asymmetric.rsa_recover_hash(key, code.sign)
        if carried is None:
            return Problem(
                "sign", start, "no PKCS#1 v1.5 SHA-256 signature of this key: altered, or another key"
            )
        return _other_message(parts, key.key_type, carried, code, suspect)
    for wrong in _wrong_messages(parts):
        if asymmetric.verify(key, wrong.message, code.sign):
            return wrong.problem(code)
    fields = ", ".join(name for name, value in parts if value)
    return Problem(
        "sign", start, f"no signature by this key over {fields}: one of them, SIGN or the key is another"
    )


def _explain_symmetric(key: Key, code: AuthCode, parts: Parts, suspect: str) -> Problem:
    start, block = code.start_of("sign"), key.key_type.block_size
    expected = sign_input(key.key_type, b"".join(value for _, value in parts))
    opened = ciphers.ecb_decrypt(key, code.sign)
    if _is_cbc(key, code.sign, expected):
        return Problem("sign", start, "SIGN is chained (CBC); ID² encrypts each block by itself (ECB)")
    total = len(expected) // block
    right = ciphers.ecb_encrypt(key, expected)
    differing = [i for i, (a, b) in enumerate(zip(code.sign, right, strict=True)) if a != b]
    first = differing[0] // block
    at = start + differing[0] * 4 // 3
    # Another message changes every byte of its blocks; a slip on the way changes one or two.
    if len(differing) <= _SLIP:
        return Problem("sign", at, f"SIGN is altered in cipher block {first + 1} of {total}")
    good = [expected[i : i + block] == opened[i : i + block] for i in range(0, len(expected), block)]
    if good[-1] and not any(good[:-1]):
        return _other_message(parts, key.key_type, opened[:-block], code, suspect)
    if all(good[:-1]):
        return Problem("sign", at, "the last block is not the padding block: altered, or padded another way")
    if any(good):
        return Problem("sign", at, f"SIGN is altered, first in cipher block {first + 1} of {total}")
    return Problem(
        "sign", start, "no block of SIGN opens to what it should: another key, or another cipher or mode"
    )


def _is_cbc(key: Key, sign: bytes, expected: bytes) -> bool:
    """Tell whether every block but the first was mixed with the block before, whatever the first IV was."""
    block = key.key_type.block_size
    opened = ciphers.ecb_decrypt(key, sign)
    return all(
        bytes(a ^ b for a, b in zip(opened[i : i + block], sign[i - block : i], strict=True))
        == expected[i : i + block]
        for i in range(block, len(sign), block)
    )


def _other_message(parts: Parts, key_type: KeyType, carried: bytes, code: AuthCode, suspect: str) -> Problem:
    for wrong in _wrong_messages(parts):
        if digest(key_type.hash, wrong.message) == carried:
            return wrong.problem(code)
    right = b"".join(value for _, value in parts)
    for hash_type in HashType:
        if hash_type is not key_type.hash and digest(hash_type, right) == carried:
            return Problem(
                "hash",
                code.start_of("hash"),
                f"SIGN holds a {hash_type.name} hash; it needs {code.hash.name}",
            )
    others = " or ".join(name for name, value in parts if value and name != suspect)
    what = {"device_random": "device random", "random": "challenge or timestamp"}.get(suspect, suspect)
    return Problem(
        suspect,
        code.start_of(suspect),
        f"SIGN is sound, but over other data: the {what} is not the one that was signed (or {others} "
        "differs)",
    )


@dataclass(frozen=True, slots=True)
class _Wrong:
    """A message that devices sign by mistake: which field is to blame, and what it is."""

    field: str
    name: str
    message: bytes

    def problem(self, code: AuthCode) -> Problem:
        position = None if self.field == "extra" else code.start_of("sign")
        return Problem(self.field, position, f"SIGN fits {self.name}")


def _wrong_messages(parts: Parts) -> Iterator[_Wrong]:
    """Give the wrong messages that devices sign in practice."""
    values = dict(parts)

    def with_changed(field: str, value: bytes) -> bytes:
        return b"".join(value if name == field else old for name, old in parts)

    extra = values.get("extra", b"")
    if extra:
        yield _Wrong("extra", "a message without the extra", with_changed("extra", b""))
        if b"\x00" in extra:
            head = extra[: extra.index(0)]
            zeroed = head + bytes(len(extra) - len(head))
            name = "an extra whose bytes after the first NUL are 0x00, a known defect (k.3)"
            yield _Wrong("extra", name, with_changed("extra", zeroed))
            yield _Wrong("extra", "an extra cut at its first NUL", with_changed("extra", head))
    text = values["id"].decode("ascii", "replace")
    changed_ids = {
        "the ID in lower case": text.lower().encode(),
        "the inverted ID": inverted(text).encode(),
        "no ID at all": b"",
        "the ID as 12 bytes": bytes.fromhex(text) if _is_hex(text) else b"",
    }
    for name, value in changed_ids.items():
        yield _Wrong("sign", f"a message with {name}", with_changed("id", value))
    filled = [part for part in parts if part[1]]
    yield _Wrong("sign", "the fields with '~' between them", b"~".join(value for _, value in filled))
    yield _Wrong(
        "sign", "a message that ends with a NUL byte", b"".join(value for _, value in parts) + b"\x00"
    )
    for order in permutations(filled):
        names = ", ".join(name.replace("_", " ") for name, _ in order)
        message = b"".join(value for _, value in order)
        yield _Wrong("sign", f"the fields in another order: {names}", message)


def _is_hex(text: str) -> bool:
    try:
        bytes.fromhex(text)
    except ValueError:
        return False
    return True
