"""The judgement of a validation report: form, values, codes, and SIGN when the key is known.

Source: device-protocol.md i.3, i.4; service.md 7.
"""

import re
from dataclasses import dataclass

from harness.id2 import authcode, ids, kpm
from harness.id2.codetext import AuthCode, Problem, read
from harness.id2.errors import Id2Error, quoted
from harness.id2.keys import Key, KeyType
from harness.id2.report import (
    API_CHALLENGE,
    API_ID,
    API_KPM,
    API_TIMESTAMP,
    CHALLENGE,
    EXTRA,
    REPORT_VERSION,
    TIMESTAMP,
    ReportItem,
    ValidationReport,
)

SDK_VERSIONS = ("1.0.0", "1.0.1", "2.0.0", "3.0.0", "3.1.0")
_ORDER = (API_ID, API_CHALLENGE, API_TIMESTAMP, API_KPM)
_ARGS = {
    API_ID: (),
    API_CHALLENGE: ("challenge", "extra"),
    API_TIMESTAMP: ("timestamp", "extra"),
    API_KPM: ("timestamp",),
}
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
# `__DATE__ __TIME__` of C: the day has two places, filled with a blank.
_DATE = re.compile(
    rf"(?:{_MONTHS}) (?: [1-9]|[12]\d|3[01]) \d{{4}} (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the test program was given.

    Attributes:
        challenge: Challenge of the second item.
        timestamps: Timestamps that may stand in the third and fourth item.
        extra: Extra of the second and third item.
    """

    challenge: str = CHALLENGE
    timestamps: tuple[str, ...] = (TIMESTAMP,)
    extra: str = EXTRA


VENDOR_INPUTS = Inputs()
"""The constants of the vendor's program."""


def check(
    report: ValidationReport,
    *,
    key_type: KeyType | None = None,
    key: Key | None = None,
    id2: str | None = None,
    inputs: Inputs | None = VENDOR_INPUTS,
) -> tuple[Problem, ...]:
    """Judge a report with whatever is known.

    Args:
        report: The report.
        key_type: Makes the checks of the codes exact; taken from the key when there is one.
        key: Makes them complete.
        id2: The identifier that the device should have, when it is known.
        inputs: What the program was given; None when any argument is right.

    Returns:
        Every problem found, in the order of the report; `field` is the path, as `testContent[1].result.sign`.

    Raises:
        Id2Error: The caller's own values are wrong; never for the report.

    Source: device-protocol.md i.3, i.4.
    """
    found = _head_problems(report) + _order_problems(report)
    for index, item in enumerate(report.items):
        found += _args_problems(index, item, inputs)
    found += _id_problems(report, id2)
    codes = []
    for index, item in enumerate(report.items):
        if item.api in (API_CHALLENGE, API_TIMESTAMP):
            code, _ = read(item.result)
            codes += [code] if code else []
            found += _code_problems(index, item, report.id2, key_type, key)
        elif item.api == API_KPM:
            found += _kpm_problems(index, item, report.id2, key_type, key)
    if key is None:
        found += _tail_problems(codes, report.id2, key_type)
    return tuple(found)


def kpm_is_mislabelled(report: ValidationReport) -> bool:
    """Tell whether the KPM item shows the known defect i.3: a challenge code called a timestamp."""
    item = report.item(API_KPM)
    if item is None:
        return False
    try:
        return not kpm.parse_code(item.result).code.type.timestamp
    except Id2Error:
        return False


def _head_problems(report: ValidationReport) -> list[Problem]:
    found = []
    if report.report_version != REPORT_VERSION:
        found.append(_problem("reportVersion", f"{quoted(report.report_version)} is not {REPORT_VERSION}"))
    if report.sdk_version not in SDK_VERSIONS:
        known = ", ".join(SDK_VERSIONS)
        found.append(_problem("sdkVersion", f"{quoted(report.sdk_version)} is none of the releases {known}"))
    if not _DATE.fullmatch(report.date):
        found.append(_problem("date", f"{quoted(report.date)} is no build date like 'Nov 22 2026 18:00:21'"))
    return found


def _order_problems(report: ValidationReport) -> list[Problem]:
    found = []
    if not 3 <= len(report.items) <= len(_ORDER):
        found.append(_problem("testContent", f"{len(report.items)} items; a report has 3, or 4 with KPM"))
    for index, (item, due) in enumerate(zip(report.items, _ORDER, strict=False)):
        if item.api != due:
            found.append(
                _problem(f"testContent[{index}].api", f"{quoted(item.api)} stands where {due} is due")
            )
    return found


def _args_problems(index: int, item: ReportItem, inputs: Inputs | None) -> list[Problem]:
    path, due = f"testContent[{index}].args", _ARGS.get(item.api)
    if due is None:
        return []
    names = tuple(name for name, _ in item.args)
    if sorted(names) != sorted(due):
        return [_problem(path, f"names are {quoted(', '.join(names))}; they must be '{', '.join(due)}'")]
    if inputs is None:
        return []
    allowed = {"challenge": (inputs.challenge,), "timestamp": inputs.timestamps, "extra": (inputs.extra,)}
    return [
        _problem(f"{path}.{name}", f"{quoted(value)} is not the test value {allowed[name][0]}")
        for name, value in item.args
        if value not in allowed[name]
    ]


def _id_problems(report: ValidationReport, expected: str | None) -> list[Problem]:
    for index, item in enumerate(report.items):
        if item.api != API_ID:
            continue
        path = f"testContent[{index}].result"
        try:
            found = ids.parse(item.result)
        except Id2Error as error:
            return [Problem(path, error.position, str(error))]
        if not found.provisioned:
            return [_problem(path, "the ID is all F: the device is not provisioned")]
        if expected is not None and item.result != expected:
            at = next((i for i, (a, b) in enumerate(zip(item.result, expected, strict=False)) if a != b), 0)
            return [
                Problem(path, at, f"ID {quoted(item.result)} is not that of the device, {quoted(expected)}")
            ]
    return []


def _code_problems(
    index: int, item: ReportItem, id2: str, key_type: KeyType | None, key: Key | None
) -> list[Problem]:
    problems = authcode.check(
        item.result,
        key_type=key_type,
        id2=id2,
        key=key,
        extra=(item.argument("extra") or "").encode(),
        challenge=item.argument("challenge"),
        timestamp=item.argument("timestamp") if item.argument("challenge") is None else None,
    )
    return _under(f"testContent[{index}].result", problems)


def _kpm_problems(
    index: int, item: ReportItem, id2: str, key_type: KeyType | None, key: Key | None
) -> list[Problem]:
    path = f"testContent[{index}].result"
    try:
        code = kpm.parse_code(item.result)
    except Id2Error as error:
        return [Problem(path, error.position, str(error))]
    found = []
    if code.id2 != id2:
        found.append(_problem(path, f"ID inside is {quoted(code.id2)}; the report's is {quoted(id2)}"))
    given = item.argument("timestamp")
    if given is not None and code.code.random != given:
        found.append(
            _problem(path, f"code inside is over {quoted(code.code.random)}, not over {quoted(given)}")
        )
    problems = authcode.check(code.code.text, key_type=key_type, id2=code.id2, key=key)
    return found + _under(path, problems)


def _tail_problems(codes: list[AuthCode], id2: str, key_type: KeyType | None) -> list[Problem]:
    """Compare the constant last block of the codes, which needs no key."""
    block = {40: 8, 48: 16}.get(len(codes[0].sign)) if codes else None
    if key_type is not None:
        block = key_type.block_size if key_type.symmetric else None
    elif len(id2) in ids.PUF_LENGTHS:
        block = None
    if block is None or len({code.sign[-block:] for code in codes if len(code.sign) % block == 0}) <= 1:
        return []
    return [
        _problem("testContent", "the codes end in different cipher blocks; one device and key give the same")
    ]


def _under(path: str, problems: tuple[Problem, ...]) -> list[Problem]:
    return [Problem(f"{path}.{problem.field}", problem.position, problem.message) for problem in problems]


def _problem(path: str, message: str) -> Problem:
    return Problem(path, None, message)
