"""Excerpts of the recordings of a run, decoded and on one clock."""

import os

import pytest

from harness.chip.ica import commands
from harness.traffic.indexed_lines import JsonLinesByTime
from harness.traffic.timelines import Timelines
from harness.transport.recording.writer import Recording
from tests.traffic.recorded import SECOND, Folder, Used, at, record
from tests.transport.conftest import Memory
from tests.transport.recordings import make_binary

GET_ID = commands.get_id().to_bytes()
ID = bytes.fromhex("81800C2122232425262728292A2B2C9000")
BOARD = {"console": {"transport": "console"}}


@pytest.fixture
def run(tmp_path):
    return Folder(tmp_path)


def exchange(seconds):
    return record(seconds, "exchange", ">", GET_ID), record(seconds + 0.001, "exchange", "<", ID)


def read(run, began, ended, most=40):
    with Timelines(run.path, run.used, BOARD) as timelines:
        assert timelines.remarks == []
        return timelines.between(at(began), at(ended), most)


def test_bus_and_console_stand_on_one_clock(run):
    run.write("se", *exchange(1.0), *exchange(2.0), *exchange(3.0))
    run.write(
        "console",
        record(1.9, "write", ">", b"id\r\n"),
        record(1.95, "read", "<", b"ID2: 21"),
        record(2.05, "read", "<", b"22\r\nnext"),
    )
    found = read(run, 1.5, 2.5)
    assert [(each.source, each.kind, each.direction, each.text) for each in found.entries] == [
        ("console", "console", "out", "id"),
        ("console", "console", "in", "ID2: 2122"),
        ("se", "bus", "out", "GetID"),
        ("se", "bus", "in", "9000 success, 15 bytes, vendor 8180, ID 2122232425262728292A2B2C"),
        ("console", "console", "in", "next"),
    ]
    assert found.left_out == 0
    assert found.entries[1].t == at(1.95)


def test_an_answer_at_the_beginning_is_told_by_its_command(run):
    run.write("se", *exchange(1.0))
    (only,) = read(run, 1.0005, 2.0).entries
    assert "vendor 8180" in only.text


def test_of_many_the_beginning_and_more_of_the_end_are_shown(run):
    run.write("se", *(each for second in range(1000) for each in exchange(second)))
    found = read(run, 100.0, 899.5, most=40)
    assert len(found.entries) == 40
    assert found.left_out == 1600 - 40
    assert found.gap == 10
    times = [each.t for each in found.entries]
    assert times == sorted(times)
    assert times[0] == at(100)
    assert times[9] == at(104.001)
    assert times[10] == at(885)
    assert times[-1] == at(899.001)


@pytest.mark.parametrize("most", [1, 2, 3, 7, 40, 200])
def test_counts_agree_with_a_reading_of_the_whole(run, most):
    run.write("a", *(record(0.01 * number, "exchange", ">", GET_ID) for number in range(3000)))
    run.write("b", *(record(0.07 * number, "exchange", ">", GET_ID * 40) for number in range(900)))
    with Timelines(run.path, run.used, {}) as timelines:
        for began, ended in [(0, 1), (0.5, 0.5), (1, 29), (29, 62), (3, 2), (70, 80), (0, 100), (5, 6)]:
            found = timelines.between(at(began), at(ended), most)
            there = sum(began <= 0.01 * number <= ended for number in range(3000)) + sum(
                began <= 0.07 * number <= ended for number in range(900)
            )
            assert len(found.entries) == min(there, most), (began, ended)
            assert len(found.entries) + found.left_out == there, (began, ended)


def test_the_order_of_questions_changes_nothing(run):
    run.write("se", *(each for second in range(2000) for each in exchange(second / 10)))
    spans = [(second / 10, second / 10 + 3) for second in range(0, 1990, 53)]
    with Timelines(run.path, run.used, BOARD) as timelines:
        forward = [timelines.between(at(began), at(ended), 8) for began, ended in spans]
        backward = [timelines.between(at(began), at(ended), 8) for began, ended in reversed(spans)]
    assert forward == list(reversed(backward))


def test_a_recording_is_sampled_once_until_it_changes(run, monkeypatch):
    taken = []
    sample = JsonLinesByTime.sample
    monkeypatch.setattr(
        JsonLinesByTime, "sample", lambda self, step: taken.append(step) or sample(self, step)
    )
    run.write("se", *exchange(1.0))
    first = read(run, 0, 5)
    assert read(run, 0, 5) == first
    assert len(taken) == 1
    run.file("se").write_bytes(run.file("se").read_bytes().replace(b'"t":2000000000', b'"t":3000000000'))
    assert at(2.0) in [each.t for each in read(run, 0, 5).entries]
    assert len(taken) == 2


def test_stamps_that_two_threads_wrote_out_of_order(run):
    run.write(
        "se",
        record(1.0, "exchange", ">", GET_ID),
        record(2.1, "exchange", "<", ID),
        record(2.0, "exchange", ">", GET_ID),
        record(3.0, "exchange", "<", ID),
    )
    assert [each.t for each in read(run, 1.9, 2.05).entries] == [at(2.0)]


def test_around_a_moment(run):
    run.write("se", *(each for second in range(100) for each in exchange(second)))
    with Timelines(run.path, run.used, BOARD) as timelines:
        found = timelines.around(at(50.0005))
    assert [each.t for each in found.entries] == [at(49.001), at(50), at(50.001)]


