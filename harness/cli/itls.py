"""`harness itls`: stand in for a device: one handshake as a transcript, or a tunnel for any TCP client."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.id2 import DebugKeyOption, IdOption, KeyOption, KeyTypeOption

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.itls.events import ObservedRecord
    from harness.itls.socket_client import SocketClient

PlaceArgument = Annotated[str, typer.Argument(help="The access point.", metavar="HOST:PORT")]
ProductKeyOption = Annotated[str, typer.Option("--product-key", help="ProductKey.", metavar="PK")]


def register(app: typer.Typer) -> None:
    """Add the sub-commands to `app`."""
    group = typer.Typer(help="Connect to an iTLS access point as a device does.", no_args_is_help=True)
    group.command("connect", help="Do one handshake, close, and print every record of it.")(connect)
    group.command("tunnel", help="Carry plain TCP from a port on 127.0.0.1 through iTLS until Ctrl-C.")(
        tunnel
    )
    app.add_typer(group, name="itls")


def connect(
    place: PlaceArgument,
    product_key: ProductKeyOption,
    key_type: KeyTypeOption,
    key: KeyOption = None,
    id2: IdOption = None,
    debug_key: DebugKeyOption = False,
    pcap: Annotated[
        Path | None, typer.Option(help="Write the session to this pcapng file too, without its keys.")
    ] = None,
) -> None:
    """Print the transcript, also that of a handshake that fails."""
    from harness.errors import UsageError
    from harness.itls.pcap import pcapng
    from harness.itls.transcript import transcript

    if pcap is not None:
        _require_writable(pcap)
    seen: list[ObservedRecord] = []
    link = _device(place, product_key, key_type, key, id2, debug_key=debug_key, observe=seen.append)
    try:
        link().close()
    finally:
        typer.echo(transcript(seen, side="client"), nl=False)
        if pcap is not None and seen:
            try:
                pcap.write_bytes(pcapng(seen, side="client", comment=f"iTLS with {place}; no keys"))
            except OSError as error:
                raise UsageError(f"--pcap {pcap}: {error.strerror or error}") from None


def tunnel(
    place: PlaceArgument,
    product_key: ProductKeyOption,
    key_type: KeyTypeOption,
    key: KeyOption = None,
    id2: IdOption = None,
    debug_key: DebugKeyOption = False,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 has one chosen.", min=0, max=65535)] = 0,
) -> None:
    """Print the address in the first line of stdout, and end with exit code 0 on SIGINT or SIGTERM."""
    import signal

    from harness.itls.tunnel import Tunnel

    link = _device(place, product_key, key_type, key, id2, debug_key=debug_key)
    # Blocked before any thread begins, so that the signal comes to the one that waits for it.
    stopping = {signal.SIGINT, signal.SIGTERM}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, stopping)
    try:
        with Tunnel(
            link, port=port, failed=lambda error: typer.echo(f"tunnel: {error}", err=True)
        ) as listening:
            host, chosen = listening.address
            typer.echo(f"listening on {host}:{chosen}, carried to {place}")
            signal.sigwait(stopping)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _device(
    place: str,
    product_key: str,
    key_type: str,
    key: str | None,
    id2: str | None,
    *,
    debug_key: bool,
    observe: "Callable[[ObservedRecord], None] | None" = None,
) -> "Callable[[], SocketClient]":
    from harness.cli.id2_values import subject
    from harness.itls import socket_client
    from harness.itls.device_identity import KeyIdentity

    host, port = _place(place)
    device = subject(key_type, _private(key), id2, debug_key=debug_key)
    identity = KeyIdentity(device.id2, device.key)
    return lambda: socket_client.connect(host, port, identity, product_key, observe=observe)


def _private(key: str | None) -> str | None:
    """Return `--key` with the content of its file in the file's place; the file must be its owner's alone.

    Raises:
        UsageError: The file is missing, unreadable, no text, too large, or open to others.
    """
    from harness.board.opening.resolve import MAX_SECRET_BYTES, require_private
    from harness.errors import UsageError
    from harness.settings import regular_file

    if key is None or not key.startswith("file:"):
        return key
    path = Path(key.removeprefix("file:"))
    try:
        data = regular_file.read(path, MAX_SECRET_BYTES, check=lambda status: require_private(status, path))
        return data.decode("ascii").strip()
    except OSError as error:
        raise UsageError(f"--key: {path}: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise UsageError(f"--key: {path}: is not text", hint="it holds the key as hex digits") from None
    except UsageError as error:
        raise UsageError(f"--key: {error.message}", hint=error.hint) from None


def _require_writable(path: Path) -> None:
    """Find out before the handshake that a capture cannot be kept; leaves no file behind, and empties none.

    Raises:
        UsageError: The file cannot be written.
    """
    from harness.errors import UsageError

    try:
        new = not path.exists()
        if not new and not path.is_file() and not path.is_dir():
            return  # a pipe would wait for its reader here, and lose it again
        path.open("ab").close()
        if new:
            path.unlink()
    except OSError as error:
        raise UsageError(f"--pcap {path}: {error.strerror or error}") from None


def _place(text: str) -> tuple[str, int]:
    from harness.errors import UsageError

    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port[:6]) < 1 << 16:
        raise UsageError(
            f"{text!r} is no place to connect to", hint="Give host and port, such as 127.0.0.1:1883."
        )
    return host.removeprefix("[").removesuffix("]"), int(port)
