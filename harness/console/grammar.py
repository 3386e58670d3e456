"""The rules of the SDK's log: which text means which event.

The wording differs between 1.0.0, 2.0 and 3.x; all of it is here.
Each rule has a needle, a word that its text must have, so that most lines cost a few substring tests.
All patterns match the whole text and need time linear in its length.
"""

import re
from collections.abc import Callable
from typing import Literal

from harness.console import events as e

Found = re.Match[str]
Build = Callable[[e.Origin, Found], e.Event | None]
Rule = tuple[str, Callable[[str], Found | None], Build]


def classify(origin: e.Origin) -> e.Event:
    """Return the event that `origin.text` stands for."""
    text = origin.text
    for needle, fullmatch, build in _RULES:
        if needle in text and (found := fullmatch(text)) and (event := build(origin, found)):
            return event
    if not text and not origin.function:
        return e.Blank(origin)
    return e.Message(origin) if origin.tagged or origin.function else e.Other(origin)


def says_something(event: e.Event) -> bool:
    """Tell whether an event has a meaning of its own, and is not just text."""
    return not isinstance(event, (e.Blank, e.Other, e.Message, e.ChipMessage))


def _integer(text: str | None) -> int | None:
    return None if text is None else int(text)


_CHIP_CALL = re.compile(
    r"(?P<arrow>=>|<=) SE (?P<call>open session|close session|transmit)[.,]?"
    r"(?: \(ret = (?P<result>-?\d{1,10})(?:, rsp_len = (?P<length>\d{1,6}))?\)\.?)?"
)


def _chip(origin: e.Origin, found: Found) -> e.Event:
    text = found["text"].strip()
    if called := _CHIP_CALL.fullmatch(text):
        return e.ChipCall(
            origin,
            call=called["call"],
            returned=called["arrow"] == "<=",
            result=_integer(called["result"]),
            response_length=_integer(called["length"]),
        )
    inner = classify(e.replace_text(origin, text))
    return inner if says_something(inner) else e.ChipMessage(origin, chip_text=text)


def _dump_start(origin: e.Origin, found: Found) -> e.Event:
    name = found["name"].strip()
    direction: Literal["command", "response", ""] = ""
    if name.endswith("Command APDU"):
        direction = "command"
    elif name.endswith("Response APDU"):
        direction = "response"
    length = int(found["hex"], 16) if found["hex"] else int(found["decimal"])
    return e.DumpStart(origin, name=name, length=length, direction=direction)


def _dump_row(origin: e.Origin, found: Found) -> e.Event | None:
    data = bytes.fromhex(found.group())
    return e.DumpRow(origin, data=data) if len(data) <= _MAX_ROW else None


_MAX_ROW = 64

_RESULTS = {
    "Pass": e.TestResult.PASS,
    "pass": e.TestResult.PASS,
    "Success": e.TestResult.PASS,
    "success": e.TestResult.PASS,
    "Fail": e.TestResult.FAIL,
    "fail": e.TestResult.FAIL,
    "Failed": e.TestResult.FAIL,
    "failed": e.TestResult.FAIL,
    "Not Support": e.TestResult.NOT_SUPPORTED,
    "not support": e.TestResult.NOT_SUPPORTED,
}


def _client_test(origin: e.Origin, found: Found) -> e.Event:
    name = found["before"] or found["after"]
    return _test(origin, e.TestSuite.CLIENT, name, found["word"])


def _hal_test(origin: e.Origin, found: Found) -> e.Event:
    return _test(origin, e.TestSuite.HAL, found["name"], found["word"] or "Start")


def _test(origin: e.Origin, suite: e.TestSuite, name: str, word: str) -> e.Event:
    if word in ("Start", "End"):
        return e.TestMark(origin, suite=suite, name=name, started=word == "Start")
    return e.TestVerdict(origin, suite=suite, name=name, result=_RESULTS[word])


def _hal_step(origin: e.Origin, found: Found) -> e.Event:
    return e.HalStep(origin, name=found["name"] or "", result=_RESULTS[found["word"]])


_REPORT_MARKS: dict[str, Literal["start", "end", "fail"]] = {"Start": "start", "End": "end", "Fail": "fail"}


def _report_mark(origin: e.Origin, found: Found) -> e.Event:
    return e.ReportMark(origin, mark=_REPORT_MARKS[found["word"]])


