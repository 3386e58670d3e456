"""Judge the lines that speak of errors: which a passing run has too, and which mean a failure.

Source: device-protocol.md a.3, i.1, i.2 (the -3 probes), j.1, k.1, k.7.
"""

import re

from harness.console import events as e
from harness.id2 import codes
from harness.id2.errors import quoted
from harness.logcheck.context import Context
from harness.logcheck.facts import Complaint
from harness.logcheck.itlslines import is_about_itls
from harness.logcheck.judgement import Judgement
from harness.logcheck.model import Program

# Each test that fills a buffer first offers one of length 0 and expects -3.
_PROBES = {
    "Get ID": re.compile(r"(?:id2? )?short buffer,? 0[.,]?.*"),
    "Get Challenge Auth Code": re.compile(r"auth ?code short buffer,? 0(?: \d+)?\.?|short buffer,? 0.*"),
    "Get Timestamp Auth Code": re.compile(r"auth ?code short buffer,? 0(?: \d+)?\.?|short buffer,? 0.*"),
    "Get Secret": re.compile(r"short buffer,? 0\.?.*"),
}
# hal_app asks its storage for items that are not there; these are the words of the vendor's own storage.
_HAL_PROBES = re.compile(
    r"open \S+ fail(?:ed)? - errno: 2|\S+ is not exist|invalid input args|short buffer, \d+ \d+|"
    r"buf_len should be set to zero!"
)
_HAL_PROBE_TESTS = ("SST", "KM", "")
# Builds without field provisioning, and the stub of a module, say so and go on. Source: device-protocol.md f, i.2.
_INFORMATION = re.compile(r"not support(?:ed)?[!.]*", re.IGNORECASE)
_OPTIONAL_CALLS = ("id2_client_wrap_do_provisioning",)
_NOT_SUPPORTED = re.compile(r"not support|, -8\b|, 0xf{7}8\b", re.IGNORECASE)
_KM_RSA = re.compile(r"km (?:sign|asym decrypt) (?:fail|error), 0xffff0003", re.IGNORECASE)
_WRONG_TYPE = re.compile(r"not support key type", re.IGNORECASE)
_RETURNED = re.compile(r"(?:, |\(ret = |return )(-\d{1,3})\b")
MAX_SHOWN = 20


def judge_complaints(context: Context, judgement: Judgement) -> None:
    """Judge every line that speaks of an error."""
    facts = context.facts
    expected: list[int] = []
    foreign: list[int] = []
    probed: set[str] = set()
    unexpected: list[Complaint] = []
    unsupported = _unsupported(context)
    for complaint in facts.complaints:
        if facts.program is Program.DEMO and complaint.test == "id2_client_decrypt":
            continue  # the demo's decrypt probe is judged as a whole
        if facts.program is Program.ITLS_APP and is_about_itls(complaint.function, complaint.text):
            continue  # judged with its session
        if _is_information(context, complaint):
            expected.append(complaint.line)
        elif complaint.foreign:
            foreign.append(complaint.line)
        elif _is_probe(context, complaint, probed) or _is_unsupported(unsupported, complaint):
            expected.append(complaint.line)
        else:
            unexpected.append(complaint)
    for complaint in unexpected[:MAX_SHOWN]:
        judgement.failed(f"error in line {complaint.line}", _explain(complaint), [complaint.line])
        _find_defects(complaint, judgement)
    if len(unexpected) > MAX_SHOWN:
        rest = unexpected[MAX_SHOWN:]
        judgement.failed("errors", f"{len(rest)} more error lines", [complaint.line for complaint in rest])
    if not unexpected:
        told = [f"{len(expected)} expected in a passing run"] if expected else []
        told += [f"{len(foreign)} of other programs"] if foreign else []
        judgement.passed("error lines", f"none unexpected ({', '.join(told) or 'none at all'})", expected)


def _is_information(context: Context, complaint: Complaint) -> bool:
    """Tell whether a line only says that this build leaves something out."""
    if complaint.test or not _INFORMATION.fullmatch(complaint.text):
        return False
    return complaint.function in _OPTIONAL_CALLS or (
        context.module and complaint.function.startswith("id2_client_")
    )


def _is_probe(context: Context, complaint: Complaint, probed: set[str]) -> bool:
    if context.facts.program is Program.HAL_APP:
        bare = complaint.function in ("", "case")  # "case 6: " before it looks like a function
        return bare and complaint.test in _HAL_PROBE_TESTS and bool(_HAL_PROBES.fullmatch(complaint.text))
    if not complaint.test and context.facts.cut_start and complaint.line < _first_start(context):
        return any(pattern.fullmatch(complaint.text) for pattern in _PROBES.values())
    pattern = _PROBES.get(complaint.test)
    if pattern is None or complaint.test in probed or not pattern.fullmatch(complaint.text):
        return False
    probed.add(complaint.test)
    return True


def _unsupported(context: Context) -> list[range]:
    """Return the lines in which tests come to their Not Support."""
    found, before = [], 0
    for test in context.facts.tests:
        verdict = test.verdict or 0
        if test.result is e.TestResult.NOT_SUPPORTED:
            found.append(range(test.start or before, verdict))
        before = verdict
    return found[:MAX_SHOWN]


def _is_unsupported(unsupported: list[range], complaint: Complaint) -> bool:
    """Tell whether a line is how a test comes to its Not Support."""
    if complaint.code != codes.ResultCode.NOT_SUPPORTED and not _NOT_SUPPORTED.search(complaint.text):
        return False
    return any(complaint.line in lines for lines in unsupported)


def _first_start(context: Context) -> int:
    facts = context.facts
    starts = [test.start for test in facts.tests if test.start is not None]
    return min([*starts, *(line for line, _ in facts.report_marks)], default=facts.last_line + 1)


def _explain(complaint: Complaint) -> str:
    where = f" in {complaint.test}" if complaint.test else ""
    text = f"{quoted(complaint.text, 160)}{where} is not expected in a passing run"
    code = complaint.code
    if code is None and (found := _RETURNED.search(complaint.text)):
        code = int(found[1])
    if code is not None and -20 < code < 0:
        described = codes.describe_result(code)
        if described.known:
            text += f"; {described.text} is: {described.meaning}"
    return text


def _find_defects(complaint: Complaint, judgement: Judgement) -> None:
    if _KM_RSA.search(complaint.text) or _WRONG_TYPE.search(complaint.text):
        judgement.find_defect("k.1", f"line {complaint.line}: {quoted(complaint.text, 80)}", [complaint.line])
