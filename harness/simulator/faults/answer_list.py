"""Broken chips by what a harness must ask to see them: wrong answers, what leaks, what is tolerated.

The summary of each is the sentence of its hooks.
"""

from harness.id2.keys import KeyType
from harness.simulator.chip.hooks import ChipHooks
from harness.simulator.faults import leaks
from harness.simulator.faults import tolerance as tolerant
from harness.simulator.faults import wrong_answers as answers
from harness.simulator.faults.fault import ALL_KEYS, ALL_SETS, Expected, Fault, Layer

_ICA = frozenset(("ica",))
_MTK = frozenset(("mtk",))
_SYMMETRIC = frozenset(kind for kind in KeyType if kind.symmetric)
_A_KEY = "a known key"
_A_PIN = "a known PIN"


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
    _fault("hidden-key-dump", leaks.HiddenKeyDump, ALL_SETS),
    _fault("hidden-memory-read", leaks.HiddenMemoryRead, ALL_SETS),
    _fault("hidden-acknowledge", leaks.HiddenAcknowledge, ALL_SETS),
    _fault("hidden-class", leaks.HiddenClass, ALL_SETS),
    _fault("hidden-counter", leaks.HiddenCounter, ALL_SETS),
    _fault("hidden-other-class", leaks.HiddenOtherClass, ALL_SETS),
    _fault("hidden-parameter", leaks.HiddenParameter, ALL_SETS),
    _fault("hidden-last-parameters", leaks.HiddenLastParameters, ALL_SETS),
    _fault("hidden-with-data", leaks.HiddenWithData, ALL_SETS),
    _fault("hidden-announced", leaks.HiddenAnnounced),
    _fault("key-in-vendor-extension", leaks.KeyInVendorExtension, shows_with=_A_KEY),
    _fault("key-in-vendor-version", leaks.KeyInVendorVersion, shows_with=_A_KEY),
    _fault("key-inverted-in-vendor-version", leaks.KeyInvertedInVendorVersion, shows_with=_A_KEY),
    _fault("key-in-pin-answer", leaks.KeyInPinAnswer),
    _fault("key-in-select-hex", leaks.KeyInSelectHex, shows_with=_A_KEY),
    _fault("key-in-select-base64", leaks.KeyInSelectBase64, shows_with=_A_KEY),
    _fault("key-in-select-base64url", leaks.KeyInSelectBase64Url, shows_with=_A_KEY),
    _fault("key-in-select-swapped", leaks.KeyInSelectSwapped, shows_with=_A_KEY),
    _fault("key-in-challenge", leaks.KeyInChallenge, shows_with=_A_KEY),
    _fault("key-in-refusal", leaks.KeyInRefusal, shows_with=_A_KEY),
    _cipher("plaintext-again", leaks.PlaintextAgain),
    _cipher("answer-again-after-select", leaks.AnswerAgainAfterSelect),
    _cipher("answer-again-after-refusal", leaks.AnswerAgainAfterRefusal),
    _cipher("mtk-fetch-again", leaks.MtkFetchAgain, _MTK),
    _fault("any-class-of-crypt", tolerant.AnyClassOfCrypt),
    _fault("any-class-of-vendor-info", tolerant.AnyClassOfVendorInfo),
    _fault("secure-class-without-mac", tolerant.SecureClassWithoutMac),
    _fault("any-parameters-of-challenge", tolerant.AnyParametersOfChallenge),
    _fault("any-parameters-of-vendor-info", tolerant.AnyParametersOfVendorInfo),
    _fault("high-p2-of-get-id", tolerant.HighP2OfGetId),
    _fault("any-mark-of-crypt", tolerant.AnyMarkOfCrypt),
    _cipher("any-key-number", tolerant.AnyKey),
    _cipher("mtk-any-key-number", tolerant.MtkAnyKey, _MTK),
    _cipher("key-number-high-bit", tolerant.KeyNumberHighBit),
    _fault("any-name", tolerant.AnyName),
    _fault("name-last-byte", tolerant.NameLastByte),
    _fault("name-longer", tolerant.NameLonger),
    _fault("high-block-number-of-crypt", tolerant.HighBlockNumberOfCrypt),
    _fault("channel-of-crypt", tolerant.ChannelOfCrypt),
    _fault("name-any-case", tolerant.NameAnyCase),
    _fault("name-registered-part", tolerant.NameRegisteredPart),
    _cipher("chain-over-select", tolerant.ChainOverSelect),
    _fault("any-pin", tolerant.AnyPin),
    _fault("pin-first-four", tolerant.PinFirstFour, shows_with=_A_PIN),
    _fault("pin-prefix", tolerant.PinPrefix, shows_with=_A_PIN),
    _fault("pin-never-locks", tolerant.PinNeverLocks, shows_with=f"{_A_PIN}, and a spare chip"),
    _fault("pin-not-counted", tolerant.PinNotCounted),
    _fault("pin-refused-without-count", tolerant.PinRefusedWithoutCount),
    _fault("padded-to-le", tolerant.PaddedToLe),
    _fault("exact-le-refused", tolerant.ExactLeRefused),
    _fault("wrong-le-announced", tolerant.WrongLeAnnounced),
    _fault("get-id-takes-data", tolerant.GetIdTakesData),
)
"""All of them, in the order of what they are."""
