"""The parts of campaigns on many hosts, each by itself and without a host."""

import errno
import fcntl
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import Future
from importlib.metadata import EntryPoint
from io import StringIO
from types import SimpleNamespace

import pytest
import yaml
from rich.console import Console

from harness import disk
from harness.board.reading.lab import load_lab
from harness.cli import lab_bench, lab_run
from harness.cli.lab_shown import summary
from harness.cli.main import invoke
from harness.errors import BenchError, UsageError
from harness.lab import bench_end, closing, room, starting
from harness.lab.backend import backend_of
from harness.lab.client_files import ClientFiles
from harness.lab.hosts import chosen, hosts_of, place_names
from harness.lab.identity import Identity, difference
from harness.lab.messages import LARGEST_BODY, BrokenMessageError, Message, Parser, encode
from harness.lab.names import BenchFolder, ClientFolder, new_id
from harness.lab.pulling import Pulling
from harness.lab.receiving import Arrived, DamagedError, Receiving, TooMuchError
from harness.lab.results import BoardResult
from harness.lab.room import KEPT_FREE, MOST_ENTRIES
from harness.lab.sending import sent
from harness.lab.ssh import Host, command
from harness.progress.campaigns import Campaign
from harness.progress.writer import ProgressWriter
from harness.run import manifest
from harness.run.run import Run
from tests.benches.bench_hosts import until
from tests.benches.oracles import gaps, overlapping, verdicts_of_lost, without_end

NAME = "20261129T220000.000Z-0a1b2c"


def messages(data):
    return list(Parser().take(data))


def test_a_message_comes_whole_however_it_is_cut():
    data = encode("progress", b'{"a": 1}\n\n', offset=3) + encode("over")
    parser = Parser()
    found = [one for at in range(len(data)) for one in parser.take(data[at : at + 1])]
    assert [(one.kind, one.body, one.number("offset")) for one in found] == [
        ("progress", b'{"a": 1}\n\n', 3),
        ("over", b"", 0),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"hello\n",
        b'{"id2-lab":5}\n',
        b'{"id2-lab":"x","bytes":-1}\n',
        b'{"id2-lab":"x","bytes":%d}\n' % (LARGEST_BODY + 1),
        b'{"id2-lab":"x","bytes":"7"}\n',
        b'{"id2-lab":' + b"[" * 5000 + b"\n",
        b"x" * (9 << 20),
    ],
)
def test_what_is_no_message_is_refused(data):
    with pytest.raises(BrokenMessageError):
        messages(data)


def test_what_a_login_prints_before_the_first_message_is_passed_over_and_nothing_after_it():
    parser = Parser(noise=True)
    [message] = parser.take(b"Welcome!\n\x1b[31mred\n" + encode("hello"))
    assert message.kind == "hello"
    assert parser.noise == "Welcome!\n\x1b[31mred\n"
    with pytest.raises(BrokenMessageError):
        list(parser.take(b"Broadcast message\n"))
    with pytest.raises(BrokenMessageError):
        list(Parser(noise=True).take(b"x\n" * 100_000))


def test_fields_of_another_type_are_empty():
    message = Message("x", {"text": 5, "number": -1, "flag": True, "texts": ["a", 1], "pairs": []})
    assert (message.text("text"), message.number("number"), message.number("flag")) == ("", 0, 0)
    assert (message.texts("texts"), message.pairs("pairs")) == (("a",), {})


# ---------------------------------------------------------------- which hosts and boards


LAB = """\
version: 1
hosts:
  bench-1: {ssh: lab@one, boards: [se-a, se-b, common]}
  bench-2: {ssh: two, harness: python3 -m harness, folder: /srv/lab, boards: [boards/km-a.yaml, common]}
"""


@pytest.fixture
def hosts(tmp_path):
    (tmp_path / "lab.yaml").write_text(LAB)
    return hosts_of(load_lab(tmp_path / "lab.yaml"))


@pytest.mark.parametrize(
    ("words", "only", "expected"),
    [
        ([], [], {"bench-1": ("se-a", "se-b", "common"), "bench-2": ("boards/km-a.yaml", "common")}),
        (["se-*"], [], {"bench-1": ("se-a", "se-b")}),
        (["km-a"], [], {"bench-2": ("boards/km-a.yaml",)}),
        (["bench-2:common", "se-a"], [], {"bench-1": ("se-a",), "bench-2": ("common",)}),
        (["*"], ["bench-2"], {"bench-2": ("boards/km-a.yaml", "common")}),
        (["com*"], [], {"bench-1": ("common",), "bench-2": ("common",)}),
        (["se-a", "bench-1:se-[a]", "se-*"], [], {"bench-1": ("se-a", "se-b")}),
    ],
)
def test_boards_are_chosen_by_name_pattern_and_host(hosts, words, only, expected):
    assert {host.name: host.boards for host in chosen(hosts, words, only)} == expected


