"""Judge what the programs say of their own tests.

Source: device-protocol.md i.2 (id2_app), j.1 (hal_app).
"""

from collections.abc import Iterator

from harness.console import events as e
from harness.id2.errors import quoted
from harness.logcheck.boots import HAL_TESTS, ID2_TESTS
from harness.logcheck.context import Context, setting_family
from harness.logcheck.facts import Facts, TestRun
from harness.logcheck.gather import DECRYPT
from harness.logcheck.judgement import Judgement
from harness.logcheck.model import Program

_V2 = ("Get ID", "Get Challenge Auth Code", "Get Timestamp Auth Code", "Get Secret")
_V3 = (*_V2, "Derive Key")
_V31 = ID2_TESTS
_WITHOUT_START = ("One-Time Password",)
_HAL = HAL_TESTS
_HAL_WITHOUT_START = ("SST", "KM")
_HAL_SINCE = {"SM2": (3, 0), "SST": (3, 1), "KM": (3, 1)}
"""Since which version `hal_app` has a test. Source: device-protocol.md j.1; SDK 3.0.0 app/hal_app/src/hal_test.c."""
_MARKS = 3  # start, end and verdict of a test
_HAL_STEPS = {"Hash": 3, "AES": 12, "RSA": 1, "SST": 20}
_AES_SIZES = 3  # steps of a mode of AES; one that is not supported has a single one
_CODES = {
    "Get Challenge Auth Code": ("challenge", 2),
    "Get Timestamp Auth Code": ("timestamp", 2),
}


def judge_tests(context: Context, judgement: Judgement) -> None:
    """Judge each test that the program reports, and that none is missing."""
    facts = context.facts
    for test in facts.tests:
        _judge_test(context, test, judgement)
    for name in _missing(facts):
        _judge_missing(context, name, judgement)
    if facts.program is Program.ID2_APP and not facts.tests:
        _judge_no_tests(facts, judgement)


def _label(test: TestRun) -> str:
    return f"HAL {test.name} test" if test.suite is e.TestSuite.HAL else f"unit test {test.name}"


def _judge_test(context: Context, test: TestRun, judgement: Judgement) -> None:
    problems = list(_test_problems(context.facts, test))
    good = "the program reports Pass"
    if test.result is e.TestResult.NOT_SUPPORTED:
        good = "the program reports Not Support"
        _note_unsupported(context, test, judgement)
    if test.steps and test.suite is e.TestSuite.HAL:
        good += f"; {_counted(test)}"
    lines = [*test.lines, *(line for line, _, result in test.steps if result is e.TestResult.FAIL)]
    if test.result is e.TestResult.NOT_SUPPORTED and not problems:
        judgement.not_run(_label(test), good, lines)
    elif problems and judgement.unread and test.result is not e.TestResult.FAIL and len(test.lines) < _MARKS:
        judgement.missing(_label(test), "; ".join(problems), lines)
    else:
        judgement.judged(_label(test), problems, good, lines)


def _test_problems(facts: Facts, test: TestRun) -> Iterator[str]:
    if test.result is e.TestResult.FAIL:
        yield "the program reports Fail"
    elif test.result is None:
        yield f"it starts in line {test.start} and has no Pass, Fail or Not Support: {_stopped(facts)}"
    sub_start = (*_WITHOUT_START, *_HAL_WITHOUT_START)
    cut = facts.cut_start and test is facts.tests[0]
    if test.start is None and test.name not in sub_start and test.result is not None and not cut:
        yield "it has a result, and the line of its start is missing"
    if test.start is not None and test.end is None and test.result is e.TestResult.PASS and _has_end(test):
        yield "the line of its end is missing"
    for line, name, result in test.steps:
        if result is e.TestResult.FAIL and test.result is e.TestResult.PASS:
            yield f"step {quoted(name)} in line {line} failed, although the program reports Pass"
        elif result is e.TestResult.FAIL:
            yield f"step {quoted(name)} in line {line} failed"
    if test.result is e.TestResult.PASS:
        yield from _content_problems(facts, test)


def _has_end(test: TestRun) -> bool:
    return test.suite is e.TestSuite.CLIENT and test.name not in (DECRYPT, "KPM", *_WITHOUT_START)


