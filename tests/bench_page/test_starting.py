"""Starting and stopping from the page: once for each request, refusals shown, the same again."""

import json
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from harness.bench_page import starting
from harness.bench_page.starting import Order, Starter
from harness.cli.progress_events import about
from harness.errors import UsageError
from harness.progress.campaigns import Campaign
from harness.progress.names import CampaignFolder
from harness.progress.stopping import asked_to_stop, stop
from tests.bench_page.made import Made, make_run


class Command:
    """What `harness run` would be, counted: it begins a campaign, or refuses."""

    def __init__(self, runs) -> None:
        self.runs = runs
        self.calls: list[list[str]] = []
        self.refusal = ""
        self.made: list[Made] = []
        self.begun, self.may_end = threading.Event(), threading.Event()
        self.may_end.set()

    def __call__(self, words, **options):
        self.calls.append(list(words))
        assert options["start_new_session"] is True
        assert options["stdin"] == subprocess.DEVNULL
        self.begun.set()
        time.sleep(0.05)
        assert self.may_end.wait(5)
        if self.refusal:
            return subprocess.CompletedProcess(words, 2, b"", self.refusal.encode())
        self.made.append(Made(self.runs, "alpha"))
        return subprocess.CompletedProcess(words, 0, f"{self.made[-1].id}\n".encode(), b"")


@pytest.fixture
def command(runs, monkeypatch):
    made = Command(runs)
    monkeypatch.setattr(starting.subprocess, "run", made)
    yield made
    for campaign in made.made:
        campaign.die()


def start(visitor, *, key="", **fields):
    page = visitor.get("/start").text
    token = re.search(r'name="csrf" value="(\w+)"', page)[1]
    key = key or re.search(r'name="key" value="(\w+)"', page)[1]
    values = {"csrf": token, "key": key, "rounds": "1", "jobs": "0", "do": "start", **fields}
    return visitor.http.post("/start", data=values)


def test_a_campaign_is_started_with_what_was_chosen(visitor, command, runs, tmp_path):
    told = start(
        visitor,
        **{
            "board-1": "yes",
            "board-2": "yes",
            "quick": "yes",
            "rounds": "3",
            "suite-2": "yes",
            "suite-9": "yes",
            "set_aside": "yes",
            "suites": "/tmp/evil",
        },
    )
    assert "It is started." in told.text
    assert str(told.url).endswith(f"/campaigns/{command.made[0].id}")
    (words,) = command.calls
    assert words[1:4] == ["-m", "harness", "run"]
    assert "--json" not in words, "people read what it prints"
    assert words[-3:] == [
        "--",
        str(tmp_path / "boards" / "alpha.yaml"),
        str(tmp_path / "boards" / "beta.yaml"),
    ]
    asked = set(words[4:-3])
    assert asked == {
        f"--runs={runs}",
        "--detach",
        "--suites=other",
        "--quick",
        "--repeat=3",
        "--no-set-aside",
        "-jauto",
    }


def test_the_same_request_starts_nothing_again(visitor, command):
    told = [start(visitor, key="ab" * 16, **{"board-1": "yes"}) for _ in range(3)]
    assert len(command.calls) == 1
    assert len({str(each.url) for each in told}) == 1
    assert "was not started a second time" in told[1].text


