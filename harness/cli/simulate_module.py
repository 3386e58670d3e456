"""What `harness simulate module` does: builds the module, serves it, ends cleanly."""

from collections.abc import Callable
from pathlib import Path

from harness.carrier.at import dialect as dialects
from harness.cli.id2_values import subject
from harness.cli.simulate_serve import serve_pty, serve_socket
from harness.simulator.bus.address import PtyAddress, parse_address
from harness.simulator.bus.sockets import SocketServer
from harness.simulator.bus.stream import StreamDevice
from harness.simulator.chip.randomness import SeededRandom, system_random
from harness.simulator.module.at_side import AtModuleDevice
from harness.simulator.module.client import Module
from harness.simulator.module.socket_side import SocketModuleDevice
from harness.simulator.module.transports import hooks_of

Connect = Callable[[], StreamDevice]
"""Makes what serves one connection."""


def connections(
    key_type: str,
    key: str | None,
    id_text: str | None,
    *,
    debug_key: bool,
    fault: str | None,
    seed: int | None,
    dialect: str | None,
) -> Connect:
    """Return what serves each connection to the module that the options describe.

    Args:
        key_type: Value of `--key-type`.
        key: Value of `--key`.
        id_text: Value of `--id`.
        debug_key: Whether `--debug-key` is set.
        fault: Value of `--fault`.
        seed: Value of `--seed`.
        dialect: Value of `--at`; None for the socket protocol.

    Raises:
        UsageError: One of them says something that cannot be.
    """
    known = subject(key_type, key, id_text, debug_key=debug_key)
    module = Module(
        (known.id2, known.key),
        random=system_random if seed is None else SeededRandom(seed),
        hooks=hooks_of(fault, "socket" if dialect is None else "at"),
    )
    if dialect is None:
        return lambda: SocketModuleDevice(module)
    spoken = dialects.load(dialect, Path())
    return lambda: AtModuleDevice(module, spoken)


def serve(connect: Connect, listen: str, *, allow_remote: bool) -> None:
    """Serve a module until the end is asked for.

    Raises:
        UsageError: The address cannot be.
        BenchError: The address is taken.
    """
    address = parse_address(listen)
    if isinstance(address, PtyAddress):
        serve_pty(connect(), address, on_open=False)
    else:
        serve_socket(SocketServer(address, connect, allow_remote=allow_remote))
