"""Run folders of every format that there ever was: each is rendered, checked and replayed by the harness of now."""

import dataclasses
import json
import re
import tarfile
import typing
from pathlib import Path

import pytest

from harness.cli.main import invoke
from harness.report import model
from harness.run import events
from harness.run.header import Header, plain_header
from harness.run.safe import Mask
from harness.transport.recording.format import VERSION
from tests.transport.recordings import lines

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "tests" / "samples" / "run-folders"
NEWEST = SAMPLES / "2-report"
BINARY = SAMPLES / "2-binary"
EVERY = sorted(SAMPLES.glob("*/*.tar.xz"))
CHIPS_WITHOUT_INPUTS = [path for path in EVERY if path.parent.name == "1-no-inputs" and "-se-" in path.name]
SERVERS = [path for path in EVERY if "business-server" in path.name]
REPLAYED = [path for path in EVERY if path not in CHIPS_WITHOUT_INPUTS + SERVERS]
WITH_PROBES = {"2-probes", "2-named", "2-report", "2-binary"}
JUDGED = {"passed", "failed", "blocked", "error"}


def named(paths):
    return [pytest.param(path, id=f"{path.parent.name}-{path.name.partition('.')[0]}") for path in paths]


def unpacked(archive, folder):
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (run,) = folder.iterdir()
    return run


def journal(run):
    return [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]


def verdicts(run):
    return {
        each["scenario"]: each["verdict"] for each in journal(run) if each["event"] == "scenario-finished"
    }


def board_of(archive):
    return str(ROOT / "boards" / archive.name.replace(".tar.xz", ".yaml"))


def replayed(archive, run, runs, capfd):
    code = invoke(["run", board_of(archive), f"--runs={runs}", f"--replay={run}"])
    said = capfd.readouterr()
    return code, said.out + said.err


def test_no_format_is_missing():
    assert {path.parent.name for path in EVERY} == {"1-no-inputs", "1-inputs", "2-incomplete"} | WITH_PROBES


@pytest.mark.parametrize("archive", named(EVERY))
def test_it_is_rendered_and_unchanged(archive, tmp_path, capfd):
    run = unpacked(archive, tmp_path / "run")
    assert invoke(["report", str(run), "--check"]) == 0
    capfd.readouterr()
    assert invoke(["report", str(run), "--format", "all"]) == 0
    assert "warning" not in capfd.readouterr().err
    report = json.loads((run / "report.json").read_text())
    ended = journal(run)[-1]
    assert (ended["event"], report["verdict"]) == ("run-finished", ended["verdict"])
    assert {one.key: one.verdict for one in model.load(run).scenarios} == verdicts(run)
    assert ended["verdict"].replace("_", " ") in (run / "report.html").read_text()
    assert (run / "junit.xml").read_text().count("<testcase ") >= len(verdicts(run))
    assert invoke(["report", str(run), "--format", "terminal"]) == 0
    assert f"{report['board']}: {ended['verdict']}" in capfd.readouterr().out
    assert invoke(["report", str(run), "--check"]) == 0, "rendering it again is no change"


@pytest.mark.parametrize("archive", named(EVERY))
def test_nothing_in_it_names_the_machine(archive, tmp_path):
    run = unpacked(archive, tmp_path / "run")
    station = json.loads((run / "run.json").read_text())["station"]
    assert (station["name"], station["kernel"]) == ("sample", "Linux 6.1.0-18-amd64")
    for path in run.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not re.search(rb"/(tmp|home|root)/", data), path.name


@pytest.mark.parametrize("archive", named(REPLAYED))
def test_its_replay_gives_what_it_judged_the_same_verdict(archive, tmp_path, capfd):
    run = unpacked(archive, tmp_path / "run")
    code, said = replayed(archive, run, tmp_path / "runs", capfd)
    before, after = verdicts(run), verdicts(tmp_path / "runs" / "latest")
    judged = {name: verdict for name, verdict in before.items() if verdict in JUDGED}
    assert len(judged) >= 10
    assert {name: after.get(name) for name in judged} == judged
    others = {name: verdict for name, verdict in after.items() if name not in judged}
    assert set(others.values()) <= {"not_run", "not_applicable"}
    new = {name for name, verdict in others.items() if verdict == "not_run" and name not in before}
    partial = journal(run)[-1]["verdict"] == "incomplete"
    if new:
        assert (code, "made before it existed" in said) == (5, True)
    reasons = {
        each["scenario"]: each["reason"]
        for each in journal(tmp_path / "runs" / "latest")
        if each["event"] == "scenario-finished" and each["verdict"] == "not_run"
    }
    assert all("the recorded run did not" in reasons[name] for name in new)
    if archive.parent.name in WITH_PROBES:
        assert code == (5 if new or partial else 0), said
        again = (tmp_path / "runs" / "latest").resolve()
        for recording in (run / "transport").iterdir():
            assert traffic(again / "transport" / f"{recording.stem}.rec") == traffic(recording)
        assert (again / "inputs.jsonl").read_bytes() == (run / "inputs.jsonl").read_bytes()