def test_a_torn_end_and_foreign_lines_are_said_and_nothing_is_lost(run):
    run.write("se", *exchange(1.0), tail=b'{"t":2100000000,"op":"exchange","d":">","x":"80f8')
    found = read(run, 0, 5)
    assert [each.text for each in found.entries][2:] == ["(a line that is no record)"]
    run.file("se").write_bytes(run.file("se").read_bytes() + b"\n[]\n\xff\xfe\n{}\n" + b"[" * 100_000 + b"\n")
    with run.file("se").open("ab") as file:
        file.write(b'{"t":2200000000,"op":"exchange","d":">","x":"80f8000000"}\n')
    texts = [each.text for each in read(run, 0, 5).entries]
    assert texts[0] == "GetID"
    assert texts[-1] == "GetID"
    assert texts[2:-1] == ["(a line that is no record)"] * 5


def test_a_line_without_end_fills_no_memory(run):
    run.write("se", *exchange(1.0), tail=b"x" * 5_000_000)
    with run.file("se").open("ab") as file:
        file.write(b'\n{"t":2200000000,"op":"exchange","d":">","x":"80f8000000"}\n')
    assert [each.text for each in read(run, 0, 5).entries][2:] == ["(a line that is no record)", "GetID"]


def test_what_is_no_recording_of_the_run_is_a_remark(run, tmp_path):
    run.write("se", *exchange(1.0))
    run.write("empty")
    run.file("empty").write_bytes(b"")
    run.write("foreign")
    run.file("foreign").write_bytes(b'{"format":"other"}\n')
    os.mkfifo(run.file("pipe"))
    run.file("link").symlink_to("/etc/passwd")
    outside = ["../../../../etc/passwd", "/etc/passwd", "transport", "transport/\0", "transport/none.jsonl"]
    used = [
        *run.used,
        Used("p", "transport/pipe.jsonl"),
        Used("l", "transport/link.jsonl"),
        Used("silent", ""),
    ]
    used += [Used("o", path) for path in outside]
    with Timelines(run.path, used, {}) as timelines:
        assert len(timelines.remarks) == 4 + len(outside)
        assert not any(str(tmp_path) in remark for remark in timelines.remarks)
        assert next(each.text for each in timelines.between(0, 9 * SECOND).entries) == "GetID"


def test_what_a_device_says_reaches_nobody_raw(run):
    hostile = b"\x1b[2J\x07 \xe2\x80\xae evil \xff\xfe <script>\r\n"
    run.write(
        "con\x1bsole", record(1, "read", "<", hostile), record(2, "read", "!", m="\x1b[31m\nBenchError: x")
    )
    for entry in read(run, 0, 5).entries:
        for text in (entry.source, entry.text, entry.detail):
            assert text.isprintable()
    long = b"y" * 1_000_000
    run.write("long", record(1, "read", "<", long[:16384]), *[record(1, "read", "<", long[:16384])] * 60)
    for entry in read(run, 0, 5).entries:
        assert len(entry.text) < 1_500
        assert len(entry.detail) < 1_500


def test_a_secret_that_began_before_the_excerpt_is_not_shown(tmp_path):
    folder = Folder(tmp_path)
    folder.write(
        "console",
        record(1, "read", "<", b"boot\r\ntest 209: device secret: [64] 6510DE"),
        record(2, "read", "<", b"5271831144DAE6764E\r\nlast line\r\n"),
    )
    board_file = {"console": {"transport": "console"}}
    with Timelines(tmp_path, folder.used, board_file) as recordings:
        shown = [each.text for each in recordings.between(at(1.5), at(3)).entries]
    assert "last line" in shown
    assert "boot" not in shown
    assert not any("5271831144" in text for text in shown)
    assert any(text.startswith("test 209: device secret: [64] ***") for text in shown)


def binary(run):
    for used in run.used:
        make_binary(run.path / used.recording)
    run.used[:] = [Used(each.name, each.recording.replace(".jsonl", ".rec")) for each in run.used]


@pytest.mark.parametrize("most", [4, 40, 5000])
def test_both_forms_say_the_same_of_any_span(run, most):
    disorder = [
        record(second + (0.4 if second % 7 else -0.1), "i2c-read", "<", b"\x05", a=0x71)
        for second in range(900)
    ]
    run.write("se", *(each for second in range(900) for each in (*exchange(second), disorder[second])))
    run.write(
        "console", *(record(second / 3, "read", "<", b"line %d\r\nand" % second) for second in range(2000))
    )
    spans = [
        (0, 0.5),
        (1.5, 2.5),
        (100, 899.5),
        (-5, 5000),
        (640.4, 640.4),
        (899, 899.002),
        (2000, 3000),
        (333, 340),
    ]
    before = [read(run, *span, most) for span in spans]
    binary(run)
    assert [read(run, *span, most) for span in spans] == before
    assert sum(bool(each.entries) for each in before) >= 6


def test_a_binary_recording_is_shown_up_to_where_it_is_damaged(run):
    run.write("se", *exchange(1.0), *exchange(2.0))
    binary(run)
    path = run.path / run.used[0].recording
    path.write_bytes(path.read_bytes() + b"garbage that is no record")
    texts = [each.text for each in read(run, 0, 5).entries]
    assert [text.split(",")[0] for text in texts] == ["GetID", "9000 success"] * 2 + [
        "(a line that is no record)"
    ]


def test_what_stands_in_a_tail_is_shown(run):
    with Recording(run.path / "transport" / "live.rec", Memory("live")) as recording:
        run.used.append(Used("live", "transport/live.rec"))
        recording.data("exchange", ">", GET_ID, at(1.0))
        assert [each.text for each in read(run, 0, 5).entries] == ["GetID"]
        recording.data("exchange", "<", ID, at(1.1))
        assert len(read(run, 0, 5).entries) == 2
