import json
import os
import re
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import __version__
from harness.errors import BenchError, ToolError, UsageError
from harness.run import folder as run_folder
from harness.run import reader
from harness.run.events import NoteTaken, RunFinished, RunStarted, ScenarioInfo
from harness.run.folder import RunFolder, safe_name
from harness.run.header import Header, InputFile
from harness.run.run import Run
from harness.run.verdict import Verdict
from harness.secret import Secret

INFO = ScenarioInfo("step1/a", "suites/step1/a.py::a", "step1", "A", ("R-01",), (("R-01", "one"),))


def test_a_run_folder_has_its_name_its_parts_and_the_latest_link(tmp_path):
    run = Run.create(tmp_path / "deep" / "runs", "virtual-se")
    run.finish()
    assert re.fullmatch(r"\d{8}T\d{6}\.\d{3}Z-virtual-se", run.path.name)
    parts = {path.name for path in run.path.iterdir()}
    assert parts == {"run.json", "journal.jsonl", "transport", "evidence"}
    latest = tmp_path / "deep" / "runs" / "latest"
    assert latest.readlink() == Path(run.path.name)
    assert RunFolder.open(latest).path == run.path


def test_latest_points_at_the_newest_run_and_leaves_no_draft(tmp_path):
    for board in "abc":
        Run.create(tmp_path, board).finish()
    assert (tmp_path / "latest").resolve().name.endswith("-c")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_folder_named_latest_does_not_stop_the_run(tmp_path):
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "kept").write_text("mine")
    run = Run.create(tmp_path, "b")
    run.finish()
    assert (tmp_path / "latest" / "kept").read_text() == "mine"
    notes = [event.text for event in reader.read(run.folder.journal).events if isinstance(event, NoteTaken)]
    assert "latest does not point at this run" in notes[0]


def test_runs_that_begin_at_once_get_folders_of_their_own(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: Run.create(tmp_path, "same"), range(40)))
    assert len({run.path for run in runs}) == 40
    for run in runs:
        run.finish()
        assert json.loads(run.folder.header.read_bytes())["run"] == run.path.name


def test_the_same_millisecond_gets_a_number(tmp_path):
    now = datetime(2026, 11, 22, 19, 15, 0, 123_456, tzinfo=UTC)
    names = [run_folder.create(tmp_path, "b", now).name for _ in range(3)]
    assert names == ["20261122T191500.123Z-b", "20261122T191500.123Z-b-2", "20261122T191500.123Z-b-3"]


@settings(deadline=None)
@given(st.text(max_size=100))
def test_a_safe_name_is_one_plain_path_component(text):
    name = safe_name(text)
    assert re.fullmatch(r"[A-Za-z0-9_-]([A-Za-z0-9._-]*[A-Za-z0-9_])?|[A-Za-z0-9_]", name)
    assert len(name) <= 60


