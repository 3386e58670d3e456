"""Operator steps of campaigns: at the terminal one after the other, or from elsewhere; whoever is first wins."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.progress.answers import Answer, give
from harness.progress.campaigns import find
from harness.progress.reader import follow
from harness.report import model

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BOARD = ROOT / "boards" / "virtual-se-mtk.yaml"
PIXEL = bytes.fromhex("89504e470d0a1a0a") + b"a picture"
SUITE = '''
from dataclasses import replace
from pathlib import Path
from harness.operator import steps

STEP = replace(steps.CREATE_PRODUCT, picture=Path(__file__).with_name("switch.png"))

def test_asks(scenario, harness_session):
    """A person is asked."""
    with scenario.step("T-01"):
        shown = {"console": "id2", "name": "N", "algorithm": "aes-128", "licences": "5"}
        given = harness_session.prompts.ask(STEP, shown)
        assert given["product_key"] == "a1AbCdEfGhI"
        assert len(given["product_secret"]) == 40
'''
SECRET = "i1" + "SeCrEtVaLuE" + "x" * 27
RIGHT = {"product_key": "a1AbCdEfGhI", "product_secret": SECRET}


@pytest.fixture
def words(tmp_path):
    folder = tmp_path / "suites" / "step1_plan"
    folder.mkdir(parents=True)
    (folder / "test_asks.py").write_text(SUITE)
    (folder / "switch.png").write_bytes(PIXEL)
    (folder.parent / "requirements.yaml").write_text(
        "- {id: T-01, statement: Something holds., source: test, level: must, applies_when: always}\n"
    )

    def made(*names, more=()):
        for name in names:
            text = BOARD.read_text().replace("name: virtual-se-mtk", f"name: {name}")
            (tmp_path / f"{name}.yaml").write_text(text)
        boards = [f"{name}.yaml" for name in names]
        return [
            *(sys.executable, "-m", "harness.cli.main", "run", "--only-suites=suites", "--without-pdf"),
            *boards,
            *more,
        ]

    return made


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def until(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
    return found


def asks(folder):
    if not list((folder / "runs" / ".campaigns").glob("2*")):
        return []
    state = find(folder / "runs", "latest").state()
    return [(board.name, ask) for board in state.boards.values() for ask in board.asks.values()]


def events(folder, name):
    found = [told.event for told in follow(find(folder / "runs", "latest").folder.progress)]
    return [one for one in found if one["event"] == name]


def everything_written(folder):
    return b"".join(path.read_bytes() for path in (folder / "runs").rglob("*") if path.is_file())


def notes(folder, board):
    (run,) = (folder / "runs").glob(f"[0-9]*-{board}")
    (scenario,) = model.load(run).scenarios
    return "\n".join(scenario.notes), scenario


def test_a_detached_campaign_is_answered_by_files(words, tmp_path):
    subprocess.run(
        words("one", more=["--detach"]), cwd=tmp_path, env=ENVIRONMENT, check=True, capture_output=True
    )
    ((board, ask),) = until(lambda: asks(tmp_path))
    campaign = find(tmp_path / "runs", "latest")
    assert (board, ask.step, ask.timeout_s) == ("one", "create-product", 3600)
    assert [(one["name"], one["secret"]) for one in ask.fields] == [
        ("product_key", False),
        ("product_secret", True),
    ]
    assert "Create a product named N" in ask.instructions[1]
    assert (campaign.folder.path / ask.picture).read_bytes() == PIXEL
    give(
        campaign.folder.answers,
        ask.id,
        Answer("anna\x1b[31m", "bench page", {**RIGHT, "product_secret": "short"}),
    )
    told = until(lambda: [one for one in events(tmp_path, "told") if "cannot be used" in one["text"]])
    assert told[0]["text"].endswith(
        "product_secret must be a ProductSecret, at least 32 characters beginning with i or x"
    )
    give(campaign.folder.answers, ask.id, Answer("anna\x1b[31m", "bench page", RIGHT))
    until(lambda: not campaign.alive)
    (answered,) = events(tmp_path, "operator_answered")
    assert (answered["by"], answered["via"]) == ("anna␛[31m", "bench page")
    said, scenario = notes(tmp_path, "one")
    assert scenario.verdict == "passed"
    assert "answered by anna␛[31m (bench page): product_key = a1AbCdEfGhI, product_secret = ***" in said
    assert SECRET.encode() not in everything_written(tmp_path)
    assert list(campaign.folder.answers.iterdir()) == []


def test_nobody_answers_a_detached_campaign(words, tmp_path):
    given = words("one", more=["--detach", "--operator-timeout=1"])
    subprocess.run(given, cwd=tmp_path, env=ENVIRONMENT, check=True, capture_output=True)
    until(lambda: events(tmp_path, "operator_answered") if asks_began(tmp_path) else [])
    until(lambda: not find(tmp_path / "runs", "latest").alive)
    (answered,) = events(tmp_path, "operator_answered")
    assert answered["gave_up"] == "nobody answered in time"
    assert notes(tmp_path, "one")[1].verdict == "blocked"


def asks_began(folder):
    return list((folder / "runs" / ".campaigns").glob("2*")) and events(folder, "operator_asks")


def test_an_unattended_run_asks_nobody(words, tmp_path):
    given = words("one", more=["-j2"])
    done = subprocess.run(
        given, cwd=tmp_path, env=ENVIRONMENT, check=False, capture_output=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 3
    assert events(tmp_path, "operator_asks") == []
    assert notes(tmp_path, "one")[1].verdict == "blocked"


class Terminal:
    """A command at a terminal of its own."""

    def __init__(self, words, folder):
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.environ.update(ENVIRONMENT, TERM="xterm", COLUMNS="80", LINES="24")
            os.execv(words[0], words)
        self.text = ""

    def reads(self, wanted, seconds=90):
        deadline = time.monotonic() + seconds
        while wanted not in self.text:
            assert time.monotonic() < deadline, self.text
            if select.select([self.file], [], [], 0.2)[0]:
                try:
                    self.text += os.read(self.file, 65536).decode(errors="replace")
                except OSError:
                    break
        before, _, self.text = self.text.partition(wanted)
        return before

    def types(self, text):
        os.write(self.file, text.encode())

    def ends(self):
        said = ""
        while True:
            try:
                part = os.read(self.file, 65536)
            except OSError:
                break
            if not part:
                break
            said += part.decode(errors="replace")
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), self.text + said

    def close(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self.file)


@pytest.fixture
def terminal(tmp_path):
    opened = []

    def begin(words):
        opened.append(Terminal(words, tmp_path))
        return opened[-1]

    yield begin
    for each in opened:
        each.close()


def test_boards_ask_at_the_terminal_one_after_the_other(words, tmp_path, terminal):
    one = terminal(words("first", "second", "third", more=["-j3"]))
    for _ in range(2):
        one.reads("operator step create-product")
        one.reads("product_key (")
        one.types("a1AbCdEfGhI\r")
        one.reads("product_secret (")
        one.types(SECRET + "\r")
    one.reads("operator step create-product")
    one.reads("product_key (")
    # The last one is answered from elsewhere while the terminal asks.
    ((_, ask),) = until(lambda: asks(tmp_path) if len(asks(tmp_path)) == 1 else [])
    give(find(tmp_path / "runs", "latest").folder.answers, ask.id, Answer("ben", "bench page", RIGHT))
    code, said = one.ends()
    assert code == 0, said
    assert SECRET not in said
    came = sorted(event["via"] for event in events(tmp_path, "operator_answered"))
    assert came == ["bench page", "terminal", "terminal"]
    assert SECRET.encode() not in everything_written(tmp_path)


def test_one_board_at_the_terminal_may_be_answered_from_elsewhere_too(words, tmp_path, terminal):
    one = terminal(words("only"))
    one.reads("product_key (")
    ((_, ask),) = until(lambda: asks(tmp_path))
    give(find(tmp_path / "runs", "latest").folder.answers, ask.id, Answer("ben", "file", RIGHT))
    code, said = one.ends()
    assert code == 0, said
    assert "answered by ben (file)" in notes(tmp_path, "only")[0]


def test_ctrl_c_while_a_board_asks_ends_all_in_order(words, tmp_path, terminal):
    one = terminal(words("first", "second", more=["-j2"]))
    one.reads("product_key (")
    one.types("\x03")
    code, said = one.ends()
    assert code == 130, said
    for name in ("first", "second"):
        assert notes(tmp_path, name)[1].verdict == "not_run"
    assert (
        json.loads(find(tmp_path / "runs", "latest").folder.progress.read_text().splitlines()[-1])[
            "exit_code"
        ]
        == 130
    )
