"""Texts of a board's own firmware in its board file: a system that prints nothing of its own is watched all the same."""

from pathlib import Path

import pytest

from harness.board.reading.file import load as load_board
from harness.console.incidents import incidents_in
from harness.errors import UsageError

BOARD = (Path(__file__).parents[2] / "boards" / "virtual-probe.yaml").read_text()
CONSOLE = "console: {transport: console, program: id2_app}"


def dialect_of(tmp_path, more):
    path = tmp_path / "lab.yaml"
    assert CONSOLE in BOARD
    path.write_text(BOARD.replace(CONSOLE, CONSOLE.replace("}", f", {more}}}")))
    return load_board(path).dialect


def test_they_are_crashes_and_starts(tmp_path):
    dialect = dialect_of(
        tmp_path, "dialect: freertos, start_texts: ['=== Acme [v1] ==='], crash_texts: ['SO in task']"
    )
    output = b"=== Acme [v1] ===\nworking\nSO in task net\n=== Acme [v1] ===\n=== Acme v1 ===\n"
    assert [one.kind.value for one in incidents_in(output, dialect)] == ["start", "crash", "start"]


def test_without_them_nothing_is_seen(tmp_path):
    dialect = dialect_of(tmp_path, "dialect: freertos")
    assert incidents_in(b"=== Acme [v1] ===\nSO in task net\n", dialect) == []


@pytest.mark.parametrize("text", ["ab", "two\\nlines"])
def test_what_would_be_found_everywhere_is_refused(tmp_path, text):
    with pytest.raises(UsageError, match="start_texts"):
        dialect_of(tmp_path, f'start_texts: ["{text}"]')
