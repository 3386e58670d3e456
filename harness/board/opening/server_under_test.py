"""The manufacturer's server as a process, and the trigger that makes it authenticate a device."""

import os
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, ClassVar, Self

from harness.board.models import BoardFile
from harness.board.models.server import PLACEHOLDER, Start, Trigger
from harness.errors import HarnessError, Outcome, UsageError
from harness.run.programs import end_group, start_program
from harness.settings.references import SecretReference

_LAST_LINES = 15
_LINE = 500
_GRACE_S = 5.0
_MAX_BODY = 64 * 1024
_CLOUD_VARIABLES = ("ALIBABA_CLOUD_", "ALIBABACLOUD_", "ALIYUN_", "ALICLOUD_")


class ServerError(HarnessError):
    """The manufacturer's server did what it must not do, or did not come up."""

    outcome: ClassVar[Outcome] = "failed"
    exit_code = 1
    who_acts = "the maker of the server"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the trigger said of one authentication.

    Attributes:
        accepted: The server took the device.
        decided: It decided in time.
        detail: How it said so.
    """

    accepted: bool
    decided: bool
    detail: str


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template with its placeholders replaced; the board file was checked to have no others."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template)


def common_values(board: BoardFile) -> dict[str, str]:
    """Return the placeholders that every command may use."""
    return {"python": sys.executable, "folder": str(board.folder.resolve())}


def environment_for_others(board: BoardFile) -> dict[str, str]:
    """Return this process's environment without what another program must not have.

    Left out are all AccessKeys of the cloud, so that a server cannot reach the real account by accident, and the
    variables that the board file takes its own keys and secrets from.
    """
    ours = {reference.env for reference in _references(board) if reference.env}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ours and not name.upper().startswith(_CLOUD_VARIABLES)
    }
    here = "127.0.0.1,localhost"
    for name in ("no_proxy", "NO_PROXY"):
        kept[name] = ",".join(filter(None, (kept.get(name, ""), here)))
    return kept


def _references(board: BoardFile) -> list[SecretReference]:
    found: list[object] = [board.service.product.product_secret]
    for keys in (board.service.access_key, board.server.access_key if board.server else None):
        found += [getattr(keys, "id", None), getattr(keys, "secret", None)]
    if board.device.key is not None and board.device.key.env:
        found.append(SecretReference(env=board.device.key.env))
    for controller in board.controllers.values():
        found += controller.references().values()
    return [reference for reference in found if isinstance(reference, SecretReference)]


class ServerProcess:
    """A server that the harness has started; a context manager that ends its whole process group.

    Attributes:
        said: What its `ready` line said, for the placeholder `{server}`.
    """

    def __init__(
        self, start: Start, values: Mapping[str, str], folder: Path, environment: dict[str, str]
    ) -> None:
        """Start it, and return when it is ready.

        Args:
            start: How.
            values: What the placeholders stand for, secrets included.
            folder: Where it runs.
            environment: What it gets beside `start.environment`.

        Raises:
            UsageError: There is no such program.
            ServerError: It ended, or was not ready in time.
        """
        command = [filled(part, values) for part in start.command]
        own = {name: filled(value, values) for name, value in start.environment.items()}
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        self._ready = threading.Event()
        self._pattern = re.compile(start.ready)
        self.said = ""
        self._process = start_program(command, folder, environment | own, named_in="server")
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        try:
            self._await(start, values)
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether it has not ended by itself."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the whole process group, gently first; stopping twice is fine."""
        end_group(self._process)
        self._reader.join(_GRACE_S)

    def _read(self, stream: IO[bytes]) -> None:
        for raw in stream:
            line = raw[:_LINE].decode("utf-8", "replace").rstrip()
            self._last.append(line)
            if not self._ready.is_set():
                found = self._pattern.search(line)
                if found:
                    self.said = (found[1] or "").rstrip("/") if found.re.groups else ""
                    self._ready.set()
        stream.close()

    def _await(self, start: Start, values: Mapping[str, str]) -> None:
        end = time.monotonic() + start.timeout_s
        while not self._ready.wait(0.05):
            if not self.running:
                self._reader.join(_GRACE_S)
                if self._ready.is_set():
                    break
                raise self._not_ready(f"ended with {self._process.returncode} before it was ready", values)
            if time.monotonic() > end:
                raise self._not_ready(f"was not ready within {start.timeout_s:g} s", values)

    def _not_ready(self, what: str, values: Mapping[str, str]) -> ServerError:
        # What a server prints may hold what it was given.
        hidden = [values[name] for name in ("access_key_secret", "product_secret") if values.get(name)]
        lines = []
        for line in tuple(self._last):
            for secret in hidden:
                line = line.replace(secret, "***")  # noqa: PLW2901 - the same line, less of it
            lines.append(line)
        return ServerError(
            f"the server {what}",
            hint="run the command of server.start by hand; `ready` must match one line that it prints",
            traffic=lines,
        )


def pull(trigger: Trigger, values: Mapping[str, str], folder: Path, environment: dict[str, str]) -> Decision:
    """Have the server authenticate a device once, and return what it decided.

    Raises:
        UsageError: There is no such program, or the URL is none.
        ServerError: Nothing answers at the URL.
    """
    if trigger.command is not None:
        return _by_command(trigger, [filled(part, values) for part in trigger.command], folder, environment)
    assert trigger.url is not None
    return _by_url(trigger, filled(trigger.url, values), filled(trigger.body, values))


def _by_command(trigger: Trigger, command: list[str], folder: Path, environment: dict[str, str]) -> Decision:
    process = start_program(command, folder, environment, named_in="server")
    try:
        output, _ = process.communicate(timeout=trigger.timeout_s)
    except subprocess.TimeoutExpired:
        return Decision(accepted=False, decided=False, detail=f"no decision within {trigger.timeout_s:g} s")
    finally:
        end_group(process)
        if process.stdout is not None:
            process.stdout.close()
    return _decided(
        trigger, f"exit code {process.returncode}", output[:_MAX_BODY], accepted=process.returncode == 0
    )


def _by_url(trigger: Trigger, url: str, body: str) -> Decision:
    headers = {"Content-Type": trigger.content_type} if body else {}
    import httpx

    try:
        with (
            httpx.Client(timeout=trigger.timeout_s, trust_env=False) as client,
            client.stream(trigger.method, url, content=body.encode(), headers=headers) as response,
        ):
            data = bytearray()
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > _MAX_BODY:
                    break
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise UsageError("server.trigger.url is not a URL once its placeholders are filled in") from None
    except httpx.TimeoutException:
        return Decision(accepted=False, decided=False, detail=f"no decision within {trigger.timeout_s:g} s")
    except httpx.ConnectError:
        raise ServerError(
            "nothing answers at server.trigger.url",
            hint="start the server, or say how with server.start; check the address",
        ) from None
    except httpx.RequestError as error:
        return Decision(
            accepted=False, decided=False, detail=f"the connection broke ({type(error).__name__})"
        )
    return _decided(
        trigger, f"HTTP {response.status_code}", bytes(data[:_MAX_BODY]), accepted=response.is_success
    )


def _decided(trigger: Trigger, detail: str, output: bytes, *, accepted: bool) -> Decision:
    if accepted and trigger.accepted is not None:
        accepted = re.search(trigger.accepted, output.decode("utf-8", "replace")) is not None
        detail += "" if accepted else f", and the output does not match {trigger.accepted!r}"
    return Decision(accepted=accepted, decided=True, detail=detail)
