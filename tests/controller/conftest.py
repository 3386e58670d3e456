"""A board that a controller acts on, made of a few lines of YAML."""

import pytest
import yaml

from harness.board.opening.board import Board
from harness.board.reading.file import load

HEAD = """\
version: 1
name: lamp
plan: {pattern: own-platform, carrier: km, platform: third-party-os, key_type: aes-128}
service: {endpoint: mock, product: {name: lamp_product}}
"""
SILENT = {"console": {"kind": "serial", "port": "loop://"}}


@pytest.fixture
def use(tmp_path):
    """Return a function that opens a board with these controllers; its `notes` are what the journal is told."""
    boards = []

    def open_(controllers, *, transports=SILENT, **more):
        path = tmp_path / "lamp.yaml"
        parts = {"transports": transports, "console": {"transport": "console"}, "controllers": controllers}
        path.write_text(HEAD + yaml.safe_dump({**parts, **more}))
        notes, files = [], []
        board = Board(
            load(path),
            locks=tmp_path / "locks",
            recordings=lambda name: tmp_path / f"{name}.jsonl",
            on_note=notes.append,
            on_firmware=files.append,
        )
        board.notes, board.files = notes, files
        boards.append(board)
        return board

    yield open_
    for board in boards:
        board.close()
