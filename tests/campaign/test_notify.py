"""Commands that are told of a campaign: what they are given, and that nothing about them harms a run."""

import json
import os
import re
import select
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from harness.board.reading.file import parse
from harness.board.reading.lab import load_lab
from harness.campaign.notify.account import Account
from harness.campaign.notify.chosen import environment_for, hooks_of, secrets_of
from harness.campaign.notify.hook import Hook
from harness.campaign.notify.notifier import Notifier
from harness.errors import UsageError
from harness.settings.notify import Occasion

ENVIRONMENT = {"PATH": os.environ["PATH"]}
STARTED = {
    "event": "campaign_started",
    "time": "2026-11-29T22:00:00.000Z",
    "id": "20261129T220000.000Z-abcdef",
    "boards": [{"name": "one", "file": "boards/one.yaml"}, {"name": "two", "file": "boards/two.yaml"}],
    "host": "bench",
    "user": "lab",
    "jobs": 2,
    "repeat": 1,
}


def finished(exit_code=0, interrupted=""):
    return {
        "event": "campaign_finished",
        "time": "2026-11-29T22:01:30.000Z",
        "exit_code": exit_code,
        "interrupted": interrupted,
    }


def run_of(board, verdict="passed", exit_code=0, scenarios=(), interrupted=""):
    folder = f"20261129T220001.000Z-{board}"
    yield {"event": "board_started", "board": board, "pid": 1, "round": 1}
    yield {"event": "run_started", "board": board, "folder": folder}
    for each in scenarios:
        yield {"event": "scenario_finished", "board": board, **each}
    yield {
        "event": "run_finished",
        "board": board,
        "folder": folder,
        "verdict": verdict,
        "exit_code": exit_code,
        "reports": [f"{folder}/report.html"],
        "interrupted": interrupted,
    }
    yield {"event": "board_finished", "board": board, "exit_code": exit_code}


WITHOUT_RUN = (
    {"event": "board_started", "board": "one"},
    {"event": "board_finished", "board": "one", "exit_code": 2},
)


def failed(title="The chip answers", reason="6F00"):
    return {"step": "step3_chip", "title": title, "verdict": "failed", "reason": reason}


def told(*events, runs=Path("/runs")):
    account = Account(runs)
    found = [account.take(event) for event in (STARTED, *events)]
    return [(occasion.value, document) for one in found if one for occasion, document in [one]]


def test_the_end_says_what_became_of_each_board():
    events = [*run_of("one"), *run_of("two", "failed", 1, [failed()]), finished(1)]
    (_, failure), (occasion, end) = told(*events)
    assert occasion == "end"
    assert end["text"] == "2 boards: 1 passed, 1 failed (two); 90.0 s"
    assert (end["verdict"], end["exit_code"], end["seconds"]) == ("failed", 1, 90.0)
    assert [(each["board"], each["outcome"], each["folder"]) for each in end["boards"]] == [
        ("one", "passed", "/runs/20261129T220001.000Z-one"),
        ("two", "failed", "/runs/20261129T220001.000Z-two"),
    ]
    assert end["campaign"]["id"] == STARTED["id"]
    assert end["campaign"]["boards"] == ["one", "two"]
    assert failure["text"] == "two: failed; The chip answers: 6F00"
    assert failure["run"]["scenarios"] == [failed()]
    assert failure["run"]["reports"] == ["/runs/20261129T220001.000Z-two/report.html"]


@pytest.mark.parametrize(
    ("events", "outcome", "failures"),
    [
        ([], "not_run", 0),
        (
            [{"event": "board_set_aside", "board": "one", "reason": "no port", "until": "23:00"}],
            "set_aside",
            0,
        ),
        (
            [
                {"event": "board_started", "board": "one"},
                {"event": "board_lost", "board": "one", "reason": "killed by SIGKILL"},
            ],
            "lost",
            1,
        ),
        (WITHOUT_RUN, "no_verdict", 1),
        (list(run_of("one", "blocked", 3)), "blocked", 1),
        (list(run_of("one", "incomplete", 5)), "incomplete", 1),
        (list(run_of("one", "incomplete", 130, interrupted="interrupted by the operator")), "incomplete", 0),
        (list(run_of("one", "failed", 1, interrupted="interrupted by the operator")), "failed", 1),
        ([*run_of("one"), *run_of("one", "failed", 1), *run_of("one")], "failed", 1),
        ([*run_of("one"), *WITHOUT_RUN], "no_verdict", 1),
        ([*run_of("one"), WITHOUT_RUN[1] | {"exit_code": 3}], "no_verdict", 0),
        ([*run_of("one", "failed", 1), *WITHOUT_RUN], "failed", 2),
    ],
)
def test_outcomes(events, outcome, failures):
    found = told(*events, finished(0))
    assert found[-1][1]["boards"][0]["outcome"] == outcome
    assert [occasion for occasion, _ in found].count("failure") == failures


