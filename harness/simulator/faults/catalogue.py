"""Broken devices: each has one fault.

What a harness needs to see a fault stands in `shows_with`; the boards of the mutants run give it.
"""

import difflib
from collections.abc import Callable

from harness.errors import UsageError
from harness.id2.keys import KeyType
from harness.simulator.chip import framing_hooks as framing
from harness.simulator.chip.framing_hooks import FramingHooks
from harness.simulator.chip.hooks import ChipHooks
from harness.simulator.console import faults as console
from harness.simulator.console.hooks import ConsoleHooks
from harness.simulator.console.text_fault_list import CONSOLE_TEXT_FAULTS
from harness.simulator.faults import chip
from harness.simulator.faults.answer_list import ANSWER_FAULTS
from harness.simulator.faults.fault import ALL_KEYS, ALL_SETS, Expected, Fault, Layer
from harness.simulator.faults.session_list import SESSION_FAULTS
from harness.simulator.link.fault_list import LINK_FAULTS

_ICA = frozenset(("ica",))
_MTK = frozenset(("mtk",))
_SYMMETRIC = frozenset(kind for kind in KeyType if kind.symmetric)
_SM4 = frozenset((KeyType.SM4_128,))
_A_KEY = "a known key, or the service"


def _chip(
    name: str,
    hooks: Callable[[], ChipHooks],
    summary: str,
    *,
    sets: frozenset[str] = ALL_SETS,
    keys: frozenset[KeyType] = ALL_KEYS,
    needs: str = "",
    shows_with: str = "",
) -> Fault:
    return Fault(name, Layer.CHIP, summary, Expected.FAILED, hooks, sets, keys, needs, shows_with)


def _framing(
    name: str,
    hooks: Callable[[], FramingHooks],
    summary: str,
    expected: Expected = Expected.FAILED,
    *,
    shows_with: str = "the FM1280 framing",
) -> Fault:
    return Fault(name, Layer.FRAMING, summary, expected, hooks, shows_with=shows_with)


def _console(
    name: str,
    hooks: Callable[[], ConsoleHooks],
    summary: str,
    expected: Expected = Expected.FAILED,
    *,
    shows_with: str = "",
) -> Fault:
    return Fault(name, Layer.CONSOLE, summary, expected, hooks, shows_with=shows_with)


