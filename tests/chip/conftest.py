"""What the chip tests share: a channel that follows a script, and the published traces."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from harness.chip.channel import ApduChannel
from harness.chip.session import ChipSession

VECTORS = Path(__file__).parents[1] / "vectors"


class ScriptedChannel(ApduChannel):
    """Insists on each command, byte for byte and in order, and gives the answer that was written for it."""

    def __init__(self, script: Iterable[tuple[str, str]]) -> None:
        self.script = list(script)
        self.sent: list[str] = []
        self.is_open = False

    @property
    def name(self) -> str:
        return "scripted"

    def open(self) -> None:
        self.is_open = True

    def close(self) -> None:
        self.is_open = False

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command.hex().upper())
        assert self.script, f"one command too many: {command.hex().upper()}"
        expected, answer = self.script.pop(0)
        assert command.hex().upper() == expected
        return bytes.fromhex(answer)


@pytest.fixture
def scripted():
    """Make a session whose channel follows a script."""
    return lambda *script: ChipSession(ScriptedChannel(script))


@pytest.fixture
def vector():
    """Load one published vector file by its name."""
    return lambda name: json.loads((VECTORS / f"{name}.json").read_text())
