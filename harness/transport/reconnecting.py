"""Hot-plug: a USB device that comes back on its port is used again; another one there is an error."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from harness.errors import BenchError
from harness.transport.base import Capability, Operation, Transport
from harness.transport.errors import I2cNack
from harness.transport.usb.port import UsbPort, location_in, stays, usb_port_at

_LOOK_AGAIN = 0.25  # seconds; a device node gets its permissions a moment after it appears, which is no event
_LAST_LOOKS, _PAUSE = 25, 0.02  # a transfer fails some time before the kernel takes the device from its list
_SUBSYSTEMS = ("usb", "tty", "i2c-dev", "hidraw")


class Events(Protocol):
    """Tells that devices come and go."""

    def wait(self, timeout: float) -> None:
        """Return when something has changed, or after `timeout` seconds."""

    def close(self) -> None:
        """Listen no more."""


class KernelEvents:
    """The kernel's own events, by udev where it runs."""

    def __init__(self) -> None:
        import pyudev  # type: ignore[import-untyped]

        self._monitor = pyudev.Monitor.from_netlink(pyudev.Context())
        for subsystem in _SUBSYSTEMS:
            self._monitor.filter_by(subsystem)
        self._monitor.start()

    def wait(self, timeout: float) -> None:
        """Return when a device has come or gone, or after `timeout` seconds."""
        self._monitor.poll(timeout)

    def close(self) -> None:
        """Nothing is held but a socket, which goes with this."""
        del self._monitor


def sits_on(transport: Transport) -> UsbPort | None:
    """Return the USB device that an open transport leads to; None when USB has no part in it."""
    location = location_in(transport.identity)
    return usb_port_at(location) if location else None


class Reconnecting(Transport):
    """A transport whose USB device may leave and come back.

    The operation in which the device leaves raises `BenchError` with the moment, the bus and the device: what
    became of it nobody knows, so it is never repeated. The next operation waits for the device: the same
    vendor, product and serial number on the same port. A transport that is not on USB passes everything on.

    Args:
        make: Returns a new transport to the device, not opened, its path looked up anew.
        limit: Seconds to wait for the device.
        on_note: Told each loss and each return, for the journal and the recording.
        sits: Returns what an open transport leads to.
        look: Returns what sits on a port now; waits while the kernel sets it up or takes it down.
        remains: Tells whether a device is still on its port, without waiting.
        events: Returns a source of events that listens already.
        clock: Monotonic seconds; replaced in tests.

    Raises:
        HarnessError: as `make`.
    """

    def __init__(
        self,
        make: Callable[[], Transport],
        *,
        limit: float,
        on_note: Callable[[str], None] | None = None,
        sits: Callable[[Transport], UsbPort | None] = sits_on,
        look: Callable[[str], UsbPort | None] = usb_port_at,
        remains: Callable[[UsbPort], bool] = stays,
        events: Callable[[], Events] = KernelEvents,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = make()
        super().__init__(self._inner.name)
        self._make = make
        self._limit = limit
        self._on_note = on_note
        self._sits = sits
        self._look = look
        self._remains = remains
        self._events = events
        self._clock = clock
        self._usb_port: UsbPort | None = None
        self._lost = False
        self._closed = threading.Event()
        self._returning = threading.Lock()

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the inner transport can carry."""
        return self._inner.capabilities

    @property
    def identity(self) -> str:
        """What the inner transport found."""
        return self._inner.identity

    def open(self) -> None:
        """Take the device; one that was lost is waited for."""
        self._closed.clear()
        if self._lost:
            self._come_back()
            return
        self._inner.open()
        self._usb_port = self._sits(self._inner)

    def close(self) -> None:
        """Let the device go; who waits for its return leaves with an error."""
        self._closed.set()
        self._inner.close()

    def do(self, operation: Operation) -> bytes:
        """Carry out one operation; after a loss the device is waited for first.

        Raises:
            BenchError: the device left, did not return within the limit, or another one sits on its port.
            HarnessError: as the inner transport.
        """
        if self._lost:
            self._come_back()
        inner = self._inner
        try:
            return inner.do(operation)
        except I2cNack:
            raise
        except BenchError as error:
            usb_port = self._usb_port
            if usb_port is None or self._closed.is_set() or not self._has_left(usb_port):
                raise
            raise self._lose(usb_port, error) from error

    def _has_left(self, usb_port: UsbPort) -> bool:
        for _ in range(_LAST_LOOKS):
            if not self._remains(usb_port):
                return True
            if self._closed.wait(_PAUSE):
                break
        return False

    def _lose(self, usb_port: UsbPort, error: BenchError) -> BenchError:
        with self._returning:
            first, self._lost = not self._lost, True
        if first:
            self._inner.close()
        moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        lost = BenchError(
            f"{self.name}: {usb_port} was unplugged or reset at {moment}: {error.message}",
            hint="plug it into the same port again: the next scenario waits for it",
            transport=self.name,
        )
        if first:
            self._note(f"lost {usb_port} at {moment}")
        return lost

    def _come_back(self) -> None:
        with self._returning:
            usb_port = self._usb_port
            if not self._lost or usb_port is None:
                return
            started = self._clock()
            events = self._events()
            try:
                self._wait_for(usb_port, started, events)
            finally:
                events.close()
            self._lost = False
        self._note(f"{usb_port} is back after {self._clock() - started:.1f} s; the run goes on")

    def _wait_for(self, usb_port: UsbPort, started: float, events: Events) -> None:
        """Look, and look again at each event: the device may have come before anyone listened."""
        problem: BenchError | None = None
        while True:
            if self._closed.is_set():
                raise BenchError(f"{self.name}: closed", transport=self.name)
            now = self._look(usb_port.location)
            if now is not None and not now.is_same_device(usb_port):
                raise BenchError(
                    f"{self.name}: another device sits on the port now: {now} instead of {usb_port}",
                    hint="plug the board's own device in there, or correct the board file",
                    transport=self.name,
                )
            if now is not None:
                problem = self._opened(now)
                if problem is None:
                    return
            left = started + self._limit - self._clock()
            if left <= 0:
                raise self._too_late(usb_port, problem) from problem
            events.wait(min(left, _LOOK_AGAIN))

    def _opened(self, now: UsbPort) -> BenchError | None:
        """Open the device that has come back; return why that is not possible yet."""
        try:
            inner = self._make()
            inner.open()
        except BenchError as error:
            return error
        found = self._sits(inner)
        if found is None or not found.is_same_device(now):
            inner.close()
            return BenchError(f"{inner.identity} is not {now}")
        self._inner, self._usb_port = inner, found
        return None

    def _too_late(self, usb_port: UsbPort, problem: BenchError | None) -> BenchError:
        reason = f": {problem.message}" if problem else ""
        return BenchError(
            f"{self.name}: {usb_port} did not come back within {self._limit:g} s{reason}",
            hint="check cable, hub and power; `harness discover` lists what is there",
            transport=self.name,
        )

    def _note(self, text: str) -> None:
        if self._on_note is not None:
            self._on_note(text)