def test_the_header_says_what_was_used_and_hides_what_is_secret(tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_STATION", "bench 3")
    source = tmp_path / "board.yaml"
    source.write_bytes(b"abc")
    header = Header(
        board_file={
            "name": "b",
            "service": {"secret": Secret("in the file")},
            "key": "prefix hunter22 suffix",
        },
        plan={"carrier": "se"},
        declaration={"algorithms": ("aes",)},
        options={"limit": float("inf")},
        inputs=(InputFile.of(source, "board file"),),
    )
    run = Run.create(tmp_path / "runs", "b", header, secrets=[Secret("hunter22")])
    run.finish()
    text = run.folder.header.read_text()
    record = json.loads(text, parse_constant=lambda _: pytest.fail("not strict JSON"))
    assert record["format"] == "id2-run"
    assert record["schema"] == 1
    assert record["harness"] == __version__
    assert record["board_file"] == {"name": "b", "service": {"secret": "***"}, "key": "prefix *** suffix"}
    assert record["options"] == {"limit": "inf"}
    assert record["inputs"] == [
        {
            "role": "board file",
            "name": "board.yaml",
            "size": 3,
            "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        }
    ]
    assert record["station"]["name"] == "bench 3"
    assert re.fullmatch(r"[0-9a-f]{12}", record["station"]["id"])
    assert record["packages"]["pytest"] == pytest.__version__
    assert "hunter22" not in text
    assert str(tmp_path) not in text


def test_the_machine_id_itself_does_not_leave_the_machine(tmp_path):
    run = Run.create(tmp_path, "b")
    run.finish()
    try:
        secret = Path("/etc/machine-id").read_text().strip()
    except OSError:
        pytest.skip("this machine has no machine id")
    assert not secret or secret not in run.folder.header.read_text()


def test_a_header_that_cannot_be_plain_leaves_no_folder_behind(tmp_path):
    with pytest.raises(ToolError):
        Run.create(tmp_path, "b", Header(plan={"a": object()}))
    assert list(tmp_path.iterdir()) == []


def test_an_input_that_cannot_be_read_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match=r"nope\.yaml"):
        InputFile.of(tmp_path / "nope.yaml", "board file")


def test_a_file_in_the_place_of_the_runs_folder_is_named(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(BenchError, match=re.escape(str(tmp_path / "runs"))) as caught:
        Run.create(tmp_path / "runs" / "deeper", "b")
    assert caught.value.hint
    assert caught.value.exit_code == 3


@contextmanager
def without_root():
    """Act as a user without root's rights over files; a user who is not root already does."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_no_write_permission_is_one_clear_error(tmp_path):
    root = tmp_path / "runs"
    root.mkdir(mode=0o555)
    with without_root(), pytest.raises(BenchError) as caught:
        Run.create(root, "b")
    assert caught.value.message.startswith(str(root))
    assert caught.value.message.endswith("cannot be written: permission denied")
    assert "permission" in caught.value.hint


@pytest.mark.parametrize("what", ["nothing", "file", "empty", "other"])
def test_what_is_no_run_folder_is_a_usage_error(tmp_path, what):
    path = tmp_path / "x"
    if what == "file":
        path.write_text("")
    elif what != "nothing":
        path.mkdir()
        (path / "report.json").write_text("{}")
    with pytest.raises(UsageError, match=re.escape(str(path))):
        RunFolder.open(path)


def test_a_latest_link_into_nothing_is_a_usage_error(tmp_path):
    (tmp_path / "latest").symlink_to("gone")
    with pytest.raises(UsageError, match="latest"):
        RunFolder.open(tmp_path / "latest")
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(UsageError):
        RunFolder.open(tmp_path / "a")


def test_the_journal_begins_and_ends_with_the_run(tmp_path):
    run = Run.create(tmp_path, "b")
    log = run.begin(INFO)
    with log.step(0):
        pass
    log.finish(Verdict.PASSED)
    assert run.finish() == 0
    assert run.finish("again") == 0
    events = reader.read(run.folder.journal).events
    first, last = events[0], events[-1]
    assert isinstance(first, RunStarted)
    assert first.run == run.path.name
    assert datetime.fromisoformat(first.wall).tzinfo is not None
    assert last == RunFinished(t=last.t, verdict=Verdict.PASSED, exit_code=0)
    assert [event.t for event in events] == sorted(event.t for event in events)


def test_an_interrupted_run_says_why_and_closes_what_is_open(tmp_path):
    run = Run.create(tmp_path, "b")
    run.begin(INFO)
    assert run.finish("stopped by the keyboard") == 4
    events = reader.read(run.folder.journal).events
    assert [event.event for event in events[-3:]] == ["step-finished", "scenario-finished", "run-finished"]
    assert events[-2].verdict is Verdict.ERROR
    assert events[-2].reason == "stopped by the keyboard"
    assert events[-1].interrupted == "stopped by the keyboard"


def test_a_run_that_a_person_ends_closes_what_is_open_as_not_run(tmp_path):
    run = Run.create(tmp_path, "b")
    log = run.begin(INFO)
    with pytest.raises(KeyboardInterrupt), log.step(0):
        raise KeyboardInterrupt
    assert run.finish("Ctrl-C", by_person=True) == 2
    step, scenario, last = reader.read(run.folder.journal).events[-3:]
    assert (step.verdict, scenario.verdict, last.verdict) == (Verdict.NOT_RUN,) * 3
    assert (scenario.reason, last.interrupted, last.by_person) == ("Ctrl-C", "Ctrl-C", True)


def test_an_interrupted_run_whose_scenarios_passed_has_not_passed(tmp_path):
    run = Run.create(tmp_path, "b")
    run.begin(ScenarioInfo("s")).finish(Verdict.PASSED)
    assert run.exit_code == 0
    assert run.finish("stopped") == 4
    last = reader.read(run.folder.journal).events[-1]
    assert (last.verdict, last.exit_code) == (Verdict.ERROR, 4)


def test_a_file_that_is_there_is_never_written_over(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"mine")
    (tmp_path / "link").symlink_to(path)
    for name in ("a", "link"):
        with pytest.raises(BenchError, match="file exists"):
            run_folder.create_file(tmp_path / name, b"other")
    assert path.read_bytes() == b"mine"


def test_leaving_the_context_with_an_exception_is_an_interruption(tmp_path):
    with pytest.raises(KeyError), Run.create(tmp_path, "b") as run:
        raise KeyError("x")
    assert reader.read(run.folder.journal).events[-1].interrupted == "KeyError: 'x'"
    with Run.create(tmp_path, "b") as run:
        pass
    assert reader.read(run.folder.journal).events[-1].interrupted == ""


def test_long_lists_come_in_several_events(tmp_path):
    run = Run.create(tmp_path, "b")
    run.plan([ScenarioInfo(f"s{number}") for number in range(450)])
    run.requirements([{"id": f"R-{number}"} for number in range(201)], ["R-1"])
    with pytest.raises(ToolError):
        run.requirements([{"statement": "no id"}])
    run.finish()
    events = reader.read(run.folder.journal).events
    assert [len(event.scenarios) for event in events if event.event == "planned"] == [200, 200, 50]
    assert [len(event.known) for event in events if event.event == "requirements"] == [200, 1, 0]


def test_nothing_secret_reaches_any_file(tmp_path):
    secret = "0123456789abcdef0123456789ABCDEF"
    run = Run.create(tmp_path, "b", Header(plan={"x": secret}), secrets=[Secret(secret)])
    late = Secret(b"\x9a\x10\xff\x00\x55\xaa")
    run.hide(late)
    run.note(f"key {secret}, {late.reveal().hex().upper()}")
    run.board_found({"key": secret})
    run.transport_opened("t", f"path {secret}")
    log = run.begin(INFO)
    path = log.evidence("dump", f"<{secret}>".encode() + late.reveal(), title=secret)
    error = BenchError(f"wrong key {secret}", hint=f"not {secret}", traffic=[f"> {late.reveal().hex()}"])
    with pytest.raises(BenchError), log.step(0):
        raise error
    log.finish(Verdict.BLOCKED, reason=str(error), error=error)
    run.finish()
    assert path.read_bytes() == b"<" + b"*" * 32 + b">" + b"*" * 6
    for file in run.path.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            for value in (secret.encode(), late.reveal(), late.reveal().hex().encode(), b"9A10FF0055AA"):
                assert value not in data, file


def test_recordings_get_safe_paths_and_the_journal_names_them(tmp_path):
    run = Run.create(tmp_path, "b")
    assert run.recording("se") == run.path / "transport" / "se.rec"
    assert run.recording("../../etc/x").parent == run.path / "transport"
    run.transport_opened("se", "usb")
    run.transport_opened("loose", "usb", recorded=False)
    run.finish()
    opened = [event for event in reader.read(run.folder.journal).events if event.event == "transport-opened"]
    assert [event.recording for event in opened] == ["transport/se.rec", ""]


def test_a_killed_run_keeps_everything_up_to_the_kill(tmp_path):
    program = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        from harness.run.run import Run, ScenarioInfo
        from harness.run.verdict import Verdict
        run = Run.create(Path(sys.argv[1]), "b")
        for number in range(3):
            log = run.begin(ScenarioInfo(f"s{number}", steps=(("R", "one"),)))
            with log.step(0):
                log.note("inside")
                if number == 2:
                    os.kill(os.getpid(), signal.SIGKILL)
            log.finish(Verdict.PASSED)
        """
    )
    done = subprocess.run([sys.executable, "-c", program, tmp_path], check=False)
    assert done.returncode == -9
    text = reader.read(RunFolder.open(tmp_path / "latest").journal)
    assert text.problems == ()
    assert [event.event for event in text.events[-3:]] == ["scenario-started", "step-started", "note"]
    assert sum(event.event == "scenario-finished" for event in text.events) == 2


def test_a_run_passes_only_with_every_planned_scenario(tmp_path):
    run = Run.create(tmp_path, "b")
    run.plan([ScenarioInfo("a"), ScenarioInfo("b"), ScenarioInfo("c")])
    run.begin(ScenarioInfo("a")).finish(Verdict.PASSED)
    run.begin(ScenarioInfo("b")).finish(Verdict.NOT_APPLICABLE)
    assert run.verdict is Verdict.INCOMPLETE, "the turn of c did not come yet"
    run.begin(ScenarioInfo("c")).finish(Verdict.NOT_RUN, reason="no --destructive", outside_plan=True)
    assert run.verdict is Verdict.PASSED
    run.begin(ScenarioInfo("d")).finish(Verdict.NOT_RUN, reason="set aside")
    assert (run.finish(), run.verdict) == (5, Verdict.INCOMPLETE)


def test_only_what_did_not_run_can_stand_outside_the_plan(tmp_path):
    run = Run.create(tmp_path, "b")
    run.begin(ScenarioInfo("a")).finish(Verdict.BLOCKED, outside_plan=True)
    assert run.finish() == 3
    assert not any(getattr(event, "outside_plan", False) for event in reader.read(run.folder.journal).events)
