"""A serial line as slow as a real one, between our own firmware and a port that a board file names.

    python benchmarks/uart.py --board /tmp/uart.yaml            # until Ctrl-C; the board file leads to the port
    harness run /tmp/uart.yaml

A pseudo-terminal carries any number of bytes in no time. This relay stands between two of them and gives each byte
its time: 10 bits, both ways at once, in chunks of 8 bytes as from a FIFO, each of which is on its way for half a
millisecond more (adapters hand over once a millisecond). What a reader does not take is lost, as it is on a wire.
SIGUSR1 resets the board; the board file has a controller that sends it.
"""

import argparse
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time
import tty
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.id2.keys import KeyType
from harness.id2.published import KEYS
from harness.simulator.machine.build import build
from harness.simulator.machine.sources import Platform, Recipe

BAUD = 115200
BITS = 10  # of a byte: start bit, 8 data bits, stop bit
CHUNK = 8
LATENCY_S = 0.0005
_READ = 4096
_WAITING = 4096  # chunks; a writer that is further ahead has to wait

BOARD_FILE = """\
version: 1
name: {name}
description: Our firmware with the Demo carrier and the probe, behind a serial line of {baud} baud
plan: {{pattern: own-platform, carrier: demo, platform: third-party-os, key_type: aes-128}}
transports:
  console: {{kind: serial, port: {port}, baudrate: {baud}}}
console: {{transport: console, program: id2_app}}
probe: {{}}
carrier: {{kind: probe}}
controllers:
  board: {{kind: command, acts_on: process {pid}, reset: [kill, -USR1, "{pid}"]}}
device: {{serial_number: UART-0001, key: {{published: aes-128}}}}
declaration:
  features: [encrypt, derive-key, secret, verify-server, kpm, totp]
service: {{endpoint: mock, product: {{name: uart_product, licences: 10, validity_years: 5}}}}
"""


class Direction:
    """One way through the line."""

    def __init__(self, source: int, sink: int, baud: int, latency_s: float = LATENCY_S) -> None:
        self.source = source
        self._sink = sink
        self._byte_s = BITS / baud
        self._latency_s = latency_s
        self._free = 0.0  # when the last byte has gone over
        self._on_the_way: deque[tuple[float, bytes]] = deque()

    @property
    def takes(self) -> bool:
        return len(self._on_the_way) < _WAITING

    @property
    def due(self) -> float:
        return self._on_the_way[0][0] if self._on_the_way else float("inf")

    def take(self, now: float) -> None:
        data = os.read(self.source, _READ)
        self._free = max(self._free, now)
        for start in range(0, len(data), CHUNK):
            piece = data[start : start + CHUNK]
            self._free += len(piece) * self._byte_s
            self._on_the_way.append((self._free + self._latency_s, piece))

    def give(self, now: float) -> None:
        while self._on_the_way and self._on_the_way[0][0] <= now:
            _, piece = self._on_the_way.popleft()
            with suppress(BlockingIOError):
                os.write(self._sink, piece)


def relay(one: int, other: int, baud: int, latency_s: float) -> None:
    """Carry bytes both ways, for ever."""
    ways = (Direction(one, other, baud, latency_s), Direction(other, one, baud, latency_s))
    for end in (one, other):
        os.set_blocking(end, False)
    while True:
        wait = min(way.due for way in ways) - time.monotonic()
        sources = [way.source for way in ways if way.takes]
        ready, _, _ = select.select(sources, [], [], None if wait == float("inf") else max(0.0, wait))
        now = time.monotonic()
        for way in ways:
            if way.source in ready:
                way.take(now)
            way.give(now)


def firmware(*, quiet: bool) -> Path:
    published = KEYS[KeyType.AES_128]
    key = published.key.reveal().hex().upper()
    identity = (f'ID2_DEMO_ID="{published.id2}"', f'ID2_DEMO_KEY="{key}"')
    defines = ("ID2_FAMILY=ID2_FAMILY_AES", *identity, f"ID2_LOG_INFO={0 if quiet else 1}")
    return build(Recipe(Platform.LINUX, "demo", defines))


class Firmware:
    """The process of the firmware, which is started anew when the board is reset.

    Args:
        program: The file.
        console: Its terminal; it stays open here.
        folder: Where its flash lies.
    """

    def __init__(self, program: Path, console: int, folder: Path) -> None:
        self._program = program
        self._console = console
        self._folder = folder
        self._process = self._start("power-on")

    def _start(self, cause: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(self._program)],
            cwd=self._folder,
            env={"ID2_FLASH": f"{self._folder}/flash", "ID2_RESET_CAUSE": cause},
            stdin=self._console,
            stdout=self._console,
            start_new_session=True,
        )

    def reset(self) -> None:
        self.end()
        self._process = self._start("pin")

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


def serve(board: Path, baud: int, latency_s: float, *, quiet: bool) -> None:
    """Run the firmware behind the line, with a board file that leads to it, until this process is ended."""
    near, port = pty.openpty()  # all ends stay open here: closing one elsewhere ends nothing
    far, console = pty.openpty()
    tty.setraw(port)
    tty.setraw(console)
    with tempfile.TemporaryDirectory() as folder:
        running = Firmware(firmware(quiet=quiet), console, Path(folder))
        signal.signal(signal.SIGUSR1, lambda *_: running.reset())
        text = BOARD_FILE.format(name=board.stem, baud=baud, port=os.ttyname(port), pid=os.getpid())
        try:
            new = board.with_suffix(".new")
            new.write_text(text, encoding="utf-8")
            new.replace(board)
            relay(near, far, baud, latency_s)
        finally:
            running.end()


@contextmanager
def line(board: Path, baud: int = BAUD, *, quiet: bool = False) -> Iterator[None]:
    """Serve in a process of its own, so that it hinders nobody, from when the board file is there."""
    firmware(quiet=quiet)
    options = ["--board", str(board), "--baud", str(baud), *(["--quiet"] if quiet else [])]
    process = subprocess.Popen([sys.executable, __file__, *options])
    try:
        until = time.monotonic() + 30
        while not board.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit("the relay of the serial line does not start")
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Our own firmware behind a serial line as slow as a real one."
    )
    parser.add_argument("--board", type=Path, required=True, help="the board file to be written")
    parser.add_argument("--baud", type=int, default=BAUD, help=f"bits a second ({BAUD} by default)")
    parser.add_argument(
        "--latency-ms",
        type=float,
        default=LATENCY_S * 1000,
        help=f"milliseconds more, each way ({LATENCY_S * 1000:g} by default)",
    )
    parser.add_argument("--quiet", action="store_true", help="the client logs nothing but errors")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt):
        serve(options.board, options.baud, options.latency_ms / 1000, quiet=options.quiet)
    return 0


if __name__ == "__main__":
    sys.exit(main())
