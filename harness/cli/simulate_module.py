"""What `harness simulate module` does: builds the module, serves it, ends cleanly."""

from harness.cli.id2_values import subject
from harness.cli.simulate_serve import serve_pty, serve_socket
from harness.simulator.bus.address import PtyAddress, parse_address
from harness.simulator.bus.sockets import SocketServer
from harness.simulator.chip.randomness import SeededRandom, system_random
from harness.simulator.module.client import Module
from harness.simulator.module.socket_side import SocketModuleDevice
from harness.simulator.module.transports import hooks_of


def module(
    key_type: str,
    key: str | None,
    id_text: str | None,
    *,
    debug_key: bool,
    fault: str | None,
    seed: int | None,
) -> Module:
    """Return the module that the options describe.

    Args:
        key_type: Value of `--key-type`.
        key: Value of `--key`.
        id_text: Value of `--id`.
        debug_key: Whether `--debug-key` is set.
        fault: Value of `--fault`.
        seed: Value of `--seed`.

    Raises:
        UsageError: One of them says something that cannot be.
    """
    known = subject(key_type, key, id_text, debug_key=debug_key)
    return Module(
        (known.id2, known.key),
        random=system_random if seed is None else SeededRandom(seed),
        hooks=hooks_of(fault, "socket"),
    )


def serve(made: Module, listen: str, *, allow_remote: bool) -> None:
    """Serve a module until the end is asked for.

    Raises:
        UsageError: The address cannot be.
        BenchError: The address is taken.
    """
    address = parse_address(listen)
    if isinstance(address, PtyAddress):
        serve_pty(SocketModuleDevice(made), address, on_open=False)
    else:
        serve_socket(SocketServer(address, lambda: SocketModuleDevice(made), allow_remote=allow_remote))
