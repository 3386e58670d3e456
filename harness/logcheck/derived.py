"""Judge secrets, derived keys and one-time passwords. Their values never stand in an item: they are secrets.

Source: device-protocol.md c.2 (rules), c.8 (TOTP), i.2 (constants of the program).
"""

import re
from collections.abc import Iterator

from harness.id2 import secrets, totp
from harness.id2.errors import Id2Error, quoted
from harness.id2.hashes import digest
from harness.logcheck.context import Context
from harness.logcheck.evidence import answer_to
from harness.logcheck.facts import Derived, PrintedValue
from harness.logcheck.judgement import Judgement, first_difference

TEST_SEED = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
KEY_SEED = "appKey"
_UPPER_HEX_64 = re.compile(r"[0-9A-F]{64}")
_KEY_LENGTH = 16


def judge_derived(context: Context, judgement: Judgement) -> None:
    """Judge every secret, derived key and one-time password of the boot."""
    for secret in context.facts.secrets:
        _judge_secret(context, secret, judgement)
    for key in context.facts.keys:
        _judge_key(context, key, judgement)
    for password in context.facts.totps:
        _judge_totp(context, password, judgement)


def _judge_secret(context: Context, secret: Derived, judgement: Judgement) -> None:
    if secret.seed is None and context.facts.cut_start:
        judgement.not_run(
            "device secret", "the beginning of the log is cut, and with it its seed", secret.lines
        )
        return
    problems = []
    if secret.length != len(secret.text):
        problems.append(f"the program says {secret.length} characters, the secret has {len(secret.text)}")
    if not _UPPER_HEX_64.fullmatch(secret.text):
        problems.append(f"it has {len(secret.text)} characters and must be 64 upper-case hex digits")
    problems += _seed_problems(secret.seed, TEST_SEED)
    basis = "form right; not recomputed, the key is not known"
    if secret.seed is not None:
        wanted, basis = _expected(context, secret.seed.value.encode(), basis)
        if wanted is not None and wanted.hex().upper() != secret.text:
            at = first_difference(secret.text, wanted.hex().upper())
            problems.append(f"it is not the secret of this seed: it differs at position {at}")
        elif wanted is None and context.facts.exchanges and not context.facts.cut_start:
            problems.append("no APDU in the dumps carries the hash of its seed")
    judgement.judged("device secret", problems, basis, secret.lines)


def _judge_key(context: Context, key: Derived, judgement: Judgement) -> None:
    if key.seed is None and context.facts.cut_start:
        judgement.not_run("derived key", "the beginning of the log is cut, and with it its seed", key.lines)
        return
    problems = _seed_problems(key.seed, KEY_SEED)
    if len(key.value) != _KEY_LENGTH:
        problems.append(f"{len(key.value)} bytes are shown; the program derives {_KEY_LENGTH}")
    basis = "not recomputed, the key is not known"
    if key.seed is not None and context.id2:
        seed = "" if key.seed.value == "NULL" else key.seed.value
        wanted, basis = _expected(context, context.id2.encode() + seed.encode(), basis)
        if wanted is not None and wanted[: len(key.value)] != key.value:
            at = first_difference(key.value, wanted)
            problems.append(f"it is not the key of this seed: byte {at} differs")
        elif wanted is None and context.facts.exchanges and not context.facts.cut_start:
            problems.append("no APDU in the dumps carries the hash of ID and seed")
    judgement.judged("derived key", problems, basis, key.lines)


def _seed_problems(seed: PrintedValue | None, constant: str) -> list[str]:
    if seed is None:
        return []
    return [] if seed.value == constant else [f"seed is {quoted(seed.value)}; the program uses {constant}"]


def _expected(context: Context, message: bytes, otherwise: str) -> tuple[bytes | None, str]:
    """Return HASH(SIGN(message)) by the key or by the chip's answer, and what it rests on."""
    key_type = context.key_type
    if key_type is None:
        return None, otherwise
    if context.key is not None:
        try:
            # get_secret of any text is the hash of SIGN over it, also when the text begins with the ID
            return bytes.fromhex(secrets.get_secret(context.key, message.decode())), "recomputed with the key"
        except (Id2Error, UnicodeDecodeError):
            return None, otherwise
    call = answer_to(context.calls, key_type, message)
    if call is None:
        return None, otherwise
    answer = call.answer if key_type.symmetric else call.answer[-key_type.sign_size :]
    return digest(
        key_type.hash, answer
    ), "the hash of what the chip answered to its seed; the key is not known"


def _judge_totp(context: Context, password: PrintedValue, judgement: Judgement) -> None:
    problems = list(_totp_problems(password.value))
    lines = [password.line]
    for seed in context.ids:
        if seed in context.facts.seeds and context.calls and context.key_type is not None and context.id2:
            lines.append(seed.line)
            if answer_to(context.calls, context.key_type, seed.value.encode()) is None:
                problems.append(f"no APDU in the dumps carries the hash of the seed in line {seed.line}")
    judgement.judged(
        "one-time password",
        problems,
        "form and hidden index are right; not recomputed, the device's clock is not known",
        lines,
    )


def _totp_problems(text: str) -> Iterator[str]:
    try:
        index = totp.recover_index(text)
    except Id2Error as error:
        yield str(error)
        return
    # The program takes both from one clock reading t in ms: length = max(t % 16 + 1, 6), index = t % 100.
    # 4 divides 16 and 100, so both give the same t % 4.
    if len(text) > totp.LENGTH_MIN and (len(text) - 1) % 4 != index % 4:
        yield (
            f"hidden index {index} and length {len(text)} cannot come from one clock reading, from which the "
            "program takes both: a digit is altered"
        )
