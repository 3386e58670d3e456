import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from harness.cli import trace
from harness.errors import UsageError
from tests.transport.recordings import make_binary

ROOT = Path(__file__).parents[2]


def header(name, at=1_000_000_000):
    return {
        "format": "id2-recording",
        "version": 1,
        "transport": name,
        "identity": "x",
        "capabilities": [],
        "anchor": {"wall": "2026-11-22T18:00:00Z", "monotonic_ns": at},
    }


def record(seconds, op, direction, **rest):
    return {"t": 1_000_000_000 + round(seconds * 1e9), "op": op, "d": direction, **rest}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "transport").mkdir()

    def write(name, *records, tail=""):
        lines = [json.dumps(each) for each in records]
        (tmp_path / "transport" / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines) + tail)
        return tmp_path

    return write


@pytest.fixture
def run(folder):
    folder(
        "console",
        header("console"),
        record(0.1, "open", "#", m="/dev/ttyUSB0"),
        record(1.0, "note", "#", m="scenario one"),
        record(1.5, "read", "<", x=b"boot\r\n\x1b[2Jevil".hex()),
        record(3.0, "note", "#", m="scenario two"),
        record(3.5, "write", ">", x=(b"y" * 200).hex()),
        record(9.0, "read", "!", m="BenchError: gone\n\x1b[31m"),
    )
    return folder(
        "se",
        header("se", 1_200_000_000),
        record(1.0, "note", "#", m="scenario one"),
        record(1.2, "exchange", ">", x="80f8000000"),
        record(1.3, "exchange", "<", x="8180" + "00" * 255 + "9000"),
        record(3.0, "note", "#", m="scenario two"),
        record(3.2, "i2c-read", "<", x="0500", a=0x71),
        record(3.3, "i2c-read", "!", a=0x71, m="I2cNack: no acknowledge"),
    )


@pytest.fixture
def call(monkeypatch):
    # Lines are whole as they are in a pipe, whatever terminal the tests run in.
    monkeypatch.delenv("COLUMNS", raising=False)
    app = typer.Typer()
    trace.register(app)

    @app.callback()
    def main():
        pass

    def invoke(*arguments):
        return CliRunner().invoke(app, ["trace", *map(str, arguments)])

    return invoke


def test_all_transports_merged_by_time(run, call):
    result = call(run)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    seconds = [float(line.split()[0]) for line in lines]
    assert seconds == sorted(seconds)
    assert len(lines) == 13
    assert "    1.500000  console  < boot" in lines
    assert "    0.100000  console  # open: /dev/ttyUSB0" in lines
    assert "    1.200000  se       > GetID: 80 f8 00 00 00" in lines
    assert "    3.200000  se       < [0x71] FM1280 frame of 7 bytes begins: 05 00" in lines
    assert "    3.300000  se       ! [0x71] i2c-read: I2cNack: no acknowledge" in lines


def test_an_apdu_stands_on_one_line_whole(run, call):
    (line,) = [line for line in call(run, "--raw").stdout.splitlines() if " < 81 80" in line]
    assert line.endswith("90 00")
    assert "…" not in line
    (line,) = [line for line in call(run).stdout.splitlines() if ": 81 80" in line]
    assert line.endswith(" < 9000 success, 257 bytes: 81 80 00 \u00d7 255 90 00")


def test_hostile_bytes_are_escaped_everywhere(run, call):
    for layout in ((), ("--text",), ("--hex",)):
        output = call(run, *layout).stdout
        assert "\x1b" not in output
        assert r"gone\n\e[31m" in output
    assert r"boot\r\n\e[2Jevil" in call(run, "--text").stdout
    assert r"|boot\r\n\e[2Jevil|" in call(run, "--raw").stdout
    assert r"  < \e[2Jevil" in call(run).stdout


def test_hex_and_text_show_everything_and_the_default_the_beginning(run, call):
    assert " ".join(["79"] * 200) in call(run, "--hex").stdout
    assert "y" * 200 in call(run, "--text").stdout
    short = call(run, "--raw").stdout
    assert f"{' '.join(['79'] * 16)} … (200 bytes)  |{'y' * 160}… (200 bytes)|" in short
    both = call(run, "--hex", "--text")
    assert isinstance(both.exception, UsageError)


def test_only_one_transport(run, call):
    assert {line.split()[1] for line in call(run, "--transport", "se").stdout.splitlines()} == {"se"}
    result = call(run, "--transport", "nfc")
    assert isinstance(result.exception, UsageError)
    assert "console, se" in result.exception.hint


def test_since(run, call):
    assert [line.split()[0] for line in call(run, "--since", "3.3").stdout.splitlines()] == [
        "3.300000",
        "3.500000",
        "9.000000",
    ]


def test_only_one_scenario(run, call):
    lines = call(run, "--scenario", "two").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [
        "3.000000",
        "3.000000",
        "3.200000",
        "3.300000",
        "3.500000",
        "9.000000",
    ]
    nothing = call(run, "--scenario", "ninety")
    assert nothing.stdout == ""
    assert "no traffic" in nothing.stderr


def test_limit(run, call):
    result = call(run, "--limit", "3")
    assert len(result.stdout.splitlines()) == 3
    assert "stopped after 3" in result.stderr
    assert "stopped" not in call(run, "--limit", "13").stderr


def test_one_recording(run, call):
    result = call(run / "transport" / "se.jsonl")
    assert len(result.stdout.splitlines()) == 6


def test_a_cut_file_shows_what_is_there_and_says_so(folder, call):
    run = folder("se", header("se"), record(1, "write", ">", x="00"), tail='{"t":12,"op":"wri')
    result = call(run)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1
    assert "se.jsonl: cut at its end" in result.stderr


