import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import BenchError, DeviceError, ServiceError, ToolError, UsageError
from harness.run.verdict import Verdict, exit_code, verdict_of, whole, worst

VERDICTS = st.lists(st.sampled_from(list(Verdict)))


class _OutageError(ServiceError):
    outcome = "blocked"


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], 2),
        (["not_applicable"], 2),
        (["not_run", "not_applicable"], 2),
        (["passed"], 0),
        (["passed", "not_applicable", "not_run"], 0),
        (["passed", "blocked"], 3),
        (["blocked", "failed", "passed"], 1),
        (["failed", "error", "blocked"], 4),
    ],
)
def test_exit_code(verdicts, expected):
    assert exit_code([Verdict(verdict) for verdict in verdicts]) == expected


@settings(deadline=None)
@given(VERDICTS)
def test_leaving_out_scenarios_that_were_not_judged_never_changes_a_judged_exit_code(verdicts):
    judged = [verdict for verdict in verdicts if verdict.judged]
    if judged:
        assert exit_code(verdicts) == exit_code(judged)


@settings(deadline=None)
@given(VERDICTS, VERDICTS)
def test_worst_of_parts_is_worst_of_all(one, other):
    if one and other:
        assert worst([worst(one), worst(other)]) == worst(one + other)


def test_an_interrupted_run_has_not_passed():
    assert whole([Verdict.PASSED], interrupted=True) is Verdict.ERROR
    assert whole([Verdict.PASSED], interrupted=False) is Verdict.PASSED
    assert whole([Verdict.FAILED, Verdict.PASSED], interrupted=True) is Verdict.FAILED
    assert whole([Verdict.BLOCKED], interrupted=True) is Verdict.BLOCKED


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ("passed", "incomplete"),
        ("not_run", "not_run"),
        ("failed", "failed"),
        ("blocked", "blocked"),
        ("error", "error"),
    ],
)
def test_a_run_that_a_person_ended_is_no_error(seen, expected):
    assert whole([Verdict(seen)], interrupted=False, by_person=True) is Verdict(expected)
    if seen == "passed":
        assert whole([Verdict(seen)], interrupted=True, by_person=True) is Verdict.ERROR


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (AssertionError("no"), Verdict.FAILED),
        (DeviceError("no"), Verdict.FAILED),
        (ServiceError("no"), Verdict.FAILED),
        (_OutageError("no"), Verdict.BLOCKED),
        (BenchError("no"), Verdict.BLOCKED),
        (UsageError("no"), Verdict.ERROR),
        (ToolError("no"), Verdict.ERROR),
        (KeyError("no"), Verdict.ERROR),
        (KeyboardInterrupt(), Verdict.ERROR),
        (pytest.skip.Exception("later"), Verdict.NOT_RUN),
        (pytest.fail.Exception("no"), Verdict.FAILED),
        (ExceptionGroup("two", [BenchError("a"), AssertionError("b")]), Verdict.FAILED),
    ],
)
def test_verdict_of(error, expected):
    assert verdict_of(error) is expected


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (["passed", "not_run"], "incomplete"),
        (["not_run", "not_applicable"], "not_run"),
        (["passed", "not_run", "failed"], "failed"),
        (["passed", "not_run", "blocked"], "blocked"),
        (["passed", "not_run", "error"], "error"),
    ],
)
def test_what_was_planned_and_not_judged_keeps_a_run_from_passing(seen, expected):
    verdict = whole([Verdict(each) for each in seen], interrupted=False, unjudged=True)
    assert verdict is Verdict(expected)
    assert exit_code([verdict]) != 0


@settings(deadline=None)
@given(VERDICTS, st.booleans(), st.booleans())
def test_no_run_without_all_its_verdicts_has_the_exit_code_of_a_pass(verdicts, interrupted, by_person):
    verdict = whole(verdicts, interrupted=interrupted, by_person=by_person, unjudged=True)
    assert exit_code([verdict]) != 0