@pytest.mark.parametrize(
    ("words", "only", "message", "hint"),
    [
        (["se-x"], [], "no host of the lab has such a board", "se-"),
        (["common"], [], "stands on several hosts: bench-1, bench-2", "bench-1:common"),
        (["bench-3:se-a"], [], "no host of the lab has such a board", ""),
        (
            ["km-a", "bench-2:km-a"],
            [],
            "'bench-2:km-a': the same board is named twice, as 'km-a' too",
            "once",
        ),
        (["se-a", "se-a"], [], "'se-a': the same board is named twice$", "--repeat 2 runs it twice"),
        ([], ["bench-3"], "there is no host 'bench-3'", "bench-"),
    ],
)
def test_what_no_host_has_is_refused(hosts, words, only, message, hint):
    with pytest.raises(UsageError, match=message) as caught:
        chosen(hosts, words, only)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{ssh: 'x`touch y`.example', boards: [a]}", "must be what ssh connects to"),
        ('{ssh: "lab@$(id)", boards: [a]}', "must be what ssh connects to"),
        ("{ssh: -oProxyCommand=x, boards: [a]}", "must be what ssh connects to"),
        ("{ssh: one two, boards: [a]}", "must be what ssh connects to"),
        ("{ssh: one, boards: [a, a]}", "has a twice"),
        ('{ssh: one, harness: "it\'s", boards: [a]}', "is no command"),
        ("{ssh: one, boards: [a], port: 3}", "port"),
    ],
)
def test_a_host_that_is_described_wrongly_is_told_with_its_line(tmp_path, line, message):
    (tmp_path / "lab.yaml").write_text(f"version: 1\nhosts:\n  bench-1: {line}\n")
    with pytest.raises(UsageError, match=message) as caught:
        load_lab(tmp_path / "lab.yaml")
    assert "lab.yaml:3" in caught.value.message


def shell(line):
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True).stdout


def test_a_host_without_boards_is_refused_unless_a_coordinator_knows_them(tmp_path):
    (tmp_path / "lab.yaml").write_text("version: 1\nhosts:\n  bench-1: {ssh: one}\n")
    with pytest.raises(UsageError, match=r"hosts\.bench-1: has no boards"):
        backend_of(load_lab(tmp_path / "lab.yaml")).hosts()


def test_words_for_a_host_stand_for_themselves():
    host = Host("h", "user@h", ("/opt/it's/harness",), "/srv/a b; rm", "runs", ("a",))
    words = command(host, ("lab", "bench", "--runs=$(x)"), None)
    assert words[-3:-1] == ["--", "user@h"]
    assert "BatchMode=yes" in words
    assert "StrictHostKeyChecking=yes" in words
    # What the shell there makes of it.
    out = shell(words[-1].replace("exec sh -c", "printf '%s\\0' sh -c")).split("\0")
    assert out[:2] == ["sh", "-c"]
    inner = out[2].replace("cd --", "printf '%s|'").replace("&& exec", "&& printf '%s|'")
    assert shell(inner) == "/srv/a b; rm|/opt/it's/harness|lab|bench|--runs=$(x)|"


