"""Stands around a transport and records every operation of it. The format is described in `format.py`."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from harness.transport.base import (
    CardReset,
    Exchange,
    I2cRead,
    I2cWrite,
    Middleware,
    Operation,
    ReadLines,
    SendBreak,
    SetLines,
    SetSpeed,
    SpiTransfer,
    StreamRead,
    StreamWrite,
    Transport,
)
from harness.transport.recording.format import NOWHERE, code_of
from harness.transport.recording.writer import Recording
from harness.transport.secret_lines import SecretLines

_READ, _WRITE = code_of("read", "<"), code_of("write", ">")
_ASKED, _ANSWER = code_of("exchange", ">"), code_of("exchange", "<")


class Recorded(Middleware):
    """A transport whose traffic is recorded. The recording stays open at `close`: it may be opened again.

    What goes to the device is recorded before it goes, what comes from it when it has come, so the file's
    order is the order of causes. A failed operation leaves an error record.
    """

    def __init__(self, inner: Transport, recording: Recording) -> None:
        super().__init__(inner)
        self.recording = recording
        self._opened = False
        self._put = recording.put
        self._without_secrets = SecretLines().hide

    def open(self) -> None:
        """Open the inner transport, and record what was found there."""
        try:
            self.inner.open()
        except Exception as error:
            self.recording.text("open", "!", _describe(error))
            raise
        self.recording.text("open", "#", self.inner.identity)
        self._opened = True

    def close(self) -> None:
        """Close the inner transport."""
        opened, self._opened = self._opened, False
        self.inner.close()
        if opened:
            self.recording.text("close", "#", "")

    def do(self, operation: Operation) -> bytes:
        """Carry out and record one operation."""
        # Streams and APDUs first, and by themselves: each of their exchanges is short, and recording is to cost little.
        if type(operation) is StreamRead:
            try:
                data = self.inner.do(operation)
            except Exception as error:
                if self._opened:  # a reader that `close` wakes has not failed
                    self.recording.text("read", "!", _describe(error))
                raise
            if data:
                self._put(_READ, self._without_secrets(data), _now(), NOWHERE)
            return data
        if type(operation) is StreamWrite:
            self._put(_WRITE, operation.data, _now(), NOWHERE)
            try:
                return self.inner.do(operation)
            except Exception as error:
                self.recording.text("write", "!", _describe(error))
                raise
        if type(operation) is Exchange:
            self._put(_ASKED, operation.command, _now(), NOWHERE)
            try:
                answer = self.inner.do(operation)
            except Exception as error:
                self.recording.text("exchange", "!", _describe(error))
                raise
            self._put(_ANSWER, answer, _now(), NOWHERE)
            return answer
        return self._any(operation)

    def _any(self, operation: Operation) -> bytes:
        op, address, sent = parts(operation)
        recording = self.recording
        if sent is not None:
            recording.data(op, ">", sent, _now(), address)
        try:
            answer = self.inner.do(operation)
        except Exception as error:
            recording.text(op, "!", _describe(error), address=address)
            raise
        if type(operation) in _ANSWERED:
            recording.data(op, "<", answer, _now(), address)
        return answer


_now = time.monotonic_ns

_ANSWERED = frozenset({I2cRead, CardReset, SpiTransfer, ReadLines})

_Parts = tuple[str, int | None, bytes | None]


def parts(operation: Operation) -> _Parts:
    """Return the operation's name in the recording, its address, and what it sends."""
    return _PARTS[type(operation)](operation)


# A table and no `match`: that would ask one kind after the other, in each exchange.
_PARTS: Mapping[type[Operation], Callable[[Any], _Parts]] = {
    StreamRead: lambda _: ("read", None, None),
    StreamWrite: lambda made: ("write", None, made.data),
    I2cWrite: lambda made: ("i2c-write", made.address, made.data),
    I2cRead: lambda made: ("i2c-read", made.address, None),
    Exchange: lambda made: ("exchange", None, made.command),
    CardReset: lambda _: ("card-reset", None, None),
    SpiTransfer: lambda made: ("spi", None, made.data),
    SetLines: lambda made: ("set-lines", None, _lines(made)),
    ReadLines: lambda _: ("get-lines", None, None),
    SendBreak: lambda made: ("break", None, made.milliseconds.to_bytes(4, "big")),
    SetSpeed: lambda made: ("set-speed", None, (made.baudrate or 0).to_bytes(4, "big")),
}


def _lines(operation: SetLines) -> bytes:
    states = (operation.dtr, operation.rts)
    given = sum(1 << bit for bit, state in enumerate(states) if state is not None)
    raised = sum(1 << bit for bit, state in enumerate(states) if state)
    return bytes((given, raised))


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
