"""Device-side adaptation verification (自主验证), as the vendor's console does it: the report, item by item.

Pure functions; `decryption` judges what follows. The report holds codes over fixed values, so freshness and
single use do not apply; everything else is judged as the service would. What the vendor's console says in its
dialog is not documented: items and causes here are ours.

Source: service.md 7; device-protocol.md i.2, i.3.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from harness.id2 import authcode, devicecipher, reportcheck, servercode
from harness.id2 import report as id2report
from harness.id2.codetext import Problem
from harness.id2.errors import Id2Error, quoted
from harness.id2.keys import Key
from harness.id2.report import (
    API_CHALLENGE,
    API_ID,
    API_KPM,
    API_TIMESTAMP,
    BANNER,
    CHALLENGE,
    EXTRA,
    TIMESTAMP,
    ReportItem,
    ValidationReport,
)

"""Hex digits: the vendor's program uses `ID2_CIPHER_DATA` only when it is longer than 48 characters."""
_TIMESTAMP_1_0_1 = "1605617436545"  # constant of the test program of SDK 1.0.1
_REPORTS_MAX = 16
_PATH = re.compile(r"testContent\[(?P<index>\d+)\]\.?(?P<rest>.*)", re.DOTALL)


class Item(StrEnum):
    """What is judged: the report as a whole, and each of its calls."""

    REPORT = "report"
    IDENTITY = "get-id"
    CHALLENGE = "challenge-code"
    TIMESTAMP = "timestamp-code"
    KPM = "kpm-code"


class Verdict(StrEnum):
    """How an item was judged."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not_run"


class Cause(StrEnum):
    """Why an item did not pass, or a remark on one that did; each is one thing that a person can act on."""

    FORM = "form"
    ORDER = "order"
    MISSING = "missing"
    ARGUMENT = "argument"
    IDENTITY = "identity"
    UNPROVISIONED = "unprovisioned"
    UNKNOWN_ID = "unknown-id"
    CODE = "code"
    RANDOM = "random"
    SIGN = "sign"
    OTHER_DATA = "other-data"
    NO_KEY = "no-key"
    UNUSABLE_KEY = "unusable-key"
    OPTIONAL = "optional"
    RELEASE = "release"
    DATE = "date"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason.

    Attributes:
        cause: What kind of thing it is.
        detail: The fact, with path and position, safe to print; may be empty.
    """

    cause: Cause
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ItemVerdict:
    """The verdict on one item; a passed one may have reasons too, as remarks."""

    item: Item
    verdict: Verdict
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A report as it was found in a text.

    Attributes:
        report: The report.
        several: How many reports the text holds; the last one is taken.
    """

    report: ValidationReport
    several: int = 1


def find_report(text: str) -> Found:
    """Read the report in a paste: the JSON alone, or a whole console log.

    Args:
        text: Any text; its length should be bounded by the caller.

    Raises:
        Id2Error: There is none, more than 16, or the last one is broken.
    """
    alone = text.strip().lstrip("\ufeff")
    if alone.startswith("{") and BANNER.rstrip(":") not in alone:
        return Found(id2report.parse(alone))
    marks = max(text.count(BANNER.rstrip(":")), text.count('"reportVersion"'))
    if marks > _REPORTS_MAX:  # each costs a search of its own
        raise Id2Error(f"the text holds {marks} validation reports; paste one run", field="report")
    found = id2report.find_all(text)
    if found:
        return Found(id2report.parse(found[-1]), len(found))
    if marks:
        began = max(text.rfind(BANNER.rstrip(":")), text.rfind('"reportVersion"'))
        limited = len(text) - began > id2report.TEXT_MAX
        why = "its JSON has no end within 64 KiB" if limited else "the text ends before its last brace"
        raise Id2Error(f"the validation report is cut: {why}; paste the whole run", field="report")
    raise Id2Error("there is no validation report in the text", field="report")


def judge(found: Found, key: Key | None) -> tuple[ItemVerdict, ...]:
    """Judge a report, item by item; the KPM item is optional.

    Args:
        found: The report.
        key: Key of the device that the report names; None when the service does not know that device.

    Source: service.md 7, 11.5.
    """
    report = found.report if key is None else _opened(found.report, key)
    usable, why_not = _usable(key)
    given = next((item.argument("timestamp") for item in report.items if item.api == API_TIMESTAMP), None)
    allowed = _TIMESTAMP_1_0_1 if given == _TIMESTAMP_1_0_1 else TIMESTAMP
    problems = reportcheck.check(
        report,
        key=usable,
        key_type=key.key_type if key is not None and usable is None else None,
        inputs=reportcheck.Inputs(timestamps=(allowed,)),
    )
    placed = [_placed(report, problem) for problem in problems]
    due = [Item.IDENTITY, Item.CHALLENGE, Item.TIMESTAMP]
    present = {_ITEMS.get(item.api) for item in report.items}
    verdicts = [_report_verdict(found, [reason for item, reason in placed if item is Item.REPORT])]
    for item in (*due, Item.KPM):
        reasons = tuple(reason for where, reason in placed if where is item)
        if item not in present:
            optional = item is Item.KPM
            cause = Reason(Cause.OPTIONAL if optional else Cause.MISSING)
            verdicts.append(ItemVerdict(item, Verdict.NOT_RUN if optional else Verdict.FAILED, (cause,)))
        elif reasons:
            verdicts.append(ItemVerdict(item, Verdict.FAILED, reasons))
        elif item is Item.IDENTITY:
            unknown = (Reason(Cause.UNKNOWN_ID, quoted(report.id2)),)
            verdict = Verdict.FAILED if key is None else Verdict.PASSED
            verdicts.append(ItemVerdict(item, verdict, unknown if key is None else ()))
        elif why_not is not None:
            verdicts.append(ItemVerdict(item, Verdict.NOT_RUN, (why_not,)))
        else:
            verdicts.append(ItemVerdict(item, Verdict.PASSED))
    return tuple(verdicts)


def passed(verdicts: tuple[ItemVerdict, ...]) -> bool:
    """Tell whether a report passes: every item but the optional one did."""
    return all(each.verdict is Verdict.PASSED for each in verdicts if each.item is not Item.KPM) and not any(
        each.verdict is Verdict.FAILED for each in verdicts
    )


def ciphertext(key: Key, id2: str) -> bytes | None:
    """Return what the device must decrypt to its own ID, for `ID2_CIPHER_DATA`; None when there is no cipher.

    RSA, SM2 and SM1 have none here: see `devicecipher`.

    Source: service.md 7; device-protocol.md i.2.
    """
    try:
        return devicecipher.encrypt(key, id2.encode())
    except Id2Error:
        return None


def server_code(key: Key, id2: str) -> str | None:
    """Return the server code that the vendor's program checks, for `ID2_AUTH_CODE`; None when there is none."""
    try:
        return servercode.build(key, id2, CHALLENGE, EXTRA.encode()).text
    except Id2Error:
        return None


