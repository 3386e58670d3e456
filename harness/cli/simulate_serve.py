"""What `harness simulate` does: builds the device, serves it, ends cleanly."""

import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.cli.id2_values import subject
from harness.errors import UsageError
from harness.id2.keys import Key, KeyType
from harness.simulator.bus.address import Address, PtyAddress, parse_address
from harness.simulator.bus.pty import PtyServer
from harness.simulator.bus.sockets import SocketServer, serve_chip
from harness.simulator.bus.stream import StreamDevice
from harness.simulator.chip.hexline import HexLineChip
from harness.simulator.console.board import BoardKind, ConsoleDevice, PlayedConsole
from harness.simulator.faults.catalogue import find
from harness.simulator.faults.fault import Layer
from harness.simulator.open import console_device
from harness.simulator.settings import chip_config, make_chip


@dataclass(frozen=True, slots=True)
class Device:
    """A simulated device as the command line describes it; the simulator reads these attributes."""

    command_set: str
    key_type: KeyType
    key: Key
    id: str
    answers: str
    vendor: int
    fault: str | None
    seed: int | None


@dataclass(frozen=True, slots=True)
class Program:
    """A simulated console as the command line describes it; the simulator reads these attributes."""

    device: Device
    app: str
    carrier: str
    server_code: str
    cipher_text: str
    file: Path | None = None
    fault: str | None = None


def device(
    key_type: str,
    key: str | None,
    id_text: str | None,
    *,
    debug_key: bool,
    command_set: str,
    answers: str,
    vendor: str,
    fault: str | None,
    seed: int | None,
) -> Device:
    """Read the options that describe a device.

    Raises:
        UsageError: one of them says something that cannot be.
    """
    if not key_type:
        raise UsageError(
            "--key-type is missing", hint="give --key-type and --key or --debug-key, or a FILE to play"
        )
    known = subject(key_type, key, id_text, debug_key=debug_key)
    try:
        vendor_id = int(vendor, 16)
    except ValueError:
        raise UsageError(
            f"--vendor: {vendor[:20]!a} is not hex", hint="write four hex digits, e.g. 8180"
        ) from None
    return Device(command_set, known.key.key_type, known.key, known.id2, answers, vendor_id, fault, seed)


def chip(described: Device, listen: str, *, allow_remote: bool) -> None:
    """Serve a chip until the end is asked for.

    Raises:
        UsageError: the description or the address cannot be.
        BenchError: the address is taken.
    """
    address = parse_address(listen)
    config = chip_config(described)
    if config.fault is not None and config.fault.layer is not Layer.CHIP:
        raise UsageError(
            f"fault {config.fault.name!r} sits in the {config.fault.layer} layer; "
            f"a chip behind hex lines cannot have it"
        )
    model = make_chip(config)
    if isinstance(address, PtyAddress):
        _serve_pty(HexLineChip(model.session(), _complain), address, on_open=False)
    else:
        _serve_socket(serve_chip(model, address, allow_remote=allow_remote, complain=_complain))


def played(file: Path, *, chunk: int, pacing: float, wait: bool, fault: str | None) -> ConsoleDevice:
    """Return a captured console.

    Raises:
        UsageError: the file cannot be read, or the fault cannot be laid over it.
    """
    broken = None if fault is None else find(fault)
    return PlayedConsole(file, chunk=chunk, pacing=pacing, on_power=not wait, fault=broken)


def simulated(
    described: Device, *, program: str, carrier: str, server_code: str, cipher: str, wait: bool
) -> ConsoleDevice:
    """Return a board that runs a program.

    Raises:
        UsageError: the description cannot be.
    """
    if carrier not in tuple(BoardKind):
        raise UsageError(f"--carrier: {carrier[:20]!a} is neither se nor demo")
    return console_device(Program(described, program, carrier, server_code, cipher), on_power=not wait)


def console(board: ConsoleDevice, listen: str, *, allow_remote: bool) -> None:
    """Serve a console until the end is asked for.

    Raises:
        UsageError: the address cannot be.
        BenchError: the address is taken.
    """
    address = parse_address(listen)
    if isinstance(address, PtyAddress):
        _serve_pty(board, address, on_open=True)
    else:
        _serve_socket(SocketServer(address, lambda: board, allow_remote=allow_remote))


def _serve_pty(served: StreamDevice, address: PtyAddress, *, on_open: bool) -> None:
    with PtyServer(served, on_open=on_open, link=address.link) as server:
        server.power_on()
        _announce_and_wait(PtyAddress(Path(server.path)))


def _serve_socket(server: SocketServer) -> None:
    with server:
        _announce_and_wait(server.address)


def _announce_and_wait(address: Address) -> None:
    """Say where the device is, and wait for SIGINT or SIGTERM."""
    wanted = threading.Event()
    before = [(number, signal.signal(number, _setter(wanted))) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        print(f"listening on {address}", flush=True)
        wanted.wait()
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _setter(wanted: threading.Event) -> Callable[[int, object], None]:
    def handle(number: int, frame: object) -> None:
        del number, frame
        wanted.set()

    return handle


def _complain(message: str) -> None:
    print(f"simulator: {message}", file=sys.stderr, flush=True)
