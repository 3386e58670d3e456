"""What a word from a log means: a code of any layer, an identifier, an auth code, a known defect.

Pure; `harness explain` prints it. The word may come from a device, so every line is safe to print.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from harness.id2 import authcode, codes, defects, ids, published
from harness.id2.codes import Code, Description
from harness.id2.codetext import AuthCode, cut, is_hardened, read
from harness.id2.errors import Id2Error, quoted
from harness.id2.keys import KeyType

WORD_MAX = 4096

_TABLES: tuple[tuple[type[Code], str], ...] = (
    (codes.ResultCode, "result"),
    (codes.KmCode, "km"),
    (codes.StatusWord, "status"),
    (codes.ServiceCode, "service"),
    (codes.ItlsAlert, "alert"),
)
_DESCRIBE = {
    "result": codes.describe_result,
    "km": codes.describe_km,
    "status": codes.describe_status,
    "service": codes.describe_service,
    "alert": codes.describe_alert,
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """One thing that a word can mean.

    Attributes:
        title: What it is, in one line.
        lines: What it means and what to do, each line a name and a text.
    """

    title: str
    lines: tuple[tuple[str, str], ...]


_FAMILIES = {
    name.lower(): Explanation(f"status words {name}", (("meaning", meaning), ("do", hint)))
    for name, meaning, hint in (
        ("61xx", "xx more bytes of answer are waiting (00 means 256)", "Send GET RESPONSE, 00 C0 00 00 xx."),
        ("63Cx", "verification failed, x tries are left", "Check the PIN; at 0 it is locked."),
        ("6Cxx", "wrong Le; xx bytes are available (00 means 256)", "Send the command again with Le = xx."),
        ("95xx", "xx bytes are still to be sent", "Send the rest of the data."),
    )
}
"""Status words whose end is a number, as the specification writes them. Source: device-protocol.md e.2."""


def explain(word: str) -> tuple[Explanation, ...]:
    """Say everything that a word can mean.

    Args:
        word: `-3`, `0xFFFF0003`, `16`, `161`, `6A80`, `61 0F`, a name such as `ITEM_NOT_FOUND`, an
            identifier, an auth code, or the id of a known defect such as `k.2`.

    Returns:
        Every reading, the most likely first; empty when nothing is known about the word.
    """
    word = word.strip()
    if not word or len(word) > WORD_MAX:
        return ()
    if "~" in word:
        return (_explain_code(word),)
    if word.lower().removeprefix("0x") in _FAMILIES:
        return (_FAMILIES[word.lower().removeprefix("0x")],)
    found = [_of_description(description) for description in _of_number(word)]
    found += [_of_description(description) for description in _of_name(word)]
    found += [
        Explanation(
            f"known defect {defect.id}: {defect.title}",
            (
                ("meaning", defect.meaning),
                ("severity", defect.severity),
                ("releases", f"SDK {defect.versions}"),
                ("shown by", defect.seen),
                ("source", defect.reference),
            ),
        )
        for defect in defects.DEFECTS
        if defect.id == word.lower()
    ]
    return tuple(found) or _explain_id(word)


def _of_description(description: Description) -> Explanation:
    name = f" ({description.name})" if description.name else ""
    lines = [("meaning", description.meaning)]
    if description.hint:
        lines.append(("do", description.hint))
    return Explanation(f"{description.family} {description.text}{name}", tuple(lines))


def _of_number(word: str) -> Iterator[Description]:
    pair = re.fullmatch(r"(?:0x)?([0-9A-Fa-f]{2})[\s,:]+(?:0x)?([0-9A-Fa-f]{2})", word)
    four = re.fullmatch(r"(?:0x)?([0-9A-Fa-f]{4})", word)
    if pair or four:
        digits = pair[1] + pair[2] if pair else word[-4:]
        yield from _known(codes.describe_status(int(digits, 16)))
        if pair:
            return
    if re.fullmatch(r"0x[0-9A-Fa-f]{1,8}", word):
        value = int(word, 16)
        if value >= 1 << 31:
            yield from _known(codes.describe_result(value))
            yield from _known(codes.describe_km(value))
            yield from _known(codes.describe_crypto_hal(value))
            yield from _known(codes.describe_storage_hal(value))
            return
    elif re.fullmatch(r"-?[0-9]{1,10}", word):
        value = int(word)
    else:
        return
    if value < 0 or value >= 1 << 31:
        yield from _known(codes.describe_result(value))
        yield from _known(codes.describe_km(value))
        return
    for describe in (codes.describe_result, codes.describe_service, codes.describe_alert):
        yield from _known(describe(value))


def _known(description: Description) -> Iterator[Description]:
    if description.known:
        yield description


def _of_name(word: str) -> Iterator[Description]:
    name = re.sub(r"^(IROT_ERROR_|IROT_|KM_ERR_|KM_)", "", word.upper())
    for table, kind in _TABLES:
        if name in table.__members__:
            yield _DESCRIBE[kind](table[name].value)


def _explain_id(word: str) -> tuple[Explanation, ...]:
    try:
        found = ids.parse(word)
    except Id2Error as error:
        if re.fullmatch(r"[0-9A-Fa-f]{20,28}", word) or (
            word.startswith("05") and len(word) in range(40, 53)
        ):
            return (Explanation("looks like an ID², and is none", (("problem", str(error)),)),)
        return ()
    if not found.provisioned:
        text = "what a device sends in place of an ID when it has none; provision it"
        return (Explanation(f"all F, {len(word)} characters: not provisioned", (("meaning", text),)),)
    if found.form is ids.IdForm.PUF:
        fields = (
            ("vendor", found.vendor),
            ("reserved", found.reserved),
            ("uid", f"{found.uid} ({len(found.uid)})"),
        )
        return (
            Explanation(f"ID² in the PUF form, {len(word)} characters", (("version", word[:2]), *fields)),
        )
    lines = [
        ("meaning", f"{ids.CHIP_LENGTH} bytes in the chip; inverted for server codes: {ids.inverted(word)}")
    ]
    lines += [
        (
            "published",
            f"this is the vendor's published {debug.key_type} debug ID; its key is known to everyone",
        )
        for debug in published.EVERY
        if debug.id2 == word
    ]
    return (Explanation("ID² of 24 hex digits", tuple(lines)),)


def _explain_code(word: str) -> Explanation:
    if is_hardened(word):
        text = (
            "the code inside is encrypted with the ID² key; harness id2 verify opens it when the key is given"
        )
        return Explanation("auth code in the hardened form (99)", (("meaning", text),))
    code, problems = read(word)
    if code is None:
        parts = [
            (name.replace("_", " "), quoted(value, 400)) for name, (_, value) in cut(word).items() if value
        ]
        faults = [("problem", str(found)) for found in problems]
        return Explanation(f"damaged auth code, {len(word)} characters", (*parts, *faults))
    whole = () if code.type.from_server else authcode.check(word)
    lines = [
        ("type", f"{code.type.value}: {code.type.meaning}"),
        ("hash", f"{code.hash.value}: {code.hash.name}"),
        ("device challenge" if code.type.from_server else "device random", code.device_random),
    ]
    if code.type.timestamp:
        lines.append(("timestamp", f"{code.random}{_as_time(code.random)}"))
    elif not code.type.from_server:
        lines.append(("challenge", code.random))
    kinds = [kind for kind in KeyType if kind.sign_size == len(code.sign) and kind.hash is code.hash]
    if code.type.from_server:
        kinds = [kind for kind in kinds if kind.symmetric]
    lines.append(("sign", f"{len(code.sign)} bytes: {', '.join(kinds) or 'no key type gives this'}"))
    lines += _about_key(code, kinds)
    lines += [("problem", str(found)) for found in whole]
    return Explanation(f"auth code, {len(word)} characters", tuple(lines))


def _about_key(code: AuthCode, kinds: list[KeyType]) -> Iterator[tuple[str, str]]:
    blocks = {kind.block_size for kind in kinds if kind.symmetric}
    for size in blocks:
        tail = code.sign[-size:].hex().upper()
        yield "last block", f"{tail}, the same in every code of this device if its key is symmetric"
    for kind in kinds:
        debug = published.KEYS.get(kind)
        if debug is None:
            continue
        right = _fits_published(code, debug)
        if kind.symmetric and authcode.constant_tail(code, kind) == authcode.tail_of_key(debug.key):
            text = f"made with the vendor's published {kind} debug key: it protects nothing"
            also = "" if right is None else f"; right for the debug ID {debug.id2}{right}"
            yield "published key", text + also
        elif not kind.symmetric and right is not None:
            text = f"made with the vendor's published {kind} debug key, for ID {debug.id2}{right}"
            yield "published key", text


def _fits_published(code: AuthCode, debug: published.PublishedKey) -> str | None:
    """Return how a device code verifies with a published key, or None."""
    if code.type.from_server:
        return None
    extra = b"abcd1234" if code.type.with_extra else b""
    try:
        authcode.verify(debug.key, debug.id2, code, extra)
    except Id2Error:
        return None
    return " with extra abcd1234" if extra else ""


def _as_time(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) <= 14):
        return ""
    return f" ({datetime.fromtimestamp(int(text) // 1000, tz=UTC):%Y-%m-%d %H:%M:%S} UTC)"
