"""A device at the end of a byte stream, and the loop that moves its bytes over a descriptor."""

import os
import select
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

_CHUNK = 4096
_MOST_WAITING = 64  # pieces of input that a busy device is let wait for, before the far end has to wait
_LONGEST = 86400.0  # seconds that one poll lasts at most


@dataclass(frozen=True, slots=True)
class Output:
    """Bytes that a device sends, after a pause.

    Attributes:
        data: The bytes.
        pause: Seconds of silence before them.
    """

    data: bytes
    pause: float = 0.0


class StreamDevice(ABC):
    """A device at the end of a byte stream; one object serves one connection."""

    def power_on(self) -> Iterator[Output]:
        """Yield what the device sends by itself."""
        return iter(())

    @abstractmethod
    def receive(self, data: bytes) -> Iterator[Output]:
        """Take bytes, in whatever pieces they come, and yield what the device sends back."""

    def wakeup(self) -> int | None:
        """Return a descriptor that is readable while the device has something to say unasked; None for never."""
        return None

    def speak(self) -> Iterator[Output]:
        """Yield what the device has to say unasked; called when `wakeup` is readable."""
        return iter(())

    def power_off(self) -> None:  # noqa: B027 - most devices do nothing by themselves
        """Stop whatever the device does by itself; `power_on` may follow."""


class StopSignal:
    """Wakes a loop from another thread, and ends it for good when asked to."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._poll = select.poll()
        self._poll.register(self._read, select.POLLIN)
        self._lock = threading.Lock()
        self.is_set = False

    def fileno(self) -> int:
        """Return the descriptor that becomes readable."""
        return self._read

    def set(self) -> None:
        """Ask for the end; may be called more than once."""
        with self._lock:
            if not self.is_set:
                self.is_set = True
                os.close(self._write)  # from now on the reading end is ready for everybody, for ever

    def nudge(self) -> None:
        """Wake whoever waits, without ending anything."""
        with self._lock, suppress(BlockingIOError):  # full of nudges is awake enough
            if not self.is_set:
                os.write(self._write, b"\x00")

    def drain(self) -> None:
        """Forget the nudges; a wish for the end stays."""
        with suppress(BlockingIOError):
            os.read(self._read, _CHUNK)

    def wait(self, milliseconds: int | None = None) -> bool:
        """Wait for the end, or that long; tell whether the end was asked for."""
        if not self.is_set and self._poll.poll(milliseconds):
            self.drain()
        return self.is_set

    def close(self) -> None:
        """Give the descriptors back; nobody may wait any more."""
        self.set()
        os.close(self._read)


class Pump:
    """Moves bytes between a device and a non-blocking descriptor until one of them ends.

    Memory is bounded: while the device is busy and its input waits, nothing more is read; while the far end
    does not read, the device is not asked for more.
    """

    def __init__(
        self, fileno: int, device: StreamDevice, stop: StopSignal, *, powered: threading.Event | None = None
    ) -> None:
        """Take the descriptor, which must be non-blocking.

        Args:
            fileno: The descriptor.
            device: The device.
            stop: Ends the loop.
            powered: Set when the device may send by itself; None lets it do so at once.
        """
        self._fileno = fileno
        self._device = device
        self._stop = stop
        self._inputs: deque[bytes] = deque()
        self._powered = powered
        self._talking = device.power_on() if powered is None else iter(())
        self._out = b""
        self._held = b""
        self._held_until = 0.0
        self._ended = False

    def run(self) -> None:
        """Work until the stop signal, or until the far end is gone and what was to be said is said."""
        try:
            self._run()
        finally:
            self._device.power_off()

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._stop.fileno(), select.POLLIN)
        while not self._stop.is_set:
            if self._powered is not None and self._powered.is_set():
                self._powered, self._talking = None, self._device.power_on()
            self._advance()
            if self._ended and (self._held or not self._out):
                return
            wanted = (select.POLLOUT if self._out else 0) | (
                select.POLLIN if not self._ended and len(self._inputs) < _MOST_WAITING else 0
            )
            poll.register(self._fileno, wanted)
            wakeup = self._listen_to_device(poll)
            events = dict(poll.poll(self._patience()))
            self._stop.drain()
            if wakeup is not None and wakeup in events:
                self._talking = self._device.speak()
            mine = events.get(self._fileno, 0)
            if mine & select.POLLOUT and not self._send():
                return
            if mine & (select.POLLIN | select.POLLHUP | select.POLLERR):
                if mine & (select.POLLERR | select.POLLNVAL):
                    return
                self._receive()

    def _listen_to_device(self, poll: "select.poll") -> int | None:
        """Watch for unasked words of the device, unless others wait to be sent; return the descriptor for it."""
        wakeup = self._device.wakeup()
        if wakeup is None:
            return None
        if self._out or self._held:
            with suppress(KeyError):
                poll.unregister(wakeup)
            return None
        poll.register(wakeup, select.POLLIN)
        return wakeup

    def _advance(self) -> None:
        """Get the next bytes out of the device when there are none to send."""
        while not self._out:
            if self._held:
                if time.monotonic() < self._held_until:
                    return
                self._out, self._held = self._held, b""
                return
            following = next(self._talking, None)
            if following is None:
                if not self._inputs:
                    return
                self._talking = self._device.receive(self._inputs.popleft())
            elif following.pause > 0:
                self._held, self._held_until = following.data, time.monotonic() + following.pause
            else:
                self._out = following.data

    def _patience(self) -> float | None:
        """Return how many milliseconds the poll may last."""
        if not self._held or self._out:
            return None
        return min(max(self._held_until - time.monotonic(), 0.0), _LONGEST) * 1000

    def _send(self) -> bool:
        try:
            self._out = self._out[os.write(self._fileno, self._out[:_CHUNK]) :]
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True

    def _receive(self) -> None:
        data = b""
        with suppress(OSError):
            data = os.read(self._fileno, _CHUNK)
        if data:
            self._inputs.append(data)
        else:
            self._ended = True