def test_the_home_folder_of_a_host_is_meant_by_a_tilde(tmp_path, monkeypatch):
    (tmp_path / "my lab").mkdir()
    program = tmp_path / "harness"
    program.write_text('#!/bin/sh\npwd; printf "%s|" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("HOME", str(tmp_path))
    host = Host("h", "h", ("~/harness", "~"), "~/my lab", "runs", ("a",))
    assert shell(command(host, ("--runs=~/x",), None)[-1]) == f"{tmp_path}/my lab\n~|--runs=~/x|"


def test_a_place_is_of_one_board_also_when_two_hosts_have_one_of_its_name(hosts):
    assert place_names(hosts) == {
        ("bench-1", "se-a"): "se-a",
        ("bench-1", "se-b"): "se-b",
        ("bench-1", "common"): "bench-1:common",
        ("bench-2", "boards/km-a.yaml"): "km-a",
        ("bench-2", "common"): "bench-2:common",
    }


def test_names_that_yaml_takes_for_something_else_reach_an_exporter_as_texts(tmp_path, capsys):
    (tmp_path / "lab.yaml").write_text(
        'version: 1\nhosts:\n  h: {ssh: h, boards: ["007", "boards/no.yaml", "a: b #c"]}\n'
    )
    assert invoke(["lab", "exporter-config", "h", "--lab", str(tmp_path / "lab.yaml")]) == 0
    assert yaml.safe_load(capsys.readouterr().out) == {
        name: {"HarnessBoard": {"board": board}}
        for name, board in {"007": "007", "no": "boards/no.yaml", "a: b #c": "a: b #c"}.items()
    }


def test_places_are_waited_for_no_longer_than_was_said_though_each_call_is_slow(monkeypatch):
    keeping = pytest.importorskip("harness.lab.labgrid.keeping")
    tried = []

    def slow(self, board):
        tried.append(board)
        time.sleep(0.05)
        return "held up"

    monkeypatch.setattr(keeping.Keeper, "_try", slow)
    keeper = keeping.Keeper("x:1", "h/c", {f"b{number}": f"b{number}" for number in range(40)}, print)
    missing = keeper.take(0.1, lambda: False)
    assert len(tried) <= 4
    assert (missing["b0"], missing["b39"]) == (
        "held up",
        "not asked for within 0 s: the coordinator answers slowly",
    )


def test_a_difference_of_harnesses_names_both():
    here = Identity("1.2", "a" * 64, (("own", "d" * 64),))
    assert difference(here, here) is None
    older = difference(here, Identity("1.1", "a" * 64))
    assert "has harness 1.1 (code aaaaaaaaaaaa), and this computer has 1.2" in older.words
    assert "install the same harness" in older.hint
    assert "code bbbbbbbbbbbb" in difference(here, Identity("1.2", "b" * 64)).words
    without = difference(here, Identity("1.2", "a" * 64))
    assert "has no suites own" in without.words
    assert without.hint.startswith("own: copy it to the bench")
    assert "has other suites own" in difference(here, Identity("1.2", "a" * 64, (("own", "e" * 64),))).words
    assert difference(Identity("1.2", ""), Identity("1.2", "")) is not None
    assert Identity.read(json.loads(json.dumps(here.plain()))) == here


def test_suites_that_a_package_offers_are_compared_by_their_files(tmp_path, monkeypatch):
    (tmp_path / "acme_suites").mkdir()
    (tmp_path / "acme_suites" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    entry = EntryPoint("acme", "acme_suites", "harness.suites")
    monkeypatch.setattr("harness.offers.offers", lambda group: [entry])
    [(word, before)] = Identity.here(["acme"]).suites
    assert (word, len(before)) == ("acme", 64)
    (tmp_path / "acme_suites" / "test_more.py").write_text("x = 1\n")
    assert Identity.here(["acme"]).suites[0][1] != before
    assert Identity.here(["none"]).suites == (("none", ""),)


def test_the_file_of_known_failures_of_the_client_must_be_that_of_each_bench(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "known.yaml"
    file.write_text("version: 1\nknown_failures: []\n")
    wanted = []
    monkeypatch.setattr(lab_run, "begin", lambda asked, *_, **__: wanted.append(asked) or 0)
    assert invoke(["lab", "run", "--all", "--known-failures=known.yaml"]) == 0
    assert wanted[0].suites == ("known.yaml",)
    here = Identity.here(wanted[0].suites)
    assert difference(here, Identity.read(json.loads(json.dumps(here.plain())))) is None
    file.write_text("version: 1\nknown_failures: [] # more\n")
    other = difference(here, Identity.here(wanted[0].suites))
    assert other.words == "has another file known.yaml than this computer"
    assert other.hint.startswith("known.yaml: copy it to the bench")
    file.unlink()
    assert difference(here, Identity.here(wanted[0].suites)).words == "has no file known.yaml"
    assert invoke(["lab", "run", "--all", "--known-failures=known.yaml"]) == 2
    assert len(wanted) == 1


@pytest.mark.parametrize("jobs", ["0", "-1", "two", "10000"])
def test_a_number_of_boards_that_is_none_is_refused_before_a_campaign_begins(monkeypatch, capsys, jobs):
    begun = []
    monkeypatch.setattr(lab_run, "begin", lambda *_, **__: begun.append(1) or 0)
    assert invoke(["lab", "run", "--all", f"--jobs={jobs}"]) == 2
    assert "must be a number from 1 to 9999, or auto" in capsys.readouterr().err
    assert begun == []
    assert invoke(["lab", "run", "--all", "--jobs=2"]) == 0
    assert begun == [1]


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ({"a": ["passed"]}, "1 board on 1 host: 1 passed"),
        ({"a": ["goes on"], "b": ["passed", "passed"]}, "3 boards on 2 hosts: 2 passed, 1 goes on"),
        ({"a": ["goes on", "goes on"]}, "2 boards on 1 host: 2 go on"),
    ],
)
def test_the_summary_counts_in_whole_sentences(outcomes, said):
    printed = StringIO()
    boards = [BoardResult(host, "x", one) for host, several in outcomes.items() for one in several]
    summary(Console(file=printed), boards, quiet=False)
    assert printed.getvalue().splitlines()[-1] == said


# ---------------------------------------------------------------- begun once


def begin(runs, name, command):
    one = starting.Starting(runs, BenchFolder(runs / ".lab"), name, {"boards": ["a"]}, command)
    return until(one.came, 10)


def test_a_name_is_begun_once_whatever_became_of_it(tmp_path):
    count = tmp_path / "count"
    add = ["sh", "-c", f"echo x >> {count}"]
    first = begin(tmp_path, NAME, add)
    second = begin(tmp_path, NAME, add)
    assert (first.again, second.again) == (False, True)
    assert count.read_text() == "x\n"
    assert "ended with exit code 0" in first.refused
    assert second.state == starting.NEVER
    assert starting.begun_on(BenchFolder(tmp_path / ".lab"), NAME)["boards"] == ["a"]
    assert begin(tmp_path, new_id(), add).again is False


def test_a_process_that_comes_up_is_told_from_one_that_did_not_by_the_kernel(tmp_path):
    lab = BenchFolder(tmp_path / ".lab")
    one = starting.Starting(tmp_path, lab, NAME, {}, ["sh", "-c", f"echo $$ > {tmp_path}/pid; exec sleep 60"])
    pid = until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip(), 10)
    assert one.came() is None
    assert starting.state_of(tmp_path, lab, NAME) == starting.BEGUN
    assert begin(tmp_path, NAME, ["true"]).state == starting.BEGUN
    os.kill(int(pid), signal.SIGKILL)
    until(lambda: starting.state_of(tmp_path, lab, NAME) == starting.NEVER, 10)
    assert begin(tmp_path, NAME, ["true"]) == starting.Started(starting.NEVER, again=True)
    assert "exit code -9" in until(one.came, 10).refused


