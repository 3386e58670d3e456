"""What a client makes of a bench that lies, breaks off, or is none: the bench is a script in the place of ssh."""

import json
import threading
import time
from io import StringIO
from types import SimpleNamespace

import pytest
from rich.console import Console

from harness.cli.lab_shown import Shown
from harness.errors import BenchError, UsageError
from harness.lab import attending as attending_
from harness.lab import room
from harness.lab import turns as turns_
from harness.lab import watcher as watching
from harness.lab.attending import Attending, Manner
from harness.lab.client_files import Asked, ClientFiles, HostNote
from harness.lab.identity import Identity
from harness.lab.link import Link
from harness.lab.messages import PROTOCOL, encode
from harness.lab.receiving import Receiving
from harness.lab.results import BoardResult, exit_code, results
from harness.lab.ssh import Host
from harness.lab.turns import Turns
from harness.lab.wake import Wake
from harness.lab.watcher import GIVEN_UP, OVER
from harness.progress.state import CampaignState
from harness.progress.stopping import words

NAME = "20261129T220000.000Z-0a1b2c"
RUN = "20261129T220001.000Z-a"


def lines(*events):
    return b"".join(json.dumps({"seq": n, **event}).encode() + b"\n" for n, event in enumerate(events))


def hello(**fields):
    return encode("hello", protocol=PROTOCOL, **{"harness": Identity.here().plain(), **fields})


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """Let ssh print the first message, the others when it is asked something, and then run a line of shell.

    Gives how a campaign is attended to there.
    """
    broken = []
    monkeypatch.setattr(threading, "excepthook", broken.append)
    monkeypatch.setattr(watching, "_AGAIN_S", (0.01,))
    monkeypatch.setattr(attending_, "_BETWEEN_S", 0.01)
    monkeypatch.setattr(attending_, "_AT_LEAST_S", 0.01)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    attended = []

    def made(*messages, then="cat >/dev/null", patience=30.0, may_begin=True, **asks):
        (tmp_path / "greets").write_bytes(b"".join(messages[:1]))
        (tmp_path / "says").write_bytes(b"".join(messages[1:]))
        asked = "read line" if messages[1:] else "true"
        (tmp_path / "ssh").write_text(
            f"#!/bin/sh\ncat {tmp_path}/greets\n{asked}\ncat {tmp_path}/says\n{then}\n"
        )
        (tmp_path / "ssh").chmod(0o755)
        host = Host("bench-1", "bench-1", ("harness",), asks.pop("folder", ""), "runs", ("a", "b"))
        files = ClientFiles(tmp_path / "runs", NAME)
        files.lock()
        asked = Asked(NAME, (host,), **asks)
        files.write_asked(asked)
        attended.append(Attending(files, asked, Manner(patience), may_begin=may_begin))
        return attended[-1]

    yield made
    for one in attended:
        one.leave()
    assert broken == []


def attend(attending):
    attending.look(lambda: None)
    attending.begin()
    attending.follow(lambda: None)
    return attending.watchers[0]


BEGAN = encode("began", campaign=NAME, state="running", again=False, refused="")
OVER_SAID = encode("over", campaign=NAME, never="", kept=True)


def progress(*events):
    told = lines(*events)
    return encode("progress", told, offset=0)


def test_a_board_that_the_bench_leaves_out_is_not_run_and_never_overlooked(bench):
    one = attend(
        bench(
            hello(),
            BEGAN,
            progress(
                {"event": "campaign_started", "boards": [{"name": "a"}]},
                {"event": "board_finished", "board": "a", "exit_code": 0},
                {"event": "campaign_finished", "exit_code": 0},
            ),
            OVER_SAID,
        )
    )
    found = {each.board: (each.outcome, each.reason) for each in results([one])}
    assert one.phase == OVER
    assert found["b"] == ("not run", "its bench tells nothing of it")
    assert exit_code([one], results([one])) == 3


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (("--jobs=auto",), {}),
        (("--jobs=auto", "--repeat=2"), {"boards": [2]}),
        (("--jobs=auto", "--for=1h"), {"boards": [2]}),
    ],
)
def test_rounds_are_shown_where_they_were_asked_for_and_the_last_word_of_a_bench_counts(
    bench, options, shown
):
    one = attend(
        bench(
            hello(),
            BEGAN,
            progress({"event": "campaign_finished", "exit_code": 0}),
            encode("soak", b'{"boards": [1, 1, 1]}', at=0),
            encode("soak", b'{"boards": [2]}', at=0),
            OVER_SAID,
            options=options,
        )
    )
    assert (one.phase, one.rounds) == (OVER, shown)


