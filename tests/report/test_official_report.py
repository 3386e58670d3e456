"""What a report says of the mode of its run: what broke an official one, and what the lab's policy allowed."""

import json
from typing import get_args

import pytest

from harness.report import model
from harness.report.document.build import document
from harness.report.stand_ins import stand_ins
from harness.report.words import language
from harness.run.bench import Adapter, Bench
from harness.run.events import ScenarioInfo
from harness.run.header import Header
from harness.run.host_clock import HostClock
from harness.run.policy_named import Matter, Named
from harness.run.run import Run
from harness.run.tool import SuiteDigest, Tool
from harness.run.verdict import Verdict

INFO = ScenarioInfo(id="step1_plan/test_a", title="Holds", steps=(("T-01", "It holds."),))


@pytest.fixture
def made(tmp_path):
    """Make a run of one scenario that passes; return its report."""

    def make(header, *notes):
        run = Run.create(tmp_path, "board", header)
        run.plan([INFO])
        log = run.begin(INFO)
        with log.step(0):
            pass
        log.finish(Verdict.PASSED)
        for text, against in notes:
            run.note(text, against_official=against)
        run.finish()
        return model.load(run.path)

    return make


def test_an_official_run_stays_one(made):
    report = made(Header(mode="official"), ("all is well", False))
    assert (report.mode, report.no_longer_official, report.verdict) == ("official", [], Verdict.PASSED)
    assert stand_ins(report) is None


def test_one_that_broke_the_rules_is_of_development_and_says_why(made):
    report = made(Header(mode="official"), ("the pytest plugin x joined", True), ("more", False))
    assert (report.mode, report.no_longer_official) == ("development", ["the pytest plugin x joined"])
    assert report.notes == ["the pytest plugin x joined", "more"]
    said = stand_ins(report)
    assert said.title == "Development run"
    assert "no official report may come of it: the pytest plugin x joined" in said.words


def test_what_the_policy_allowed_is_named_in_both_languages(made):
    named = (
        Named("debug_keys", "device.key: it is a debug key that the vendor published"),
        Named("simulated_board", "transports.chip: the device behind it is simulated, no board"),
    )
    report = made(Header(mode="official", named=named))
    assert report.named == list(named)
    said = stand_ins(report)
    assert said.title == "Allowed by the policy of the laboratory"
    assert said.words.endswith("names: device.key: it is a debug key that the vendor published")
    assert "公开的调试密钥" in stand_ins(report, language("zh")).words


@pytest.mark.parametrize("code", ["en", "zh"])
@pytest.mark.parametrize("matter", get_args(Matter))
def test_the_document_has_words_for_each_matter(made, tmp_path, matter, code):
    report = made(Header(mode="official", named=(Named(matter, "of this and that"),)))
    content = document(report, tmp_path / report.run, language(code))
    assert "of this and that" in str(content.cover)


def test_tool_and_bench_come_through(made):
    tool = Tool("a" * 64, 3, "b" * 40, "clean", "", (SuiteDigest("suites", "c" * 64, 2),))
    bench = Bench((Adapter("chip", "i2c", vendor_id=0x0403),), HostClock(True, 0.001, 0.002, 0.003))
    report = made(Header(tool=tool, bench=bench))
    assert (report.tool, report.bench) == (tool, bench)
    assert json.loads(report.model_dump_json())["bench"]["clock"]["synchronised"] is True


def test_a_header_of_an_earlier_version_says_nothing_of_them(made, tmp_path):
    report = made(Header())
    (folder,) = [each for each in tmp_path.iterdir() if not each.is_symlink()]
    header = json.loads((folder / "run.json").read_text())
    for name in ("tool", "bench", "named", "mode", "report"):
        del header[name]
    (folder / "run.json").write_text(json.dumps(header))
    old = model.load(folder)
    assert (old.tool.state, old.tool.sha256, old.bench.clock.synchronised) == ("unknown", "", None)
    assert (old.mode, old.named) == ("development", [])
    assert old.scenarios == report.scenarios