def test_a_start_that_fails_says_why_and_is_not_tried_again(tmp_path):
    refused = begin(tmp_path, NAME, ["sh", "-c", "echo no such board >&2; exit 2"])
    assert refused.refused == "no such board"
    assert begin(tmp_path, NAME, ["true"]).again is True
    assert begin(tmp_path, new_id(), ["/no/such/program"]).refused


@pytest.mark.parametrize(
    "name", ["", "../x", "20261129T220000.000Z-0a1b2c/../x", "20261129T220000.000Z-0A1B2C"]
)
def test_a_name_that_is_none_is_refused(tmp_path, name):
    with pytest.raises(UsageError):
        starting.Starting(tmp_path, BenchFolder(tmp_path), name, {}, ["true"])
    assert list(tmp_path.iterdir()) == []


def test_two_names_of_one_computer_do_not_share_a_campaign(tmp_path):
    lab = BenchFolder(tmp_path / ".lab")

    def begun(host):
        return until(starting.Starting(tmp_path, lab, NAME, {"host": host}, ["sleep", "0"]).came, 10)

    begun("bench-1")
    assert begun("bench-2").refused == "this is the computer that bench-1 of the lab file is"
    assert begun("bench-1").refused == ""
    # A note that another request of this moment writes is waited for.
    lab.begun(NAME).write_text("")
    with lab.begun(NAME).open() as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        late = starting.Starting(tmp_path, lab, NAME, {"host": "bench-2"}, ["true"])
        assert late.came() is None
        lab.begun(NAME).write_text('{"host": "bench-1"}')
        assert "bench-1" in late.came().refused


def test_a_campaign_that_may_have_been_pruned_is_not_told_as_one_that_never_came_up(tmp_path, monkeypatch):
    monkeypatch.setattr(starting, "KEPT", 2)
    begin(tmp_path, NAME, ["true"])
    for second in (1, 2):
        assert starting.state_of(tmp_path, BenchFolder(tmp_path / ".lab"), NAME) == starting.NEVER
        (tmp_path / ".campaigns" / f"20261129T22000{second}.000Z-0a1b2c").mkdir(parents=True)
    assert starting.state_of(tmp_path, BenchFolder(tmp_path / ".lab"), NAME) == starting.FORGOTTEN


