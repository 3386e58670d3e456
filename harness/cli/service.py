"""`harness service`: run the mock ID² service until it is told to stop."""

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("service", help="Run the mock ID² service on this computer until SIGTERM or Ctrl-C.")(service)


def service(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 has one chosen.", min=0, max=65535)] = 0,
    host: Annotated[
        str, typer.Option(help="Address to listen on; only this computer's own are allowed.")
    ] = "127.0.0.1",
    db: Annotated[
        Path | None, typer.Option(help="File that keeps everything; without it all is gone at the end.")
    ] = None,
    seed: Annotated[
        Path | None, typer.Option(help="YAML file with AccessKeys, products and devices to start with.")
    ] = None,
) -> None:
    """Serve, say where in the first line of stdout, and end with exit code 0 when told to stop."""
    from harness.service.mock.server import MockService

    planted = None
    if seed is not None:
        from harness.service.mock.seed import load, plant

        planted = load(seed)
    with _told_to_stop() as told, MockService(db, port, host=host) as mock:
        if seed is not None and planted is not None:
            plant(planted, mock.admin, seed)
        if planted is None or not planted.access_keys:
            key, made = mock.admin.default_access_key()
            if made:
                # The only way to learn the secret of a key that was made up now, for this mock alone.
                secret = key.secret.reveal().decode()
                print(f"AccessKey id {key.id}, secret {secret}", file=sys.stderr, flush=True)
        print(f"listening on {mock.endpoint}", flush=True)
        told.wait()


@contextlib.contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    """Give an event that SIGTERM or Ctrl-C sets, instead of ending the process where it stands."""
    told = threading.Event()
    before = {
        number: signal.signal(number, lambda _number, _frame: told.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