def test_a_board_that_is_set_aside_is_told_when_it_is_not_each_time_it_does_not_run():
    change = {"event": "health", "board": "one", "state": "set aside", "reason": "no port", "until": "later"}
    told_then = told(*run_of("one", "blocked", 3), change, change | {"state": "healthy"})
    assert [occasion for occasion, _ in told_then] == ["failure", "set-aside"]
    assert told_then[1][1]["set_aside"] == {"board": "one", "reason": "no port", "until": "later"}
    assert told_then[1][1]["text"] == "one is set aside until later: no port"


def test_an_operator_step_is_told_without_what_is_secret():
    asks = {
        "event": "operator_asks",
        "board": "one",
        "ask": "a1",
        "step": "OP-1",
        "title": "Press the\x1b[31m button",
        "instructions": ["Hold it \u202e5 s"],
        "fields": [{"name": "pin", "form": "text", "secret": True, "value": "1234"}],
        "timeout_s": 60,
    }
    ((occasion, document),) = told(asks)
    assert occasion == "operator"
    assert document["ask"]["title"] == "Press the␛[31m button"
    assert document["ask"]["instructions"] == ["Hold it <U+202E>5 s"]
    assert document["ask"]["fields"] == [{"name": "pin", "form": "text", "secret": True}]
    assert "1234" not in json.dumps(document)


def test_what_a_device_says_is_bounded():
    reasons = [failed(reason="x" * 100_000) for _ in range(200)]
    ((_, document),) = told(*run_of("one", "failed", 1, reasons))
    assert len(document["run"]["scenarios"]) == 50
    assert document["run"]["more_scenarios"] == 150
    assert len(json.dumps(document)) < 100_000