def test_the_harness_starts_itself_again_as_it_was_started(tmp_path):
    script = tmp_path / "harness"
    script.write_text("")
    assert starting.own_command(str(script), "python") == ["python", str(script)]
    script.chmod(0o755)
    assert starting.own_command(str(script), "python") == [str(script)]
    assert starting.own_command("/x/harness/__main__.py", "python") == ["python", "-m", "harness"]


# ---------------------------------------------------------------- pulled and checked


def a_run(runs, board="se-a"):
    run = Run.create(runs, board)
    run.folder.evidence.joinpath("large.bin").write_bytes(os.urandom(3 * LARGEST_BODY + 1000))
    run.folder.evidence.joinpath("empty").mkdir()
    run.folder.evidence.joinpath("nothing").touch()
    run.finish()
    manifest.write(run.folder)
    return run.folder


def pull(receiving, data):
    arrived = None
    for message in Parser().take(data):
        if message.kind == "listing":
            receiving.listing(message)
        elif message.kind == "piece":
            receiving.piece(message)
        else:
            receiving.check()
            arrived = receiving.put()
    return arrived


def receiving_of(tmp_path, run):
    return Receiving(ClientFolder(tmp_path / "here" / ".lab" / NAME), tmp_path / "here", "bench-1", run)


def test_a_run_folder_arrives_whole_and_goes_on_where_a_pull_broke(tmp_path):
    folder = a_run(tmp_path / "there")
    receiving = receiving_of(tmp_path, folder.name)
    data = b"".join(sent(tmp_path / "there", folder.name, receiving.have()))
    assert pull(receiving, data[: len(data) // 2]) is None
    again = receiving_of(tmp_path, folder.name)
    rest = b"".join(sent(tmp_path / "there", folder.name, again.have()))
    assert len(rest) < 0.7 * len(data)
    arrived = pull(again, rest)
    assert arrived.path == tmp_path / "here" / folder.name
    assert not manifest.verify(type(folder)(arrived.path))
    assert arrived.manifest == hashlib.sha256(folder.manifest.read_bytes()).hexdigest()
    assert (arrived.path / "evidence" / "empty").is_dir()
    # The same once more is the same; another run of that name goes beside it.
    assert pull(receiving_of(tmp_path, folder.name), data).path == arrived.path
    (folder.path / "manifest.json").unlink()
    (folder.path / "evidence" / "more").write_text("x")
    manifest.write(folder)
    other = pull(receiving_of(tmp_path, folder.name), b"".join(sent(tmp_path / "there", folder.name, {})))
    assert other.path.name == f"{folder.name}-bench-1"


def listing(run="20261129T220000.000Z-a", **fields):
    return Message("listing", {"run": run, "files": {"run.json": 2}, **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {"files": {"../x": 1}},
        {"files": {"/etc/passwd": 1}},
        {"files": {"a/../../x": 1}},
        {"files": {"a\\b": 1}},
        {"files": {"a\0b": 1}},
        {"files": {"a": 1, "A": 1}},
        {"files": {"a": 1, "a/b": 1}},
        {"files": {"a": -1}},
        {"files": {"a": "1"}},
        {"files": {"a": 1 << 50}},
        {"files": {f"f{n}": 1 for n in range(50_001)}},
        {"odd": {"link": "a link"}},
        {"empty": ["../x"]},
        {"empty": ["run.json"]},
    ],
)
def test_a_list_that_names_anything_else_than_a_run_folder_is_refused(tmp_path, fields):
    receiving = receiving_of(tmp_path, "20261129T220000.000Z-a")
    receiving.have()
    with pytest.raises(DamagedError):
        receiving.listing(listing(**fields))
    outside = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert outside == []


@pytest.mark.parametrize(
    "run", ["", "..", ".lab", "../20261129T220000.000Z-a", "20261129T220000.000Z-a/..", "latest"]
)
def test_a_run_whose_name_is_none_is_refused(tmp_path, run):
    with pytest.raises(DamagedError):
        receiving_of(tmp_path, run)
    with pytest.raises(UsageError):
        list(sent(tmp_path, run, {}))


@pytest.mark.parametrize(
    ("path", "at", "body"),
    [("other", 0, b"x"), ("../x", 0, b"x"), ("run.json", 1, b"x"), ("run.json", 0, b"xxx")],
)
def test_a_piece_that_is_not_of_the_list_is_refused(tmp_path, path, at, body):
    receiving = receiving_of(tmp_path, "20261129T220000.000Z-a")
    with pytest.raises(DamagedError):
        receiving.piece(Message("piece", {"path": "run.json", "at": 0}, b"x"))
    receiving.listing(listing())
    with pytest.raises(DamagedError):
        receiving.piece(Message("piece", {"path": path, "at": at}, body))


def test_what_was_changed_or_is_no_run_folder_does_not_come_among_the_runs(tmp_path):
    folder = a_run(tmp_path / "there")
    with folder.journal.open("ab") as file:
        file.write(b"{}\n")
    receiving = receiving_of(tmp_path, folder.name)
    with pytest.raises(DamagedError, match=r"appended to journal\.jsonl"):
        pull(receiving, b"".join(sent(tmp_path / "there", folder.name, receiving.have())))
    assert not (tmp_path / "here" / folder.name).exists()
    short = receiving_of(tmp_path, "20261129T220000.000Z-a")
    short.listing(listing())
    with pytest.raises(DamagedError, match="did not arrive whole"):
        short.check()
    none = receiving_of(tmp_path, "20261129T220000.000Z-b")
    none.listing(listing("20261129T220000.000Z-b", files={"x": 1}))
    none.piece(Message("piece", {"path": "x", "at": 0}, b"x"))
    with pytest.raises(DamagedError, match="it is no run folder"):
        none.check()


def test_a_run_folder_without_a_manifest_or_with_another_verdict_than_was_told_is_not_taken(tmp_path):
    folder = a_run(tmp_path / "there")
    data = b"".join(sent(tmp_path / "there", folder.name, {}))
    verdict = json.loads(folder.journal.read_bytes().splitlines()[-1])["verdict"]

    def arrives(told, data):
        receiving = receiving_of(tmp_path, folder.name)
        receiving.have()
        for message in Parser().take(data):
            if message.kind == "listing":
                receiving.listing(message)
            elif message.kind == "piece":
                receiving.piece(message)
        receiving.check(told)
        return receiving.put()

    with pytest.raises(DamagedError, match=f"its journal says {verdict}, and the bench told passed"):
        arrives("passed", data)
    folder.manifest.unlink()
    with pytest.raises(DamagedError, match="it has no manifest"):
        arrives(verdict, b"".join(sent(tmp_path / "there", folder.name, {})))
    assert arrives(verdict, data).path.is_dir()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"files": {f"f{n}": 1 for n in range(50_001)}},
            "50001 files and 50001 bytes; 50000 files and 8 GiB are",
        ),
        ({"files": {"a": 1 << 33, "b": 1}}, "2 files and 8589934593 bytes; 50000 files and 8 GiB are"),
        ({"files": {"a": 1}, "empty": [f"e{n}" for n in range(50_000)]}, "50001 files and 1 bytes"),
        ({"files": {"x/" * 17 + "a": 1}}, "more than 16 deep"),
        ({"empty": ["x/" * 17 + "a"]}, "more than 16 deep"),
    ],
)
def test_a_run_folder_that_is_too_large_is_refused_with_bench_and_limit_before_anything_is_written(
    tmp_path, fields, said
):
    receiving = receiving_of(tmp_path, "20261129T220000.000Z-a")
    receiving.have()
    with pytest.raises(TooMuchError, match=rf"bench-1: run folder 20261129T220000\.000Z-a .*{said}"):
        receiving.listing(listing(**fields))
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == []


