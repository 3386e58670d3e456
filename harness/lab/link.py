"""A connection to a bench: one process of ssh, messages both ways, and a clear end when nothing comes any more."""

import os
import select
import subprocess
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from harness.errors import BenchError
from harness.lab import ssh
from harness.lab.messages import BrokenMessageError, Message, Parser, encode
from harness.lab.wake import Wake
from harness.report.text import one_line

SILENCE_S = 20.0
"""Seconds without a word after which a bench counts as unreachable: it says that it is there every five."""

_OF_SSH = 255
_ASK_S = 5.0
_READ = 1 << 18
_SHOWN = 400


class LinkLostError(BenchError):
    """The connection broke, or never came about; what runs on the bench goes on.

    Attributes:
        exit_of: Exit code of the command on the bench, when it is that which ended; None otherwise.
    """

    exit_of: int | None = None


class Link:
    """A connection to the harness of a host. One thread uses it.

    Args:
        host: The host.
        words: The words behind the harness's own.
        config: ssh's file of settings; None for the user's.
        wake: Ends the wait for a message; None when nothing else is waited for.

    Raises:
        LinkLostError: ssh cannot be started, or no connection comes about.
    """

    def __init__(
        self,
        host: ssh.Host,
        words: tuple[str, ...],
        config: Path | None = None,
        wake: Wake | None = None,
    ) -> None:
        self._host = host
        self._wake = wake
        self._parser = Parser(noise=True)
        self._waiting: deque[Message] = deque()
        self._heard = self._asked = time.monotonic()
        self._errors = b""
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own words, each quoted
                ssh.command(host, words, config),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,  # Ctrl-C is for the client, which ends connections in order
            )
        except OSError as error:
            raise LinkLostError(
                f"{host.name}: ssh cannot be started: {error.strerror}", hint="install OpenSSH's client"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def say(self, kind: str, **fields: object) -> None:
        """Send a message.

        Raises:
            LinkLostError: The connection is gone.
        """
        self._asked = time.monotonic()
        rest = memoryview(encode(kind, b"", **fields))
        try:
            while rest:
                rest = rest[os.write(self._pipe(self._process.stdin), rest) :]
        except OSError:
            raise self._lost() from None

    def next(self, within: float) -> Message | None:
        """Return the next message; None when none came within as many seconds, or before the wait was ended.

        Raises:
            LinkLostError: The connection is gone, or nothing at all came for `SILENCE_S`.
        """
        deadline = time.monotonic() + within
        while not self._waiting:
            now = time.monotonic()
            if now - self._asked > _ASK_S:
                self.say("still there")
            if now - self._heard > SILENCE_S:
                raise LinkLostError(f"{self._host.name}: nothing was heard for {SILENCE_S:.0f} s")
            if now > deadline:
                return None
            if self._read(min(max(deadline - now, 0), 1.0)):
                return None
        return self._waiting.popleft()

    def _read(self, seconds: float) -> bool:
        """Read what comes; return whether something else ended the wait, and nothing came."""
        out, errors = self._pipe(self._process.stdout), self._pipe(self._process.stderr)
        wake = [] if self._wake is None else [self._wake.fileno()]
        ready = select.select([out, errors, *wake], [], [], seconds)[0]
        if self._wake is not None and self._wake.fileno() in ready:
            self._wake.clear()
            if len(ready) == 1:
                return True
        if errors in ready:
            self._errors = (self._errors + os.read(errors, _READ))[-_READ:]
        if out not in ready:
            if errors in ready and self._process.poll() is not None:
                raise self._lost()
            return False
        data = os.read(out, _READ)
        if not data:
            raise self._lost()
        self._heard = time.monotonic()
        try:
            self._waiting += self._parser.take(data)
        except BrokenMessageError as error:
            raise LinkLostError(f"{self._host.name}: {error.message}") from error
        return False

    def close(self) -> None:
        """End the connection; the bench's end of it sees that and goes."""
        process = self._process
        with suppress(OSError):
            self._stdin().close()
        try:
            process.wait(1.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()

    def _lost(self) -> LinkLostError:
        """Return the error that says why the connection ended, as ssh or the host told it."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        errors = self._pipe(self._process.stderr)
        while select.select([errors], [], [], 0)[0] and (data := os.read(errors, _READ)):
            self._errors = (self._errors + data)[-_READ:]
        said = one_line(
            (self._errors.decode("utf-8", "replace") or self._parser.noise).strip()[-_SHOWN:], _SHOWN
        )
        lost = LinkLostError(f"{self._host.name}: the connection ended: {said or 'nobody said why'}")
        code = self._process.returncode
        # ssh's own troubles are 255, and a signal that ended it is below 0.
        lost.exit_of = code if code is not None and 0 <= code < _OF_SSH else None
        return lost

    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None, "opened as a pipe"
        return self._process.stdin

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> int:
        assert pipe is not None, "opened as a pipe"
        return pipe.fileno()