STOPPED = "was asked to end before all of its runs were over"


@pytest.mark.parametrize(
    ("told", "outcome", "code", "reason"),
    [
        ({"exit_code": 0, "interrupted": ""}, "passed", 0, ""),
        ({"exit_code": 143, "interrupted": words()}, "passed", 5, STOPPED),
        ({"exit_code": 143, "interrupted": words()}, "not_run", 5, STOPPED),
        ({"exit_code": 143, "interrupted": words()}, "not run", 3, STOPPED),
        ({"exit_code": 143, "interrupted": words()}, "failed", 1, STOPPED),
        ({"exit_code": 143, "interrupted": "ended by SIGTERM"}, "passed", 3, ""),
        ({"exit_code": 143, "interrupted": ""}, "passed", 3, ""),
        ({"exit_code": 3, "interrupted": words()}, "passed", 3, ""),
        ({"exit_code": 1000, "interrupted": words()}, "passed", 3, ""),
        # Whatever a bench tells, run folders that are here say how bad it is at least.
        ({"exit_code": 143, "interrupted": words()}, "blocked", 3, STOPPED),
        ({"exit_code": 0, "interrupted": ""}, "blocked", 3, ""),
        ({"exit_code": 0, "interrupted": ""}, "error", 4, ""),
        ({"exit_code": 0, "interrupted": ""}, "incomplete", 5, ""),
        ({"exit_code": 0, "interrupted": ""}, "not_applicable", 5, ""),
    ],
)
def test_a_campaign_that_was_asked_to_end_is_incomplete_and_never_better_than_its_run_folders(
    bench, told, outcome, code, reason
):
    one = attend(bench(hello(), BEGAN, progress({"event": "campaign_finished", **told}), OVER_SAID))
    assert (one.phase, one.reason) == (OVER, reason)
    assert exit_code([one], [BoardResult("bench-1", "a", outcome)]) == code
    printed = StringIO()
    Shown(Console(file=printed), [one], quiet=True).tick()
    assert printed.getvalue() == (f"bench-1  {reason}\n" if reason else "")


@pytest.mark.parametrize(("verdict", "code"), [("passed", 0), ("failed", 1)])
def test_a_verdict_without_its_run_folder_is_unproven(bench, verdict, code):
    one = attend(
        bench(
            hello(),
            BEGAN,
            progress(
                {"event": "run_finished", "board": "a", "folder": "", "verdict": verdict, "exit_code": code},
                {"event": "board_finished", "board": "a", "exit_code": code},
                {"event": "run_finished", "board": "b", "folder": RUN, "verdict": verdict, "exit_code": code},
                {"event": "board_finished", "board": "b", "exit_code": code},
                {"event": "campaign_finished", "exit_code": code},
            ),
            OVER_SAID,
            encode("refused", to="pull", message="it is\x1b[2J gone", hint=""),
        )
    )
    told = results([one])
    assert [(each.outcome, each.reason) for each in told] == [
        ("unproven", "its bench tells a verdict, and of no run folder"),
        ("unproven", "it is␛[2J gone"),
    ]
    assert exit_code([one], told) == 3