def test_what_would_fill_the_disk_of_the_client_is_refused_before_and_while_it_comes(tmp_path, monkeypatch):
    free = [KEPT_FREE + 20_000]
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=free[0]))
    receiving = receiving_of(tmp_path, "20261129T220000.000Z-a")
    receiving.have()
    refused = r"bench-1: run folder 20261129T220000\.000Z-a takes \d+ more bytes, .* 67108864 are kept free"
    with pytest.raises(BenchError, match=refused) as caught:
        receiving.listing(listing(files={"a": 20_000}))
    assert not isinstance(
        caught.value, DamagedError
    )  # nothing is wrong with it: it is asked for when there is room
    receiving.listing(listing(files={"a": 5_000}))
    receiving.piece(Message("piece", {"path": "a", "at": 0}, b"x" * 100))
    free[0] = KEPT_FREE + 99
    with pytest.raises(BenchError, match=refused):
        receiving.piece(Message("piece", {"path": "a", "at": 100}, b"x" * 100))
    assert receiving.have() == {"a": 100}


def test_all_of_a_run_folder_is_on_the_disk_before_it_is_told_as_here(tmp_path, monkeypatch):
    folder = a_run(tmp_path / "there")
    place, synced, fsync = tmp_path / "here" / folder.name, {}, os.fsync

    def counted(file):
        # By inode, which the draft and the run folder share; with whether it had its place by then.
        synced[os.fstat(file).st_ino] = place.exists()
        fsync(file)

    monkeypatch.setattr(disk.os, "fsync", counted)

    def check():
        whole = [place, *place.rglob("*")]
        assert len(whole) > 3
        assert {path.stat().st_ino for path in whole} <= {*synced}
        assert synced[place.parent.stat().st_ino] is True

    def pulled():
        receiving = receiving_of(tmp_path, folder.name)
        return pull(receiving, b"".join(sent(tmp_path / "there", folder.name, receiving.have())))

    assert pulled().path == place
    check()
    assert {synced[path.stat().st_ino] for path in place.rglob("*")} == {False}  # before it has its name
    # One that is here already, as a client was ended before it could acknowledge it, need not be on the disk.
    synced.clear()
    assert pulled().path == place
    check()


