"""docs/add-a-controller.md, step by step, in a package outside the tree; and the controller `command`."""

import hashlib
import sys

import pytest
import yaml

from harness.board.opening.actions import operate, restart
from harness.board.opening.board import Board
from harness.board.opening.firmware import Firmware
from harness.board.opening.locks import Locks
from harness.board.plan.facts import facts_of
from harness.board.plan.preview import preview
from harness.board.reading.file import load
from harness.controller.kind import Ability
from harness.errors import BenchError, UsageError
from tests.pages import Page, harness
from tests.transport.recordings import lines

pytestmark = pytest.mark.slow  # each step of the page is a command of its own

PAGE = Page("add-a-controller.md")
COMMANDS, SWITCH = PAGE.blocks("yaml")
HEAD = """\
version: 1
name: lamp
plan: {pattern: own-platform, carrier: km, platform: third-party-os, key_type: aes-128}
transports:
  console: {kind: serial, port: 'loop://', actions: {again: [{dtr: on}]}}
console: {transport: console, boot_timeout_s: 1}
service: {endpoint: mock, product: {name: lamp_product}}
"""


def made(tmp_path, controllers, head=HEAD):
    path = tmp_path / "lamp.yaml"
    path.write_text(
        head + (controllers if isinstance(controllers, str) else yaml.safe_dump({"controllers": controllers}))
    )
    return path


def python(code, *arguments):
    return [sys.executable, "-c", code, *arguments]


@pytest.fixture
def use(tmp_path):
    """Return a function that opens a board with these controllers; `notes` has what its journal is told."""
    boards = []

    def open_(controllers):
        notes = []
        board = Board(
            load(made(tmp_path, controllers)),
            locks=tmp_path / "locks",
            recordings=lambda name: tmp_path / f"{name}.rec",
            on_note=notes.append,
        )
        board.notes = notes
        boards.append(board)
        return board

    yield open_
    for board in boards:
        board.close()


def test_the_page_as_it_stands(tmp_path):
    site, switch = tmp_path / "site", tmp_path / "gpio17" / "value"
    PAGE.install(site)
    made(tmp_path, SWITCH)
    check, plan, run = (command.split() for command in PAGE.commands)
    assert harness(site, tmp_path, *check).returncode == 0
    assert "switch gpio17/value: reset, power_off, power_on" in harness(site, tmp_path, *plan).stdout
    blocked = harness(site, tmp_path, *run)
    assert blocked.returncode == 3, "no switch"
    assert "is the switch there?" in blocked.stdout + blocked.stderr
    switch.parent.mkdir()
    harness(site, tmp_path, *run)
    assert switch.read_text() == "1", "the console's program is started by a reset"
    journal = (tmp_path / "runs" / "latest" / "journal.jsonl").read_text()
    assert "reset by switch gpio17/value" in journal
    assert PAGE.missing_files() == []


def test_one_that_leaves_a_question_unanswered_is_refused_at_start(tmp_path):
    PAGE.install(tmp_path / "site", **{"def occupies": "def something_else"})
    made(tmp_path, SWITCH)
    done = harness(tmp_path / "site", tmp_path, "boards", "check", "lamp.yaml")
    assert done.returncode == 2
    assert (
        "controller kind 'lamp-switch' of lamp_switch:LampSwitch (lamp_switch) leaves unanswered: occupies"
        in (done.stdout + done.stderr)
    )


def test_the_commands_of_the_page_are_a_board_file(tmp_path):
    board = load(made(tmp_path, COMMANDS))
    assert (
        "controller relay",
        "usbrelay, sh, openocd on relay 7 channel 3: reset, power_cycle, flash",
    ) in preview(board).plan
    assert board.can_restart


def test_a_program_runs_in_the_folder_of_the_board_file_and_its_output_is_noted(use, tmp_path):
    board = use(
        {
            "relay": {
                "kind": "command",
                "acts_on": "r",
                "reset": python("open('done','w'); print('click\\033[2J')"),
            }
        }
    )
    console = restart(board)
    assert console is board.console()
    assert (tmp_path / "done").exists()
    assert board.notes[-1].endswith("exit code 0; click\\e[2J")
    assert "exit code 0; click" in lines(tmp_path / "console.rec")[-1]["m"]


def _appends(word):
    return python(f"open('done','a').write('{word} ')")


def test_a_power_cycle_is_off_and_on_where_no_program_does_both(use, tmp_path, monkeypatch):
    # What such a board shows is judged in tests/controller.
    monkeypatch.setattr("harness.board.opening.power.PowerWatch.is_on", lambda _: "")
    power = {"power_off": _appends("off"), "power_on": _appends("on")}
    relay = {"kind": "command", "acts_on": "r", **power}
    board = use({"relay": relay})
    assert "power_cut" in facts_of(board.file)
    operate(board, Ability.POWER_CYCLE)
    assert (tmp_path / "done").read_text() == "off on "
    board.close()
    operate(use({"relay": {**relay, "power_cycle": _appends("both")}}), Ability.POWER_CYCLE)
    assert (tmp_path / "done").read_text() == "off on both "
    for half, program in power.items():
        alone = use({"relay": {"kind": "command", "acts_on": "r", half: program}})
        assert "power_cut" not in facts_of(alone.file)


