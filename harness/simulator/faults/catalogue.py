"""Broken devices: each has one fault, and the harness must see it.

What a harness needs to see a fault stands in `shows_with`; the boards of the mutants run give it. What a fault is, the
docstring of its hooks says.
"""

import difflib
from collections.abc import Collection
from functools import partial

from harness.errors import UsageError
from harness.id2.keys import KeyType
from harness.settings.suggest import MAX_COMPARED
from harness.simulator.chip import framing_hooks as framing
from harness.simulator.chip.framing_hooks import FramingHooks
from harness.simulator.chip.hooks import ChipHooks
from harness.simulator.console import faults as console
from harness.simulator.console import text_faults as text
from harness.simulator.console.hooks import ConsoleHooks
from harness.simulator.faults import chip, leaks, randoms, sessions, tolerance
from harness.simulator.faults import keys as weak
from harness.simulator.faults import wrong_answers as answers
from harness.simulator.faults.fault import ALL_KEYS, Expected, Fault, Layer
from harness.simulator.link.fault_list import LINK_FAULTS
from harness.simulator.module.fault_list import MODULE_FAULTS
from harness.simulator.puf import faults as puf
from harness.simulator.puf.hooks import PufHooks

_ICA = frozenset(("ica",))
_MTK = frozenset(("mtk",))
_SYMMETRIC = frozenset(kind for kind in KeyType if kind.symmetric)
_SM4 = frozenset((KeyType.SM4_128,))
_A_KEY = "a known key"
_KEY_OR_SERVICE = "a known key, or the service"
_A_PIN = "a known PIN"
_FM1280 = "the FM1280 framing"
_LONG_RUN = "many commands and sessions"
_RANDOMS = "the random values of a whole run"
_LAYERS: dict[type, Layer] = {
    ChipHooks: Layer.CHIP,
    FramingHooks: Layer.FRAMING,
    ConsoleHooks: Layer.CONSOLE,
    PufHooks: Layer.PUF,
}

_Hooks = (
    type[ChipHooks]
    | type[FramingHooks]
    | type[ConsoleHooks]
    | type[PufHooks]
    | partial[text.Added]
    | partial[text.Replaced]
)


def _fault(
    name: str,
    hooks: _Hooks,
    sets: frozenset[str] | None = None,
    *,
    keys: frozenset[KeyType] = ALL_KEYS,
    needs: str = "",
    shows_with: str = "",
    expected: Expected = Expected.FAILED,
    summary: str = "",
) -> Fault:
    kind = hooks.func if isinstance(hooks, partial) else hooks
    layer = next(
        layer for base, layer in _LAYERS.items() if isinstance(kind, type) and issubclass(kind, base)
    )
    told = summary or (kind.__doc__ or "").partition("\n")[0].rstrip(".")
    return Fault(name, layer, told, expected, hooks, sets, keys, needs, shows_with)


