"""A board's console: a background reader that owns the port from the opening on, and `expect`.

Nothing is lost between two calls: every byte goes into the window (and through a `Recorded` transport into
the recording) as it comes, whether someone waits or not. The reader thread itself looks for what is waited
for, so a flood of output wakes nobody, and looks only at bytes it has not looked at before.
"""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from harness.console.patterns import MAX_MATCH, Match, Patterns, Search
from harness.console.turn import Turn
from harness.console.window import Window
from harness.errors import BenchError, DeviceError, HarnessError, ToolError, UsageError
from harness.hostload import Span, host, overloaded
from harness.transport.base import Capability, StreamRead, StreamWrite, Transport, require
from harness.transport.printable import LINES, WIDTH, last_lines, safe_bytes
from harness.transport.secret_lines import SecretLines

WINDOW = 1 << 20
"""Bytes of output that are kept at least."""

_CHUNK = 65536
_IDLE = 3600.0  # seconds; `close` wakes the reader long before
_ENOUGH = 65536  # unscanned bytes after which the search no longer waits for a pause in the output
_FLOOD = 2048  # bytes; a shorter chunk means that the device has paused
_NOTHING = 0.01  # seconds; less is not worth waiting for
_JOIN = 5.0  # seconds for a foreign transport to give its reader back


class Slice:
    """The output between two moments, such as one test's: what came, not what was consumed by `expect`.

    Attributes:
        start: Offset of its first byte.
    """

    def __init__(self, console: "Console", start: int) -> None:
        self._console = console
        self._kept: tuple[bytes, int] | None = None
        self.start = start

    @property
    def end(self) -> int:
        """Offset after its last byte; while the slice is not finished, after the last byte that has come."""
        return self._now()[1]

    @property
    def data(self) -> bytes:
        """The bytes, as far as the window had them when the slice was finished."""
        return self._now()[0]

    @property
    def text(self) -> str:
        r"""The bytes as text; those that are not UTF-8 stand as `\xNN`."""
        return self.data.decode("utf-8", errors="backslashreplace")

    @property
    def dropped(self) -> int:
        """How many of its first bytes the window no longer had; the recording has them."""
        data, end = self._now()
        return end - self.start - len(data)

    def finish(self) -> None:
        """End the slice here and keep its bytes."""
        self._kept = self._now()

    def _now(self) -> tuple[bytes, int]:
        return self._kept or self._console.since(self.start)


class ConsoleTimeoutError(DeviceError):
    """A console that had printed did not print what was awaited in its time."""


