"""A board of which nobody has said what it can do: questions for its user, no accusation of its maker."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from harness.board.discovery.draft import draft
from harness.board.plan.facts import facts_of
from harness.board.reading.file import load, parse
from harness.carrier.errors import CarrierError
from harness.chip.errors import AnswerError, StatusError
from harness.chip.ica import commands
from harness.errors import BenchError, UsageError
from harness.fixtures.undeclared import as_question
from harness.transport.found import Bus, Found

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BOARD = yaml.safe_load((ROOT / "boards/virtual-se-i2c.yaml").read_text())


def board(tmp_path, declaration, **changes):
    path = tmp_path / "asked.yaml"
    written = json.loads(json.dumps(BOARD)) | {"name": "asked"} | changes
    if declaration is None:
        del written["declaration"]
    else:
        written["declaration"] = declaration
    path.write_text(yaml.safe_dump(written, sort_keys=False))
    return path


@pytest.mark.parametrize("declaration", [{}, None])
def test_what_is_missing_is_asked_with_its_line_and_what_to_write(tmp_path, declaration):
    path = board(tmp_path, declaration)
    algorithms, commands_ = load(path).warnings
    line = path.read_text().splitlines().index("declaration: {}") + 1 if declaration == {} else 1
    assert f"asked.yaml:{line}: declaration.algorithms: is not written" in algorithms
    assert "`algorithms: [aes-ecb]`" in algorithms
    assert f"asked.yaml:{line}: declaration.commands: is not written" in commands_
    assert "`commands: []` for none" in commands_


def test_a_list_that_is_empty_on_purpose_is_a_claim(tmp_path):
    with pytest.raises(UsageError, match="says no aes-ecb, and ID² with key type aes-128 needs it"):
        load(board(tmp_path, {"algorithms": []}))
    file = load(board(tmp_path, {"algorithms": ["aes-ecb"], "commands": []}))
    assert file.warnings == ()
    assert "commands_declared" in facts_of(file)


def test_a_draft_asks_and_is_valid_as_it_is():
    found = Found(Bus.I2C, "/dev/i2c-7", "bcm2835")
    text = draft(found, Path("new.yaml"))
    file = parse(text, Path("new.yaml"))
    assert not file.declaration.declares("algorithms")
    assert "commands_declared" not in facts_of(file)
    assert [warning.partition(": ")[2].partition(":")[0] for warning in file.warnings] == [
        "declaration.algorithms",
        "declaration.commands",
    ]


REFUSAL = StatusError(commands.get_id(), 0x6A82)


def test_a_refusal_of_what_nobody_declared_is_a_question(tmp_path):
    file = load(board(tmp_path, {}))
    wrapped = CarrierError("decrypt", -1)
    wrapped.__cause__ = REFUSAL
    for error in (REFUSAL, wrapped):
        question = as_question(error, file)
        assert isinstance(question, BenchError)
        assert "nobody has declared what this chip can do" in question.message
        assert "key_type" in question.hint


def test_other_errors_and_declared_chips_are_left_alone(tmp_path):
    file = load(board(tmp_path, {}))
    wrong = AnswerError("11 bytes of ID")
    assert as_question(wrong, file) is wrong
    declared = load(board(tmp_path, {"algorithms": ["aes-ecb"]}))
    assert as_question(REFUSAL, declared) is REFUSAL


def run(path, tmp_path):
    command = [sys.executable, "-m", "harness.cli.main", "run", str(path), f"--runs={tmp_path / 'runs'}"]
    command += ["-k", "step1_plan or chip_identity or test_undeclared_commands or test_identity"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    report = json.loads((tmp_path / "runs/latest/report.json").read_text())
    return done, {one["id"].rpartition("/")[2]: one for one in report["scenarios"]}


def test_a_run_on_a_drafted_board_accuses_nobody(tmp_path):
    """The chip at the end answers soundly; what nobody declared is asked, and not held against it."""
    done, found = run(board(tmp_path, {}), tmp_path)
    assert done.returncode != 1, done.stdout
    assert found["test_declaration_covers_key_type"]["verdict"] == "blocked"
    assert "nobody has declared" in found["test_declaration_covers_key_type"]["reason"]
    assert found["test_undeclared_commands"]["verdict"] == "not_applicable"
    assert "does not say which optional commands" in found["test_undeclared_commands"]["reason"]
    assert "failed" not in {one["verdict"] for one in found.values()}


def test_a_run_on_a_drafted_board_with_another_chip_accuses_nobody(tmp_path):
    """The draft guesses the ICA set; the chip speaks the other one and refuses SELECT."""
    mtk = yaml.safe_load((ROOT / "boards/virtual-se-mtk.yaml").read_text())
    chip = mtk["chip"] | {"command_set": "ica"}
    path = board(tmp_path, {}, transports=mtk["transports"], chip=chip, device={}, plan=mtk["plan"])
    done, found = run(path, tmp_path)
    assert done.returncode == 3, done.stdout
    assert "failed" not in {one["verdict"] for one in found.values()}
