"""A board that a controller acts on, made of a few lines of YAML."""

import os
import pty
import threading
import time
import tty
from contextlib import suppress

import pytest
import yaml

from harness.board.opening.board import Board
from harness.board.reading.file import load
from harness.errors import BenchError

HEAD = """\
version: 1
name: lamp
plan: {pattern: own-platform, carrier: km, platform: third-party-os, key_type: aes-128}
service: {endpoint: mock, product: {name: lamp_product}}
"""
SILENT = {"console": {"kind": "serial", "port": "loop://"}}


@pytest.fixture
def use(tmp_path, monkeypatch):
    """Return a function that opens a board with these controllers; its `notes` are what the journal is told."""
    boards = []
    monkeypatch.setattr("harness.board.opening.actions._TRY_AGAIN_S", 0.01)

    def open_(controllers, *, transports=SILENT, **more):
        path = tmp_path / "lamp.yaml"
        parts = {"transports": transports, "console": {"transport": "console"}, "controllers": controllers}
        path.write_text(HEAD + yaml.safe_dump({**parts, **more}))
        notes, files = [], []
        board = Board(
            load(path),
            locks=tmp_path / "locks",
            recordings=lambda name: tmp_path / f"{name}.rec",
            on_note=notes.append,
            on_firmware=files.append,
        )
        board.notes, board.files = notes, files
        boards.append(board)
        return board

    yield open_
    for board in boards:
        with suppress(
            BenchError
        ):  # a relay that a test broke gives no power back; test_power_effects.py judges that
            board.close()


class Lamp(threading.Thread):
    """A board on a pseudo-terminal, which has power while the file `power` says 1; what it prints is `boot`, then `tick`.

    Args:
        folder: Where `power` is, and `console`, the link to its port.
        ticks: It prints on and on while it has power.
        feeds: Its port is its own: it is there only while the board has power.
    """

    def __init__(self, folder, *, ticks, feeds):
        super().__init__(daemon=True)
        self.folder, self.ticks, self.feeds = folder, ticks, feeds
        self.ended = threading.Event()
        self.link = folder / "console"
        self.master = None
        self.plug()

    def plug(self):
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.slave = slave
        draft = self.folder / "console.new"
        draft.symlink_to(os.ttyname(slave))
        draft.rename(self.link)

    def unplug(self):
        self.link.unlink()
        os.close(self.slave)
        os.close(self.master)
        self.master = None

    def on(self):
        return (self.folder / "power").read_text().strip() != "0"

    def run(self):
        was, ticked = False, 0.0
        while not self.ended.wait(0.005):
            now = self.on()
            if now and not was:
                if self.master is None:
                    self.plug()
                    self.ended.wait(0.2)  # the adapter is there before the firmware speaks
                os.write(self.master, b"boot\r\n")
            if was and not now and self.feeds:
                self.unplug()
            if now and self.ticks and time.monotonic() - ticked > 0.02:
                ticked = time.monotonic()
                os.write(self.master, b"tick\r\n")
            was = now
        if self.master is not None:
            self.unplug()


@pytest.fixture
def lamp(tmp_path):
    """Return a function that starts a board of which a relay is the file `power`."""
    lamps = []

    def start(*, ticks=False, feeds=False):
        (tmp_path / "power").write_text("1")
        lamps.append(Lamp(tmp_path, ticks=ticks, feeds=feeds))
        lamps[-1].start()
        return {"console": {"kind": "serial", "port": str(tmp_path / "console")}}

    yield start
    for each in lamps:
        each.ended.set()
        each.join()


def sh(script):
    return ["sh", "-c", script]


RELAY = {"power_off": sh("echo 0 > power"), "power_on": sh("echo 1 > power; echo on >> done")}


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """Return a function that puts a stand-in for a tool on PATH: a shell script with the texts and exit codes of the tool.

    `calls` of what it returns reads the arguments of each of its calls.
    """
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def make(name, script):
        calls = tmp_path / f"{name}.calls"
        calls.touch()
        path = folder / name
        path.write_text(f'#!/bin/sh\necho "$*" >> {calls}\nS={tmp_path}/{name}.state\n{script}\n')
        path.chmod(0o755)
        return lambda: calls.read_text().splitlines()

    return make