def test_a_run_folder_that_the_disk_does_not_take_is_not_here(tmp_path, monkeypatch):
    folder = a_run(tmp_path / "there")

    def refuse(_):
        raise OSError(errno.EIO, "no")

    monkeypatch.setattr(disk.os, "fsync", refuse)
    receiving = receiving_of(tmp_path, folder.name)
    with pytest.raises(BenchError, match="cannot be written: input/output error"):
        pull(receiving, b"".join(sent(tmp_path / "there", folder.name, receiving.have())))
    assert not (tmp_path / "here" / folder.name).exists()


def test_the_note_of_what_was_pulled_is_on_the_disk_before_the_bench_hears_of_it(tmp_path, monkeypatch):
    """A bench may drop a run folder then: a client that lost its note to a power cut would have no proof of it."""
    files = ClientFiles(tmp_path / "here", NAME)
    files.folder.path.mkdir(parents=True)
    note, path, happened = files.host("bench-1"), files.folder.host("bench-1"), []
    fsync = os.fsync

    def noted(file):
        told = os.fstat(file)
        happened.append("folder" if stat.S_ISDIR(told.st_mode) else f"note, in its place: {path.exists()}")
        fsync(file)

    monkeypatch.setattr(disk.os, "fsync", noted)
    pulling = Pulling(files, "bench-1", note, None, None, lambda: files.write_host("bench-1", note))
    runs = ("run-1", "run-2")
    for run in runs:
        done = Future()
        done.set_result(Arrived(tmp_path / run, "m"))
        pulling._checked[run] = (None, done)
    link = SimpleNamespace(say=lambda kind, run, manifest: happened.append(f"{kind} {run}"))
    pulling.go_on(link)
    assert happened == ["note, in its place: False", "folder", "received run-1", "received run-2"]
    assert files.host("bench-1").pulled == {run: str(tmp_path / run) for run in runs}


def test_a_list_of_as_many_files_as_are_taken_fits_into_a_message(tmp_path):
    files = {f"evidence/{'x' * 60}{number:05}.bin": 1_000_000 for number in range(MOST_ENTRIES)}
    [message] = messages(encode("listing", run=NAME, files=files))
    assert len(message.pairs("files")) == MOST_ENTRIES


# ---------------------------------------------------------------- closed as aborted


def killed_campaign(runs):
    writer = ProgressWriter(runs, pytest.fail, name=NAME)
    writer.start(
        {"boards": [{"name": "a", "file": ""}, {"name": "b", "file": ""}, {"name": "c", "file": ""}]}
    )
    for board in "ab":
        run = Run.create(runs, board)
        writer.write("board_started", {"pid": 0, "round": 1}, board=board)
        writer.write("run_started", {"folder": run.path.name}, board=board)
    run.finish()
    manifest.write(run.folder)
    writer.write("run_finished", {"folder": run.path.name, "verdict": "passed", "exit_code": 0}, board="b")
    writer.write("board_finished", {"exit_code": 0}, board="b")
    with writer.folder.progress.open("ab") as file:
        file.write(b'{"seq": 9, "ev')
    return writer


def events(campaign):
    return [json.loads(line) for line in campaign.folder.progress.read_bytes().splitlines()]


