"""The scheduler of a campaign, with processes that do next to nothing: places, ends, stops."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from harness.board.opening import places
from harness.board.opening.locks import FOLDER_VARIABLE, Locks
from harness.campaign.job import Ended, Job
from harness.campaign.process import AskedToEnd, answer_of
from harness.campaign.scheduler import Scheduler


class Follower:
    """Keeps what it is told."""

    def __init__(self):
        self.told = []
        self.ends: list[Ended] = []
        self.endings = []

    def event(self, job, event, fields, time):
        self.told.append((job.name, event, dict(fields), time))

    def ended(self, ended):
        self.ends.append(ended)

    def ending(self, why):
        self.endings.append(why)

    def tick(self):
        pass

    def of(self, event):
        return [(name, fields) for name, what, fields, _ in self.told if what == event]


@pytest.fixture
def follower():
    return Follower()


def spans(follower):
    """Return from when to when each process worked."""
    return {name: (fields["from"], fields["to"]) for name, fields in follower.of("worked")}


def working(seconds=0.1):
    def work(job, write):
        begun = time.monotonic()
        time.sleep(seconds)
        write("worked", {"from": begun, "to": time.monotonic(), "pid": os.getpid()})
        return {"code": 0}

    return work


def apart(one, other):
    return one[1] <= other[0] or other[1] <= one[0]


def test_boards_of_one_place_are_kept_apart_and_others_go_on(follower, tmp_path):
    jobs = [
        Job("a", 0, places=("/dev/i2c-1", "/dev/i2c-1 address 0x70")),
        Job("b", 1, places=("/dev/i2c-1", "/dev/i2c-1 address 0x71")),
        Job("c", 2, places=("hub 1-1 port 2",)),
        Job("d", 3, places=("hub 1-1",)),
        Job("e", 4),
    ]

    def work(job, write):
        begun = time.monotonic()
        (tmp_path / job.name).touch()
        while job.name in "ace" and not all((tmp_path / name).exists() for name in "ace"):
            assert time.monotonic() - begun < 20, "the others did not go on"
            time.sleep(0.01)
        write("worked", {"from": begun, "to": time.monotonic()})
        return {"code": 0}

    ends = Scheduler(work, follower, jobs=5).run(jobs)
    assert [one.code for one in ends] == [0] * 5
    when = spans(follower)
    assert apart(when["a"], when["b"])
    assert apart(when["c"], when["d"])
    assert follower.of("board_waits") == [
        ("b", {"for": ["/dev/i2c-1 (has a)"]}),
        ("d", {"for": ["hub 1-1 (has c)"]}),
    ]


def test_no_more_boards_run_than_are_asked_for(follower):
    Scheduler(working(), follower, jobs=2).run([Job(str(number), number) for number in range(6)])
    when = list(spans(follower).values())
    assert len(when) == 6
    moments = [begun for begun, _ in when]
    assert max(sum(begun <= moment < end for begun, end in when) for moment in moments) <= 2


def test_who_waits_for_two_places_is_not_passed_over_for_ever(follower):
    jobs = [
        Job("x", 0, places=("x",)),
        Job("both", 1, places=("x", "y")),
        *(Job(f"y{number}", number + 2, places=("y",)) for number in range(3)),
    ]
    Scheduler(working(), follower, jobs=2).run(jobs)
    when = spans(follower)
    assert sum(when[f"y{number}"][0] < when["both"][0] for number in range(3)) == 0


@pytest.mark.parametrize(
    ("how", "lost"),
    [
        (lambda: os._exit(7), "its process ended by itself with exit code 7"),
        (lambda: os.kill(os.getpid(), signal.SIGSEGV), "its process was killed by SIGSEGV"),
        (lambda: (_ for _ in ()).throw(MemoryError("all gone")), "its process broke: MemoryError: all gone"),
        (lambda: (_ for _ in ()).throw(SystemExit(0)), "its process broke: SystemExit: 0"),
    ],
)
def test_a_process_that_does_not_come_to_its_end_is_lost_and_no_other_is_touched(follower, how, lost):
    def work(job, write):
        if job.name == "bad":
            how()
        time.sleep(0.1)
        return {"code": 0}

    ends = Scheduler(work, follower, jobs=2).run([Job("bad", 0), Job("good", 1)])
    by_name = {one.job.name: one for one in ends}
    assert (by_name["bad"].lost, by_name["bad"].code) == (lost, None)
    assert (by_name["good"].lost, by_name["good"].code) == ("", 0)
    assert follower.of("board_lost") == [("bad", {"reason": lost})]


def test_what_a_lost_process_left_is_closed_by_another_process(follower):
    def work(job, write):
        if job.closes:
            write("closed", {"what": job.closes, "why": job.reason})
            return {"code": 4}
        write("run_started", {"folder": "the-folder"})
        os._exit(3)

    (end,) = Scheduler(work, follower, jobs=1).run([Job("a", 0)])
    why = "its process ended by itself with exit code 3"
    assert (end.lost, end.folder) == (why, "the-folder")
    assert follower.of("closed") == [("a", {"what": "the-folder", "why": why})]


def test_closing_that_is_lost_as_well_ends_the_board_once(follower):
    def work(job, write):
        write("run_started", {"folder": "the-folder"})
        os._exit(3)

    ends = Scheduler(work, follower, jobs=1).run([Job("a", 0), Job("b", 1)])
    assert sorted(one.job.name for one in ends) == ["a", "b"]
    assert {one.not_closed for one in ends} == {"its process ended by itself with exit code 3"}


def test_closing_has_a_time_of_its_own(follower, monkeypatch):
    """A process that had to be killed, as it did not end when it was asked to, is closed all the same."""
    monkeypatch.setattr("harness.campaign.scheduler._PATIENCE_S", 1.0)

    def work(job, write):
        if job.closes:
            time.sleep(0.3)
            return {"code": 4}
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        write("run_started", {"folder": "the-folder"})
        time.sleep(60)
        return {"code": 0}

    scheduler = Scheduler(work, follower, jobs=1)
    follower.event = lambda job, event, fields, time: event == "run_started" and scheduler.stop("a test")
    (end,) = scheduler.run([Job("a", 0)])
    assert "did not end within 1 s" in end.lost
    assert end.not_closed == ""


def test_a_process_that_is_asked_to_end_is_told_by_which_signal(follower):
    def work(job, write):
        try:
            write("here", {})
            time.sleep(60)
        except AskedToEnd as error:
            return {"code": 128 + error.number}
        return {"code": 0}

    scheduler = Scheduler(work, follower, jobs=1)
    follower.event = lambda job, event, fields, time: scheduler.stop("a test", signal.SIGHUP)
    (end,) = scheduler.run([Job("a", 0)])
    assert (end.code, end.lost) == (129, "")
    assert follower.endings == ["a test"]


def test_no_more_rounds_of_a_board_begin_that_a_file_stops(follower, tmp_path):
    def work(job, write):
        (tmp_path / "stop-a").touch()
        try:
            time.sleep(60 if job.name == "a" else 0)
        except AskedToEnd:
            return {"code": 143}
        return {"code": 0}

    def after(ended):
        return replace(ended.job, round=ended.job.round + 1) if ended.job.round < 2 else None

    ends = Scheduler(work, follower, jobs=2, folder=tmp_path, after=after).run([Job("a", 0), Job("b", 1)])
    assert sorted((one.job.name, one.job.round, one.code) for one in ends) == [
        ("a", 1, 143),
        ("b", 1, 0),
        ("b", 2, 0),
    ]


def test_what_a_lost_process_had_started_is_ended_too(follower):
    def work(job, write):
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
        write("worked", {"child": child})
        os._exit(1)

    Scheduler(work, follower, jobs=1).run([Job("a", 0)])
    ((_, fields),) = follower.of("worked")
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _runs(fields["child"]):
        time.sleep(0.01)
    assert not _runs(fields["child"])


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_silent_process_is_ended(follower):
    def work(job, write):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        time.sleep(60)

    (end,) = Scheduler(work, follower, jobs=1).run([Job("a", 0, most_silent_s=0.2)])
    assert end.lost == "its process gave no sign for 0 s, and was killed"


def test_a_process_that_hangs_before_it_begins_is_ended(follower, monkeypatch):
    monkeypatch.setattr("harness.campaign.scheduler._FIRST_SIGN_S", 0.3)

    def work(job, write):
        if job.name == "sound":
            write("board_started", {})
        time.sleep(0.8 if job.name == "sound" else 60)
        return {"code": 0}

    ends = Scheduler(work, follower, jobs=2).run([Job("hung", 0), Job("sound", 1)])
    by_name = {one.job.name: one for one in ends}
    assert "did not begin within" in by_name["hung"].lost
    assert (by_name["sound"].code, by_name["sound"].lost) == (0, "")


def test_the_next_turn_follows_an_end(follower):
    def after(ended):
        job = ended.job
        return Job(job.name, job.number, job.round + 1) if job.round < 3 else None

    ends = Scheduler(working(0), follower, jobs=2, after=after).run([Job("a", 0), Job("b", 1)])
    assert sorted((one.job.name, one.job.round) for one in ends) == [
        (name, number) for name in "ab" for number in (1, 2, 3)
    ]


def test_a_board_waits_for_what_another_process_has_and_then_starts_all_the_same(
    follower, tmp_path, monkeypatch
):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with Locks(["/dev/ttyX"], board="other", folder=tmp_path):
        began = time.monotonic()
        scheduler = Scheduler(working(0), follower, jobs=2, wait_s=1.0)
        scheduler.run([Job("a", 0, locks=("/dev/ttyX",)), Job("b", 1)])
    ((name, fields),) = follower.of("board_waits")
    assert name == "a"
    assert fields["for"][0].startswith(f"/dev/ttyX, in use by pid {os.getpid()}, ")
    when = spans(follower)
    assert when["b"][0] < when["a"][0]
    assert when["a"][0] - began >= 1.0


def test_much_that_is_told_and_printed_arrives_whole_or_as_its_end(follower):
    def work(job, write):
        for number in range(2_000):
            write("told", {"text": f"{number} " + "x" * 500})
        os.write(1, b"y" * 1_000_000 + b"the end")
        return {"code": 5}

    (end,) = Scheduler(work, follower, jobs=1).run([Job("a", 0)])
    assert [int(fields["text"].split()[0]) for _, fields in follower.of("told")] == list(range(2_000))
    assert len(end.output) == 64 * 1024
    assert end.output.endswith("the end")
    assert end.code == 5


def test_a_process_has_no_file_of_the_campaign(tmp_path):
    with (tmp_path / "mine").open("w") as mine:
        found = answer_of(
            lambda _job, _write: {
                "code": 0,
                "file": str(Path(f"/proc/self/fd/{mine.fileno()}").readlink()),
                "own_session": os.getsid(0) == os.getpid(),
            }
        )
    assert found == {"code": 0, "file": "/dev/null", "own_session": True}


def test_an_answer_that_does_not_come_is_none():
    assert answer_of(lambda _job, _write: os._exit(1)) is None


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        (["hub 1-1 port 2"], ["hub 1-1 port 21"], []),
        (["hub 1-1 port 2"], ["hub 1-1"], ["hub 1-1 port 2"]),
        (["/dev/ttyUSB1"], ["/dev/ttyUSB10"], []),
        (["a", "b"], ["b", "c"], ["b"]),
        ([], ["a"], []),
    ],
)
def test_places_overlap_when_one_is_a_part_of_the_other(one, other, shared):
    assert places.overlap(one, other) == shared
