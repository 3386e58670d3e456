"""Judge the auth codes: form, values, SIGN by the key, by the APDU dumps and by the program's own workings.

Source: device-protocol.md b.1 to b.4, i.2 (constants), i.4 (what can be checked without the key), k.10.
"""

from collections.abc import Iterator
from dataclasses import replace

from harness.id2 import authcode, servercode
from harness.id2.authcode import AuthCode
from harness.id2.errors import Id2Error, quoted
from harness.id2.hashes import HashType
from harness.id2.keys import KeyType
from harness.id2.report import CHALLENGE, EXTRA, TIMESTAMP
from harness.logcheck.context import Context
from harness.logcheck.evidence import dump_problems, workings_problems
from harness.logcheck.facts import Sighting
from harness.logcheck.judgement import Judgement
from harness.logcheck.model import RecoveredCode
from harness.run.verdict import Verdict

TIMESTAMPS = (TIMESTAMP, "1605617436545")  # 3.x and 2.0; id2_test of 1.0.1
VENDOR_SOURCES = ("unit test", "report", "demo")


def judge_codes(context: Context, judgement: Judgement) -> None:
    """Judge every code, and that each heading has its code."""
    for sighting in context.facts.codes:
        _judge_code(context, sighting, judgement)
    for lines in context.facts.missing_codes:
        judgement.failed(
            f"auth code after line {lines[0]}",
            f"line {lines[0]} announces an auth code, and no line in the form ' [length] code' follows it",
            (lines[0], lines[0] + 1, *lines[1:]),
        )


def name_of(sighting: Sighting, code: AuthCode | None) -> str:
    """Return the item's name of a code."""
    kind = sighting.kind or ("timestamp" if code is not None and code.type.timestamp else "challenge")
    extra = sighting.extra is not None if sighting.extra_known else code is not None and code.type.with_extra
    return f"auth code: {kind}{' with extra' if extra else ''} ({sighting.source}, line {sighting.line})"


def _judge_code(context: Context, sighting: Sighting, judgement: Judgement) -> None:
    code = context.code_of(sighting)
    name = name_of(sighting, code)
    if sighting.source == "server" or sighting.text.startswith(("10~", "11~")):
        _judge_server_code(context, sighting, judgement)
        return
    problems = list(_length_problems(sighting))
    if authcode.is_hardened(sighting.text):
        if context.key is None:
            judgement.not_run(name, "hardened form (99~): only the ID² key opens it", [sighting.line])
            return
        try:
            sighting = replace(sighting, text=authcode.unharden(context.key, sighting.text))
            code = authcode.parse(sighting.text)
        except Id2Error as error:
            judgement.failed(name, str(error), [sighting.line])
            return
    lines = [sighting.line]
    bare = sighting
    if id(sighting) in context.headed and code is not None:
        bare = replace(sighting, text=code.text)
        _note_length_head(sighting, code, judgement)
    found = list(_check(context, bare, code))
    problems += found
    basis = "form"
    if context.key is not None and context.id2 and not found and _extra_is_known(sighting, code):
        basis = "key"
    if code is not None:
        told = workings_problems(context, sighting, code)
        if told is not None:
            problems += [text for _, text in told]
            lines += [line for line, _ in told if line]
            basis = "key and dump" if basis == "key" else "dump"
        seen = dump_problems(context, sighting, code)
        if seen is not None:
            problems += [text for _, text in seen]
            lines += [line for line, _ in seen if line]
            basis = "key and apdu dump" if basis.startswith("key") else "apdu dump"
        _note_type(sighting, code, judgement)
    if problems and sighting.open_end:
        problems.append("the log ends in this line: it is cut")
    good = f"{len(sighting.text)} characters; {_BASES[basis]}"
    passed = judgement.judged(name, problems, good, lines)
    verdict = Verdict.PASSED if passed else Verdict.FAILED
    judgement.codes.append(
        RecoveredCode(
            context.facts.number, sighting.line, sighting.text[:512], sighting.source, verdict, basis
        )
    )


_BASES = {
    "key": "SIGN recomputed with the key",
    "key and dump": "SIGN recomputed with the key, and every dump of how it was made agrees",
    "key and apdu dump": "SIGN recomputed with the key, and the APDU dump agrees",
    "apdu dump": "SIGN and its hash agree with the APDU dump; not recomputed, the key is not known",
    "dump": "agrees with every dump of how it was made; SIGN not recomputed, the key is not known",
    "form": "form, lengths and constants are right; SIGN not recomputed, the key is not known",
}


def _length_problems(sighting: Sighting) -> Iterator[str]:
    if sighting.length is not None and sighting.length != len(sighting.text):
        yield f"the program says {sighting.length} characters, the code has {len(sighting.text)}"


def _extra_is_known(sighting: Sighting, code: AuthCode | None) -> bool:
    return sighting.extra_known or (code is not None and not code.type.with_extra)