CHIP_FAULTS: tuple[Fault, ...] = (
    _fault("id-length-11", chip.IdOneByteShort),
    _fault("id-length-13", chip.IdOneByteLong),
    _fault("id-changes", chip.IdChanges),
    _fault("id-vendor-swapped", chip.VendorSwapped),
    _fault("cbc-instead-of-ecb", chip.CbcInsteadOfEcb, keys=_SYMMETRIC),
    _fault("adds-own-padding", chip.AddsOwnPadding, _ICA, keys=_SYMMETRIC),
    _fault("padding-missing", chip.PaddingMissing, _ICA, keys=_SYMMETRIC),
    _fault("encrypts-with-other-key", chip.OtherKey, keys=_SYMMETRIC, shows_with=_KEY_OR_SERVICE),
    _fault("key-byte-order", chip.KeyByteOrder, keys=_SYMMETRIC, shows_with=_KEY_OR_SERVICE),
    _fault("swallowed-status", chip.SwallowedStatus),
    _fault("wrong-class-accepted", chip.AnyClass),
    _fault("wrong-instruction-accepted", chip.AnyInstruction),
    _fault("p1p2-ignored", chip.AnyP1P2),
    _fault("wrong-length-accepted", chip.AnyLength),
    _fault("block-boundary-off-by-one", chip.BlockBoundaryOffByOne, _ICA, keys=_SYMMETRIC),
    _fault(
        "second-block-ignores-state",
        chip.SecondBlockIgnoresState,
        _ICA,
        keys=_SYMMETRIC,
        shows_with="a chained decryption, or chained CBC",
    ),
    _fault("stale-answer", chip.StaleAnswer, keys=_SYMMETRIC),
    _fault("vendor-bitmap-lies", chip.BitmapLies, _ICA),
    _fault("vendor-info-short", chip.VendorInfoShort, _ICA),
    _fault("getresponse-truncated", chip.GetResponseTruncated, _ICA, needs="get-response"),
    _fault("getresponse-third-transmission", chip.GetResponseThird, _ICA, needs="get-response"),
    _fault("constant-challenge", chip.ConstantChallenge, _ICA),
    _fault("short-challenge", chip.ShortChallenge, _ICA),
    _fault("mac-constant", chip.MacConstant, _ICA, keys=_SYMMETRIC),
    _fault("mac-verify-always-ok", chip.MacAlwaysGood, _ICA, keys=_SYMMETRIC),
    _fault("decrypt-is-encrypt", chip.DecryptIsEncrypt, keys=_SYMMETRIC),
    _fault("slow-answer", chip.SlowAnswer, shows_with="a time limit"),
    _fault("answer-too-long", chip.AnswerTooLong),
    _fault("sm4-byte-swapped", chip.Sm4ByteSwapped, _ICA, keys=_SM4, shows_with=_KEY_OR_SERVICE),
    _fault("mtk-crc-wrong", chip.MtkCrcWrong, _MTK),
    _fault("mtk-padding-missing", chip.MtkPaddingMissing, _MTK),
    _fault("mtk-accepts-bad-padding", chip.MtkAcceptsBadPadding, _MTK),
)
"""Broken chips, each of which one question shows."""

FRAMING_FAULTS: tuple[Fault, ...] = (
    _fault("bcc-wrong-always", framing.BccWrongAlways, shows_with=_FM1280),
    _fault("bcc-wrong-once", framing.BccWrongOnce, shows_with=_FM1280, expected=Expected.PASSED),
    _fault("nak-forever", framing.NakForever, shows_with=_FM1280, expected=Expected.BLOCKED),
    _fault("wtx-forever", framing.WtxForever, shows_with="the FM1280 framing, and a time limit"),
)
"""Broken FM1280 framings on I²C."""

CONSOLE_FAULTS: tuple[Fault, ...] = (
    _fault("constant-device-random", console.ConstantDeviceRandom),
    _fault("hash-wrong-order", console.HashWrongOrder, shows_with=_KEY_OR_SERVICE),
    _fault("extra-ignored", console.ExtraIgnored, shows_with=_KEY_OR_SERVICE),
    _fault("sign-padding-missing", console.SignPaddingMissing),
    _fault("timestamp-answered-with-challenge-type", console.TimestampAsChallenge),
    _fault("wrong-hash-field", console.WrongHashField),
    _fault("id-lower-case", console.IdLowerCase),
    _fault("code-length-mismatch", console.CodeLengthMismatch),
    _fault("report-code-tampered", console.ReportCodeTampered, shows_with=_KEY_OR_SERVICE),
    _fault("report-id-mismatch", console.ReportIdMismatch),
    _fault("report-item-missing", console.ReportItemMissing),
    _fault("sdk-version-mismatch", console.SdkVersionMismatch),
    _fault("unit-test-fails", console.UnitTestFails),
    _fault("demo-carrier-in-product", console.DemoCarrier),
    _fault("decrypt-accepts-bad-padding", console.AcceptsBadPadding, shows_with="APDU dumps in the console"),
    _fault("server-code-accepted-when-wrong", console.AcceptsServerCode),
    _fault("garbage", console.Garbage, expected=Expected.BLOCKED),
    _fault("silent", console.Silent, expected=Expected.BLOCKED),
    _fault("cut-off-in-report", console.CutOffInReport),
)
"""Broken console boards."""