def test_progress_is_taken_while_a_run_folder_is_checked(bench, monkeypatch):
    checks, may_end = threading.Event(), threading.Event()

    def check(receiving, verdict):
        checks.set()
        assert may_end.wait(10)
        raise BenchError("the check has ended")

    monkeypatch.setattr(Receiving, "check", check)
    first = lines({"event": "run_finished", "board": "a", "folder": RUN, "verdict": "passed"})
    attending = bench(
        hello(),
        BEGAN,
        encode("progress", first, offset=0),
        encode("listing", run=RUN, files={}, odd={}, empty=[]),
        encode("whole", run=RUN),
        encode("progress", lines({"event": "campaign_finished", "exit_code": 0}), offset=len(first)),
    )
    attending.look(lambda: None)
    attending.begin()
    one = attending.watchers[0]
    attending.follow(lambda: None, lambda: one.state.ended is not None)
    assert checks.wait(60)
    assert one.state.exit_code == 0
    assert not one.over
    may_end.set()
    attending.follow(lambda: None)
    assert (one.phase, one.reason) == (GIVEN_UP, "the check has ended")


FOLDER_TOLD = {"event": "run_finished", "board": "a", "folder": RUN, "verdict": "passed", "exit_code": 0}
A_DONE = {"event": "board_finished", "board": "a", "exit_code": 0}


def test_a_run_folder_without_a_limit_is_asked_for_once_and_its_board_is_unproven(bench, monkeypatch):
    monkeypatch.setattr(Receiving, "piece", lambda *_: pytest.fail("nothing of it is taken"))
    attending = bench(
        hello(),
        BEGAN,
        progress(FOLDER_TOLD, A_DONE, {"event": "campaign_finished", "exit_code": 0}),
        encode("listing", run=RUN, files={"run.json": 1 << 50}, odd={}, empty=[]),
        encode("piece", b"x" * 100, run=RUN, path="run.json", at=0),
        OVER_SAID,
    )
    one = attend(attending)
    [told, _] = results([one])
    assert told.outcome == "unproven"
    assert told.reason == (
        f"bench-1: run folder {RUN} comes to 1 files and {1 << 50} bytes; 50000 files and 8 GiB are taken at most"
    )
    assert exit_code([one], results([one])) == 3
    assert not attending._files.folder.draft(RUN).exists()


@pytest.mark.parametrize(
    ("limit", "value", "said"),
    [
        (
            "MOST_PROGRESS",
            100,
            "bench-1: its progress comes to more than 100 bytes, which are taken at most",
        ),
        ("KEPT_FREE", 1 << 60, "bench-1: its progress takes 191 more bytes, and of the"),
    ],
)
def test_progress_without_an_end_gives_the_bench_up_without_a_verdict(bench, monkeypatch, limit, value, said):
    monkeypatch.setattr(room, limit, value)
    attending = bench(hello(), BEGAN, progress(FOLDER_TOLD, A_DONE), OVER_SAID)
    one = attend(attending)
    assert one.phase == GIVEN_UP
    assert one.reason.startswith(said)
    assert {each.outcome for each in results([one])} == {"aborted"}
    assert exit_code([one], results([one])) == 3
    assert not attending._files.folder.progress("bench-1").exists()


def test_few_hosts_begin_at_once_and_one_that_hangs_does_not_hold_up_the_others(monkeypatch):
    monkeypatch.setattr(turns_, "LONGEST_S", 0.02)
    turns, waits = Turns(1), []
    with turns.turn(pytest.fail), turns.turn(lambda seconds: (waits.append(seconds), time.sleep(0.005))):
        assert waits
    # What was never had is not given back.
    with turns.turn(pytest.fail):
        waits.clear()
        with turns.turn(lambda seconds: (waits.append(seconds), time.sleep(0.005))):
            assert waits


def test_what_the_client_wants_ends_the_wait_for_a_message(bench):
    host = bench(hello(), encode("never")).asked.hosts[0]
    wake = Wake()
    with Link(host, ("lab", "bench"), None, wake) as link:
        assert link.next(10).kind == "hello"
        threading.Timer(0.05, wake.set).start()
        began = time.monotonic()
        assert link.next(10) is None
        assert time.monotonic() - began < 5
        assert link.next(0.01) is None