class Console:
    """A serial console (or any other byte stream) of a board.

    One thread at a time may `expect`; any thread may `send`.
    """

    def __init__(self, transport: Transport, *, window: int = WINDOW, max_match: int = MAX_MATCH) -> None:
        """Take a transport that is not open yet; the console opens and closes it.

        Args:
            transport: A transport that carries a stream; usually a `Recorded` one.
            window: Bytes of output that are kept at least; the memory used is at most twice that.
            max_match: Bytes of the longest match of a regular expression that may come in pieces.

        Raises:
            UsageError: the transport carries no stream.
        """
        require(transport, {Capability.STREAM})
        self.transport = transport
        self.name = transport.name
        self._window = Window(window)
        self._opened_at = 0
        self._max_match = max_match
        self._position = 0
        self._lock = threading.Lock()
        self._expecting = threading.Lock()
        self._turn = Turn(self._lock)
        self._thread: threading.Thread | None = None
        self._search: Search | None = None  # what the waiting thread waits for
        self._match: Match | None = None  # what was found for it
        self._woken = threading.Lock()  # held, but for the moment between finding and waking
        self._woken.acquire()
        self._fault: Exception | None = None
        self._closed = True
        self._secrets = SecretLines()  # whoever reads what came, no error and no report may show them

    def open(self) -> None:
        """Open the port and start reading.

        Raises:
            BenchError: the port cannot be opened.
            UsageError: opened twice.
        """
        if self._thread is not None:
            raise UsageError(f"console {self.name}: opened twice", transport=self.name)
        self.transport.open()
        self._fault = None
        self._closed = False
        self._opened_at = self._window.end
        self._turn = Turn(self._lock)
        self._thread = threading.Thread(target=self._read_on, name=f"console {self.name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close the port, end the reader and wake a waiting `expect`. May be called more than once.

        Raises:
            ToolError: the transport does not give its reader back.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return
        with self._lock:
            self._closed = True
            self._turn.end()
        self.transport.close()
        thread.join(_JOIN)
        if thread.is_alive():
            raise ToolError(f"console {self.name}: close did not wake the reader", transport=self.name)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def position(self) -> int:
        """Offset up to which `expect` has consumed the output, from the opening on."""
        return self._position

    @property
    def received(self) -> int:
        """How many bytes have come since the console was first opened."""
        with self._lock:
            return self._window.end

    def check(self) -> None:
        """Raise if the device is gone.

        Raises:
            BenchError: It is gone: unplugged, without power, or its port broke.
        """
        with self._lock:
            if self._fault is not None and not self._closed:
                raise self._fault_error(self._fault)

    def send(self, data: bytes | str) -> None:
        """Send bytes, or text as UTF-8; no line end is added.

        Raises:
            BenchError: not open, or the device is gone.
        """
        self.transport.do(StreamWrite(data.encode() if isinstance(data, str) else data))

    def since(self, position: int) -> tuple[bytes, int]:
        """Return what came from offset `position` on, as far as the window has it, and its end."""
        with self._lock:
            return self._window.bytes(position), self._window.end

    def stamp(self, offset: int) -> int:
        """Return when the byte at an offset came, in monotonic nanoseconds; of long ago, the oldest time known."""
        with self._lock:
            return self._window.stamp(offset + 1)

    def reread(self, position: int) -> None:
        """Have `expect` look once more at what came from offset `position` on; what it has not consumed stays so."""
        self._position = min(self._position, position)

    def leave_behind(self) -> None:
        """Have `expect` go on with what comes from now on."""
        self._position = self.received

    def forget(self, position: int) -> None:
        """Put a star for each byte that came from offset `position` on: it was secret."""
        with self._lock:
            self._window.hide(position)

    @contextmanager
    def slice(self) -> Iterator[Slice]:
        """Give the output that comes inside the block: `with console.slice() as s: …; s.text`."""
        part = Slice(self, self.received)
        try:
            yield part
        finally:
            part.finish()

    def expect(
        self, success: Patterns, failure: Patterns | None = None, *, timeout: float = 10.0, what: str = ""
    ) -> Match:
        r"""Wait for one of the patterns and consume the output up to the end of its match.

        Output from before the call counts, from where the last match ended. The match that ends first wins.

        Bytes and text are looked for as they are; compiled patterns are regular expressions over bytes (one
        over text is taken over its UTF-8). Since output comes in pieces, a pattern that may match less than
        it should has to say where it ends: `ID2: (\w+)\r?\n`, not `ID2: (\w+)`. `^` needs re.MULTILINE, and
        `$` is wherever the output has stopped for now. A match of more than `max_match` bytes that comes in
        pieces may be missed.

        Args:
            success: One pattern or several.
            failure: One pattern or several that end the waiting in an error.
            timeout: Seconds to wait, not counting those in which this machine was late itself.
            what: What is waited for, in words for whoever reads the error; the patterns when left out.

        Raises:
            DeviceError: a failure pattern matched (its output is consumed).
            ConsoleTimeoutError: the time ran out.
            HostOverloadedError: the time ran out, and this machine was too late to judge by it.
            BenchError: the time ran out and not one byte has come since the opening; or the device is gone.
            UsageError: a pattern is empty or impossible.
            ToolError: another thread is waiting already.
        """
        if not self._expecting.acquire(blocking=False):
            raise ToolError(f"console {self.name}: two threads expect at once", transport=self.name)
        try:
            match = self._wait(success, failure, timeout, what)
        finally:
            self._expecting.release()
        if match.failure:
            raise DeviceError(
                f"console {self.name}: the device printed {safe_bytes(match.data, WIDTH)}",
                transport=self.name,
                traffic=_last_lines(match.before + match.data),
            )
        return match

    def _wait(self, success: Patterns, failure: Patterns | None, timeout: float, what: str) -> Match:
        begin = host().glance()
        try:
            search = Search(success, failure, self._position, self._max_match)
        except (ValueError, re.error) as error:
            raise UsageError(f"console {self.name}: {error}", transport=self.name) from error
        left = timeout
        while (match := self._wait_once(search, left)) is None:
            span = host().since(begin)
            left = timeout - span.on_time  # what the host was late by is the device's to have
            if left <= _NOTHING or self._fault is not None or self._closed:
                with self._lock:
                    raise self._failed(search, timeout, what, span)
        return match

    def _wait_once(self, search: Search, timeout: float) -> Match | None:
        mine = False
        with self._lock:
            match = search.run(self._window) if self._window.end > self._position else None
            waits = match is None and self._fault is None and not self._closed
            if waits and not (mine := self._turn.take()):
                self._search = search
        if mine:
            match = self._read_for(search, timeout)
        elif waits:
            match = self._wait_for(timeout)
        with self._lock:
            match = match or search.run(self._window)  # the last bytes of a flood may not have been looked at
            if match is not None:
                self._position = match.end
        return match

    def _wait_for(self, timeout: float) -> Match | None:
        """Let the background thread find what `_search` is for."""
        woken = False
        try:
            woken = self._woken.acquire(timeout=min(max(timeout, 0.0), threading.TIMEOUT_MAX))
        finally:
            with self._lock:
                self._search = None
                match, self._match = self._match, None
                if not woken:  # it may have been found in the moment when the time ran out
                    self._woken.acquire(blocking=False)
        return match

    def _read_for(self, search: Search, timeout: float) -> Match | None:
        """Read in the caller's own thread until something is found."""
        deadline = time.monotonic() + timeout
        unscanned = 0
        try:
            while True:
                left = deadline - time.monotonic()
                chunk = self.transport.do(StreamRead(_CHUNK, 0.0 if unscanned else max(left, 0.0)))
                stamp = time.monotonic_ns()
                with self._lock:
                    if chunk:
                        self._window.append(self._secrets.hide(chunk), stamp)
                    unscanned += len(chunk)
                    if _worth_a_look(chunk, unscanned):
                        unscanned = 0
                        if match := search.run(self._window):
                            return match
                if left <= 0 and not unscanned:
                    return None
        except Exception as error:  # noqa: BLE001 - what came before counts; `_failed` raises it
            with self._lock:
                self._fault = error
            return None
        finally:
            with self._lock:
                self._turn.give_back()

    def _failed(self, search: Search, timeout: float, what: str, span: Span) -> HarnessError:
        traffic = _last_lines(self._window.bytes(self._window.end - 2 * LINES * WIDTH))
        if self._fault is not None and not self._closed:
            return self._fault_error(self._fault).at(traffic=traffic)
        if self._closed:
            return BenchError(f"console {self.name}: closed", transport=self.name, traffic=traffic)
        awaited = what or search.describe()
        if span.hopeless:
            return overloaded(f"console {self.name}: {awaited}", span, timeout, transport=self.name).at(
                traffic=traffic
            )
        waited = f"console {self.name}: no {awaited} within {timeout:g} s"
        if self._window.end == self._opened_at:
            return BenchError(
                f"{waited}; not one byte has come since the port was opened",
                hint="check the board's power, the cable (RX and TX crossed, ground) and the baud rate",
                transport=self.name,
            )
        come = self._window.end - self._position
        lost = max(0, self._window.start - self._position)
        dropped = f"; {lost} bytes were dropped from the window, the recording has them" if lost else ""
        return ConsoleTimeoutError(
            f"{waited}; {come} bytes came meanwhile{dropped}",
            hint=_hint(self._window.bytes(self._window.end - 2 * LINES * WIDTH)),
            transport=self.name,
            traffic=traffic,
        )

    def _fault_error(self, fault: Exception) -> HarnessError:
        kind = BenchError if isinstance(fault, BenchError) else ToolError
        hint = fault.hint if isinstance(fault, HarnessError) else ""
        error = kind(f"console {self.name}: {fault}", hint=hint, transport=self.name)
        error.__cause__ = fault
        return error

    def _read_on(self) -> None:
        read, peek = StreamRead(_CHUNK, _IDLE), StreamRead(_CHUNK, 0.0)
        unscanned = 0
        try:
            while self._fault is None:
                # In a flood the search waits for a pause or for enough bytes, as it looks back a little.
                chunk = self.transport.do(peek if unscanned else read)
                stamp = time.monotonic_ns()
                with self._lock:
                    if chunk:
                        self._window.append(self._secrets.hide(chunk), stamp)
                    if self._search is None:
                        unscanned = 0
                        continue
                    unscanned += len(chunk)
                    if not _worth_a_look(chunk, unscanned):
                        continue
                    unscanned = 0
                    if not self._look(self._search):
                        continue
                    self._turn.offer()
                self._turn.rest()
        except Exception as error:  # noqa: BLE001 - the waiting thread must hear of it
            with self._lock:
                self._fault = error
                if self._search is not None and not self._look(self._search):
                    self._search = None
                    self._woken.release()

    def _look(self, search: Search) -> bool:
        self._match = search.run(self._window)
        if self._match is None:
            return False
        self._search = None
        self._woken.release()
        return True


def _worth_a_look(chunk: bytes, unscanned: int) -> bool:
    """Tell whether the output has paused, or enough has come for a search that looks back a little."""
    return len(chunk) < _FLOOD or unscanned >= _ENOUGH


def _last_lines(output: bytes) -> tuple[str, ...]:
    """Return the last lines of an output without what is secret in them."""
    return last_lines(SecretLines().hide(output))


def _hint(tail: bytes) -> str:
    """Return what to try when a device says something else than what it should."""
    foreign = sum(byte >= 0x80 or (byte < 0x20 and byte not in b"\t\r\n\x1b") for byte in tail)
    if tail and foreign * 3 > len(tail):
        return "much of the output is no text: check the baud rate"
    return "look at the last lines, and at the recording for the rest"