ANSWER_FAULTS: tuple[Fault, ...] = (
    _fault("mac-without-key", answers.MacWithoutKey, _ICA, keys=_SYMMETRIC),
    _fault("mac-other-key", answers.MacOtherKey, _ICA, keys=_SYMMETRIC),
    _fault("mac-first-block", answers.MacFirstBlock, _ICA, keys=_SYMMETRIC),
    _fault("mac-first-command", answers.MacFirstCommand, _ICA, keys=_SYMMETRIC),
    _fault("mac-skips-second-block", answers.MacSkipsSecondBlock, _ICA, keys=_SYMMETRIC),
    _fault("mac-methods-equal", answers.MacMethodsEqual, _ICA, keys=_SYMMETRIC),
    _fault("mac-methods-swapped", answers.MacMethodsSwapped, _ICA, keys=_SYMMETRIC),
    _fault("mac-ignores-iv", answers.MacIgnoresIv, _ICA, keys=_SYMMETRIC),
    _fault("mac-verify-first-half", answers.MacFirstHalfCompared, _ICA, keys=_SYMMETRIC),
    _fault("mac-verify-last-byte", answers.MacLastByteCompared, _ICA, keys=_SYMMETRIC),
    _fault("mac-verify-all-but-last-byte", answers.MacLastByteIgnored, _ICA, keys=_SYMMETRIC),
    _fault("mac-verify-all-but-one-byte", answers.MacOneByteIgnored, _ICA, keys=_SYMMETRIC),
    _fault("mac-verify-all-but-top-bit", answers.MacTopBitIgnored, _ICA, keys=_SYMMETRIC),
    _fault("mac-verify-four-bytes-enough", answers.MacCompactCompared, _ICA, keys=_SYMMETRIC),
    _fault("mac-verify-tail-ignored", answers.MacTailIgnored, _ICA, keys=_SYMMETRIC),
    _fault("iv-last-byte-ignored", answers.IvLastByteIgnored, _ICA, keys=_SYMMETRIC),
    _fault("iv-of-the-command-before", answers.IvOfTheCommandBefore, _ICA, keys=_SYMMETRIC),
    _fault("byte-value-encrypted-wrong", answers.ByteValueEncryptedWrong, keys=_SYMMETRIC),
    _fault("byte-value-decrypted-wrong", answers.ByteValueDecryptedWrong, keys=_SYMMETRIC),
    _fault("top-bit-cleared", answers.TopBitCleared, keys=_SYMMETRIC),
    _fault("digest-padding-edge", answers.DigestPaddingEdge, _ICA),
    _fault("digest-whole-blocks", answers.DigestWholeBlocks, _ICA),
    _fault("digest-of-one-byte", answers.DigestOfOneByte, _ICA),
    _fault("digest-short-pieces", answers.DigestShortPieces, _ICA),
    _fault("digest-fifth-command", answers.DigestFifthCommand, _ICA),
    _fault("hidden-key-dump", leaks.HiddenKeyDump),
    _fault("hidden-memory-read", leaks.HiddenMemoryRead),
    _fault("hidden-acknowledge", leaks.HiddenAcknowledge),
    _fault("hidden-class", leaks.HiddenClass),
    _fault("hidden-counter", leaks.HiddenCounter),
    _fault("hidden-other-class", leaks.HiddenOtherClass),
    _fault("hidden-parameter", leaks.HiddenParameter),
    _fault("hidden-last-parameters", leaks.HiddenLastParameters),
    _fault("hidden-with-data", leaks.HiddenWithData),
    _fault("hidden-announced", leaks.HiddenAnnounced, _ICA),
    _fault("key-in-vendor-extension", leaks.KeyInVendorExtension, _ICA, shows_with=_A_KEY),
    _fault("key-in-vendor-version", leaks.KeyInVendorVersion, _ICA, shows_with=_A_KEY),
    _fault("key-inverted-in-vendor-version", leaks.KeyInvertedInVendorVersion, _ICA, shows_with=_A_KEY),
    _fault("key-in-pin-answer", leaks.KeyInPinAnswer, _ICA),
    _fault("key-in-select-hex", leaks.KeyInSelectHex, _ICA, shows_with=_A_KEY),
    _fault("key-in-select-base64", leaks.KeyInSelectBase64, _ICA, shows_with=_A_KEY),
    _fault("key-in-select-base64url", leaks.KeyInSelectBase64Url, _ICA, shows_with=_A_KEY),
    _fault("key-in-select-swapped", leaks.KeyInSelectSwapped, _ICA, shows_with=_A_KEY),
    _fault("key-in-challenge", leaks.KeyInChallenge, _ICA, shows_with=_A_KEY),
    _fault("key-in-refusal", leaks.KeyInRefusal, _ICA, shows_with=_A_KEY),
    _fault("plaintext-again", leaks.PlaintextAgain, _ICA, keys=_SYMMETRIC),
    _fault("answer-again-after-select", leaks.AnswerAgainAfterSelect, _ICA, keys=_SYMMETRIC),
    _fault("answer-again-after-refusal", leaks.AnswerAgainAfterRefusal, _ICA, keys=_SYMMETRIC),
    _fault("mtk-fetch-again", leaks.MtkFetchAgain, _MTK, keys=_SYMMETRIC),
    _fault("any-class-of-crypt", tolerance.AnyClassOfCrypt, _ICA),
    _fault("any-class-of-vendor-info", tolerance.AnyClassOfVendorInfo, _ICA),
    _fault("secure-class-without-mac", tolerance.SecureClassWithoutMac, _ICA),
    _fault("any-parameters-of-challenge", tolerance.AnyParametersOfChallenge, _ICA),
    _fault("any-parameters-of-vendor-info", tolerance.AnyParametersOfVendorInfo, _ICA),
    _fault("high-p2-of-get-id", tolerance.HighP2OfGetId, _ICA),
    _fault("any-mark-of-crypt", tolerance.AnyMarkOfCrypt, _ICA),
    _fault("any-key-number", tolerance.AnyKey, _ICA, keys=_SYMMETRIC),
    _fault("mtk-any-key-number", tolerance.MtkAnyKey, _MTK, keys=_SYMMETRIC),
    _fault("key-number-high-bit", tolerance.KeyNumberHighBit, _ICA, keys=_SYMMETRIC),
    _fault("any-name", tolerance.AnyName, _ICA),
    _fault("name-last-byte", tolerance.NameLastByte, _ICA),
    _fault("name-longer", tolerance.NameLonger, _ICA),
    _fault("high-block-number-of-crypt", tolerance.HighBlockNumberOfCrypt, _ICA),
    _fault("channel-of-crypt", tolerance.ChannelOfCrypt, _ICA),
    _fault("name-any-case", tolerance.NameAnyCase, _ICA),
    _fault("name-registered-part", tolerance.NameRegisteredPart, _ICA),
    _fault("chain-over-select", tolerance.ChainOverSelect, _ICA, keys=_SYMMETRIC),
    _fault("any-pin", tolerance.AnyPin, _ICA),
    _fault("pin-first-four", tolerance.PinFirstFour, _ICA, shows_with=_A_PIN),
    _fault("pin-prefix", tolerance.PinPrefix, _ICA, shows_with=_A_PIN),
    _fault("pin-never-locks", tolerance.PinNeverLocks, _ICA, shows_with="a known PIN, and a spare chip"),
    _fault("pin-not-counted", tolerance.PinNotCounted, _ICA),
    _fault("pin-refused-without-count", tolerance.PinRefusedWithoutCount, _ICA),
    _fault("padded-to-le", tolerance.PaddedToLe, _ICA),
    _fault("exact-le-refused", tolerance.ExactLeRefused, _ICA),
    _fault("wrong-le-announced", tolerance.WrongLeAnnounced, _ICA),
    _fault("get-id-takes-data", tolerance.GetIdTakesData, _ICA),
)
"""Broken chips by what a harness must ask to see them: wrong answers, what leaks, what is tolerated."""