def test_the_worst_round_of_a_board_counts_and_only_rounds_that_are_here():
    state = CampaignState()
    for number, verdict in enumerate(["passed", "failed", "passed"]):
        run = f"{RUN}{number}"
        state.take({"event": "run_finished", "board": "a", "folder": run, "verdict": verdict})
        state.take({"event": "board_finished", "board": "a", "exit_code": 0})
    host = Host("bench-1", "bench-1", ("harness",), "", "runs", ("a",))

    def outcome(*pulled):
        note = HostNote(pulled={f"{RUN}{number}": f"runs/{RUN}{number}" for number in pulled})
        one = SimpleNamespace(state=state, host=host, note=note, refused_places={}, phase=OVER, reason="")
        [told] = results([one])
        return told.outcome

    assert outcome(0, 1, 2) == "failed"
    assert outcome(0, 2) == "unproven"
    assert outcome(1) == "failed"
    state.take({"event": "board_lost", "board": "a", "reason": "killed"})
    state.take({"event": "run_finished", "board": "a", "folder": f"{RUN}3", "verdict": "passed"})
    state.take({"event": "board_finished", "board": "a", "exit_code": 0})
    state.boards["a"].verdicts.pop(f"{RUN}1")
    assert outcome(0, 2, 3) == "aborted"


def test_values_of_other_types_end_no_client(bench):
    one = attend(
        bench(
            hello(),
            BEGAN,
            progress(
                {"event": [], "board": "a"},
                {"event": "run_finished", "board": {}, "folder": ["x"], "verdict": {}},
                {"event": "run_finished", "board": "a", "folder": "x\0y", "verdict": "passed"},
                {"event": "board_lost", "board": "b", "folder": "../../etc"},
                {"event": "campaign_finished", "exit_code": []},
            ),
            OVER_SAID,
        )
    )
    assert one.phase == OVER
    assert {each.outcome for each in results([one])} <= {"aborted", "unproven", "not run"}
    assert exit_code([one], results([one])) == 3


def test_a_bench_that_greets_and_breaks_off_is_given_up(bench):
    one = attend(bench(hello(), BEGAN, then="exit 255", patience=0.2))
    assert one.phase == GIVEN_UP
    assert "host lost" in one.reason


def test_what_a_bench_cannot_follow_is_told_and_not_asked_for_ever(bench):
    one = attend(bench(hello(), BEGAN, encode("refused", to="follow", message="no\x1b end", hint="")))
    assert (one.phase, one.reason) == (GIVEN_UP, "bench-1: no␛ end")


@pytest.mark.parametrize(
    ("said", "code", "hint"),
    [
        ("sh: 1: exec: harness: not found", 127, "hosts.bench-1.harness of the lab file is harness: "),
        ("No such command 'lab'.", 2, "hosts.bench-1.harness of the lab file is harness: "),
        ("sh: 1: cd: can't cd to /srv/lab", 2, "hosts.bench-1.folder of the lab file is /srv/lab: "),
        ("sh: line 1: cd: /srv/lab: No such file", 1, "hosts.bench-1.folder of the lab file is /srv/lab: "),
    ],
)
def test_a_bench_without_a_harness_that_answers_is_refused_before_anything_is_touched(
    bench, said, code, hint
):
    attending = bench(then=f'echo "{said}" >&2; exit {code}', folder="/srv/lab")
    with pytest.raises(UsageError, match=r"bench-1 has no harness that answers: .*" + said[-9:-1]) as caught:
        attending.look(lambda: None)
    assert caught.value.hint.startswith(hint)


def test_a_bench_with_another_file_is_told_to_have_it_copied_and_not_to_install_anything(bench):
    here = Identity.here().plain()
    other = {**here, "suites": [["known.yaml", "file:" + "a" * 64]]}
    attending = bench(hello(), encode("harness", harness=other), suites=("/etc/hostname",))
    with pytest.raises(UsageError, match="bench-1 has no file /etc/hostname") as caught:
        attending.look(lambda: None)
    assert caught.value.hint.startswith("/etc/hostname: copy it to the bench")
    assert "install the same harness" not in caught.value.hint


