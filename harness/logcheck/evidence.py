"""Hold codes and secrets against what the log shows of how they were made. That needs no key.

The SE adapter dumps what it sends and what comes back: the command carries the padded hash of ID, device
random, challenge and extra, and the answer is SIGN. The 1.0.0 demo and debug builds print message, hash,
padded hash and SIGN.

Source: device-protocol.md b.2, b.3, b.5, i.1.
"""

from collections.abc import Iterator

from harness.id2 import authcode, ciphers
from harness.id2.authcode import AuthCode
from harness.id2.errors import quoted
from harness.id2.hashes import digest
from harness.id2.keys import KeyType
from harness.logcheck.apdu import DECRYPT, CryptCall
from harness.logcheck.context import Context
from harness.logcheck.facts import Dump, Sighting
from harness.logcheck.judgement import first_difference

Told = list[tuple[int, str]]
"""Problems, each with the line of the other place that it was held against (0 for none)."""

_NO_TRACE: Told = [(0, "no APDU in the dumps carries its hash, and none of the answers is its SIGN")]


def dump_problems(context: Context, sighting: Sighting, code: AuthCode) -> Told | None:
    """Hold a code against the APDU dumps; None when there are none to hold it against."""
    calls = [call for call in context.calls if call.mode != DECRYPT]
    facts = context.facts
    if not facts.exchanges or not context.id2 or context.key_type is None or not sighting.extra_known:
        return None
    if facts.begins_behind_making_of(sighting.line) and facts.exchanges[0].lines[0] > sighting.line:
        return None  # its dump was before the log
    message = authcode.message(context.id2, code.device_random, code.random, (sighting.extra or "").encode())
    told = match_call(calls, context.key_type, message, code.sign)
    if told == _NO_TRACE and facts.unread:
        return None  # its dump may be the one that could not be read
    if told == _NO_TRACE and facts.begins_behind_making_of(sighting.line) and sighting is facts.codes[0]:
        return None  # its dump may have been cut
    return told


def match_call(calls: list[CryptCall], key_type: KeyType, message: bytes, sign: bytes) -> Told:
    """Look for the call that was asked to sign `message` and answered `sign`."""
    wanted = authcode.sign_input(key_type, message) if key_type.symmetric else message
    asked = [call for call in calls if call.data == wanted]
    if any(_answers(call, sign) for call in asked):
        return []
    answered = [call for call in calls if _answers(call, sign)]
    if answered:
        line = answered[0].lines[0]
        told = f"the chip answered this SIGN to another message (dump at line {line}): "
        return [(line, told + "the ID, device random, challenge or extra is not the one that was signed")]
    if asked:
        line, at = asked[0].lines[1], first_difference(sign, asked[0].answer)
        return [(line, f"SIGN is not what the chip answered (dump up to line {line}): byte {at} differs")]
    return _NO_TRACE


def answer_to(calls: list[CryptCall], key_type: KeyType, message: bytes) -> CryptCall | None:
    """Return the call that signed a message."""
    wanted = authcode.sign_input(key_type, message) if key_type.symmetric else message
    return next((call for call in calls if call.data == wanted and call.answer), None)


def _answers(call: CryptCall, sign: bytes) -> bool:
    # the adapter leaves the two-byte length before the answer of an asymmetric key (e.2)
    return call.answer in (sign, len(sign).to_bytes(2, "big") + sign)


def workings_problems(context: Context, sighting: Sighting, code: AuthCode) -> Told | None:
    """Hold a code against what the program printed while making it; None when it printed nothing."""
    workings = sighting.workings
    if workings is None or not workings.any or not context.id2:
        return None
    return list(_workings(context, sighting, code))


def _workings(context: Context, sighting: Sighting, code: AuthCode) -> Iterator[tuple[int, str]]:
    workings = sighting.workings
    assert workings is not None
    key_type = context.key_type
    for dump in workings.dumps:
        if dump.damage:
            yield dump.line, dump.damage
    base = authcode.message(context.id2, code.device_random, code.random)
    message = base + (sighting.extra or "").encode()
    shown = [(text.line, text.value.encode(), "signed message") for text in workings.message_texts]
    shown += [(dump.line, dump.data, "dump of the signed message") for dump in _whole(workings.message_dumps)]
    for line, text, what in shown:
        fits = text == message if sighting.extra_known else text.startswith(base)
        if not fits:
            at = first_difference(text, message)
            yield (
                line,
                (
                    f"the {what} in line {line} is not ID, device random, challenge and extra of this code: "
                    f"it differs at position {at} ({quoted(text[at : at + 8].decode('ascii', 'replace'))})"
                ),
            )
    if not shown and not sighting.extra_known:
        return
    message = shown[0][1] if shown and not sighting.extra_known else message
    hashed = digest(code.hash, message)
    yield from _same(workings.hashes, hashed, "hash")
    if key_type is not None and key_type.symmetric:
        yield from _same(workings.padded, ciphers.pad(hashed, key_type.block_size), "padded hash")
    printed_sign = context.headed.get(id(sighting), code).sign
    yield from _same(workings.signs, printed_sign, "SIGN")
    base64 = sighting.text.rpartition("~")[2].encode()
    yield from _same(workings.base64_dumps, base64, "base64 of SIGN")
    for printed in workings.base64_texts:
        if printed.value.encode() != base64:
            at = first_difference(printed.value.encode(), base64)
            yield printed.line, f"base64 in line {printed.line} differs from the code's at position {at}"


def _whole(dumps: list[Dump]) -> list[Dump]:
    return [dump for dump in dumps if not dump.damage]


def _same(dumps: list[Dump], wanted: bytes, what: str) -> Iterator[tuple[int, str]]:
    for dump in _whole(dumps):
        if dump.data != wanted:
            at = first_difference(dump.data, wanted)
            line = dump.line + 1 + at // 16
            yield (
                line,
                f"dump {quoted(dump.name)} in line {dump.line} is not the {what} of this code at byte {at}",
            )