def test_an_empty_recording_beside_a_good_one(folder, call):
    folder("se", header("se"), record(1, "write", ">", x="00"))
    run = folder("console")
    result = call(run)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1
    assert "console.jsonl: empty" in result.stderr


def test_records_of_two_threads_are_put_in_order(folder, call):
    run = folder("c", header("c"), record(2, "read", "<", x="02"), record(1, "write", ">", x="01"))
    assert [line.split()[0] for line in call(run).stdout.splitlines()] == ["1.000000", "2.000000"]


def test_what_is_no_run_folder(tmp_path, call):
    for path, problem in ((tmp_path, "no run folder"), (tmp_path / "absent", "not there")):
        error = call(path).exception
        assert isinstance(error, UsageError)
        assert problem in error.message
        assert "runs/latest" in error.hint


def test_a_run_without_recordings(tmp_path, call):
    (tmp_path / "transport").mkdir()
    result = call(tmp_path)
    assert result.exit_code == 0
    assert "no recordings" in result.stderr


def test_a_damaged_recording_names_file_and_line(folder, call):
    run = folder(
        "se", header("se"), record(1, "write", ">", x="00"), {"t": "late"}, record(2, "write", ">", x="00")
    )
    error = call(run).exception
    assert isinstance(error, UsageError)
    assert "se.jsonl:3:" in error.message


def test_the_command_starts_without_heavy_imports():
    code = "import sys, harness.cli.trace; sys.exit('harness.transport.recording.recorder' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_calls_to_the_service_and_links_stand_among_the_transports(run, call):
    (run / "beside").mkdir()
    for name, *records in (
        ("service", record(1.25, "call", ">", m="Verify Id2=21"), record(3.4, "call", "<", m="Verify: 200")),
        ("link", record(3.3, "session", "<", x="1603", m="session 0: ClientHello\nrandom 00")),
    ):
        lines = "".join(json.dumps(each) + "\n" for each in (header(name), *records))
        (run / "beside" / f"{name}.jsonl").write_text(lines)
    lines = call(run).stdout.splitlines()
    assert "    1.250000  service  > Verify Id2=21" in lines
    assert "    3.300000  link     < session 0: ClientHello: random 00" in lines
    assert [float(line.split()[0]) for line in lines] == sorted(float(line.split()[0]) for line in lines)
    assert "Verify: 200" in call(run, "--scenario", "two").stdout
    assert "Id2=21" not in call(run, "--scenario", "two").stdout
    assert {line.split()[1] for line in call(run, "--transport", "service").stdout.splitlines()} == {
        "service"
    }


def test_of_a_run_in_which_the_key_was_shown_only_the_names_are_told(run, call):
    (run / "journal.jsonl").write_text('{"event":"finding","defect":"key-shown"}\n')
    (run / "run.json").write_text('{"board_file":{"console":{"transport":"console"}}}')
    result = call(run)
    assert "boot" not in result.stdout
    assert "80 f8" not in result.stdout
    assert "GetID" in result.stdout
    assert "shows its key" in result.stderr


def test_a_terminal_gets_lines_that_it_has_room_for_and_a_pipe_whole_ones(run, call, monkeypatch):
    whole = call(run).stdout.splitlines()
    assert max(map(len, whole)) > 80
    for columns in (80, 40, 20):
        monkeypatch.setenv("COLUMNS", str(columns))
        narrow = call(run).stdout
        assert max(map(len, narrow.splitlines())) <= columns
        assert "".join(narrow.split()) == "".join("".join(whole).split())
    monkeypatch.setenv("COLUMNS", "80")
    lines = call(run).stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if "yyy" in line)
    assert lines[at + 1].startswith(" " * 25 + "y")


def test_limit_counts_what_went_over_and_no_lines_of_the_terminal(run, call, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    assert "scenario one" in "".join(call(run, "--limit", "2").stdout)


def test_records_as_json(run, call):
    found = [json.loads(line) for line in call(run, "--json", "--since", "0.15").stdout.splitlines()]
    assert found[0] == {
        "transport": "console",
        "record": 3,
        "t": 2_000_000_000,
        "op": "note",
        "d": "#",
        "m": "scenario one",
    }
    assert {
        "transport": "se",
        "record": 6,
        "t": 4_200_000_000,
        "op": "i2c-read",
        "d": "<",
        "x": "0500",
        "a": 0x71,
    } in found
    assert len(found) == 11
    both = call(run, "--json", "--raw")
    assert isinstance(both.exception, UsageError)


@pytest.mark.parametrize(
    "arguments",
    [(), ("--raw",), ("--hex",), ("--text",), ("--json",), ("--scenario", "two"), ("--transport", "se")],
)
def test_both_forms_say_the_same(run, call, arguments):
    before = call(run, *arguments).stdout
    for path in (run / "transport").glob("*.jsonl"):
        make_binary(path)
    assert before
    assert call(run, *arguments).stdout == before


def test_of_two_forms_of_one_recording_the_newer_is_read(run, call):
    older = (run / "transport" / "se.jsonl").read_text()
    make_binary(run / "transport" / "se.jsonl")
    (run / "transport" / "se.jsonl").write_text(older)
    assert call(run).stdout.count("GetID") == 1


def test_a_binary_recording_that_is_damaged_names_the_record(run, call):
    path = make_binary(run / "transport" / "se.jsonl")
    with path.open("ab") as file:
        file.write(b"garbage that is no record")
    error = call(run).exception
    assert isinstance(error, UsageError)
    assert "se.rec:8: not a record" in error.message
    os.truncate(path, path.stat().st_size - 25 - 3)
    assert "se.rec: cut at its end" in call(run).stderr