FAULTS: tuple[Fault, ...] = (
    _chip("id-length-11", chip.IdOneByteShort, "GetID answers an ID of 11 bytes"),
    _chip("id-length-13", chip.IdOneByteLong, "GetID answers an ID of 13 bytes"),
    _chip("id-changes", chip.IdChanges, "GetID answers another ID each time"),
    _chip("id-vendor-swapped", chip.VendorSwapped, "GetID answers the vendor id low byte first"),
    _chip(
        "cbc-instead-of-ecb",
        chip.CbcInsteadOfEcb,
        "the ECB algorithm chains its blocks (CBC with an IV of zeros)",
        keys=_SYMMETRIC,
    ),
    _chip(
        "adds-own-padding",
        chip.AddsOwnPadding,
        "encryption adds a padding block of its own",
        sets=_ICA,
        keys=_SYMMETRIC,
    ),
    _chip(
        "padding-missing",
        chip.PaddingMissing,
        "decryption takes off the padding, which is the business of the host",
        sets=_ICA,
        keys=_SYMMETRIC,
    ),
    _chip(
        "encrypts-with-other-key",
        chip.OtherKey,
        "another key is used than the one that belongs to the ID",
        keys=_SYMMETRIC,
        shows_with=_A_KEY,
    ),
    _chip(
        "key-byte-order",
        chip.KeyByteOrder,
        "the key was written last byte first",
        keys=_SYMMETRIC,
        shows_with=_A_KEY,
    ),
    _chip("swallowed-status", chip.SwallowedStatus, "every error is answered with 9000"),
    _chip("wrong-class-accepted", chip.AnyClass, "a wrong class byte is accepted"),
    _chip("wrong-instruction-accepted", chip.AnyInstruction, "an unknown instruction is answered with 9000"),
    _chip("p1p2-ignored", chip.AnyP1P2, "P1 and P2 are not looked at"),
    _chip("wrong-length-accepted", chip.AnyLength, "wrong lengths (Lc, Le, broken blocks) are accepted"),
    _chip(
        "block-boundary-off-by-one",
        chip.BlockBoundaryOffByOne,
        "a further block of a chain repeats one byte and loses one",
        sets=_ICA,
        keys=_SYMMETRIC,
    ),
    _chip(
        "second-block-ignores-state",
        chip.SecondBlockIgnoresState,
        "a further block of a chain is encrypted from zeros, whatever the operation was",
        sets=_ICA,
        keys=_SYMMETRIC,
        shows_with="a chained decryption, or chained CBC",
    ),
    _chip("stale-answer", chip.StaleAnswer, "a cryptographic answer is the one before it", keys=_SYMMETRIC),
    _chip(
        "vendor-bitmap-lies",
        chip.BitmapLies,
        "GetVendorInfo claims every algorithm of the standard",
        sets=_ICA,
    ),
    _chip("vendor-info-short", chip.VendorInfoShort, "GetVendorInfo answers 14 of its 20 bytes", sets=_ICA),
    _chip(
        "getresponse-truncated",
        chip.GetResponseTruncated,
        "GET RESPONSE loses the last byte",
        sets=_ICA,
        needs="get-response",
    ),
    _chip(
        "getresponse-third-transmission",
        chip.GetResponseThird,
        "GET RESPONSE is answered with 61xx again, so a command needs three transmissions",
        sets=_ICA,
        needs="get-response",
    ),
    _chip(
        "constant-challenge",
        chip.ConstantChallenge,
        "GetChallenge answers the same bytes each time",
        sets=_ICA,
    ),
    _chip(
        "short-challenge", chip.ShortChallenge, "GetChallenge answers one byte fewer than asked", sets=_ICA
    ),
    _chip("mac-constant", chip.MacConstant, "every MAC is the same", sets=_ICA, keys=_SYMMETRIC),
    _chip(
        "mac-verify-always-ok",
        chip.MacAlwaysGood,
        "MAC verification accepts any MAC",
        sets=_ICA,
        keys=_SYMMETRIC,
    ),
    _chip("decrypt-is-encrypt", chip.DecryptIsEncrypt, "the decryption command encrypts", keys=_SYMMETRIC),
    _chip("slow-answer", chip.SlowAnswer, "a cryptographic command takes an hour", shows_with="a time limit"),
    _chip("answer-too-long", chip.AnswerTooLong, "a cryptographic answer has 257 bytes of data"),
    _chip(
        "sm4-byte-swapped",
        chip.Sm4ByteSwapped,
        "SM4 reverses the bytes of every 32-bit word",
        sets=_ICA,
        keys=_SM4,
        shows_with=_A_KEY,
    ),
    _chip("mtk-crc-wrong", chip.MtkCrcWrong, "the CRC under every answer is wrong", sets=_MTK),
    _chip(
        "mtk-padding-missing",
        chip.MtkPaddingMissing,
        "the chip does not add its own padding block on encryption",
        sets=_MTK,
    ),
    _chip(
        "mtk-accepts-bad-padding",
        chip.MtkAcceptsBadPadding,
        "the chip does not check the padding of what it decrypts",
        sets=_MTK,
    ),
    _framing("bcc-wrong-always", framing.BccWrongAlways, "the check byte of every frame is wrong"),
    _framing(
        "bcc-wrong-once",
        framing.BccWrongOnce,
        "the check byte is wrong until the host asks for a repeat",
        Expected.PASSED,
    ),
    _framing(
        "nak-forever",
        framing.NakForever,
        "nothing acknowledges at the address, which is what an unplugged chip looks like",
        Expected.BLOCKED,
    ),
    _framing(
        "wtx-forever",
        framing.WtxForever,
        "the chip asks for more time without end",
        shows_with="the FM1280 framing, and a time limit",
    ),
    _console(
        "constant-device-random", console.ConstantDeviceRandom, "every code carries the same device random"
    ),
    _console(
        "hash-wrong-order",
        console.HashWrongOrder,
        "challenge and device random change places in the signed message",
        shows_with=_A_KEY,
    ),
    _console(
        "extra-ignored",
        console.ExtraIgnored,
        "codes of type 2 and 3 are signed without the extra",
        shows_with=_A_KEY,
    ),
    _console(
        "sign-padding-missing", console.SignPaddingMissing, "the hash is encrypted without its padding block"
    ),
    _console(
        "timestamp-answered-with-challenge-type",
        console.TimestampAsChallenge,
        "timestamp codes carry the type of challenge codes",
    ),
    _console(
        "wrong-hash-field", console.WrongHashField, "the hash field names another hash than the key type has"
    ),
    _console("id-lower-case", console.IdLowerCase, "the ID is printed in lower case"),
    _console(
        "code-length-mismatch", console.CodeLengthMismatch, "the length printed before a code is one too high"
    ),
    _console(
        "report-code-tampered",
        console.ReportCodeTampered,
        "one character of a code in the report is another one",
        shows_with=_A_KEY,
    ),
    _console(
        "report-id-mismatch", console.ReportIdMismatch, "the ID in the report is not the one of the unit test"
    ),
    _console("report-item-missing", console.ReportItemMissing, "the report has no timestamp code"),
    _console(
        "sdk-version-mismatch",
        console.SdkVersionMismatch,
        "the report names another SDK version than the boot banner",
    ),
    _console(
        "unit-test-fails", console.UnitTestFails, "the unit test for derived keys fails, and the program ends"
    ),
    _console("demo-carrier-in-product", console.DemoCarrier, "the firmware was built with the demo carrier"),
    _console(
        "decrypt-accepts-bad-padding",
        console.AcceptsBadPadding,
        "the decryption test passes on a plaintext whose padding is wrong",
        shows_with="APDU dumps in the console",
    ),
    _console(
        "server-code-accepted-when-wrong",
        console.AcceptsServerCode,
        "a server code with a wrong signature is accepted",
    ),
    _console(
        "garbage", console.Garbage, "nothing but noise arrives, as with a wrong baud rate", Expected.BLOCKED
    ),
    _console("silent", console.Silent, "nothing arrives", Expected.BLOCKED),
    _console("cut-off-in-report", console.CutOffInReport, "the output ends inside the validation report"),
    *LINK_FAULTS,
    *ANSWER_FAULTS,
    *CONSOLE_TEXT_FAULTS,
    *SESSION_FAULTS,
)
"""All of them, in the order of the layers."""

_BY_NAME = {fault.name: fault for fault in FAULTS}


def find(name: str) -> Fault:
    """Return the fault with this name.

    Raises:
        UsageError: there is none; the message names the nearest.
    """
    if name in _BY_NAME:
        return _BY_NAME[name]
    near = difflib.get_close_matches(name, _BY_NAME, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "`harness simulate faults` lists them"
    raise UsageError(f"there is no fault named {name[:40]!a}", hint=hint)