def test_a_board_whose_off_fails_is_switched_on_all_the_same(use, tmp_path):
    power = {"power_off": python("raise SystemExit(7)"), "power_on": _appends("on")}
    board = use({"relay": {"kind": "command", "acts_on": "r", **power}})
    with pytest.raises(BenchError, match=r"power_off: .* failed \(exit code 7\)"):
        operate(board, Ability.POWER_CYCLE)
    assert (tmp_path / "done").read_text() == "on ", "it may have lost its power before the program failed"


def test_a_replayed_board_is_left_alone(use, tmp_path, monkeypatch):
    board = use({"relay": {"kind": "command", "acts_on": "r", "reset": python("open('done','w')")}})
    monkeypatch.setattr(Board, "replayed", True)
    operate(board, Ability.RESET)
    assert not (tmp_path / "done").exists()
    assert "not done, the run is replayed" in board.notes[-1]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; print('no relay'); sys.exit(7)", "exit code 7"),
        ("import time; time.sleep(60)", "did not end within 0.5 s"),
    ],
)
def test_a_program_that_fails_or_hangs_blocks_and_says_nothing_of_the_board(use, code, said):
    board = use({"relay": {"kind": "command", "acts_on": "r", "timeout_s": 0.5, "reset": python(code)}})
    with pytest.raises(BenchError, match=said) as raised:
        operate(board, Ability.RESET)
    assert "nothing was learnt of the board" in raised.value.hint
    assert raised.value.board == "lamp"
    assert said in board.notes[-1]


def test_a_program_that_is_not_there(use):
    board = use({"relay": {"kind": "command", "acts_on": "r", "reset": ["no-such-relay-tool"]}})
    with pytest.raises(UsageError, match="controllers: 'no-such-relay-tool' cannot be started"):
        operate(board, Ability.RESET)


def test_a_firmware_is_flashed_only_when_it_is_the_named_one(use, tmp_path):
    image = tmp_path / "image.bin"
    image.write_bytes(b"firmware")
    flash = python("import shutil, sys; shutil.copy(sys.argv[1], 'flashed')", "{firmware}")
    board = use(
        {"probe": {"kind": "command", "acts_on": "p", "flash": flash, "image": {"marker": "firmware"}}}
    )
    with pytest.raises(UsageError, match="is another firmware: its SHA-256 is"):
        operate(board, Ability.FLASH, Firmware(image, "00" * 32))
    assert not (tmp_path / "flashed").exists()
    operate(board, Ability.FLASH, Firmware(image, hashlib.sha256(b"firmware").hexdigest()))
    assert (tmp_path / "flashed").read_bytes() == b"firmware"


def test_what_a_board_cannot_do(use):
    board = use({"relay": {"kind": "command", "acts_on": "r", "reset": ["true"]}})
    with pytest.raises(UsageError, match="nothing says how the board is switched off"):
        operate(board, Ability.POWER_OFF)


def test_what_two_boards_act_on_is_locked(use, tmp_path):
    board = use({"relay": {"kind": "command", "acts_on": "relay 7", "reset": ["true"]}})
    with (
        Locks(["relay 7"], board="other", folder=tmp_path / "locks"),
        pytest.raises(BenchError, match="relay 7"),
    ):
        operate(board, Ability.RESET)


def test_serial_lines_as_a_controller(use, tmp_path):
    board = use({"lines": {"kind": "serial-lines", "reset": "again"}})
    restart(board)
    assert any(
        "action again on console: dtr on" in each.get("m", "") for each in lines(tmp_path / "console.rec")
    )
    assert board.notes == ["reset by action again"]


@pytest.mark.parametrize(
    ("controllers", "said"),
    [
        (
            {"a": {"kind": "comand"}},
            "controllers.a.kind: 'comand' is not a valid word here; did you mean 'command'?",
        ),
        (
            {"a": {"kind": "command", "acts_on": "x"}},
            "controllers.a: does nothing; write one of reset, power_off",
        ),
        ({"a": {"kind": "command", "acts_on": "x", "flash": ["f"]}}, "flashes without naming the file"),
        ({"a": {"kind": "command", "reset": ["true"]}}, "controllers.a.acts_on: is missing"),
        (
            {"a": {"kind": "serial-lines", "reset": "agin"}},
            "controllers.a.reset: no serial transport has an action 'agin'",
        ),
        (
            {"a": {"kind": "serial-lines", "transport": "other", "reset": "again"}},
            "no transport 'other' has an action 'again'; actions: none",
        ),
        (
            {name: {"kind": "command", "acts_on": name, "reset": ["true"]} for name in "ab"},
            "controllers.b: reset is done by a already; a board has one controller for each",
        ),
    ],
)
def test_what_does_not_fit_is_found_when_the_board_file_is_checked(tmp_path, controllers, said):
    with pytest.raises(UsageError) as raised:
        load(made(tmp_path, controllers))
    assert said in raised.value.message
