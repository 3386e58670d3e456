"""Judge what the codes of a console say of the ID² key without knowing it: can it be guessed, is its cipher one?

Source: device-protocol.md b.2, b.3 (signed message; constant last block), b.5 (published keys).
"""

from harness.id2 import cipher_tests, weak_keys
from harness.id2.codetext import message
from harness.id2.errors import Id2Error
from harness.id2.keys import KeyType
from harness.id2.published import IDENTIFIERS
from harness.id2.signing import sign_input
from harness.logcheck.context import Context
from harness.logcheck.judgement import Judgement
from harness.severity import Severity

_MOST_CODES = 64
_FEWEST_BLOCKS = 4


def judge_key_strength(context: Context, judgement: Judgement) -> None:
    """Judge that nobody can guess the key, and that SIGN comes out of a block cipher.

    A published debug key under its own ID is a finding of its own, and no failure here. A key that was given is one
    for tests, as far as a log tells: that it can be guessed is then a finding.
    """
    key_type = context.key_type
    if key_type is None or not key_type.symmetric or not context.tails or not context.id2:
        return
    lines = [sighting.line for sighting in context.facts.codes]
    if context.id2 not in IDENTIFIERS and not context.published_key and key_type is not KeyType.SM1_128:
        weak = weak_keys.find(key_type, context.id2, [(weak_keys.padding_block(key_type), context.tail)])
        if weak is not None:
            known = f", published with ID {weak.published_for}" if weak.published_for else ""
            told = (
                f"anybody can guess the ID² key: it is {weak.how} (type {weak.key_type.value}{known}); the "
                "constant last block of the codes shows it"
            )
            if context.key is None:
                judgement.failed("key strength", told, lines)
            else:
                # Whoever gave the key knows it, as one has a key for tests. No product may be shipped with it.
                judgement.find("guessable-key", Severity.MAJOR, "the ID² key can be guessed", told, lines)
    problems = cipher_tests.problems_of_pairs(_pairs(context, key_type))
    if problems:
        judgement.failed(
            "cipher", f"SIGN does not come out of a block cipher: {'; '.join(problems[:3])}", lines
        )


def _pairs(context: Context, key_type: KeyType) -> list[weak_keys.Pair]:
    """Return the blocks of hash and padding with their ciphertexts, of codes whose whole message is known."""
    pairs: dict[bytes, bytes] = {}
    for sighting in context.facts.codes[:_MOST_CODES]:
        code = context.code_of(sighting)
        if code is None or code.type.with_extra or len(code.sign) != key_type.sign_size:
            continue
        try:
            signed = sign_input(key_type, message(context.id2, code.device_random, code.random, b""))
        except Id2Error:
            continue
        pairs.update(weak_keys.parts_of(signed, code.sign, key_type.block_size))
    return list(pairs.items()) if len(pairs) >= _FEWEST_BLOCKS else []