CONSOLE_TEXT_FAULTS: tuple[Fault, ...] = (
    *(_fault(name, partial(text.Added, *how), summary=told) for name, (told, *how) in text.ADDED.items()),
    *(
        _fault(name, partial(text.Replaced, *how), summary=told)
        for name, (told, *how) in text.REPLACED.items()
    ),
    _fault("reset-by-watchdog", text.ResetByWatchdog),
    _fault("same-start-twice", text.StartsTwice),
    _fault("demo-random-linked", text.DemoRandomLinked),
    _fault("other-sdk-version", text.OtherSdkVersion, shows_with="a declared SDK version"),
)
"""Broken console boards whose fault stands in the text beside tests that pass."""

_later = partial(_fault, keys=_SYMMETRIC, shows_with=_LONG_RUN)
CHANGES: tuple[Fault, ...] = (
    _later("other-key-second-session", sessions.OtherKeyLater),
    _later("other-key-each-session", sessions.OtherKeyEachSession),
    _later("other-key-every-20th-session", sessions.OtherKeyEveryTwentiethSession),
    _later("other-key-after-1500-commands", sessions.OtherKeyAfterManyCommands),
    _later("other-key-after-seconds", sessions.OtherKeyAfterSeconds),
    _later("other-id-second-session", sessions.OtherIdLater),
    _later("other-id-after-1500-commands", sessions.OtherIdAfterManyCommands),
    _later("other-id-after-seconds", sessions.OtherIdAfterSeconds),
    _later("other-id-now-and-then", sessions.OtherIdNowAndThen),
    _later("other-vendor-info-second-session", sessions.OtherVendorInfoLater, _ICA),
    _later("dead-second-session", sessions.DeadLater),
    _later("dead-after-1500-commands", sessions.DeadAfterManyCommands),
    _later("zeros-second-session", sessions.SilentlyFailingLater, _ICA),
    _later("wrong-every-200th-answer", sessions.WrongNowAndThen, _ICA),
    _later("answers-of-the-session-before", sessions.AnswersOfTheSessionBefore, _ICA),
)
"""Chips that become another device after a while."""

