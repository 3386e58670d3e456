import hashlib
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import BenchError, DeviceError, ToolError
from harness.run import evidence, reader
from harness.run.events import ScenarioInfo
from harness.run.measure import Measurement, OutsideLimitsError
from harness.run.run import Run
from harness.run.verdict import Verdict

INFO = ScenarioInfo("s/test_a", steps=(("R-01", "first"), ("R-02", "second")), requirements=("R-01", "R-02"))


@pytest.fixture
def run(tmp_path):
    run = Run.create(tmp_path, "b")
    yield run
    run.finish()


def events(run, *kinds):
    return [event for event in reader.read(run.folder.journal).events if event.event in kinds]


def test_steps_are_recorded_as_they_happen(run):
    log = run.begin(INFO)
    with log.step(0):
        assert [event.event for event in reader.read(run.folder.journal).events[-2:]] == [
            "scenario-started",
            "step-started",
        ]
    with log.step(1):
        pass
    assert log.finish(Verdict.PASSED) is Verdict.PASSED
    finished = [(event.step, event.verdict) for event in events(run, "step-finished")]
    assert finished == [(0, "passed"), (1, "passed")]
    assert run.verdicts == (Verdict.PASSED,)
    assert run.exit_code == 0


@pytest.mark.parametrize(
    ("error", "verdict", "who"),
    [
        (AssertionError("no"), "failed", "the maker of the device"),
        (DeviceError("no"), "failed", "the maker of the device"),
        (BenchError("no"), "blocked", "the person at the bench"),
        (ZeroDivisionError("no"), "error", "the harness's maintainers"),
        (pytest.skip.Exception("no"), "not_run", "the harness's maintainers"),
    ],
)
def test_an_exception_ends_the_step_with_its_verdict_and_goes_on(run, error, verdict, who):
    log = run.begin(INFO)
    with pytest.raises(type(error)), log.step(0):
        raise error
    log.finish(Verdict(verdict), error=error)
    first, second = events(run, "step-finished")
    assert (first.verdict, first.error.who_acts, first.error.message) == (verdict, who, "no")
    assert (second.step, second.verdict, second.error) == (1, "not_run", None)


def test_an_error_keeps_place_traffic_hint_notes_and_where_it_was_raised(run):
    log = run.begin(INFO)
    with pytest.raises(DeviceError) as caught, log.step(0):
        raise DeviceError(
            "wrong", hint="try", board="b", transport="se", traffic=["> 00", "< 6D00"], code=0x6D00
        )
    caught.value.add_note("afterwards: the port was gone")
    log.finish(Verdict.FAILED, error=caught.value)
    (finished,) = events(run, "scenario-finished")
    assert finished.error.message == "wrong\nafterwards: the port was gone"
    assert finished.error.code == 0x6D00
    assert finished.error.traffic == ("> 00", "< 6D00")
    log = run.begin(INFO)
    with pytest.raises(ZeroDivisionError) as broken, log.step(0):
        _ = 1 / 0
    log.finish(Verdict.ERROR, error=broken.value)
    trace = events(run, "scenario-finished")[-1].error.trace
    assert "test_scenario_log.py" in trace[-1]
    assert trace[-1].endswith("_where_it_was_raised")
    assert not any(line.startswith("/") for line in trace)


def test_an_error_that_floods_is_bounded(run):
    log = run.begin(INFO)
    error = DeviceError("m" * 10**6, traffic=["t" * 10**5] * 10**3, hint="h" * 10**6)
    log.finish(Verdict.FAILED, error=error)
    (finished,) = events(run, "scenario-finished")
    assert len(finished.error.message) < 17_000
    assert len(finished.error.traffic) == 64
    assert max(map(len, finished.error.traffic)) < 1_100


def test_an_exception_whose_text_raises_is_recorded(run):
    class UnprintableError(Exception):
        def __str__(self):
            raise ValueError("no text")

    log = run.begin(INFO)
    log.finish(Verdict.ERROR, error=UnprintableError())
    assert (
        events(run, "scenario-finished")[0].error.message == "UnprintableError (its text cannot be printed)"
    )