def script(folder, text):
    path = folder / "tell.sh"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def lives(pid):
    """Whether a process runs; one that ended may wait for its parent a while."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def hook(folder, text, *on, timeout_s=20.0):
    return Hook((str(script(folder, text)),), frozenset(on or {Occasion.END}), timeout_s, folder, "here")


def carried_out(hooks, *events, environment=ENVIRONMENT):
    troubles = []
    notifier = Notifier(hooks, Path("/runs"), environment, troubles.append)
    for event in (STARTED, *events):
        notifier.take(event)
    notifier.close()
    return troubles


def test_a_command_gets_the_document_and_a_word(tmp_path):
    telling = hook(tmp_path, 'cat > "told.$HARNESS_NOTIFY"', Occasion.END, Occasion.FAILURE)
    assert carried_out([telling], *run_of("one", "failed", 1, [failed()]), finished(1)) == []
    assert json.loads((tmp_path / "told.failure").read_text())["event"] == "failure"
    assert json.loads((tmp_path / "told.end").read_text())["schema_version"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("exit 0", None),  # it need not read what it is given
        ("echo first; echo oh no >&2; exit 3", "was told of end: exit code 3: oh no"),
        (r"printf 'a\033[31m\r\n'; exit 1", "exit code 1: a␛[31m"),
        ("kill -9 $$", "exit code -9"),
        ("exec >&- 2>&-; exit 4", "exit code 4"),
    ],
)
def test_a_command_that_fails_is_told(tmp_path, text, said):
    troubles = carried_out([hook(tmp_path, text)], finished(0))
    assert [said in each for each in troubles] == ([True] if said else [])


def test_a_command_that_is_not_there_is_told(tmp_path):
    missing = Hook(("./nowhere",), frozenset({Occasion.END}), 5, tmp_path, "lab.yaml: notify[0]")
    (said,) = carried_out([missing], finished(0))
    assert said == "lab.yaml: notify[0]: './nowhere' cannot be started: No such file or directory"


def test_a_slow_command_is_ended_with_what_it_started(tmp_path):
    slow = hook(tmp_path, "sleep 300 & echo $! > child; wait", timeout_s=0.5)
    began = time.monotonic()
    (said,) = carried_out([slow], finished(0))
    assert "did not end within 0.5 s" in said
    assert time.monotonic() - began < 10
    assert not lives((tmp_path / "child").read_text().strip())


def test_a_flood_is_not_kept(tmp_path):
    flood = hook(tmp_path, "head -c 30000000 /dev/zero; echo; echo end; exit 1")
    (said,) = carried_out([flood], finished(0))
    assert said.endswith("exit code 1: end")


def test_taking_an_event_never_waits_for_a_command(tmp_path):
    slow = hook(tmp_path, "sleep 0.3; echo x >> count", Occasion.FAILURE)
    notifier = Notifier([slow], Path("/runs"), ENVIRONMENT, print)
    began = time.monotonic()
    for event in (STARTED, *run_of("one", "failed", 1), *run_of("two", "failed", 1)):
        notifier.take(event)
    assert time.monotonic() - began < 0.3
    notifier.close()
    assert (tmp_path / "count").read_text() == "x\nx\n"


def test_what_is_too_much_is_left_out_and_told_but_never_the_end(tmp_path):
    # More failures than are kept waiting, by a command that takes its whole time for the first.
    slow = hook(
        tmp_path,
        "echo $HARNESS_NOTIFY >> told; [ $HARNESS_NOTIFY = end ] || sleep 60",
        *Occasion,
        timeout_s=0.3,
    )
    failures = [event for _ in range(120) for event in run_of("one", "failed", 1)]
    troubles = carried_out([slow], *failures, finished(1))
    assert (tmp_path / "told").read_text().splitlines()[-1] == "end"
    assert any("was too slow: it was not told" in each for each in troubles)


def test_an_interruption_ends_the_commands(tmp_path):
    slow = hook(tmp_path, "echo $$ > began; sleep 30", timeout_s=30)
    notifier = Notifier([slow], Path("/runs"), ENVIRONMENT, print)
    notifier.take(STARTED)
    notifier.take(finished(0))
    while not (tmp_path / "began").exists():
        time.sleep(0.01)
    began = time.monotonic()
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    notifier.close()
    assert time.monotonic() - began < 10
    assert not lives((tmp_path / "began").read_text().strip())


def test_a_campaign_runs_no_thread_for_its_commands(tmp_path):
    # It forks the processes of its boards: a lock that a thread has then would be held there for ever.
    before = threading.active_count()
    notifier = Notifier([hook(tmp_path, "sleep 0.2")], Path("/runs"), ENVIRONMENT, print)
    notifier.take(STARTED)
    notifier.take(finished(0))
    assert threading.active_count() == before
    notifier.close()


def test_who_tells_keeps_no_stream_of_the_campaign_open(tmp_path):
    # `C=$(harness run --detach …)` would wait for the end of the campaign and of its commands.
    reader, writer = os.pipe()
    before = os.dup(1)
    os.dup2(writer, 1)
    os.close(writer)
    try:
        notifier = Notifier([hook(tmp_path, "exit 0")], Path("/runs"), ENVIRONMENT, print)
    finally:
        os.dup2(before, 1)
        os.close(before)
    ready, _, _ = select.select([reader], [], [], 10)
    notifier.close()
    os.close(reader)
    assert ready == [reader]


CAMPAIGN = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_notify import ENVIRONMENT, STARTED, finished, hook
from harness.campaign.notify.notifier import Notifier
folder = Path({folder!r})
notifier = Notifier([hook(folder, "echo $$ $PPID > began; sleep 60", timeout_s=60)], folder, ENVIRONMENT, print)
notifier.take(STARTED)
notifier.take(finished(0))
time.sleep(60)
"""


@pytest.mark.slow
def test_a_campaign_that_is_killed_leaves_no_command_behind(tmp_path):
    code = CAMPAIGN.format(tests=str(Path(__file__).parent), folder=str(tmp_path))
    campaign = subprocess.Popen([sys.executable, "-c", code])
    while not (tmp_path / "began").exists() or not (tmp_path / "began").read_text():
        time.sleep(0.05)
    campaign.kill()
    campaign.wait()
    left = (tmp_path / "began").read_text().split()
    deadline = time.monotonic() + 15
    while any(map(lives, left)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(lives, left))


def test_an_argument_that_may_be_a_token_is_not_told(tmp_path):
    path = script(tmp_path, 'echo "cannot reach $1"; exit 7')
    one = Hook((str(path), "https://chat.invalid/T0KEN"), frozenset({Occasion.END}), 5, tmp_path, "here")
    (said,) = carried_out([one], finished(0))
    assert "T0KEN" not in said
    assert "cannot reach ***" in said