_bad_random = partial(_fault, keys=_SYMMETRIC, shows_with=_RANDOMS)
BAD_RANDOMS: tuple[Fault, ...] = (
    _bad_random("challenge-counts", randoms.ChallengeCounts, _ICA),
    _bad_random("challenge-field-counts", randoms.ChallengeFieldCounts, _ICA),
    _bad_random("challenge-stuck-bit", randoms.ChallengeStuckBit, _ICA),
    _bad_random("challenge-few-bits", randoms.ChallengeFewBits, _ICA),
    _bad_random("challenge-short-period", randoms.ChallengeShortPeriod, _ICA),
    _bad_random("challenge-same-each-session", randoms.ChallengeSameEachSession, _ICA),
    _bad_random("challenge-constant-byte", randoms.ChallengeConstantPart, _ICA),
    _bad_random("challenge-is-text", randoms.ChallengeIsText, _ICA),
    _bad_random("challenge-is-hex-digits", randoms.ChallengeIsDigits, _ICA),
    _bad_random("challenge-copied-half", randoms.ChallengeCopied, _ICA),
    _bad_random("challenge-of-the-hal-demo", randoms.ChallengeOfTheDemo, _ICA),
    _bad_random("challenge-of-xorshift", randoms.ChallengeOfXorshift, _ICA),
    _bad_random("challenge-of-rand", randoms.ChallengeOfRand, _ICA),
    _bad_random("challenge-is-hash-of-count", randoms.ChallengeIsHashOfCount, _ICA),
)
"""Chips whose random values are not random."""

