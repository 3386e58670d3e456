"""`harness lab status` of a lab with hosts: each says how its boards are, and no text of theirs acts on a terminal."""

import json

import pytest

from harness.cli import lab_status_hosts
from harness.cli.main import invoke
from harness.lab.asking import HostStatus
from harness.lab.bench_end import _printed
from tests.bench_page.made import HOSTILE

LAB = """\
version: 1
hosts:
  bench-1: {ssh: one, boards: [se-a, se-b]}
  bench-2: {ssh: two, boards: [km-a]}
"""
BOARD = {
    "board": "se-a",
    "state": "set aside",
    "reason": HOSTILE,
    "in_use": {"pid": 4711, "user": "anna\x1b[2J", "board": "se-a"},
    "last_runs": [{"run": "x", "verdict": "blocked", "started": "2026-11-29T22:00:00+00:00"}, 5],
}


@pytest.fixture
def lab(tmp_path, monkeypatch):
    (tmp_path / "lab.yaml").write_text(LAB)
    monkeypatch.chdir(tmp_path)
    asked = []

    def told(hosts, config):
        asked.append([(host.name, host.boards) for host in hosts])
        document = {
            "boards": [BOARD, "x", {"board": []}],
            "not_read": [{"file": "f\x1b", "problem": HOSTILE}],
        }
        return [
            HostStatus(host, document=document) if host.name == "bench-1" else HostStatus(host, "unreachable")
            for host in hosts
        ]

    monkeypatch.setattr(lab_status_hosts, "statuses", told)
    return asked


def test_the_boards_of_all_hosts_are_shown_and_one_that_cannot_be_asked_is_told(lab, capsys):
    assert invoke(["lab", "status"]) == 3
    shown = capsys.readouterr().out
    assert lab == [[("bench-1", ("se-a", "se-b")), ("bench-2", ("km-a",))]]
    assert "bench-2  cannot be asked: unreachable" in shown
    assert "  se-a  set aside · blocked (" in shown
    assert "in use: pid 4711, user anna␛[2J, board se-a" in shown
    assert not {"\x1b", "\u202e"} & set(shown)


def test_a_board_or_a_host_alone_is_asked_for_and_json_has_what_hosts_say(lab, capsys):
    assert invoke(["lab", "status", "se-*", "--host=bench-1", "--json"]) == 0
    assert lab == [[("bench-1", ("se-a", "se-b"))]]
    [host] = json.loads(capsys.readouterr().out)["hosts"]
    assert (host["host"], host["reason"], host["boards"][0]["state"]) == ("bench-1", "", "set aside")


def test_boards_of_this_computer_are_meant_by_here(lab, capsys):
    assert invoke(["lab", "status", "--here", "--json"]) == 0
    assert lab == []
    assert "example-ccid" in {one["board"] for one in json.loads(capsys.readouterr().out)["boards"]}


def test_a_command_that_prints_no_document_or_an_error_is_told(tmp_path):
    for text, said in (
        ("x", "cannot be looked at"),
        ('{"error": {"message": "no such board"}}', "no such board"),
    ):
        (tmp_path / "said").write_text(text)
        with pytest.raises(Exception, match=said):
            _printed(["cat", str(tmp_path / "said")])