def _auth_code_heading(origin: e.Origin, found: Found) -> e.Event:
    if found["code"] is None:
        return e.AuthCodeHeading(origin, extra=found["extra"])
    return e.AuthCodeLine(
        origin, length=int(found["length"]), code=found["code"], form="headed", extra=found["extra"]
    )


def _payload(origin: e.Origin, found: Found) -> e.Event | None:
    code = found["code"]
    looks_like_code = "~" in code or (len(code) >= _LONG_TOKEN and " " not in code)
    if origin.function or not looks_like_code:
        return None
    return e.AuthCodeLine(origin, length=int(found["length"]), code=code, form="payload")


_LONG_TOKEN = 40  # characters; the shortest auth code has 60 and more


def _piped(origin: e.Origin, found: Found) -> e.Event:
    extra = found["extra"] or None
    return e.AuthCodeLine(origin, length=int(found["length"]), code=found["code"], form="piped", extra=extra)


def _switch(origin: e.Origin, found: Found) -> e.Event:
    return e.ConfigFlag(origin, name=found["name"], value="not defined" if found["no"] else "defined")


def _setting(origin: e.Origin, found: Found) -> e.Event:
    name, value = found["name"], found["value"]
    if "KEY_TYPE" in name or "CRYPTO_TYPE" in name:
        return e.KeyTypeSetting(origin, name=name, value=value, key_type=value.rpartition("_TYPE_")[2])
    return e.ConfigFlag(origin, name=name, value=value)


def _rule(needle: str, pattern: str, build: Build) -> Rule:
    return needle, re.compile(pattern, re.DOTALL).fullmatch, build


_WORDS = r"(?P<word>Pass|Failed|Fail|Not Support|Success|Start|End)[.!]?"