_guessable = partial(_fault, keys=_SYMMETRIC, shows_with="chosen blocks")
GUESSABLE: tuple[Fault, ...] = (
    _guessable("key-zeros", weak.KeyZeros),
    _guessable("key-counts", weak.KeyCounts),
    _guessable("key-published-other-id", weak.KeyPublished),
    _guessable("key-is-id", weak.KeyIsId),
    _guessable("key-is-id-text-xored", weak.KeyIsIdText),
    _guessable("key-is-hash-of-id", weak.KeyIsHashOfId),
    _guessable("cipher-is-xor", weak.CipherIsXor),
    _guessable("cipher-is-sum", weak.CipherIsSum),
    _guessable("cipher-is-substitution", weak.CipherIsSubstitution),
    _guessable("cipher-is-shuffle", weak.CipherIsShuffle),
)
"""Chips whose key can be guessed, or whose cipher is none."""

SESSION_FAULTS = (*CHANGES, *BAD_RANDOMS, *GUESSABLE)
"""Broken chips that show over a whole run; all of them show whether the key is known or not."""

_ECC = frozenset((KeyType.ECC_K192, KeyType.ECC_K224, KeyType.ECC_K256))
_puf = partial(_fault, keys=_ECC, shows_with=_A_KEY)
PUF_FAULTS: tuple[Fault, ...] = (
    _puf("puf-other-key-signs", puf.OtherKeySigns),
    _puf("puf-other-curve-signs", puf.OtherCurveSigns, keys=frozenset((KeyType.ECC_K256,))),
    _puf("puf-halves-swapped", puf.HalvesSwapped),
    _fault("puf-signature-in-der", puf.SignatureInDer, keys=_ECC),
    _puf("puf-little-endian-numbers", puf.LittleEndianNumbers),
    _puf("puf-zero-s", puf.ZeroS),
    _fault("puf-fixed-nonce", puf.FixedNonce, keys=_ECC),
    _puf("puf-counting-nonce", puf.CountingNonce),
    _puf("puf-small-nonce", puf.SmallNonce),
    _fault("puf-few-nonces", puf.FewNonces, keys=_ECC),
    _puf("puf-hash-twice", puf.HashTwice),
    _puf("puf-tag-unchecked", puf.TagUnchecked),
    _puf("puf-point-unchecked", puf.PointUnchecked),
    _puf("puf-head-unchecked", puf.HeadUnchecked),
    _puf("puf-plain-cut", puf.PlainCut),
    _fault("puf-id-cut", puf.IdCut, keys=_ECC),
    _fault("puf-derives-from-signature", puf.DerivesFromSignature, keys=_ECC),
)
"""Broken boards with a PUF."""

FAULTS: tuple[Fault, ...] = (
    *CHIP_FAULTS,
    *FRAMING_FAULTS,
    *CONSOLE_FAULTS,
    *LINK_FAULTS,
    *MODULE_FAULTS,
    *ANSWER_FAULTS,
    *CONSOLE_TEXT_FAULTS,
    *SESSION_FAULTS,
    *PUF_FAULTS,
)
"""All of them, in the order of the layers."""

_BY_NAME = {fault.name: fault for fault in FAULTS}


def find(name: str, layers: Collection[Layer] = tuple(Layer)) -> Fault:
    """Return the fault with this name.

    Args:
        name: The name.
        layers: Where the faults sit that may have been meant by a name that there is not.

    Raises:
        UsageError: there is none; the message names the nearest.
    """
    if name in _BY_NAME:
        return _BY_NAME[name]
    there = [fault.name for fault in FAULTS if fault.layer in layers]
    near = difflib.get_close_matches(name[:MAX_COMPARED], there, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`harness simulate faults` lists them"
    raise UsageError(f"there is no fault named {name[:40]!a}", hint=hint)
