"""The devices that `buses.py` and `recording.py` talk to, each in a process of its own, as a device is.

    python benchmarks/bus_devices.py pty      # prints where it is, and serves until its standard input ends

They compute nothing, so that their own work does not hide what is measured. `pty` needs no rights; the others are
plugged into this machine's kernel, which root may do where there is `vhci-hcd`.
"""

import os
import subprocess
import sys
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.id2.keys import KeyType
from harness.id2.published import KEYS
from harness.simulator.bus.stream import Output, StreamDevice
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.fm1280 import ADDRESS, Fm1280Slave
from harness.simulator.chip.model import ChipModel, ChipSession
from harness.simulator.usb.apdu_pipe import ApduPipe
from harness.simulator.usb.ccid import CcidToken
from harness.simulator.usb.cdc_acm import CdcAcm
from harness.simulator.usb.device import UsbDevice
from harness.simulator.usb.ftdi import FtdiSerial
from harness.simulator.usb.i2c_adapter import I2cTinyUsb
from harness.simulator.usb.nodes import node
from harness.simulator.usb.vhci import Plug

COMMAND = bytes.fromhex("80F6000030") + bytes(range(48))
"""An APDU as long as the one that has an auth code made."""

ANSWER = bytes(range(100, 148)) + b"\x90\x00"
LINE = b"id2_client_test: encrypt 000102030405060708090a0b0c0d0e0f\r\n"
"""What a line console is asked; it says the same in upper case."""

NODES = {"i2c": "i2c-*", "ttyACM": "ttyACM*", "ttyUSB": "ttyUSB*"}
FLOOD = b"flood "
"""Begins a line that asks for so many bytes instead."""

BLOCK = bytes(range(0x20, 0x7F)) * 43  # about what a tty takes at once


class FixedChip(ChipModel, ChipSession):
    """A chip with one answer."""

    def __init__(self) -> None:
        published = KEYS[KeyType.AES_128]
        super().__init__(ChipConfig("ica", published.id2, published.key))

    @property
    def identity(self) -> str:
        return "chip with one answer, simulated"

    def session(self) -> ChipSession:
        return self

    def process(self, command: bytes) -> bytes:
        del command
        return ANSWER


class UpperCase(StreamDevice):
    """Says what it hears, in upper case; `flood N` brings N bytes and the end of a line."""

    def receive(self, data: bytes) -> Iterator[Output]:
        if not data.startswith(FLOOD):
            yield Output(data.upper())
            return
        left = int(data[len(FLOOD) :])
        while left:
            yield Output(BLOCK[:left])
            left -= len(BLOCK[:left])
        yield Output(b"\n")


def usb_device(kind: str) -> UsbDevice:
    """Return a device that can be plugged into a kernel."""
    if kind == "i2c":
        return I2cTinyUsb({ADDRESS: Fm1280Slave(FixedChip())})
    if kind == "ttyACM":
        return CdcAcm(UpperCase, settle=0.0)
    if kind == "ttyUSB":
        return FtdiSerial(UpperCase, settle=0.0)
    return ApduPipe(FixedChip()) if kind == "pipe" else CcidToken(FixedChip())


@contextmanager
def serving(kind: str) -> Iterator[str]:
    """Start a device and give the path of its node, or the USB place of one without a node."""
    command = [sys.executable, __file__, kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            where = process.stdout.readline().decode().strip()
            if not where:
                raise SystemExit(f"bus_devices.py {kind}: ended with {process.wait()}")
            yield where
        finally:
            process.stdin.close()


def pty() -> None:
    """Answer each line in upper case, and `flood N` with N bytes and the end of a line."""
    master, slave = os.openpty()
    tty.setraw(slave)
    print(os.ttyname(slave), flush=True)
    rest = b""
    while True:
        rest += os.read(master, 65536)
        line, end, rest = rest.rpartition(b"\n")
        if not end:
            continue
        if not line.startswith(FLOOD):
            say(master, line.upper() + end)
            continue
        left = int(line[len(FLOOD) :])
        while left:
            left -= os.write(master, BLOCK[:left])
        say(master, end)


def say(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def main() -> None:
    kind = sys.argv[1]
    if kind == "pty":
        threading.Thread(target=pty, daemon=True).start()
        sys.stdin.read()
        return
    with Plug(usb_device(kind)) as plug:
        print(node(plug.place, NODES[kind]) if kind in NODES else plug.place, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
