"""The real harness on a bench, over a real sshd: rounds, tags, operator steps, a lost process, two claims on one board."""

import os
import pty
import re
import select
import sys
import time

import pytest

from harness.report import model
from tests.benches.bench_hosts import ROOT, ended, until
from tests.benches.oracles import gaps, without_end

pytestmark = pytest.mark.lab

SECRET = "i1" + "x" * 38
ASKS = '''
from harness.operator.steps import CREATE_PRODUCT

def test_asks(scenario, harness_session):
    """A person is asked."""
    with scenario.step("T-01"):
        shown = {"console": "id2", "name": "N", "algorithm": "aes-128", "licences": "5"}
        given = harness_session.prompts.ask(CREATE_PRODUCT, shown)
        assert len(given["product_secret"]) == 40
'''
WAITS = '''
import os, signal, time
from pathlib import Path

USE = ()

def test_waits(scenario, harness_session):
    """Time passes; a run that uses its board waits until the test lets it go on."""
    with scenario.step("T-01"):
        journal = Path("claims.txt")
        name = harness_session.board.name
        if name in USE:
            harness_session.board.transport("chip")  # whoever uses a board has its locks from here on
        with journal.open("a") as file:
            file.write(f"begin {name} {os.getpid()}\\n")
        until = time.monotonic() + (60 if name in USE else 1.5)
        while not Path("go").exists() and time.monotonic() < until:
            time.sleep(0.02)
        if name == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        with journal.open("a") as file:
            file.write(f"end {name} {os.getpid()}\\n")
'''

BLOCKS = '''
from harness.errors import BenchError

def test_blocks(scenario):
    """The bench is not as it should be."""
    with scenario.step("T-01"):
        raise BenchError("the adapter does not answer")
'''


@pytest.fixture
def lab(make_lab):
    """A bench with the real harness, a few virtual boards, and suites that the client has as well."""

    def made(suite, *boards):
        lab = make_lab(count=1, boards=())
        host = lab.hosts[0]
        host.harness = [sys.executable, "-m", "harness"]
        host.boards = list(boards)
        text = (ROOT / "boards" / "virtual-se-mtk.yaml").read_text()
        (host.folder / "boards").mkdir()
        for name in boards:
            tag = f"tags: [{'fast' if name == 'one' else 'slow'}]\n"
            board = tag + text.replace("name: virtual-se-mtk", f"name: {name}")
            (host.folder / "boards" / f"{name}.yaml").write_text(board)
        for folder in (lab.folder, host.folder):
            (folder / "own" / "step1_plan").mkdir(parents=True)
            (folder / "own" / "step1_plan" / "test_it.py").write_text(suite)
            (folder / "own" / "requirements.yaml").write_text(
                "- {id: T-01, statement: Something holds., source: test, level: must, applies_when: always}\n"
            )
        lab.write()
        return lab, host

    return made


OWN = ("--only-suites=own", "--without-pdf")


def test_rounds_of_tagged_boards_come_back_with_what_they_came_to(lab):
    lab, host = lab(WAITS, "one", "two")
    code, document, _ = lab.run("run", "--tag=fast", *OWN, "--repeat=2", limit=180)
    [one] = document["boards"]
    assert (code, one["board"], one["outcome"], one["verdicts"]) == (0, "one", "passed", {"passed": 2})
    assert len(one["folders"]) == 2
    assert {model.load(lab.folder / folder).verdict for folder in one["folders"]} == {"passed"}
    [bench] = document["hosts"]
    assert bench["soak"]["boards"][0]["verdicts"] == {"passed": 2}
    events = host.events(document["campaign"])
    assert gaps(events) == []
    assert without_end(events) == []
    code, document, _ = lab.run("run", "--tag=nowhere", *OWN)
    assert code == 2
    assert "no board of these hosts has the tags nowhere" in document["error"]["message"]


def test_a_board_that_its_rounds_set_aside_is_told_with_what_to_do(lab):
    lab, _ = lab(BLOCKS, "one")
    client = lab.start("run", "one", *OWN, "--repeat=3")
    told, said = client.communicate(timeout=180)
    assert client.returncode == 3, said
    until_when = r"set aside until \d\d:\d\d UTC: "
    assert re.search(rf"^bench-1  one  {until_when}", told, re.MULTILINE), told
    assert re.search(rf"^bench-1:one is {until_when}.*the adapter does not answer", told, re.MULTILINE), told
    assert "`harness lab status --put-back bench-1:one`" in told
    code, document, said = lab.run("status", "--put-back", "bench-1:one")
    assert (code, document["hosts"][0]["boards"][0]["state"]) == (0, "healthy")
    assert "bench-1  one: put back (was set aside until " in said