def _content_problems(facts: Facts, test: TestRun) -> Iterator[str]:
    """Give what a passed test should have printed and did not."""
    if test.suite is e.TestSuite.HAL:
        known = len(
            [step for step in test.steps if not step[1].startswith(("kv ", "test_sec_sst_store total"))]
        )
        wanted = _HAL_STEPS.get(test.name, 0)
        known += sum(_AES_SIZES - 1 for _, name, _ in test.steps if name.startswith("AES "))
        if test.name != "SST" and known < wanted and test.start is not None:
            yield f"{known} of its {wanted} steps are in the log"
        return
    if test.start is None or test.verdict is None:
        return
    inside = range(test.start, test.verdict + 1)
    if test.name in _CODES:
        kind, due = _CODES[test.name]
        count = sum(code.line in inside and code.source == "unit test" for code in facts.codes)
        announced = sum(lines[0] in inside for lines in facts.missing_codes)
        if count + announced < due:
            yield f"{count} of its {due} {kind} codes are in the log"
    elif test.name == "Get ID" and not any(place.line in inside for place in facts.ids):
        yield "it passed without showing an ID"
    elif test.name == "Get Device Challenge" and _major(facts) >= (3, 1):
        lengths = sorted(challenge.length for challenge in facts.challenges if challenge.line in inside)
        if lengths != [16, 32, 48, 64, 80, 96, 112, 128]:
            shown = ", ".join(map(str, lengths)) or "no"
            yield f"challenges of {shown} characters are shown; 16 to 128 in steps of 16 are due"
    elif test.name == "Get Secret" and not any(secret.lines[-1] in inside for secret in facts.secrets):
        yield "it passed without showing a secret"
    elif test.name == "Derive Key" and not any(key.lines[-1] in inside for key in facts.keys):
        yield "it passed without showing a key"


def _counted(test: TestRun) -> str:
    counts = {result: sum(step[2] is result for step in test.steps) for result in e.TestResult}
    parts = [f"{counts[e.TestResult.PASS]} steps passed"]
    if counts[e.TestResult.NOT_SUPPORTED]:
        parts.append(f"{counts[e.TestResult.NOT_SUPPORTED]} not supported")
    return ", ".join(parts)


def _note_unsupported(context: Context, test: TestRun, judgement: Judgement) -> None:
    if test.name in ("Get Secret", "Derive Key") and setting_family(context.facts) == "SM2":
        judgement.find_defect("k.11", f"{test.name} is reported as Not Support", test.lines)


def _major(facts: Facts) -> tuple[int, int]:
    if not facts.versions:
        return (0, 0)
    version = facts.versions[0][1].version
    return (version >> 16 & 0xFF, version >> 8 & 0xFF)


def _missing(facts: Facts) -> list[str]:
    """Return the tests that this version has and this log has not."""
    there = {test.name for test in facts.tests}
    if facts.program is Program.HAL_APP:
        return [name for name in _HAL if name not in there]
    if facts.program is not Program.ID2_APP or not there - {DECRYPT, "KPM"}:
        return []
    version = _major(facts)
    due = _V31 if version >= (3, 1) else _V3 if version >= (3, 0) else _V2 if version > (0, 0) else ()
    return [name for name in due if name not in there]


def _judge_missing(context: Context, name: str, judgement: Judgement) -> None:
    facts = context.facts
    label = f"HAL {name} test" if facts.program is Program.HAL_APP else f"unit test {name}"
    stopped = next((test for test in facts.tests if test.result is e.TestResult.FAIL), None)
    if stopped is not None:
        judgement.not_run(
            label, f"the program stops after the first test that fails ({stopped.name})", stopped.lines[-1:]
        )
    elif facts.program is Program.HAL_APP and _HAL.index(name) < _first_index(facts):
        judgement.not_run(label, "not in the log: its beginning is cut, or the build leaves it out")
    elif facts.program is Program.HAL_APP and (since := _left_out_before(context, name)):
        version = ".".join(map(str, since))
        judgement.not_run(label, f"not in the log: versions before {version} have none, or the log is cut")
    elif facts.cut_start and facts.program is Program.ID2_APP:
        judgement.not_run(label, "not in the log, whose beginning is cut")
    else:
        judgement.missing(label, f"not in the log: {_stopped(facts)}", [facts.last_line])


def _left_out_before(context: Context, name: str) -> tuple[int, int] | None:
    """Return the version before which `hal_app` has no such test, when this may be such a version.

    The program prints no version. A log whose tests end exactly where those of an older version end is one of it,
    unless somebody said that it is a newer one.
    """
    since = _HAL_SINCE.get(name)
    if since is None or context.claims.version >= since:
        return None
    newer = {test for test, first in _HAL_SINCE.items() if first >= since}
    return None if newer & {test.name for test in context.facts.tests} else since


def _first_index(facts: Facts) -> int:
    return min((_HAL.index(test.name) for test in facts.tests if test.name in _HAL), default=0)


def _stopped(facts: Facts) -> str:
    if facts.interrupted:
        return "another start follows, so the program was interrupted or crashed"
    return "the log ends before it, or the program stopped there"


def _judge_no_tests(facts: Facts, judgement: Judgement) -> None:
    if facts.module:
        judgement.not_run("unit tests", "a module build runs none")
    elif any(event.provisioned for _, event in facts.provisioning) and _major(facts) >= (3, 1):
        if facts.report_marks:
            judgement.missing(
                "unit tests", "the device is provisioned, and the program printed none of its unit tests"
            )
        else:
            judgement.missing("unit tests", f"none in the log: {_stopped(facts)}", [facts.last_line])
    elif facts.report_marks:
        judgement.not_run(
            "unit tests", "none in the log; versions before 3.1 run them only when they are asked to"
        )