def test_what_is_secret_in_its_environment_is_not_told(tmp_path):
    code = 'echo "$CHAT_TOKEN at $CHAT_URL by $LOGNAME"; exit 7'
    one = Hook(("sh", "-c", code), frozenset({Occasion.END}), 5, tmp_path, "here")
    given = ENVIRONMENT | {
        "CHAT_TOKEN": "T0KENT0KEN",
        "CHAT_URL": "https://chat.invalid/T0P",
        "LOGNAME": "anna",
    }
    (said,) = carried_out([one], finished(0), environment=given)
    assert re.search(r": \*+ at \*+ by anna$", said)


@pytest.mark.parametrize("name", ["MY_APIKEY", "ACCESSKEY", "API_KEY2", "AccessKeyId", "KEY_ID", "SSHPASS"])
def test_a_secret_is_known_by_its_variable_s_name_alone(tmp_path, name):
    one = Hook(
        (str(script(tmp_path, f'echo "got ${name}"; exit 7')),),
        frozenset({Occasion.END}),
        5,
        tmp_path,
        "here",
    )
    (said,) = carried_out([one], finished(0), environment=ENVIRONMENT | {name: "0123456789abcdef"})
    assert re.search(r": got \*+$", said)


def test_secrets_of_boards_are_not_told_by_whom_they_were_read(tmp_path, monkeypatch):
    monkeypatch.setenv("BOARD_KEY", "00112233445566778899aabbccddeeff")
    (tmp_path / "secret").write_text("s3cret-of-the-cloud\n")
    text = BOARD.replace("secret: {env: KEY_SECRET}", "secret: {file: secret}")
    secrets = secrets_of([parse(text, tmp_path / "one.yaml")])
    (tmp_path / "key").write_text("00112233445566778899AABBCCDDEEFF")
    one = script(tmp_path, 'echo "cannot send $(cat key) $(cat secret)"; exit 7')
    (tmp_path / "lab.yaml").write_text(f"version: 1\nnotify: [{{command: {one}}}]\n")
    hooks = hooks_of(load_lab(tmp_path / "lab.yaml"), {"end": [str(one)]}, secrets)
    monkeypatch.chdir(tmp_path)
    for said in carried_out(hooks, finished(0)):
        assert re.search(r": cannot send \*+ \*+$", said)


BOARD = """version: 1
name: one
plan: {pattern: own-platform, carrier: km, platform: third-party-os, key_type: aes-128}
transports: {console: {kind: socket, host: 127.0.0.1, port: 9}}
console: {transport: console}
device: {key: {env: BOARD_KEY}}
service:
  endpoint: https://id2.example.invalid
  access_key: {id: {env: KEY_ID}, secret: {env: KEY_SECRET}}
  product: {product_key: a1b2c3d4e5f}
"""


def test_secrets_of_boards_are_in_no_command_s_environment(monkeypatch):
    for name in ("BOARD_KEY", "KEY_ID", "KEY_SECRET", "CHAT_TOKEN"):
        monkeypatch.setenv(name, "x" * 16)
    given = environment_for([parse(BOARD, Path("one.yaml"))])
    assert "CHAT_TOKEN" in given
    assert not {"BOARD_KEY", "KEY_ID", "KEY_SECRET"} & set(given)


def test_commands_of_lab_and_command_line(tmp_path):
    (tmp_path / "lab.yaml").write_text(
        "version: 1\nnotify:\n  - command: ./tell 'the lab' $HOME\n  - {command: [a], on: [failure, end], timeout_s: 5}\n"
    )
    first, second, third = hooks_of(load_lab(tmp_path / "lab.yaml"), {"operator": ["b c"], "end": []})
    assert first.command == ("./tell", "the lab", "$HOME")  # no shell, so nothing is expanded
    assert (first.on, first.timeout_s, first.folder) == ({Occasion.END}, 30, tmp_path)
    assert (second.on, second.timeout_s) == ({Occasion.END, Occasion.FAILURE}, 5)
    assert (third.command, third.on, third.named_in) == (("b", "c"), {Occasion.OPERATOR}, "--notify-operator")


@pytest.mark.parametrize(
    ("command", "said"),
    [("", "names no program"), ("  ", "names no program"), ("a 'b", "is no command: no closing quotation")],
)
def test_a_wrong_command_is_refused(tmp_path, command, said):
    (tmp_path / "lab.yaml").write_text("version: 1\n")
    with pytest.raises(UsageError, match=f"--notify-end: {said}"):
        hooks_of(load_lab(tmp_path / "lab.yaml"), {"end": [command]})