def waits_of(host):
    """Return when the board of a campaign on this host began to wait for what another has; None when none did."""
    for campaign in host.runs.glob(".campaigns/2*"):
        for event in host.events(campaign.name):
            if event["event"] == "board_waits" or "waits for" in event.get("text", ""):
                return event["time"]
    return None


def test_two_clients_want_one_board_and_a_board_that_is_lost_alone_comes_back(lab):
    lab, host = lab(WAITS.replace("USE = ()", "USE = ('one',)"), "one", "dies")
    # Simulated boards are made anew for each run and locked by none: a real port makes it a board that there is once.
    terminal, port = pty.openpty()
    file = host.folder / "boards" / "one.yaml"
    real = f"transports:\n  line: {{kind: serial, port: {os.ttyname(port)}}}\n"
    file.write_text(file.read_text().replace("transports:\n", real, 1))
    claims = host.folder / "claims.txt"
    first = lab.start("run", "one", "dies", *OWN, "--json")
    until(lambda: claims.exists() and "begin one" in claims.read_text(), 60)
    second = lab.start("run", "one", *OWN, "--json", "--runs=elsewhere", "--wait=60")
    waited = until(lambda: waits_of(host), 60)
    (host.folder / "go").touch()
    code, document, _ = ended(first, 180)
    found = {one["board"]: one for one in document["boards"]}
    assert code == 4  # as in harness run: a process that crashed is a defect until it is known whose
    assert (found["one"]["outcome"], found["dies"]["outcome"]) == ("passed", "aborted")
    [folder] = found["dies"]["folders"]
    assert model.load(lab.folder / folder).incomplete
    code, document, _ = ended(second, 180)
    assert (code, document["boards"][0]["outcome"]) == (0, "passed")
    os.close(terminal)
    os.close(port)
    lines = [line.split() for line in claims.read_text().splitlines()]
    assert [what for what, name, _ in lines if name == "one"] == ["begin", "end", "begin", "end"]
    one, other = (model.load(folder) for folder in sorted(host.runs.glob("2*-one")))
    assert one.started < waited < one.finished <= other.started < other.finished


def test_a_file_of_the_client_answers_operator_steps_and_no_secret_stays_anywhere(lab):
    lab, host = lab(ASKS, "one")
    answers = lab.folder / "answers.yaml"
    answers.write_text(f"create-product: {{product_key: a1AbCdEfGhI, product_secret: {SECRET}}}\n")
    answers.chmod(0o600)
    code, document, errors = lab.run("run", "one", *OWN, "--answers=answers.yaml", limit=180)
    assert (code, document["boards"][0]["outcome"]) == (0, "passed")
    assert "asks a person: Create a product" in errors
    journal = (lab.folder / document["boards"][0]["folders"][0] / "journal.jsonl").read_text()
    assert "(file of the client)" in journal
    answers.unlink()
    kept = [path for folder in (lab.folder, host.folder) for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]


def test_a_person_answers_at_the_terminal_of_a_client_that_attached(lab):
    lab, _ = lab(ASKS, "one")
    code, document, _ = lab.run("run", "one", *OWN, "--detach")
    assert code == 0
    words = [*lab.command("attach", document["campaign"]), f"--ssh-config={lab.ssh_config}"]
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(lab.folder)
        os.execve(words[0], words, {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"})
    seen = typed_at(
        terminal, {b"product_key (": b"a1AbCdEfGhI\n", b"product_secret (": SECRET.encode() + b"\n"}
    )
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, seen
    assert "bench-1  one: operator step create-product" in seen
    assert SECRET not in seen
    assert "1 board on 1 host: 1 passed" in seen


def typed_at(terminal, typed, limit=180):
    seen, deadline = b"", time.monotonic() + limit
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        seen += data
        for prompt in list(typed):
            if prompt in seen:
                time.sleep(0.2)  # a secret is typed once nothing is shown any more
                os.write(terminal, typed.pop(prompt))
    return seen.decode(errors="replace")
