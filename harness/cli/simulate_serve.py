"""What `harness simulate` does: builds the device, serves it, ends cleanly."""

import secrets
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from harness.board.opening.opener import context_of
from harness.board.opening.resolve import Resolver
from harness.board.reading import explain
from harness.board.reading.file import load
from harness.cli.id2_values import subject
from harness.errors import UsageError
from harness.settings.link_flash import LinkFlash
from harness.settings.problems import field_name
from harness.simulator.bus.address import Address, PtyAddress, parse_address
from harness.simulator.bus.pty import PtyServer
from harness.simulator.bus.sockets import SocketServer, serve_chip
from harness.simulator.bus.stream import StreamDevice
from harness.simulator.chip.hexline import HexLineChip
from harness.simulator.chip.kinds import SimulatedChip
from harness.simulator.chip.transports import SimulatedSerialSettings
from harness.simulator.console.board import ConsoleDevice, PlayedConsole
from harness.simulator.console.transport import SimulatedConsoleSettings
from harness.simulator.faults.catalogue import find
from harness.simulator.machine.settings import FirmwareSettings
from harness.simulator.machine.stream import MachinePort
from harness.transport.kind import TransportContext

_CARRIERS = ("se", "demo")


Chip = tuple[SimulatedChip, TransportContext]
"""A simulated device as the command line describes it, and where its key is found."""


def device(
    key_type: str,
    key: str | None,
    id_text: str | None,
    *,
    debug_key: bool,
    carrier: str = "se",
    **options: object,
) -> Chip:
    """Read the options that describe a device.

    Args:
        key_type: Value of `--key-type`.
        key: Value of `--key`.
        id_text: Value of `--id`.
        debug_key: Whether `--debug-key` is set.
        carrier: Where its key lives: `se` or `demo`.
        options: The other fields of the section `device` in a board file, None for one that is left out.

    Raises:
        UsageError: One of them says something that cannot be.
    """
    if not key_type:
        raise UsageError(
            "--key-type is missing", hint="give --key-type and --key or --debug-key, or a FILE to play"
        )
    if carrier not in _CARRIERS:
        raise UsageError(f"--carrier: {carrier[:20]!a} is neither {' nor '.join(_CARRIERS)}")
    known = subject(key_type, key, id_text, debug_key=debug_key)
    fields = {name: value for name, value in options.items() if value is not None}
    # No fixed seed: other random numbers in each run.
    described = {"seed": secrets.randbits(60), "key_type": known.key.key_type, "id": known.id2} | fields
    try:
        device = SimulatedChip.model_validate(described | {"key": {"env": "KEY"}})
    except ValidationError as error:
        wrong = explain.problems(error, SimulatedChip)
        told = "; ".join(f"--{field_name(one.loc).replace('_', '-')}: {one.text}" for one in wrong)
        raise UsageError(told) from None
    return device, TransportContext(
        name="simulated",
        folder=Path(),
        board="simulated",
        carrier=carrier,
        key_type=known.key.key_type,
        link=None,
        flash=LinkFlash(),
        simulated_key=lambda _: known.key,
    )


def chip(described: Chip, listen: str, *, allow_remote: bool) -> None:
    """Serve a chip until the end is asked for.

    Raises:
        UsageError: The description or the address cannot be.
        BenchError: The address is taken.
    """
    address = parse_address(listen)
    device, context = described
    model = SimulatedSerialSettings(kind="simulated-serial", device=device).chip(context)
    if isinstance(address, PtyAddress):
        serve_pty(HexLineChip(model.session(), _complain), address, on_open=False)
    else:
        serve_socket(serve_chip(model, address, allow_remote=allow_remote, complain=_complain))


def played(file: Path, *, chunk: int, pacing: float, wait: bool, fault: str | None) -> ConsoleDevice:
    """Return a captured console.

    Raises:
        UsageError: The file cannot be read, or the fault cannot be laid over it.
    """
    broken = None if fault is None else find(fault)
    return PlayedConsole(file, chunk=chunk, pacing=pacing, on_power=not wait, fault=broken)


def simulated(described: Chip, *, program: str, server_code: str, cipher: str, wait: bool) -> ConsoleDevice:
    """Return a board that runs a program.

    Raises:
        UsageError: The description cannot be.
    """
    if program != "id2_app":
        raise UsageError(
            f"--app: no program {program[:40]!a}; there is id2_app",
            hint="link_app runs inside the harness, from a board file with a link section"
            if program == "link_app"
            else "",
        )
    device, context = described
    settings = SimulatedConsoleSettings(kind="simulated-console", device=device)
    return settings.board(context, on_power=not wait, server_code=server_code, cipher_text=cipher)


def firmware(board: Path, listen: str, *, allow_remote: bool) -> None:
    """Serve the console of a board that runs our own firmware until the end is asked for.

    Args:
        board: The board file, or its name.
        listen: Where to listen.
        allow_remote: Whether other machines may connect.

    Raises:
        UsageError: The board has not exactly one such console, or the address cannot be.
        BenchError: The address is taken, or what builds or runs the firmware is missing.
    """
    address = parse_address(listen)
    described = load(board)
    found = {name: each for name, each in described.transports.items() if isinstance(each, FirmwareSettings)}
    if len(found) != 1:
        raise UsageError(
            f"board {described.name!r} has {len(found)} transports of kind firmware",
            hint="name a board that has one, such as virtual-probe",
        )
    (name, settings), *_ = found.items()
    port = MachinePort(settings.make(context_of(described, name, Resolver(described))))
    port.try_out()
    if isinstance(address, PtyAddress):
        serve_pty(port.stream(), address, on_open=True)
    else:
        serve_socket(SocketServer(address, port.stream, allow_remote=allow_remote))


def console(board: ConsoleDevice, listen: str, *, allow_remote: bool) -> None:
    """Serve a console until the end is asked for.

    Raises:
        UsageError: the address cannot be.
        BenchError: the address is taken.
    """
    address = parse_address(listen)
    if isinstance(address, PtyAddress):
        serve_pty(board, address, on_open=True)
    else:
        serve_socket(SocketServer(address, lambda: board, allow_remote=allow_remote))


def serve_pty(served: StreamDevice, address: PtyAddress, *, on_open: bool) -> None:
    """Serve a device on a pseudo-terminal until the end is asked for.

    Raises:
        BenchError: The system gives no pseudo-terminal.
    """
    with PtyServer(served, on_open=on_open, link=address.link) as server:
        server.power_on()
        _announce_and_wait(PtyAddress(Path(server.path)))


def serve_socket(server: SocketServer) -> None:
    """Serve until the end is asked for.

    Raises:
        UsageError: Other machines could connect, and nobody allowed it.
        BenchError: The address is taken.
    """
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