def test_a_step_fails_at_its_end_when_measurements_lay_outside(run):
    log = run.begin(INFO)

    def measure_three():
        with log.step(0):
            assert log.measure(Measurement("slow", "ms", None, 10), 12.5) is Verdict.FAILED
            assert log.measure(Measurement("bad"), math.nan) is Verdict.FAILED
            assert log.measure(Measurement("fast", "ms", None, 10), 2) is Verdict.PASSED

    with pytest.raises(OutsideLimitsError) as caught:
        measure_three()
    assert caught.value.message == ("slow is 12.5 ms, allowed at most 10 ms; bad is nan, allowed any number")
    log.finish(Verdict.FAILED)
    taken = events(run, "measurement")
    assert [(event.name, event.value, event.step, event.verdict) for event in taken] == [
        ("slow", 12.5, 0, "failed"),
        ("bad", "nan", 0, "failed"),
        ("fast", 2, 0, "passed"),
    ]


def test_an_assertion_in_the_step_goes_before_its_measurements(run):
    log = run.begin(INFO)

    def fail_twice():
        with log.step(0):
            log.measure(Measurement("m", "", 0, 1), 2)
            raise AssertionError("mine")

    with pytest.raises(AssertionError, match="mine"):
        fail_twice()
    log.finish(Verdict.FAILED)


def both_steps(log):
    with log.step(0):
        pass
    with log.step(1):
        pass


def test_a_measurement_outside_of_steps_fails_the_scenario(run):
    log = run.begin(INFO)
    both_steps(log)
    log.measure(Measurement("m", "", 0, 1), 2)
    assert log.finish(Verdict.PASSED) is Verdict.FAILED
    assert events(run, "scenario-finished")[0].reason == "a step or a measurement failed"


def test_a_scenario_that_swallows_the_failure_of_a_step_has_not_passed(run):
    log = run.begin(INFO)
    with pytest.raises(AssertionError), log.step(0):
        raise AssertionError
    with log.step(1):
        pass
    assert log.finish(Verdict.PASSED) is Verdict.FAILED
    assert run.exit_code == 1


def test_a_failed_step_outlives_a_later_skip(run):
    log = run.begin(INFO)
    with pytest.raises(AssertionError), log.step(0):
        raise AssertionError
    assert log.finish(Verdict.NOT_RUN, reason="skipped") is Verdict.FAILED


def test_a_passing_scenario_that_never_entered_a_step_is_an_error(run):
    log = run.begin(INFO)
    with log.step(0):
        pass
    assert log.finish(Verdict.PASSED) is Verdict.ERROR
    (finished,) = events(run, "scenario-finished")
    assert "without entering step 2" in finished.reason
    assert run.exit_code == 4


def test_a_step_that_does_not_apply_is_said_with_its_reason(run):
    log = run.begin(INFO)
    with log.step(0):
        pass
    log.skip(1, "no SM4 declared")
    assert log.finish(Verdict.PASSED) is Verdict.PASSED
    last = events(run, "step-finished")[-1]
    assert (last.step, last.verdict, last.reason) == (1, "not_applicable", "no SM4 declared")
    log = run.begin(INFO)
    log.skip(0, "no")
    log.skip(1, "no")
    assert log.finish(Verdict.PASSED) is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("verdict", "expected"), [("not_applicable", "not_applicable"), ("blocked", "not_run")]
)
def test_steps_never_reached_are_recorded(run, verdict, expected):
    log = run.begin(INFO)
    assert log.finish(Verdict(verdict), reason="why") == verdict
    assert [event.verdict for event in events(run, "step-finished")] == [expected, expected]
    assert not events(run, "step-started")


def test_a_step_may_run_again_and_the_worst_counts(run):
    log = run.begin(INFO)
    with pytest.raises(AssertionError), log.step(0):
        raise AssertionError
    both_steps(log)
    assert log.finish(Verdict.PASSED) is Verdict.FAILED


@pytest.mark.parametrize("index", [-1, 2])
def test_a_step_that_is_not_declared_is_a_defect_of_the_scenario(run, index):
    log = run.begin(INFO)
    with pytest.raises(ToolError, match="declares 2"), log.step(index):
        pytest.fail("entered")
    with pytest.raises(ToolError):
        log.skip(index, "")
    log.finish(Verdict.ERROR)


