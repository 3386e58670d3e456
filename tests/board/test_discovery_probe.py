"""Discovery by the probe: our own firmware at the end of a real tty is asked, and a board file drafted from it."""

import os
import pty
import subprocess
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.board.discovery.claims import Listed
from harness.board.discovery.probed import ports
from harness.board.models import Feature
from harness.board.reading.file import load
from harness.cli.main import invoke
from harness.errors import UsageError
from harness.id2 import published
from harness.id2.keys import KeyType
from harness.probe.functions import Group
from harness.simulator.bus.address import UnixAddress
from harness.simulator.bus.sockets import serve_chip
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.kinds import make_chip
from harness.simulator.machine.build import build
from harness.simulator.machine.sources import Platform, Recipe
from harness.transport.found import Bus, Found
from harness.transport.usb.port import UsbPort

ID = "2122232425262728292A2B2C"
DIGITS = "212223242526272829202122"
KEY = "2122232425262728292A2B2C2D2E2F30"


class Terminal:
    """A pseudo-terminal with a program at its other end."""

    def __init__(self) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self._program: subprocess.Popen[bytes] | None = None

    def run(self, program: Path, *arguments: str) -> None:
        self._program = subprocess.Popen(
            [program, *arguments], stdin=self._master, stdout=self._master, stderr=subprocess.DEVNULL
        )

    def close(self) -> None:
        if self._program is not None:
            self._program.kill()
            self._program.wait()
        os.close(self._master)
        os.close(self._slave)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.close()


def test_a_board_is_drafted_from_what_its_firmware_says(
    terminal: Terminal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    defines = (f'ID2_DEMO_ID="{DIGITS}"', f'ID2_DEMO_KEY="{KEY}"', "ID2_FAMILY=ID2_FAMILY_AES")
    terminal.run(build(Recipe(Platform.LINUX, "demo", defines)), "--flash", str(tmp_path / "flash"))
    path = tmp_path / "new-board.yaml"

    assert invoke(["discover", "--probe", "--device", terminal.path, "--draft", str(path)]) == 0

    out = capsys.readouterr().out
    assert f"ID {DIGITS}, SDK 3.1.0, carrier demo" in out
    drafted = load(path)
    assert drafted.name == "new-board"
    assert drafted.plan.carrier == "demo"
    assert drafted.plan.key_type is KeyType.AES_128
    assert drafted.device.id == DIGITS
    assert drafted.declaration.sdk_version == "3.1.0"
    assert {Group.CLIENT, Group.KV, Group.NET, Group.BOARD} <= set(drafted.declaration.port)
    assert {Feature.DERIVE_KEY, Feature.SECRET, Feature.VERIFY_SERVER} <= set(drafted.declaration.features)
    assert drafted.chip is None
    assert invoke(["boards", "check", str(path)]) == 0
    assert "says net, and nothing says how the board reaches this computer" in capsys.readouterr().err
    text = path.read_text()
    path.write_text(text.replace("# network:", "network:").replace("#   listen", "  listen"))
    assert str(load(path).network.listen) == "192.168.7.1"


def test_what_the_chip_behind_the_driver_says_is_declared(terminal: Terminal, tmp_path: Path) -> None:
    published_key = published.KEYS[KeyType.AES_128]
    config = ChipConfig("ica", published_key.id2, published_key.key, vendor=0x8180)
    path = tmp_path / "se-board.yaml"
    with serve_chip(make_chip(config), UnixAddress(tmp_path / "chip.sock")):
        program = build(Recipe(Platform.LINUX, "se", ("ID2_FAMILY=ID2_FAMILY_AES",)))
        terminal.run(program, "--flash", str(tmp_path / "flash"), "--chip", str(tmp_path / "chip.sock"))
        assert invoke(["discover", "--probe", "--device", terminal.path, "--draft", str(path)]) == 0
    drafted = load(path)
    assert drafted.plan.carrier == "se"
    assert drafted.chip is not None
    assert drafted.chip.through == "probe"
    assert drafted.declaration.vendor == 0x8180
    assert "aes" in (drafted.declaration.options or ())


@pytest.mark.slow
def test_silence_is_told_and_nothing_is_written(
    terminal: Terminal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "none.yaml"
    words = ["discover", "--probe", "--wait", "0.5", "--device", terminal.path, "--draft", str(path)]
    assert invoke(words) == 3
    assert "no probe answers; 1 port asked at 115200 bit/s" in capsys.readouterr().err
    assert not path.exists()


def test_a_port_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["discover", "--probe", "--device", str(tmp_path / "ttyUSB7")]) == 2
    assert "there is no such port" in capsys.readouterr().err


def test_only_unclaimed_ports_that_nobody_holds_are_asked() -> None:
    plug = UsbPort("1-1", 3, 0x0403, 0x6001, "A10K")
    free = Found(Bus.SERIAL, "/dev/ttyUSB0", usb_port=plug)
    held = Found(Bus.SERIAL, "/dev/ttyUSB1", usb_port=plug)
    own = Found(Bus.SERIAL, "/dev/ttyS0")
    bus = Found(Bus.I2C, "/dev/i2c-1")
    rows = (Listed(free), Listed(held, held="run x"), Listed(own), Listed(bus))
    assert ports(rows, "") == (free,)
    assert ports(rows, "/dev/ttyUSB1") == (held,)
    with pytest.raises(UsageError, match="no such port"):
        ports(rows, "/nowhere/tty")