@pytest.mark.parametrize(("told", "ahead"), [(-7200, -7200), (90, 90), ("soon", 0), (1e300, 0)])
def test_times_of_a_bench_are_counted_by_its_own_clock(bench, told, ahead):
    now = time.time() + told if isinstance(told, int) else told
    one = attend(bench(hello(now=now), BEGAN, progress({"event": "campaign_finished"}), OVER_SAID))
    assert one.now() - time.time() == pytest.approx(ahead, abs=20)


def test_an_unreachable_host_is_no_host_without_a_harness(bench):
    attending = bench(then="echo 'Connection refused' >&2; exit 255")
    with pytest.raises(UsageError, match=r"no host can be reached: bench-1: .*Connection refused"):
        attending.look(lambda: None)


def test_a_version_that_a_bench_tells_acts_on_no_terminal(bench):
    attending = bench(hello(harness={"version": "1\x1b[2J\u202e", "sha256": "x"}))
    with pytest.raises(UsageError) as caught:
        attending.look(lambda: None)
    assert "1␛[2J<U+202E>" in caught.value.message


def test_a_full_disk_of_the_client_is_said_and_ends_no_thread_with_a_traceback(bench, monkeypatch):
    def refuse(*_):
        raise BenchError("runs: cannot be written: no space left on device")

    monkeypatch.setattr(ClientFiles, "write_host", refuse)
    one = attend(bench(hello(), BEGAN))
    assert (one.phase, one.reason) == (GIVEN_UP, "runs: cannot be written: no space left on device")


def test_a_full_disk_of_the_bench_leaves_its_boards_not_run(bench):
    one = attend(bench(hello(), encode("refused", to="begin", message="x: no space left", hint="")))
    assert {(each.outcome, each.reason) for each in results([one])} == {
        ("not run", "could not begin: x: no space left")
    }
    assert exit_code([one], results([one])) == 3


def test_a_campaign_that_its_bench_keeps_no_longer_is_not_known_and_not_told_as_not_begun(bench):
    found = encode("found", campaign=NAME, state="forgotten", known=True, hosts={})
    gone = encode("over", campaign=NAME, never="", kept=False)
    one = attend(bench(hello(), found, gone, may_begin=False))
    assert {each.outcome for each in results([one])} == {"aborted"}
    assert "keeps the campaign no longer" in one.reason
    assert exit_code([one], results([one])) == 3


def test_a_campaign_that_is_here_whole_is_shown_without_its_bench(bench):
    def attending():
        return bench(then="exit 255", may_begin=False, patience=0.1)

    first = attending()
    folder = first.watchers[0]._files.folder
    first._files.write_host("bench-1", HostNote(begin="begun", over=True))
    folder.progress("bench-1").write_bytes(
        lines(
            {"event": "board_finished", "board": "a", "exit_code": 3},
            {"event": "campaign_finished", "exit_code": 3},
        )
    )
    first._files.unlock()
    one = attend(attending())
    assert one.phase == OVER
    assert one.state.exit_code == 3


def test_whoever_attaches_from_elsewhere_leaves_out_hosts_that_took_no_part(bench):
    found = encode(
        "found", campaign=NAME, state="running", known=True, hosts={"bench-1": ["b"], "bench-2": []}
    )
    attending = bench(
        hello(),
        found,
        progress(
            {"event": "campaign_started", "boards": [{"name": "b"}]},
            {"event": "board_finished", "board": "b", "exit_code": 3},
            {"event": "campaign_finished", "exit_code": 3},
        ),
        OVER_SAID,
        may_begin=False,
        guessed=True,
    )
    attend(attending)
    attending.settle()
    assert [each.board for each in results(attending.watchers)] == ["b"]
    assert attending._files.asked().hosts[0].boards == ("b",)
    assert attending._files.asked().guessed is False


def test_a_campaign_that_no_host_knows_is_refused(bench):
    found = encode("found", campaign=NAME, state="unknown", known=False, hosts={})
    attending = bench(hello(), found, may_begin=False, guessed=True)
    attend(attending)
    with pytest.raises(UsageError, match="no host of the lab knows such a campaign"):
        attending.settle()