def test_after_its_end_a_scenario_takes_nothing(run):
    log = run.begin(INFO)
    both_steps(log)
    log.finish(Verdict.PASSED)
    for late in (
        lambda: log.finish(Verdict.PASSED),
        lambda: log.note("x"),
        lambda: log.measure(Measurement("m"), 1),
        lambda: log.evidence("x", b""),
        lambda: log.finding("D", severity="info", title=""),
        lambda: log.skip(0, ""),
    ):
        with pytest.raises(ToolError, match="finished already"):
            late()
    assert run.verdicts == (Verdict.PASSED,)
    assert list(run.folder.evidence.iterdir()) == []


def test_a_scenario_that_runs_again_gets_a_key_of_its_own(run):
    keys = []
    for _ in range(3):
        log = run.begin(INFO)
        both_steps(log)
        log.finish(Verdict.PASSED)
        keys.append(log.key)
    assert keys == ["s/test_a", "s/test_a#2", "s/test_a#3"]


def test_evidence_is_kept_with_its_hash(run):
    log = run.begin(INFO)
    with log.step(0):
        path = log.evidence("report.json", b"{}", media_type="application/json", title="Device report")
    log.finish(Verdict.ERROR)
    (kept,) = events(run, "evidence")
    assert path == run.path / kept.file
    assert path.read_bytes() == b"{}"
    assert kept.file == "evidence/001-01-report.json"
    assert (kept.step, kept.title) == (0, "Device report")
    assert (kept.media_type, kept.size) == ("application/json", 2)
    assert kept.sha256 == hashlib.sha256(b"{}").hexdigest()
    assert not kept.masked
    assert kept.cut_from is None


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=20) | st.sampled_from(["text/html", "image/svg+xml"]))
def test_evidence_never_leaves_its_folder_nor_looks_like_something_to_run(tmp_path_factory, name, media_type):
    run = Run.create(tmp_path_factory.mktemp("r"), "b")
    log = run.begin(INFO)
    path = log.evidence(name, b"x", media_type=media_type)
    run.finish()
    assert path.resolve().parent == run.folder.evidence.resolve()
    assert re.fullmatch(r"[a-z0-9._-]+\.(txt|log|jsonl?|csv|hex|bin|pem|der|png|jpg)", path.name.lower())


@pytest.mark.parametrize("name", ["x.html", "x.svg", "x.desktop", "x.sh", "../../x.py", "x"])
def test_an_ending_that_could_run_is_not_the_last(run, name):
    log = run.begin(INFO)
    assert log.evidence(name, b"x", media_type="text/html").suffix == ".txt"
    assert log.evidence(name, b"x").suffix == ".bin"
    log.finish(Verdict.ERROR)


def test_evidence_of_one_name_twice_is_two_files(run):
    log = run.begin(INFO)
    assert log.evidence("a.txt", b"1") != log.evidence("a.txt", b"2")
    log.finish(Verdict.ERROR)


def test_evidence_that_is_too_large_keeps_its_beginning_and_says_so(run, monkeypatch):
    monkeypatch.setattr(evidence, "SIZE_LIMIT", 10)
    log = run.begin(INFO)
    path = log.evidence("a.bin", b"0123456789abcdef")
    log.finish(Verdict.ERROR)
    (kept,) = events(run, "evidence")
    assert path.read_bytes() == b"0123456789"
    assert (kept.size, kept.cut_from) == (10, 16)


def test_evidence_that_cannot_be_written_is_a_bench_error(run):
    log = run.begin(INFO)
    run.folder.evidence.rmdir()
    run.folder.evidence.write_text("in the way")
    with pytest.raises(BenchError, match="evidence"):
        log.evidence("a", b"")
    log.finish(Verdict.BLOCKED)


def test_findings_notes_and_places(run):
    log = run.begin(INFO)
    with log.step(1):
        log.finding("K3", severity="major", title="t", detail="d")
        with pytest.raises(ToolError, match="info, minor, major, critical"):
            log.finding("K3", severity="awful", title="t")
        log.note("n")
    log.note("outside")
    log.finish(Verdict.ERROR)
    (found,) = events(run, "finding")
    assert (found.scenario, found.step, found.defect, found.severity) == ("s/test_a", 1, "K3", "major")
    assert [(event.step, event.text) for event in events(run, "note")] == [(1, "n"), (None, "outside")]