def _check(context: Context, sighting: Sighting, code: AuthCode | None) -> Iterator[str]:
    """Give what is wrong with the code's text, and with the key when it is known."""
    key = context.key if context.id2 and _extra_is_known(sighting, code) else None
    key_type = context.key_type
    if key is None and key_type is not None and not _exact_enough(context, key_type, code):
        key_type = None
    vendor = sighting.source in VENDOR_SOURCES
    if vendor and sighting.extra is not None and sighting.extra != EXTRA:
        yield f"extra is {quoted(sighting.extra)}; the program uses {EXTRA}"
    if sighting.random is not None and sighting.random not in (CHALLENGE, *TIMESTAMPS):
        wanted = TIMESTAMP if sighting.kind == "timestamp" else CHALLENGE
        yield f"the {sighting.kind} of the report is {quoted(sighting.random)}; the program uses {wanted}"
    if (
        sighting.extra_known
        and code is not None
        and key is None
        and code.type.with_extra != (sighting.extra is not None)
    ):
        given = "an extra was given" if sighting.extra is not None else "no extra was given"
        yield f"type is {code.type.value}, and {given}"
    challenge = CHALLENGE if vendor and sighting.kind == "challenge" else None
    timestamp = _timestamp(sighting, code) if vendor and sighting.kind == "timestamp" else None
    problems = authcode.check(
        sighting.text,
        key_type=None if key is not None else key_type,
        id2=context.id2 or None,
        key=key,
        extra=(sighting.extra or "").encode() if key is not None else b"",
        challenge=challenge,
        timestamp=timestamp,
    )
    yield from (str(problem) for problem in problems)
    if code is None:
        return
    if len(set(code.device_random)) == 1:
        yield f"device random {code.device_random} is one digit repeated"
    if context.tail and context.key_type is not None and len(code.sign) == context.key_type.sign_size:
        mine = code.sign[-context.key_type.block_size :]
        if mine != context.tail and key is None:
            yield (
                f"it ends with the cipher block {mine.hex().upper()}, the other codes with "
                f"{context.tail.hex().upper()}; the block is constant for one key"
            )


def _exact_enough(context: Context, key_type: KeyType, code: AuthCode | None) -> bool:
    """Tell whether a type that only stands for its family may be held against this code."""
    if context.exact_type or key_type.symmetric:
        return not (code is not None and code.hash is HashType.SHA1)
    return key_type.family != "ECC" or code is None or len(code.sign) == key_type.sign_size


def _timestamp(sighting: Sighting, code: AuthCode | None) -> str:
    if sighting.random in TIMESTAMPS:
        return sighting.random
    return code.random if code is not None and code.random in TIMESTAMPS else TIMESTAMP


def _note_type(sighting: Sighting, code: AuthCode, judgement: Judgement) -> None:
    if sighting.kind == "timestamp" and not code.type.timestamp:
        judgement.find_defect(
            "k.10",
            f"line {sighting.line}: a timestamp was answered with a code of type {code.type.value}",
            [sighting.line],
        )


def _note_length_head(sighting: Sighting, code: AuthCode, judgement: Judgement) -> None:
    judgement.find_defect(
        "e.2",
        f"line {sighting.line}: SIGN has {len(code.sign)} bytes behind the {len(code.sign):04X} of the chip",
        [sighting.line],
    )


def _judge_server_code(context: Context, sighting: Sighting, judgement: Judgement) -> None:
    key_type = (
        context.key_type if context.exact_type or (context.key_type and context.key_type.symmetric) else None
    )
    key = context.key if context.key is not None and context.key.key_type.symmetric and context.id2 else None
    problems = list(_length_problems(sighting))
    try:
        found = servercode.check(
            sighting.text,
            key_type=None if key is not None else key_type,
            id2=context.id2 or None,
            key=key,
            device_random=CHALLENGE,
            server_extra=EXTRA.encode() if sighting.text.startswith("11~") else b"",
        )
        problems += [str(problem) for problem in found]
    except Id2Error as error:
        problems.append(str(error))
    good = "server code" + (", SIGN recomputed with the key" if key is not None else ", form right")
    judgement.judged(f"server code (line {sighting.line})", problems, good, [sighting.line])


def judge_tail(context: Context, judgement: Judgement) -> None:
    """Judge that all codes end with one cipher block, which needs no key."""
    if not context.tails:
        return
    answers = {
        call.answer[-len(context.tail) :]: call.lines[1]
        for call in context.calls
        if call.mode == 0x51 and call.answer
    }
    problems, lines = [], []
    for sighting in context.facts.codes:
        code = context.code_of(sighting)
        assert context.key_type is not None
        if (
            code is not None
            and len(code.sign) == context.key_type.sign_size
            and not code.sign.endswith(context.tail)
        ):
            problems.append(f"the code in line {sighting.line} ends with another block")
            lines.append(sighting.line)
    for answer, line in answers.items():
        if answer != context.tail:
            problems.append(f"the chip's answer up to line {line} ends with {answer.hex().upper()}")
            lines.append(line)
    total = sum(context.tails.values())
    good = f"{context.tail.hex().upper()} in all {total} codes" + (
        f" and in {len(context.calls)} answers of the chip" if answers else ""
    )
    judgement.judged("constant last block", problems, good, lines)
