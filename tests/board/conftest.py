"""Helpers for board file tests: a sound board file to change, and a way to load text."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.board.reading.file import BoardFile, load
from harness.errors import UsageError

SOUND = """\
version: 1
name: lab
plan: {pattern: own-platform, carrier: se, platform: third-party-os, key_type: aes-128}
transports:
  chip: {kind: simulated-i2c, device: {key_type: aes-128, key: {published: aes-128}}}
chip: {transport: chip, framing: fm1280}
"""

Load = Callable[[str], BoardFile]
Refuse = Callable[[str], str]


@pytest.fixture
def sound() -> str:
    """The text of a board file that loads without a warning when the file is lab.yaml."""
    return SOUND


@pytest.fixture
def load_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Write text to lab.yaml in an empty folder, which becomes the working directory, and load it."""
    monkeypatch.chdir(tmp_path)

    def load_it(text: str) -> BoardFile:
        for capture in re.findall(r"simulated-console, file: (\w[\w./]*)", text):
            Path(capture).parent.mkdir(parents=True, exist_ok=True)
            Path(capture).touch()
        Path("lab.yaml").write_text(text, encoding="utf-8")
        return load("lab.yaml")

    return load_it


@pytest.fixture
def refusal(load_text: Load) -> Refuse:
    """Load text that must be refused, and return the message."""

    def refuse(text: str) -> str:
        with pytest.raises(UsageError) as caught:
            load_text(text)
        return caught.value.message

    return refuse
