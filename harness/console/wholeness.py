"""Tell of a line of the SDK's log whether it is whole, from its own words: a length beside a value, a known form."""

import re
from collections.abc import Callable

from harness.console import events as e
from harness.console.sdklog import parse_all

# SIGN in base64 by the sizes of the key types: 40, 48, 56, 64, 128 or 256 bytes.
_SIGN = (
    "(?:"
    + "|".join(
        rf"[A-Za-z0-9+/]{{{size}}}" for size in ("54}={2", "64", "75}={1", "86}={2", "171}={1", "342}={2")
    )
    + ")"
)
_CODE = re.compile(
    rf"\d{{1,2}}~\d~[0-9A-F]{{16}}~(?:[0-9A-F]{{32}}|\d{{13}})~{_SIGN}|99~[A-Za-z0-9+/~]+={{0,2}}"
)
_PUF_ID = r"05[0-9A-Fa-f]{8}[0-9A-Fa-f]{4}[0-9A-Fa-f]{2}[!-~]{9,32}"
_ID2 = re.compile(rf"[0-9A-Fa-f]{{24}}|{_PUF_ID}")
_DATE = r"[A-Z][a-z]{2} [ \d]\d \d{4} \d\d:\d\d:\d\d"
_TESTS = frozenset(
    {
        *(
            "Get ID",
            "Get Device Challenge",
            "Get Challenge Auth Code",
            "Get Timestamp Auth Code",
            "Get Secret",
        ),
        *("Derive Key", "One-Time Password", "Decrypt", "KPM", "Get Device Challenege"),
        *("Hash", "Rand", "AES", "AES ECB", "AES CBC", "AES CTR", "AES CFB", "RSA", "SM2", "SST", "KM"),
    }
)
# Lines of a passing run that have no type of their own, and that somebody judges.
_MESSAGES = re.compile(
    r"(?:auth ?code )?short buffer, \d{1,4}(?: \d{1,4})?\.?|id2 init count, \d{1,3}|invalid input args"
    r"|(?:enter|exit)\.|-{43}|={40}|={80}|response apdu with 0x9F\.|"
    r"test: id2_client_(?:get_id|get_(?:challenge|timestamp)_auth_code|decrypt)|"
    r"irot_pal_memory_(?:malloc|free), \(ptr = 0x[0-9a-f]{8}(?:, size = \d+)?\)"
)
_SIGNED = re.compile(rf"(?:[0-9A-F]{{24}}|{_PUF_ID})[0-9A-F]{{16}}(?:[0-9A-F]{{32}}|\d{{13}})(?:abcd1234)?")
_PAIRS = r"(?:[0-9A-F]{2} ){0,7}[0-9A-F]{2}"
_ROW_LAYOUT = re.compile(rf"{_PAIRS} ?|(?:[0-9A-F]{{2}} ){{8}} {{0,2}}|(?:[0-9A-F]{{2}} ){{8}}  {_PAIRS} ?")
_BASE64 = re.compile(r"base64 output: [A-Za-z0-9+/]{16,}={0,2}")
_BASE64_LENGTHS = frozenset({56, 64, 76, 88, 172, 344})
_REFUSED = re.compile(r"id2_client_decrypt return -\d{1,2} error!")
_KEY_TYPES = frozenset({"AES", "3DES", "DES3", "SM1", "SM2", "SM4", "RSA", "ECC", "DES"})
_SEEDS = re.compile(r"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ|appKey|[0-9A-Fa-f]{24}|" + _PUF_ID)
_VERSION = re.compile(r".*0x[0-9A-Fa-f]{8}")
_VALUES = {
    "reportVersion": r"\d\.\d\.\d",
    "sdkVersion": r"\d{1,3}\.\d{1,3}\.\d{1,3}",
    "date": _DATE,
    "api": r"id2_client_(?:get_id|get_challenge_auth_code|get_timestamp_auth_code|kpm_get_auth_code)",
    "challenge": r"[0-9A-F]{32}",
    "timestamp": r"\d{13}",
    "extra": r"[^\"\\ ]{1,64}",
    "result": rf"{_ID2.pattern}|{_CODE.pattern}",
}
_ROW = re.compile(
    "|".join(rf'\s*"{name}": {{1,8}}"(?:{value})",?\s*' for name, value in _VALUES.items())
    + r'|\s*"(?:args)": \{\s*|\s*"testContent": \[\s*|\s*[\]{}],?\s*|\s*\}, \{\s*'
)
_TOTP_DIGITS = 15
_KEY_ROW = 4  # bytes