def test_a_double_press_starts_once(runs, command):
    starter = Starter(runs)
    found = []
    order = Order(("boards/alpha.yaml",))
    threads = [
        threading.Thread(target=lambda: found.append(starter.start(order, "cd" * 16))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(command.calls) == 1
    assert sum(not each.again for each in found) == 1
    assert {each.campaign for each in found} == {command.made[0].id}, "each is led to the campaign"


def test_a_form_that_is_sent_again_while_it_is_being_started_says_so(visitor, runs, command, monkeypatch):
    monkeypatch.setattr(starting, "_UNDER_WAY_S", 0.01)
    command.may_end.clear()
    order = Order(("boards/alpha.yaml",))
    first = threading.Thread(target=Starter(runs).start, args=(order, "cd" * 16))
    first.start()
    assert command.begun.wait(5)
    told = start(visitor, key="cd" * 16, **{"board-1": "yes"})
    command.may_end.set()
    first.join()
    assert "This start is under way" in told.text
    assert "anew" not in told.text
    assert len(command.calls) == 1


def test_a_server_that_was_killed_while_it_started_starts_nothing_when_it_is_back(visitor, runs, command):
    (runs / ".bench-page").mkdir()
    (runs / ".bench-page" / ("ef" * 16)).touch()
    told = start(visitor, key="ef" * 16, **{"board-1": "yes"})
    assert command.calls == []
    assert "asked for already" in told.text


@pytest.mark.parametrize("key", ["../" + "a" * 29, "A" * 32, "x"])
def test_a_key_that_is_none_of_ours_starts_nothing(visitor, runs, command, key):
    told = start(visitor, key=key, **{"board-1": "yes"})
    assert command.calls == []
    assert told.status_code == 422
    assert not (runs / ".bench-page").exists()


def test_what_the_command_refuses_is_shown_and_the_choice_is_kept(visitor, command):
    command.refusal = "error: --official: <b>the board file has no report: section</b>\n"
    told = start(visitor, **{"board-2": "yes", "official": "yes"})
    assert told.status_code == 422
    assert "&lt;b&gt;the board file has no report: section" in told.text
    assert re.search(r'name="board-2" value="yes" checked', told.text)
    assert re.search(r'name="official" type="checkbox" value="yes" checked', told.text)
    assert "--official" in command.calls[0]


def test_what_an_official_run_lacks_is_told_and_nothing_starts(visitor, command, runs):
    command.refusal = "the approver is not named"
    told = start(visitor, **{"board-1": "yes", "official": "yes", "do": "check"})
    assert "the approver is not named" in told.text
    assert "--dry-run" in command.calls[0]
    assert "--detach" not in command.calls[0]
    assert not (runs / ".bench-page").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("rounds", "0"), ("rounds", "many"), ("rounds", "99999"), ("jobs", "-1"), ("jobs", "1000")],
)
def test_numbers_are_checked_at_their_fields(visitor, command, field, value):
    told = start(visitor, **{"board-1": "yes", field: value})
    assert told.status_code == 422
    assert f'id="{field}-error"' in told.text
    assert command.calls == []


def test_without_a_board_nothing_starts(visitor, command):
    assert "Choose a board." in start(visitor).text
    assert command.calls == []


def test_a_campaign_and_a_run_are_done_again(visitor, command, runs):
    old = Made(runs, "alpha")
    make_run(runs, "r1", "alpha", quick=True)
    old.write("board_started", "alpha", pid=1, round=1)
    old.write("run_started", "alpha", folder="r1", scenarios=3)
    old.end("alpha")
    page = f"/campaigns/{old.id}"
    told = visitor.post(f"{page}/again", of=page, key=visitor.hidden(page, "key"))
    assert str(told.url).endswith(command.made[0].id)
    assert "--quick" in command.calls[0]
    told = visitor.post("/runs/r1/again", of="/start", key=visitor.hidden("/start", "key"))
    assert str(told.url).endswith(command.made[1].id)
    assert command.calls[1][-1].endswith("boards/alpha.yaml")


def test_a_run_of_a_board_that_is_not_served_is_not_done_again(visitor, command, runs):
    make_run(runs, "r1", "somewhere-else")
    told = visitor.post("/runs/r1/again", of="/start", key=visitor.hidden("/start", "key"))
    assert told.status_code == 404
    assert "does not serve the board" in told.text
    assert command.calls == []


@pytest.fixture
def campaign(tmp_path):
    (tmp_path / "campaign").mkdir()
    return Campaign("c", CampaignFolder(tmp_path / "campaign"))


@pytest.mark.parametrize(("repeat", "status"), [(0, 404), (1, 200), (7, 200)])
def test_the_rounds_of_a_campaign_are_done_again_and_a_time_is_not(visitor, command, runs, repeat, status):
    old = Made(runs, "alpha", repeat=repeat)
    old.end("alpha")
    page = f"/campaigns/{old.id}"
    told = visitor.post(f"{page}/again", of=page, key=visitor.hidden(page, "key"))
    assert told.status_code == status
    assert [word for words in command.calls for word in words if word.startswith("--repeat")] == (
        ["--repeat=7"] if repeat == 7 else []
    )


