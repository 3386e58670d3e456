"""Broken chips by what a harness must ask to see them: wrong answers, what leaks, what is tolerated.

The summary of each is the sentence of its hooks.
"""

from harness.id2.keys import KeyType
from harness.simulator import wrong_answer_faults as answers
from harness.simulator.chip_hooks import ChipHooks
from harness.simulator.fault import ALL_KEYS, ALL_SETS, Expected, Fault, Layer

_ICA = frozenset(("ica",))
_SYMMETRIC = frozenset(kind for kind in KeyType if kind.symmetric)


def _fault(
    name: str,
    hooks: type[ChipHooks],
    sets: frozenset[str] = _ICA,
    *,
    keys: frozenset[KeyType] = ALL_KEYS,
    needs: str = "",
    shows_with: str = "",
) -> Fault:
    summary = (hooks.__doc__ or "").partition("\n")[0].rstrip(".")
    return Fault(name, Layer.CHIP, summary, Expected.FAILED, hooks, sets, keys, needs, shows_with)


def _cipher(name: str, hooks: type[ChipHooks], sets: frozenset[str] = _ICA) -> Fault:
    return _fault(name, hooks, sets, keys=_SYMMETRIC)


ANSWER_FAULTS: tuple[Fault, ...] = (
    _cipher("mac-without-key", answers.MacWithoutKey),
    _cipher("mac-other-key", answers.MacOtherKey),
    _cipher("mac-first-block", answers.MacFirstBlock),
    _cipher("mac-first-command", answers.MacFirstCommand),
    _cipher("mac-skips-second-block", answers.MacSkipsSecondBlock),
    _cipher("mac-methods-equal", answers.MacMethodsEqual),
    _cipher("mac-methods-swapped", answers.MacMethodsSwapped),
    _cipher("mac-ignores-iv", answers.MacIgnoresIv),
    _cipher("mac-verify-first-half", answers.MacFirstHalfCompared),
    _cipher("mac-verify-last-byte", answers.MacLastByteCompared),
    _cipher("mac-verify-all-but-last-byte", answers.MacLastByteIgnored),
    _cipher("mac-verify-all-but-one-byte", answers.MacOneByteIgnored),
    _cipher("mac-verify-all-but-top-bit", answers.MacTopBitIgnored),
    _cipher("mac-verify-four-bytes-enough", answers.MacCompactCompared),
    _cipher("mac-verify-tail-ignored", answers.MacTailIgnored),
    _cipher("iv-last-byte-ignored", answers.IvLastByteIgnored),
    _cipher("iv-of-the-command-before", answers.IvOfTheCommandBefore),
    _cipher("byte-value-encrypted-wrong", answers.ByteValueEncryptedWrong, ALL_SETS),
    _cipher("byte-value-decrypted-wrong", answers.ByteValueDecryptedWrong, ALL_SETS),
    _cipher("top-bit-cleared", answers.TopBitCleared, ALL_SETS),
    _fault("digest-padding-edge", answers.DigestPaddingEdge),
    _fault("digest-whole-blocks", answers.DigestWholeBlocks),
    _fault("digest-of-one-byte", answers.DigestOfOneByte),
    _fault("digest-short-pieces", answers.DigestShortPieces),
    _fault("digest-fifth-command", answers.DigestFifthCommand),
)
"""All of them, in the order of what they are."""