_RULES = (
    _rule("ID2=>", r"ID2=>(?P<text>.*)", _chip),
    _rule(" ", r"(?:[0-9A-Fa-f]{2} {1,4}){1,64}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{2} {1,4})", _dump_row),
    _rule("", r"[0-9A-Fa-f]{2}", _dump_row),
    _rule(
        "[length = ",
        r"(?P<name>[^\[]{1,200}?):? ?\[length = (?:0[xX](?P<hex>[0-9A-Fa-f]{1,8})|(?P<decimal>\d{1,8}))\]",
        _dump_start,
    ),
    _rule(
        "ID2 Client Generate AuthCode",
        r"=*>? ?ID2 Client Generate AuthCode (?P<word>Start|End|Fail)\.?",
        _report_mark,
    ),
    _rule(
        "ID2 Client", rf"=*>? ?ID2 Client (?:Test (?P<after>.+?)|(?P<before>\w+) Test) {_WORDS}", _client_test
    ),
    _rule("HAL ", rf"=*>? ?HAL (?P<name>.+?) Test(?::| {_WORDS})", _hal_test),
    _rule(
        "ID2 Validation Json Message",
        r"=* ?ID2 Validation Json Message ?=*:?",
        lambda o, _: e.ReportMark(o, "banner"),
    ),
    _rule(
        "authcode[",
        r"authcode\[(?:no extra|extra = (?P<extra>.*))\]:(?:\s*\[(?P<length>\d{1,5})\] (?P<code>\S.*))?",
        _auth_code_heading,
    ),
    _rule("[", r"\[(?P<length>\d{1,5})\] (?P<code>\S.*)", _payload),
    _rule(
        "auth_code: [",
        r"auth_code: \[(?P<length>\d{1,5})\] (?P<code>\S.*)",
        lambda o, f: e.AuthCodeLine(o, length=int(f["length"]), code=f["code"], form="labelled"),
    ),
    _rule("AUTHCODE:|", r"AUTHCODE:\|(?P<length>\d{1,5})\|(?P<extra>.*)\|(?P<code>[^|]*)", _piped),
    _rule(
        "signature input data: ", r"signature input data: (?P<m>.*)", lambda o, f: e.SignedMessage(o, f["m"])
    ),
    _rule("ID2: ", r"(?:Get )?ID2: (?P<id>\S.*)", lambda o, f: e.DeviceId(o, f["id"])),
    _rule("ID: ", r"ID: (?P<id>[0-9A-Fa-f]{8,96})", lambda o, f: e.DeviceId(o, f["id"])),
    _rule(
        "Device Challenge: ",
        r"Device Challenge: (?P<challenge>\S*) (?P<length>\d{1,5})",
        lambda o, f: e.DeviceChallenge(o, challenge=f["challenge"], length=int(f["length"])),
    ),
    _rule(
        "device random: ",
        r"device random: \[(?P<length>\d{1,5})\] ?(?P<challenge>\S*)",
        lambda o, f: e.DeviceChallenge(o, challenge=f["challenge"], length=int(f["length"])),
    ),
    _rule("seed: ", r"seed: (?P<seed>.*)", lambda o, f: e.Seed(o, f["seed"])),
    _rule(
        "device secret: ",
        r"device secret: \[(?P<length>\d{1,5})\] (?P<secret>.*)",
        lambda o, f: e.DeviceSecret(o, length=int(f["length"]), secret=f["secret"]),
    ),
    _rule(
        "key: 0x",
        r"key: (?P<row>0x[0-9A-Fa-f]{2}(?: 0x[0-9A-Fa-f]{2}){0,15})",
        lambda o, f: e.DerivedKeyRow(o, data=bytes.fromhex(f["row"].replace("0x", ""))),
    ),
    _rule("Generated TOTP: ", r"Generated TOTP: (?P<digits>\S+)", lambda o, f: e.Totp(o, f["digits"])),
    _rule(
        "ersion: 0x",
        r"(?:ID2 Client Version|id2_client_version): 0x(?P<version>[0-9A-Fa-f]{1,8})",
        lambda o, f: e.ClientVersion(o, version=int(f["version"], 16)),
    ),
    _rule(
        " Build Time: ",
        r"(?P<component>.{1,80}?) Build Time: (?P<time>.+)",
        lambda o, f: e.BuildTime(o, component=f["component"], time=f["time"]),
    ),
    _rule("defined", r"(?P<name>CONFIG_\w{1,80}) is (?P<no>not )?defined!?", _switch),
    _rule("CONFIG_", r"(?P<name>CONFIG_\w{1,80}) ?: (?P<value>\S.*)", _setting),
    _rule("ID2_", r"(?P<name>ID2_[A-Z0-9_]{1,60}) *: (?P<value>\S+)", _setting),
    _rule(
        "id2 irot type, ", r"id2 irot type, (?P<n>\d{1,9})", lambda o, f: e.IrotType(o, number=int(f["n"]))
    ),
    _rule(
        "must be selected for formal product",
        r".*must be selected for formal product!*",
        lambda o, _: e.DemoCarrierWarning(o),
    ),
    _rule(
        "id2 has been provisioned",
        r"(?P<no>no )?id2 has been provisioned\.?",
        lambda o, f: e.ProvisioningState(o, provisioned=not f["no"]),
    ),
    _rule(
        "id2 prov state: ",
        r"id2 prov state: (?P<state>true|false)",
        lambda o, f: e.ProvisioningState(o, provisioned=f["state"] == "true"),
    ),
    _rule("no id2 in device", r"no id2 in device.*", lambda o, _: e.ProvisioningState(o, provisioned=False)),
    _rule("test", r"(?P<name>.{1,80}?) test (?P<word>success|failed|fail)[!.]?", _hal_step),
    _rule(
        "test_sec_sst_",
        r"(?P<name>test_sec_sst_\S{1,40}(?: total \d{1,6} case)?) (?P<word>success|failed|fail)[!.]?",
        _hal_step,
    ),
    _rule("hal sst test: ", r"hal sst test: (?P<name>.{1,40}?) (?P<word>Pass|pass|Fail|fail)\.?", _hal_step),
    _rule(
        "not support, continue",
        r"(?:\[WARN\] )?(?:(?P<name>.{1,40}?) )?(?P<word>not support), continue\.*",
        _hal_step,
    ),
    _rule(
        " fail",
        r"(?P<call>.{1,120}?) fail(?:ed)?, (?P<code>-?\d{1,10})(?: .*)?",
        lambda o, f: e.CallFailed(o, call=f["call"], code=int(f["code"])),
    ),
    _rule(
        " fail(",
        r"(?P<call>.{1,120}?) fail\((?P<code>[0-9A-Fa-f]{8})\)",
        lambda o, f: e.CallFailed(o, call=f["call"], code=int(f["code"], 16)),
    ),
    _rule(
        " return ",
        r"(?P<call>\S{1,120}) (?:error )?return (?P<code>-?\d{1,10})(?: error)?!?",
        lambda o, f: e.CallFailed(o, call=f["call"], code=int(f["code"])),
    ),
)
