"""`harness lab status` of a lab with hosts: each says how its boards are, and no text of theirs acts on a terminal."""

import json
from datetime import UTC, datetime

import pytest

from harness.campaign.health.state import after_run
from harness.campaign.health.store import HealthStore
from harness.cli import lab_status_hosts
from harness.cli.main import invoke
from harness.lab import bench_end
from harness.lab.asking import HostStatus
from harness.lab.bench_end import BenchEnd, _printed
from harness.lab.messages import Message, Parser
from tests.bench_page.made import HOSTILE
from tests.benches.bench_hosts import ROOT

LAB = """\
version: 1
hosts:
  bench-1: {ssh: one, boards: [se-a, se-b]}
  bench-2: {ssh: two, boards: [km-a]}
"""
BOARDS = ["se-a", "boards/km.yaml"]
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

    def told(hosts, config, put_back):
        asked.append([(host.name, host.boards) for host in hosts])
        if put_back:
            asked.append(put_back)
        document = {
            "boards": [BOARD, "x", {"board": []}],
            "not_read": [{"file": "f\x1b", "problem": HOSTILE}],
        }
        return [
            HostStatus(
                host,
                document=document,
                put_back=[{"board": "se-a\x1b", "was": "set aside, to be tried again now; blocked once"}]
                if host.name in put_back
                else (),
            )
            if host.name == "bench-1"
            else HostStatus(host, "unreachable")
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
    assert invoke(["lab", "status", "--here", "--json", "example-ccid"]) == 0
    assert lab == []
    assert "example-ccid" in {one["board"] for one in json.loads(capsys.readouterr().out)["boards"]}


def test_a_board_is_put_back_on_the_host_that_has_it(lab, capsys):
    assert invoke(["lab", "status", "--put-back", "se-a"]) == 0
    assert lab == [[("bench-1", ("se-a",))], {"bench-1": ("se-a",)}]
    said = capsys.readouterr()
    assert said.err == "bench-1  se-a␛: put back (was set aside, to be tried again now; blocked once)\n"
    assert "bench-2" not in said.out


@pytest.mark.parametrize("words", [["--put-back=se-*"], ["--put-back=bench-2:km-a"]])
def test_a_board_that_could_not_be_put_back_is_no_success(lab, capsys, words):
    assert invoke(["lab", "status", "--json", *words]) == 3
    [host] = json.loads(capsys.readouterr().out)["hosts"]
    assert len(host["put_back"]) == (1 if host["host"] == "bench-1" else 0)


def test_a_board_that_no_host_has_is_not_put_back(lab, capsys):
    assert invoke(["lab", "status", "--put-back", "se-c"]) == 2
    said = capsys.readouterr().err
    assert "--put-back: 'se-c': no host of the lab has such a board" in said
    assert "with --here it means boards of this computer" in said
    assert invoke(["lab", "status", "km-a", "--put-back", "se-a"]) == 2
    assert lab == []


def test_on_this_computer_by_here(lab, capsys):
    assert (
        invoke(["lab", "status", "--here", "--json", "--put-back", "virtual-se-i2c", "virtual-se-i2c"]) == 0
    )
    assert lab == []
    document = json.loads(capsys.readouterr().out)
    assert document["put_back"] == [{"board": "virtual-se-i2c", "was": "healthy"}]


def test_a_bench_puts_back_the_boards_that_are_named_and_none_without_a_name(tmp_path, monkeypatch):
    ran, said = [], []
    end = BenchEnd(tmp_path, ["harness"])
    monkeypatch.setattr(bench_end, "_printed", lambda command: ran.append(command) or {"boards": []})
    monkeypatch.setattr(end, "_write", lambda data: said.extend(Parser().take(data)))
    end._answer(Message("put back", {"boards": []}))
    assert (ran, said[0].kind) == ([], "refused")
    end._answer(Message("put back", {"boards": BOARDS}))
    end._looking.result()
    end._status_on()
    assert (said[1].kind, said[1].pairs("document")) == ("status", {"boards": []})
    [words] = ran
    assert words[:3] == ["harness", "lab", "status"]
    assert words[3:] == ["--here", "--json", f"--runs={tmp_path}", "--put-back=*", "--", *BOARDS]


@pytest.mark.lab
def test_a_board_of_a_bench_is_put_back_over_ssh(make_lab):
    lab = make_lab(count=1, boards=())
    host = lab.hosts[0]
    host.boards = ["one", "two"]
    lab.write()
    (host.folder / "boards").mkdir()
    text = (ROOT / "boards" / "virtual-se-mtk.yaml").read_text()
    store = HealthStore(host.runs)
    for name in host.boards:
        (host.folder / "boards" / f"{name}.yaml").write_text(
            text.replace("name: virtual-se-mtk", f"name: {name}")
        )
        for _ in range(2):
            store.change(
                name, lambda known: after_run(known, "blocked", now=datetime.now(UTC), reason="no answer")
            )
    code, document, said = lab.run("status", "--put-back", "one")
    assert code == 0, said
    assert "bench-1  one: put back (was set aside until " in said
    [bench] = document["hosts"]
    assert [(one["board"], one["state"]) for one in bench["boards"]] == [("one", "no run yet")]
    assert (store.of("one").set_aside, store.of("two").set_aside) == (False, True)
    (host.folder / "boards" / "two.yaml").write_text("version: [")
    code, document, _ = lab.run("status", "--put-back", "two")
    assert (code, document["hosts"][0]["put_back"]) == (3, [])


def test_a_command_that_prints_no_document_or_an_error_is_told(tmp_path):
    for text, said in (
        ("x", "cannot be looked at"),
        ('{"error": {"message": "no such board"}}', "no such board"),
    ):
        (tmp_path / "said").write_text(text)
        with pytest.raises(Exception, match=said):
            _printed(["cat", str(tmp_path / "said")])