def traffic(recording):
    """What went to the device, and what came from it as one stream a direction: how it came in pieces is chance."""
    records = lines(recording)[1:]
    sent = [(each["op"], each["x"], each.get("a")) for each in records if each["d"] == ">"]
    return sent, "".join(each["x"] for each in records if each["d"] == "<")


@pytest.mark.parametrize("archive", named(CHIPS_WITHOUT_INPUTS))
def test_a_chip_whose_challenges_nobody_kept_is_not_replayed(archive, tmp_path, capfd):
    run = unpacked(archive, tmp_path / "run")
    code, said = replayed(archive, run, tmp_path / "runs", capfd)
    assert code == 2
    assert "before the harness kept what a run draws at random" in said
    assert f"harness report {run} renders it" in said
    assert not list((tmp_path / "runs").glob("[!.]*"))


@pytest.mark.parametrize("archive", named(SERVERS))
def test_a_server_of_a_manufacturer_is_not_replayed(archive, tmp_path, capfd):
    run = unpacked(archive, tmp_path / "run")
    code, said = replayed(archive, run, tmp_path / "runs", capfd)
    assert code == 2
    assert "cannot be replayed: its random values are its own" in said


def test_there_is_a_sample_of_all_that_a_run_of_now_writes(tmp_path):
    """A field that is new in header or journal is a new format: keep a run that has it."""
    run = unpacked(NEWEST / "virtual-se-mtk.tar.xz", tmp_path / "run")
    header = json.loads((run / "run.json").read_text())
    now = plain_header(Header(known_failures=[{}]), board="b", started="", mask=Mask())
    assert header.keys() - {"format", "schema", "run"} == now.keys()
    assert journal(run)[0]["schema"] == events.SCHEMA
    known = {}
    for kind in typing.get_args(events.Event):
        fields = {field.name: field for field in dataclasses.fields(kind)}
        known[fields["event"].default] = set(fields)
    recorded = unpacked(BINARY / "virtual-se-i2c.tar.xz", tmp_path / "binary") / "transport" / "chip.rec"
    assert lines(recorded)[0]["version"] == VERSION, "recordings have changed: keep a run with one"
    assert known == FIELDS, (
        "the journal has changed: keep a run of it in tests/samples/run-folders, and say so here"
    )
    assert any(event.get("samples") for event in journal(run))
    assert [path.name for path in (run / "beside").iterdir()] == ["service.jsonl"]
    assert {"report.pdf", "ctrf.json"} <= {path.name for path in run.iterdir()}


FIELDS = {
    "run-started": {"t", "event", "schema", "run", "board", "wall", "harness", "mode"},
    "board-found": {"t", "event", "identity"},
    "transport-opened": {"t", "event", "name", "identity", "recording"},
    "requirements": {"t", "event", "known", "uncovered"},
    "planned": {"t", "event", "scenarios"},
    "scenario-started": {"t", "event", "scenario", "info"},
    "step-started": {"t", "event", "scenario", "step"},
    "step-finished": {"t", "event", "scenario", "step", "verdict", "reason", "error"},
    "measurement": {
        *("t", "event", "scenario", "step", "name", "value", "unit", "low", "high", "verdict"),
        *("samples", "statistics", "histogram", "uncertainty"),
    },
    "evidence": {
        *("t", "event", "scenario", "step", "name", "title", "file", "media_type", "size", "sha256"),
        *("cut_from", "masked"),
    },
    "finding": {"t", "event", "scenario", "step", "defect", "severity", "title", "detail"},
    "note": {"t", "event", "scenario", "step", "text", "against_official"},
    "scenario-finished": {"t", "event", "scenario", "verdict", "reason", "error", "outside_plan"},
    "run-finished": {"t", "event", "verdict", "exit_code", "interrupted", "by_person"},
}
"""Every field of the newest sample's journal."""