@pytest.mark.parametrize("option", ["destructive", "suites", "faults", "replay", "explore_for", "verify"])
def test_a_run_that_could_not_be_the_same_is_not_done_again(visitor, command, runs, option):
    make_run(runs, "r1", "alpha", quick=True, **{option: True})
    told = visitor.post("/runs/r1/again", of="/start", key=visitor.hidden("/start", "key"))
    assert told.status_code == 404
    assert f"with {option}" in told.text
    assert command.calls == []


def test_a_stop_is_a_file_of_the_campaign(campaign):
    stop(campaign)
    stop(campaign)
    stop(campaign, "alpha")
    assert {each.name for each in campaign.folder.path.iterdir()} == {"stop", "stop-alpha"}
    assert asked_to_stop(campaign.folder.path, "alpha")
    assert not asked_to_stop(campaign.folder.path, "beta")
    for name in ("../x", "a\0b", "x" * 300):
        with pytest.raises(UsageError):
            stop(campaign, name)


@pytest.mark.parametrize("holds", [True, False])
def test_only_the_process_that_holds_the_campaigns_lock_is_told_to_end(campaign, holds):
    program = "import fcntl,sys,time; f=open(sys.argv[1],'w'); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); time.sleep(60)"
    lock = campaign.folder.lock if holds else campaign.folder.path / "other"
    campaign.folder.lock.touch()
    process = subprocess.Popen([sys.executable, "-c", program, str(lock)], stdout=subprocess.PIPE)
    try:
        process.stdout.readline()
        campaign.folder.started.write_text(json.dumps({"pid": process.pid}))
        stop(campaign)
        if holds:
            assert process.wait(30) == -signal.SIGTERM
        else:
            time.sleep(0.1)
            assert process.poll() is None
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_board_is_stopped_by_its_number(visitor, runs):
    made = Made(runs, "alpha", "be/ta")
    page = f"/campaigns/{made.id}"
    assert "stop is asked for" in visitor.post(f"{page}/stop", of=page, board="1").text
    assert (made.folder.path / "stop-alpha").exists()
    for number in ("2", "3", "x", "-1"):
        assert visitor.post(f"{page}/stop", of=page, board=number).status_code == 404
    assert visitor.post(f"{page}/stop", of=page).status_code == 200
    assert (made.folder.path / "stop").exists()
    made.die()
    assert "has ended already" in visitor.post(f"{page}/stop", of="/start").text


def test_all_boards_are_started_at_once_but_those_whose_file_is_wrong(visitor, command, tmp_path):
    (tmp_path / "boards" / "beta.yaml").write_text("name: [")
    assert "All 1 boards" in visitor.get("/start").text
    assert "It is started." in start(visitor, all="yes").text
    (words,) = command.calls
    assert words[-2:] == ["--", str(tmp_path / "boards" / "alpha.yaml")]


def test_a_lab_of_many_boards_is_started_by_one_form(visitor, command):
    many = {f"board-{number}": "yes" for number in range(1, 1001)}
    assert "It is started." in start(visitor, **many).text


def test_a_selection_and_boards_set_aside_are_done_again_too(visitor, command, runs):
    make_run(runs, "r1", "alpha", quick=True, select="chip and not slow")
    old = Made(runs, "alpha", select="chip and not slow", set_aside=False)
    old.write("run_started", "alpha", folder="r1", scenarios=3)
    old.end("alpha")
    page = f"/campaigns/{old.id}"
    assert "-k chip and not slow" in visitor.get(page).text
    assert "--no-set-aside" in visitor.get(page).text
    visitor.post(f"{page}/again", of=page, key=visitor.hidden(page, "key"))
    visitor.post("/runs/r1/again", of="/start", key=visitor.hidden("/start", "key"))
    assert [("--select=chip and not slow" in one, "--no-set-aside" in one) for one in command.calls] == [
        (True, True),
        (True, False),
    ]


def test_a_campaign_says_how_it_was_started():
    said = about([], select="chip", set_aside=False)
    assert (said["select"], said["set_aside"]) == ("chip", False)
    assert (about([])["select"], about([])["set_aside"]) == ("", True)