def test_a_killed_campaign_is_closed_once_as_aborted(tmp_path):
    writer = killed_campaign(tmp_path)
    campaign, lab = Campaign(NAME, writer.folder), BenchFolder(tmp_path / ".lab")
    assert closing.close(campaign, lab) == ()  # it lives
    writer.close()
    said = closing.close(campaign, lab)
    assert [line.split(":")[0] for line in said] == ["a", "c"]
    assert closing.close(campaign, lab) == ()
    found = events(campaign)
    assert gaps(found) == []
    assert without_end(found) == []
    assert verdicts_of_lost(found) == []
    assert [one["board"] for one in found if one["event"] == "board_lost"] == ["a", "c"]
    assert found[-1]["event"] == "campaign_finished"
    assert found[-1]["exit_code"] == 3
    [folder] = tmp_path.glob("2*-a")
    assert json.loads((folder / "report.json").read_bytes())["verdict"] != "passed"
    assert (folder / "manifest.json").is_file()


def test_a_campaign_that_another_closes_is_left_to_it(tmp_path):
    writer = killed_campaign(tmp_path)
    writer.close()
    with writer.folder.lock.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert closing.close(Campaign(NAME, writer.folder), BenchFolder(tmp_path / ".lab")) == ()


def test_a_bench_that_started_anew_says_so(tmp_path):
    lab = BenchFolder(tmp_path / ".lab")
    until(starting.Starting(tmp_path, lab, NAME, {}, ["true"]).came, 10)
    note = lab.begun(NAME)
    note.write_text(json.dumps({**json.loads(note.read_text()), "boot": "another"}))
    writer = killed_campaign(tmp_path)
    writer.close()
    assert "the bench started anew" in closing.close(Campaign(NAME, writer.folder), lab)[0]


# ---------------------------------------------------------------- the oracles themselves


def test_the_oracles_find_what_they_look_for():
    def line(what, board, run, pid=1):
        return json.dumps({"what": what, "board": board, "run": run, "pid": pid})

    assert overlapping([line("begin", "a", "1"), line("end", "a", "1"), line("begin", "a", "2")]) == []
    assert overlapping([line("begin", "a", "1"), line("begin", "b", "3"), line("begin", "a", "2")]) == [
        ("1", "2")
    ]
    assert gaps([{"seq": 0}, {"seq": 1}, {"seq": 3}]) == [(1, 3)]
    assert gaps([{"seq": 1}]) == [(-1, 1)]
    started = {"event": "run_started", "board": "a"}
    assert without_end([started]) == ["a"]
    assert without_end([started, {"event": "board_lost", "board": "a"}]) == []
    assert verdicts_of_lost(
        [{"event": "run_finished", "board": "a"}, {"event": "board_lost", "board": "a"}]
    ) == ["a"]


# ---------------------------------------------------------------- the end of a connection on a bench


@pytest.mark.parametrize(
    ("words", "runs"),
    [
        (["lab", "bench", "--runs=my runs"], "my runs"),
        (["lab", "bench"], None),
        (["lab", "bench", "--runs"], None),
        (["lab", "bench", "--runs=x", "more"], None),
        (["lab", "status", "--runs=x"], None),
    ],
)
def test_only_the_words_of_a_client_begin_the_end_of_its_connection(words, runs):
    found = lab_bench.runs_asked(words)
    assert (None if found is None else str(found)) == runs


def test_the_end_of_a_connection_greets_without_the_libraries_of_the_command_line(tmp_path):
    program = (
        "import sys; from harness.cli.main import invoke; sys.argv[0] = __import__('harness').__file__; "
        "invoke(['lab', 'bench', '--runs=runs']); "
        "print([name for name in ('pydantic', 'yaml', 'rich', 'pytest') if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=b"", capture_output=True, check=True, cwd=tmp_path
    )
    [hello] = messages(done.stdout)
    assert hello.kind == "hello"
    assert hello.pairs("harness")["sha256"]
    assert done.stderr.decode().strip() == "[]"


def test_progress_is_followed_as_it_grows_whole_lines_alone(tmp_path):
    writer = ProgressWriter(tmp_path, pytest.fail, name=NAME)
    followed = bench_end._Followed(tmp_path, BenchFolder(tmp_path / ".lab"), Campaign(NAME, writer.folder), 0)
    writer.start({"boards": []})
    first = followed.more()
    assert first.count(b"\n") == 1
    followed.offset += len(first)
    assert followed.more() == b""
    with writer.folder.progress.open("ab") as file:
        file.write(b'{"half":')
    assert followed.more() == b""
    with writer.folder.progress.open("ab") as file:
        file.write(b" 1}\n{")
    assert followed.more() == b'{"half": 1}\n'
    followed.close()
    writer.close()