_ITEMS = {
    API_ID: Item.IDENTITY,
    API_CHALLENGE: Item.CHALLENGE,
    API_TIMESTAMP: Item.TIMESTAMP,
    API_KPM: Item.KPM,
}
_REMARKS = frozenset({Cause.RELEASE, Cause.DATE, Cause.SEVERAL})


def _report_verdict(found: Found, reasons: list[Reason]) -> ItemVerdict:
    if found.several > 1:
        reasons = [*reasons, Reason(Cause.SEVERAL, str(found.several))]
    bad = any(reason.cause not in _REMARKS for reason in reasons)
    return ItemVerdict(Item.REPORT, Verdict.FAILED if bad else Verdict.PASSED, tuple(reasons))


def _usable(key: Key | None) -> tuple[Key | None, Reason | None]:
    """Return the key when it can verify codes, and otherwise why it cannot."""
    if key is None:
        return None, Reason(Cause.NO_KEY)
    try:
        kind, sign = key.key_type, bytes(key.key_type.sign_size)
        probe = authcode.AuthCode(authcode.AuthCodeType.CHALLENGE, kind.hash, "0" * 16, CHALLENGE, sign)
        authcode.verify(key, "0" * 24, probe)
    except authcode.Mismatch:
        return key, None
    except Id2Error as error:
        return None, Reason(Cause.UNUSABLE_KEY, str(error))
    return key, None


def _opened(report: ValidationReport, key: Key) -> ValidationReport:
    """Return the report with hardened codes opened; one that does not open stays, and fails as it stands."""

    def open_item(item: ReportItem) -> ReportItem:
        if not authcode.is_hardened(item.result):
            return item
        try:
            return replace(item, result=authcode.unharden(key, item.result))
        except Id2Error:
            return item

    return replace(report, items=tuple(open_item(item) for item in report.items))


def _placed(report: ValidationReport, problem: Problem) -> tuple[Item, Reason]:
    path = _PATH.match(problem.field)
    if path is None:
        causes = {"sdkVersion": Cause.RELEASE, "date": Cause.DATE, "reportVersion": Cause.FORM}
        cause = causes.get(problem.field, Cause.SIGN if "cipher blocks" in problem.message else Cause.ORDER)
        return Item.REPORT, Reason(cause, str(problem))
    if path["rest"].startswith("api"):  # the order is the whole report's, whatever stands in the item
        return Item.REPORT, Reason(Cause.ORDER, str(problem))
    api = report.items[int(path["index"])].api if int(path["index"]) < len(report.items) else ""
    item = _ITEMS.get(api, Item.REPORT)
    return item, Reason(_cause_of(item, path["rest"], problem), str(problem))


def _cause_of(item: Item, rest: str, problem: Problem) -> Cause:
    if rest.startswith("args"):
        return Cause.ARGUMENT
    if item is Item.IDENTITY:
        return Cause.UNPROVISIONED if "not provisioned" in problem.message else Cause.IDENTITY
    if "over other data" in problem.message:
        return Cause.OTHER_DATA
    last = next(_fields(rest), "")
    return {"sign": Cause.SIGN, "random": Cause.RANDOM}.get(last, Cause.CODE)


def _fields(rest: str) -> Iterator[str]:
    yield from (part for part in reversed(rest.split(".")) if part != "result")
