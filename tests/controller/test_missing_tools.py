"""`harness doctor` says which tools of a board's controllers are not installed, and where they can be had."""

import pytest

from harness.board.doctor.doctor import Level
from harness.board.doctor.tools import missing_tools
from harness.controller.kind import CONTROLLERS


def test_the_tools_that_are_missing(use, tool, tmp_path, monkeypatch):
    tool("usbrelay", "true")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    board = use(
        {
            "power": {"kind": "usbrelay", "board": "HW554"},
            "writer": {"kind": "st-flash", "serial": "1"},
            "reset": {"kind": "command", "acts_on": "r", "reset": ["./press"]},
        }
    )
    reset, writer = sorted(missing_tools([board.file]), key=lambda finding: finding.problem)
    assert (writer.level, writer.where) == (Level.WARNS, "board lamp")
    assert writer.problem == "controller writer runs st-flash, which is not installed"
    assert writer.fix == "install stlink-tools (Debian)"
    assert reset.problem == "controller reset runs ./press, which is not installed"
    press = tmp_path / "press"
    press.write_text("#!/bin/sh\n")
    press.chmod(0o755)
    assert len(list(missing_tools([board.file]))) == 1, "it is looked for beside the board file"


@pytest.mark.parametrize("kind", CONTROLLERS.names)
def test_every_kind_of_ours_can_be_loaded(kind):
    assert CONTROLLERS.get(kind).model_fields["kind"].description
