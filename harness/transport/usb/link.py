"""One interface of a USB device, taken for this process alone: found by identity, read and written in slices."""

import errno
import os
import threading
import time
from array import array
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from harness.errors import BenchError, DeviceError, HarnessError, UsageError
from harness.transport.errors import UsbSilent, UsbStall
from harness.transport.holders import Holder, holders
from harness.transport.identity import UsbSelector, listed
from harness.transport.printable import safe_text
from harness.transport.usb import pyusb
from harness.transport.usb.functions import UsbFunction, functions, place_of

_SLICE = 0.1  # seconds of one libusb call, so that `close` is never kept waiting longer
_SLICE_MS = 100
_NAME_LIMIT = 120
_GONE = (errno.ENODEV, errno.ESHUTDOWN, errno.ENXIO)
_DOUBTFUL = (errno.EIO, errno.EPROTO, errno.ENOENT, errno.EILSEQ)  # what an unplug may look like at first


class UsbLink:
    """An interface of a USB device.

    Transfers are cut into slices of 0.1 s, so that `close` from another thread wakes a waiting one. One thread at
    a time transfers.

    Args:
        wanted: Which device.
        suits: Tells whether an interface is of the kind that is looked for.
        what: What is looked for, in the singular: `CCID reader`.
        backend: libusb when left out.

    Attributes:
        identity: What was found; before the first `open` what is looked for.
        unfinished: Whether the last read was ended by its slice, with the device in the middle of a transfer.
    """

    def __init__(
        self,
        wanted: UsbSelector,
        suits: Callable[[pyusb.Interface], bool],
        what: str,
        backend: pyusb.Backend | None = None,
    ) -> None:
        self._wanted = wanted
        self._suits = suits
        self._what = what
        self._given_backend = backend
        self._function: UsbFunction | None = None
        self._detached = False
        self._closing = False
        self._buffer = array("B")
        self.busy = threading.RLock()
        self.identity = f"{what} with {wanted}"
        self.unfinished = False

    def place(self) -> str:
        """Return where the device is plugged in, in words that are equal for equal things; nothing is opened.

        Raises:
            BenchError: not plugged in.
            UsageError: several devices fit, or no libusb.
        """
        return place_of(self._find(self._given_backend or pyusb.libusb()))

    def open(self) -> UsbFunction:
        """Find the device and take its interface; a kernel driver that has it is detached until `close`.

        Raises:
            BenchError: not plugged in, no permission, or in use by another program.
            UsageError: several devices fit, opened twice, or no libusb.
        """
        with self.busy:
            if self._function is not None:
                raise UsageError(f"{self.identity}: opened twice")
            self._closing = False
            function = self._find(self._given_backend or pyusb.libusb())
            self.identity = str(function)
            try:
                self._detached = _take(function)
            except (OSError, NotImplementedError) as problem:
                pyusb.dispose(function.device)
                raise self._cannot_open(function.device, problem) from problem
            self._function = function
            return function

    def close(self) -> None:
        """Give the interface back to the kernel's driver, if it had one. May be called more than once."""
        self._closing = True
        with self.busy:
            function, self._function = self._function, None
            if function is None:
                return
            with suppress(OSError, NotImplementedError):  # it may be unplugged
                pyusb.release(function.device, function.interface)
            if self._detached:
                with suppress(OSError, NotImplementedError):
                    function.device.attach_kernel_driver(function.interface)
            pyusb.dispose(function.device)

    def write(self, endpoint: int, data: bytes, timeout: float, moment: str) -> None:
        """Write all of `data`.

        Args:
            endpoint: Address of the endpoint.
            data: Bytes to write.
            timeout: Seconds for all of it.
            moment: What is being done, for messages: `sending the command`.

        Raises:
            BenchError: not open, unplugged, or the device takes nothing.
            UsbStall: the device halted the endpoint; the halt is cleared.
        """
        device = self._device(moment)
        now = time.monotonic()
        deadline = now + timeout
        rest = array("B", data)  # pyusb would make one too, by a detour
        while True:
            try:
                written = device.write(endpoint, rest, _slice(deadline - now))
            except OSError as error:
                now = self._late_or_failed(error, deadline, moment, timeout, endpoint)
                continue
            if written >= len(rest):
                return
            rest = rest[written:]
            now = self._go_on(deadline, moment, timeout, None)

    def read(self, endpoint: int, size: int, timeout: float, moment: str) -> bytes:
        """Return what one transfer brings, up to `size` bytes (a multiple of the packet size).

        Raises:
            UsbSilent: nothing came within `timeout` seconds.
            BenchError: not open, or unplugged.
            UsbStall: the device halted the endpoint; the halt is cleared.
        """
        device = self._device(moment)
        buffer = self._buffer
        if len(buffer) != size:
            buffer = self._buffer = array("B", bytes(size))
        now = time.monotonic()
        deadline = now + timeout
        while True:
            limit = _slice(deadline - now)
            try:
                length = device.read(endpoint, buffer, limit)
                self.unfinished = length < size and time.monotonic() >= now + limit / 1000
                return buffer[:length].tobytes()
            except OSError as error:
                now = self._late_or_failed(error, deadline, moment, timeout, endpoint)

    def control(
        self, request_type: int, request: int, value: int, data: bytes | int, timeout: float, moment: str
    ) -> bytes:
        """Do one control transfer to the interface; `data` is what to write, or how many bytes to read.

        Raises:
            UsbSilent: no answer within `timeout` seconds.
            BenchError: not open, or unplugged.
            UsbStall: the device refuses the request.
        """
        device = self._device(moment)
        function = self._function
        index = function.interface if function is not None else 0
        now = time.monotonic()
        deadline = now + timeout
        while True:
            try:
                answer = device.ctrl_transfer(
                    request_type, request, value, index, data, _slice(deadline - now)
                )
            except OSError as error:
                now = self._late_or_failed(error, deadline, moment, timeout, None)
            else:
                return bytes(answer) if isinstance(data, int) else b""

    def _find(self, backend: pyusb.Backend) -> UsbFunction:
        try:
            return self._wanted.choose(functions(backend, self._wanted, self._suits), self._what)
        except BenchError as error:  # what was left out at first may be what was meant
            error.hint = f"check cable and power; {listed(functions(backend), 'USB interface')}"
            raise

    def _device(self, moment: str) -> pyusb.Device:
        function = self._function
        if function is None or self._closing:
            raise self._closed(moment)
        return function.device

    def _late_or_failed(
        self, error: OSError, deadline: float, moment: str, timeout: float, endpoint: int | None
    ) -> float:
        """Return the time when a slice has passed and some is left, else raise what happened."""
        if not pyusb.is_timeout(error):
            raise self._failed(error, moment, endpoint) from error
        return self._go_on(deadline, moment, timeout, error)

    def _go_on(self, deadline: float, moment: str, timeout: float, late: OSError | None) -> float:
        if self._closing:
            raise self._closed(moment)
        now = time.monotonic()
        if now >= deadline:
            raise UsbSilent(
                f"{self.identity}: nothing within {timeout:g} s while {moment}",
                hint="is the device's firmware running? power-cycle it, or give it more time",
            ) from late
        return now

    def _closed(self, moment: str) -> BenchError:
        return BenchError(f"{self.identity}: {'closed' if self._closing else 'not open'} while {moment}")

    def _failed(self, error: OSError, moment: str, endpoint: int | None) -> HarnessError:
        if self._closing:
            return self._closed(moment)
        code = error.errno
        if code in _GONE or (code in _DOUBTFUL and not self._plugged_in()):
            at = datetime.now(UTC).strftime("%H:%M:%S.%f")[:-3]
            return BenchError(
                f"{self.identity}: unplugged while {moment}, at {at} UTC",
                hint="check the cable and the device's power; it may have reset itself",
            )
        if code == errno.EPIPE:
            cleared = endpoint is not None and self._clear_halt(endpoint)
            place = "the request" if endpoint is None else f"endpoint {endpoint:#04x}"
            return UsbStall(
                f"{self.identity}: stalled {place} while {moment}"
                + ("; the halt is cleared" if cleared else ""),
                hint="the device refuses what it was sent: check framing and endpoints in the board file",
            )
        if code == errno.EOVERFLOW:
            return DeviceError(f"{self.identity}: sent more than its packet size while {moment}")
        return BenchError(
            f"{self.identity}: {safe_text(str(error), _NAME_LIMIT)} while {moment}",
            hint="check cable and hub; the kernel's view: dmesg",
        )

    def _clear_halt(self, endpoint: int) -> bool:
        function = self._function
        try:
            if function is not None:
                function.device.clear_halt(endpoint)
        except (OSError, NotImplementedError):
            return False
        return function is not None

    def _plugged_in(self) -> bool:
        function = self._function
        if function is None:
            return False
        ours = (function.device.bus, function.device.address)
        try:
            present = pyusb.devices(self._given_backend or pyusb.libusb())
        except OSError:
            return False
        return any((device.bus, device.address) == ours for device in present)

    def _cannot_open(self, device: pyusb.Device, problem: Exception) -> BenchError:
        code = problem.errno if isinstance(problem, OSError) else None
        if code in (errno.EACCES, errno.EPERM):
            return BenchError(
                f"{self.identity}: permission denied",
                hint="give your user the device by a udev rule: harness discover --udev",
            )
        if code == errno.EBUSY:
            others = ", ".join(map(str, _other_holders(device)))
            return BenchError(
                f"{self.identity}: in use by another program" + (f": {others}" if others else ""),
                hint="end it (pcscd holds smart card readers: systemctl stop pcscd.socket pcscd)",
            )
        return BenchError(
            f"{self.identity}: cannot be opened ({safe_text(str(problem), _NAME_LIMIT)})",
            hint="plug it in again",
        )


def _other_holders(device: pyusb.Device) -> tuple[Holder, ...]:
    node = f"/dev/bus/usb/{device.bus or 0:03}/{device.address or 0:03}"
    return tuple(each for each in holders(node) if each.pid != os.getpid())


def _slice(left: float) -> int:
    """Return the time limit of the next call in ms; libusb takes 0 for eternity."""
    return _SLICE_MS if left >= _SLICE else max(1, int(left * 1000))


def _take(function: UsbFunction) -> bool:
    """Claim the interface; tell whether a kernel driver had to be detached."""
    device, number = function.device, function.interface
    try:
        device.get_active_configuration()
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, *_GONE):
            raise
        device.set_configuration()  # fresh from the bus, and no driver has configured it
    detached = False
    with suppress(NotImplementedError):  # systems other than Linux
        if device.is_kernel_driver_active(number):
            device.detach_kernel_driver(number)
            detached = True
    pyusb.claim(device, number)
    return detached
