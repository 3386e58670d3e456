"""What runs in the guest leave to this machine, where it takes a fortieth of the time, and what they do less often.

Reports are pure functions of the run folder: `tools/lab/test.sh` renders them outside. Which harness this is, by a
digest of a thousand files and by git, it tells the guest: `python -m tests.lab.guest.outside` prints it.
"""

import os
import sys

import pytest
from pydantic import TypeAdapter

from harness import hostload
from harness.fixtures.suites import SUITES
from harness.report import render
from harness.run.tool import Tool

TOLD = "ID2_LAB_TOOL"
"""Variable with what was printed outside."""

_TOOL = TypeAdapter(Tool)
_BEAT_S = 1.0  # each beat looks at every thread in /proc; twenty a second are much for an emulated processor


def left_outside(patched: pytest.MonkeyPatch) -> None:
    """Have runs write their journal and manifest alone, take their tool as told, and look less often at the host."""
    patched.setattr(render, "_render", lambda *_, **__: [])
    patched.setattr(hostload, "PERIOD", _BEAT_S)
    if told := os.environ.get(TOLD):
        tool = _TOOL.validate_json(told)
        patched.setattr(Tool, "here", lambda _suites: tool)


def main() -> None:
    """Print the tool of runs with the shipped suites, for the guest."""
    sys.stdout.write(_TOOL.dump_json(Tool.here([SUITES])).decode() + "\n")


if __name__ == "__main__":
    main()
