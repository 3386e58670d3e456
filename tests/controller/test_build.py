"""A firmware is built by any command, with values in its environment, and known by its hash from then on."""

import hashlib
import json
import sys

import pytest

from harness.board.opening.actions import operate
from harness.board.opening.board import Board
from harness.board.opening.firmware import Firmware
from harness.board.plan.facts import facts_of
from harness.controller.kind import Ability
from harness.errors import BenchError, UsageError
from harness.run.run import Header, Run
from harness.secret import Secret

SECRET = "productsecret01"


def maker(code, **more):
    build = [sys.executable, "-c", code]
    return {"maker": {"kind": "command", "acts_on": "tree", "build": build, "artefact": "out.bin", **more}}


WRITES = "import os; open('out.bin', 'w').write(os.environ['ID2_CIPHER_DATA'])"


def test_a_build_gets_its_values_and_its_artefact_is_known_by_its_hash(use, tmp_path):
    board = use(maker(WRITES))
    made = operate(board, Ability.BUILD, values={"ID2_CIPHER_DATA": "00ff"})
    assert made == Firmware(tmp_path / "out.bin", hashlib.sha256(b"00ff").hexdigest())
    assert board.files == [made.path]
    assert board.notes[-1] == f"firmware out.bin, SHA-256 {made.sha256}"
    again = operate(board, Ability.BUILD, values={"ID2_CIPHER_DATA": "0100"})
    assert again.sha256 != made.sha256


def test_the_facts_of_a_board_that_is_built_and_flashed(use):
    assert not {"build", "flash"} & set(facts_of(use({}).file))
    facts = facts_of(use(maker(WRITES, flash=["cp", "{firmware}", "flashed"])).file)
    assert {"build", "flash"} <= set(facts)


def test_a_secret_that_is_built_in_shows_in_no_note_and_no_error(use):
    code = "import os, sys; s = os.environ['ID2_PRODUCT_SECRET']; print('cc -D', s, s.encode().hex()); sys.exit(2)"
    board = use(maker(code))
    with pytest.raises(BenchError) as raised:
        operate(board, Ability.BUILD, values={"ID2_PRODUCT_SECRET": Secret(SECRET)})
    said = "\n".join((*board.notes, str(raised.value), *raised.value.traffic))
    assert "cc -D *" in said
    assert SECRET not in said
    assert SECRET.encode().hex() not in said


def test_a_build_that_fails_blocks_with_its_last_lines(use):
    board = use(maker("print('main.c:7: error: no such thing'); raise SystemExit(2)"))
    with pytest.raises(BenchError, match=r"build: .* failed \(exit code 2\)") as raised:
        operate(board, Ability.BUILD)
    assert raised.value.traffic == ("main.c:7: error: no such thing",)
    assert raised.value.outcome == "blocked", "no device was asked"
    assert "main.c:7: error: no such thing" in board.notes[-1]
    assert board.files == []


def test_a_build_that_ends_well_and_makes_nothing_blocks(use):
    with pytest.raises(BenchError, match=r"there is no firmware .*out\.bin"):
        operate(use(maker("pass")), Ability.BUILD)


def test_a_build_that_hangs_is_ended(use):
    with pytest.raises(BenchError, match=r"did not end within 0\.5 s"):
        operate(use(maker("import time; time.sleep(60)", build_timeout_s=0.5)), Ability.BUILD)


@pytest.mark.parametrize("name", ["PATH", "LD_PRELOAD", "ID2_", "id2_x", "ID2_A=B", "ID2_A\n"])
def test_a_value_that_is_none_of_ours_is_refused(use, name):
    with pytest.raises(UsageError, match="a build takes no value in the variable"):
        operate(use(maker(WRITES)), Ability.BUILD, values={name: "x"})


def test_a_value_that_no_variable_can_carry(use):
    with pytest.raises(UsageError, match="ID2_X holds a zero byte"):
        operate(use(maker(WRITES)), Ability.BUILD, values={"ID2_X": "a\0b"})


def test_one_of_build_and_artefact_is_a_mistake_of_the_file(use):
    with pytest.raises(UsageError, match="has one of build and artefact"):
        use({"maker": {"kind": "command", "acts_on": "tree", "build": ["make"]}})


def test_a_replayed_run_builds_nothing_and_has_the_hash_of_its_run(use, tmp_path, monkeypatch):
    class Kept:
        def __init__(self):
            self.kept = None

        def number(self, _purpose, now):
            self.kept = now() if self.kept is None else self.kept
            return self.kept

    numbers = Kept()
    board = use(maker(WRITES))
    board._numbers = numbers
    made = operate(board, Ability.BUILD, values={"ID2_CIPHER_DATA": "00ff"})
    made.path.unlink()
    monkeypatch.setattr(Board, "replayed", True)
    assert operate(board, Ability.BUILD, values={"ID2_CIPHER_DATA": "00ff"}).sha256 == made.sha256
    assert not made.path.exists()


def test_a_firmware_of_a_run_stands_in_its_header_once(tmp_path):
    image = tmp_path / "out.bin"
    image.write_bytes(b"firmware")
    run = Run.create(tmp_path / "runs", "lamp", Header())
    for _ in range(2):
        run.input(image, "firmware")
    run.finish()
    (known,) = json.loads((run.path / "run.json").read_text())["inputs"]
    digest = hashlib.sha256(b"firmware").hexdigest()
    assert known == {"role": "firmware", "name": "out.bin", "size": 8, "sha256": digest}
