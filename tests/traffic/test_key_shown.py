"""Only a finding in the journal says that a run holds a secret; nothing that is said there by anybody does."""

import json

import pytest
from typer.testing import CliRunner

from harness.cli.main import application
from harness.errors import UsageError
from harness.traffic.key_shown import came_to_its_end, run_of, shows_its_key
from tests.traffic.recorded import Folder, record

FINDING = {"event": "finding", "t": 5, "defect": "key-shown", "severity": "critical", "title": "shows it"}
STARTED = {"event": "run-started", "t": 1_000_000_000, "wall": "2026-11-22T18:00:00Z"}


@pytest.fixture
def journal(tmp_path):
    def write(*events, tail=b""):
        lines = "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in events)
        (tmp_path / "journal.jsonl").write_bytes(lines.encode() + tail)
        return tmp_path

    return write


@pytest.mark.parametrize("defect", ["key-shown", "secret-on-console"])
def test_a_finding_says_so(journal, defect):
    assert shows_its_key(journal(STARTED, FINDING | {"defect": defect}))


@pytest.mark.parametrize(
    "event",
    [
        {"event": "note", "text": "the board prints key-shown"},
        {"event": "note", "text": '"defect":"key-shown"', "more": '{"event":"finding","defect":"key-shown"}'},
        {"event": "finding", "defect": "K2", "title": "key-shown", "detail": '","defect":"key-shown"'},
        {"event": "note", "defect": "key-shown"},
        ["key-shown"],
    ],
)
def test_what_anybody_says_does_not(journal, event):
    run = journal(STARTED, event)
    assert not shows_its_key(run)
    # Cut short it still is a text.
    whole = json.dumps(event).encode()
    assert not any(shows_its_key(journal(STARTED, tail=whole[:end])) for end in range(len(whole)))


def test_a_finding_that_was_cut_counts_from_its_name_on(journal):
    whole = json.dumps(FINDING, separators=(",", ":")).encode()
    end = whole.index(b',"severity"')
    assert shows_its_key(journal(STARTED, tail=whole[:end]))
    assert not shows_its_key(journal(STARTED, tail=whole[: end - 1]))


def test_it_is_found_behind_much_else_and_across_the_border_of_what_is_read_at_once(journal):
    much = {"event": "note", "text": "x" * ((1 << 20) - 120)}
    assert shows_its_key(journal(*[much] * 3, FINDING))


def test_a_recording_is_of_the_run_in_whose_folder_it_stands(journal, tmp_path):
    folder = Folder(tmp_path)
    folder.write("console", record(1, "read", "<", b"it is 00112233\r\n"))
    journal(STARTED, FINDING)
    assert run_of(folder.file("console")) == tmp_path
    assert shows_its_key(folder.file("console"))
    assert "00112233" not in CliRunner().invoke(application(), ["trace", str(folder.file("console"))]).stdout
    capture = tmp_path / "a.pcapng"
    refused = CliRunner().invoke(
        application(), ["trace", str(folder.file("console")), "--pcap", str(capture)]
    )
    assert isinstance(refused.exception, UsageError)
    assert not capture.exists()


def test_a_recording_alone_is_of_no_run(tmp_path):
    folder = Folder(tmp_path)
    folder.write("console", record(1, "read", "<", b"fine\r\n"))
    assert run_of(folder.file("console")) == folder.file("console")
    assert not shows_its_key(folder.file("console"))
    assert not shows_its_key(tmp_path / "nowhere")


def test_a_run_that_was_killed_was_not_looked_at_to_its_end(journal, tmp_path):
    folder = Folder(tmp_path)
    folder.write("console", record(1, "read", "<", b"fine\r\n"))
    ended = {"event": "run-finished", "t": 9, "verdict": "passed", "exit_code": 0}
    assert not came_to_its_end(journal(STARTED, {"event": "note", "text": '{"event":"run-finished"'}))
    told = CliRunner().invoke(application(), ["trace", str(tmp_path), "--pcap", str(tmp_path / "a.pcapng")])
    assert "did not come to its end" in told.stderr
    assert came_to_its_end(journal(STARTED, ended))
    told = CliRunner().invoke(application(), ["trace", str(tmp_path), "--pcap", str(tmp_path / "b.pcapng")])
    assert "did not come to its end" not in told.stderr
    (tmp_path / "journal.jsonl").unlink()
    assert came_to_its_end(folder.file("console"))
