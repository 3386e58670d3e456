"""Device ids of earlier runs: two boards of different serial numbers that have one id are accused, nobody else."""

import json
from types import SimpleNamespace

import pytest

from harness.errors import BenchError
from harness.fixtures.hal.device_ids import MOST_REMEMBERED, RememberedDeviceIds, SeenBoard
from harness.fixtures.hal.under_test import HalUnderTest

ID, OTHER = b"demo-uid", b"\x01\x02\x03\x04\x05\x06"


def hal(runs, board, run, serial=None, *, replayed=False):
    found = object.__new__(HalUnderTest)
    found._file = SimpleNamespace(name=board, device=SimpleNamespace(serial_number=serial))
    found._session = SimpleNamespace(
        options=SimpleNamespace(runs=runs),
        run=SimpleNamespace(path=SimpleNamespace(name=run)),
        replayed=replayed,
    )
    return found


def test_boards_of_different_serial_numbers_are_accused_and_the_run_is_named(tmp_path):
    assert hal(tmp_path, "first", "run-1", "SN-1").require_no_other_board(ID) == ""
    with pytest.raises(AssertionError, match="board first had the same device id in run run-1"):
        hal(tmp_path, "second", "run-2", "SN-2").require_no_other_board(ID)


def test_boards_of_one_name_with_different_serial_numbers_are_accused(tmp_path):
    # one board file for a series, whose serial number is changed for each
    hal(tmp_path, "series", "run-1", "SN-1").require_no_other_board(ID)
    with pytest.raises(AssertionError, match="run-1"):
        hal(tmp_path, "series", "run-2", "SN-2").require_no_other_board(ID)


def test_other_name_without_serial_numbers_blocks(tmp_path):
    hal(tmp_path, "first", "run-1").require_no_other_board(ID)
    with pytest.raises(BenchError, match="the same board under another name, or a second board") as blocked:
        hal(tmp_path, "second", "run-2", "SN-2").require_no_other_board(ID)
    assert "serial_number" in blocked.value.hint


def test_same_board_is_not_accused(tmp_path):
    hal(tmp_path, "first", "run-1").require_no_other_board(ID)
    told = hal(tmp_path, "first", "run-2").require_no_other_board(ID)
    assert "all this one" in told
    hal(tmp_path, "first", "run-3", "SN-1").require_no_other_board(ID)
    assert "all this one" in hal(tmp_path, "other-name", "run-4", "SN-1").require_no_other_board(ID)


def test_other_ids_are_not_accused(tmp_path):
    hal(tmp_path, "first", "run-1", "SN-1").require_no_other_board(ID)
    assert hal(tmp_path, "second", "run-2", "SN-2").require_no_other_board(OTHER) == ""


def test_replay_changes_nothing(tmp_path):
    hal(tmp_path, "first", "run-1", "SN-1").require_no_other_board(ID)
    before = RememberedDeviceIds(tmp_path).path.read_text()
    hal(tmp_path, "first", "run-2", "SN-1", replayed=True).require_no_other_board(OTHER)
    assert RememberedDeviceIds(tmp_path).path.read_text() == before


def test_neither_id_nor_serial_number_stands_in_the_file(tmp_path):
    hal(tmp_path, "first", "run-1", "SN-0815").require_no_other_board(ID)
    text = RememberedDeviceIds(tmp_path).path.read_text()
    for secret in ("demo-uid", ID.hex(), "SN-0815", b"SN-0815".hex()):
        assert secret not in text
    assert "first" in text
    hal(tmp_path / "elsewhere", "first", "run-1", "SN-0815").require_no_other_board(ID)
    elsewhere = RememberedDeviceIds(tmp_path / "elsewhere").path.read_text()
    hashes = [{json.loads(line).get("h") for line in one.splitlines()} - {None} for one in (text, elsewhere)]
    assert not hashes[0] & hashes[1]


def test_damaged_lines_are_passed_over_and_the_rest_is_kept(tmp_path):
    hal(tmp_path, "first", "run-1", "SN-1").require_no_other_board(ID)
    path = RememberedDeviceIds(tmp_path).path
    path.write_text(path.read_text() + '{"h": 7}\n[]\n{"h": "x", "run\n' + "[" * 2000 + "\n")
    with pytest.raises(AssertionError, match="run-1"):
        hal(tmp_path, "second", "run-2", "SN-2").require_no_other_board(ID)


def test_file_that_cannot_be_used_blocks(tmp_path):
    path = RememberedDeviceIds(tmp_path).path
    path.parent.parent.mkdir(exist_ok=True)
    path.mkdir(parents=True)
    with pytest.raises(BenchError, match="cannot be"):
        hal(tmp_path, "first", "run-1").require_no_other_board(ID)


def test_oldest_go(tmp_path):
    remembered = RememberedDeviceIds(tmp_path)
    salt, _ = remembered._read()
    remembered._write(
        salt, [(f"{number:064x}", SeenBoard(f"run-{number}", "many")) for number in range(MOST_REMEMBERED)]
    )
    remembered.remember(ID, SeenBoard("last", "board"))
    lines = remembered.path.read_text().splitlines()
    assert len(lines) == 1 + MOST_REMEMBERED
    assert '"run": "last"' in lines[-1]
    assert '"run": "run-1"' in lines[1]