def is_row(text: str) -> bool:
    """Tell whether a text is a whole row of the validation report, as the vendor's program prints it."""
    return _ROW.fullmatch(text) is not None


def is_whole(text: str, *, named: bool = False) -> bool | None:
    """Tell whether a line is whole: False when its own words say that it is not, None when they say nothing."""
    event = parse_all(text, named=named)[-1]
    if isinstance(event, e.DumpRow):
        return _ROW_LAYOUT.fullmatch(event.text) is not None
    check = _CHECKS.get(type(event), _unsaid)
    return check(event)


def _unsaid(_: e.Event) -> bool | None:
    return None


def _signed(event: e.Event) -> bool | None:
    assert isinstance(event, e.SignedMessage)
    return _SIGNED.fullmatch(event.message) is not None or None


def _message(event: e.Event) -> bool | None:
    text = event.chip_text if isinstance(event, e.ChipMessage) else event.text
    if _BASE64.fullmatch(text):
        return len(text.removeprefix("base64 output: ")) in _BASE64_LENGTHS
    return _MESSAGES.fullmatch(text) is not None or None


def _refused(event: e.Event) -> bool | None:
    return _REFUSED.fullmatch(event.text) is not None or None


def _flag(event: e.Event) -> bool | None:
    assert isinstance(event, e.ConfigFlag)
    return event.value in ("defined", "not defined") or None


def _key_type(event: e.Event) -> bool | None:
    assert isinstance(event, e.KeyTypeSetting)
    return event.key_type in _KEY_TYPES


def _seed(event: e.Event) -> bool | None:
    assert isinstance(event, e.Seed)
    return _SEEDS.fullmatch(event.seed) is not None or None


def _always(_: e.Event) -> bool | None:
    return True


def _code(event: e.Event) -> bool | None:
    assert isinstance(event, e.AuthCodeLine)
    return len(event.code) == event.length and _CODE.fullmatch(event.code) is not None


def _challenge(event: e.Event) -> bool | None:
    assert isinstance(event, e.DeviceChallenge)
    return len(event.challenge) == event.length


def _secret(event: e.Event) -> bool | None:
    assert isinstance(event, e.DeviceSecret)
    return len(event.secret) == event.length


def _id2(event: e.Event) -> bool | None:
    assert isinstance(event, e.DeviceId)
    return _ID2.fullmatch(event.id2) is not None or None


def _version(event: e.Event) -> bool | None:
    return _VERSION.fullmatch(event.text) is not None


def _build(event: e.Event) -> bool | None:
    assert isinstance(event, e.BuildTime)
    return re.fullmatch(_DATE, event.time) is not None


def _test(event: e.Event) -> bool | None:
    assert isinstance(event, (e.TestMark, e.TestVerdict))
    return event.name in _TESTS or None


def _totp(event: e.Event) -> bool | None:
    assert isinstance(event, e.Totp)
    return len(event.digits) == _TOTP_DIGITS or None


def _key_row(event: e.Event) -> bool | None:
    assert isinstance(event, e.DerivedKeyRow)
    return len(event.data) == _KEY_ROW or None


_CHECKS: dict[type[e.Event], Callable[[e.Event], bool | None]] = {
    e.AuthCodeLine: _code,
    e.AuthCodeHeading: _always,
    e.DeviceChallenge: _challenge,
    e.DeviceSecret: _secret,
    e.DeviceId: _id2,
    e.ClientVersion: _version,
    e.BuildTime: _build,
    e.TestMark: _test,
    e.TestVerdict: _test,
    e.Totp: _totp,
    e.DerivedKeyRow: _key_row,
    e.Message: _message,
    e.Other: _message,
    e.SignedMessage: _signed,
    e.Seed: _seed,
    e.ChipMessage: _message,
    e.CallFailed: _refused,
    e.DumpStart: _always,
    e.ChipCall: _always,
    e.ConfigFlag: _flag,
    e.KeyTypeSetting: _key_type,
    e.IrotType: _always,
    e.DemoCarrierWarning: _always,
    e.ProvisioningState: _always,
    e.ReportMark: _always,
    e.HalStep: _always,
}
