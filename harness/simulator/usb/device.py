"""A simulated USB device: its control endpoint, the state of its pipes, and the ways it can be disturbed."""

import errno
import struct
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from harness.errors import UsageError
from harness.simulator.usb.descriptors import Descriptors
from harness.simulator.usb.wire import Submit, Unlink, answer, unlinked

_IN = 0x80
_KIND = 0x60
_STANDARD = 0x00
_TO_INTERFACE, _TO_ENDPOINT = 0x01, 0x02
_RECIPIENT = 0x1F
_ENDPOINT_HALT = 0
_ENOUGH = 65536  # bytes that may wait for the host before `send` waits


class Standard(IntEnum):
    """Requests that every device answers."""

    GET_STATUS = 0
    CLEAR_FEATURE = 1
    SET_FEATURE = 3
    SET_ADDRESS = 5
    GET_DESCRIPTOR = 6
    GET_CONFIGURATION = 8
    SET_CONFIGURATION = 9
    GET_INTERFACE = 10
    SET_INTERFACE = 11


class Stall(Exception):  # noqa: N818 - a handshake of the bus, not an error
    """The device refuses this request."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A control request: the fields as the specification names them."""

    kind: int
    request: int
    value: int
    index: int
    length: int

    @classmethod
    def decode(cls, raw: bytes) -> "Setup":
        """Read the eight bytes of a setup packet."""
        return cls(*struct.unpack("<BBHHH", raw))

    def encode(self) -> bytes:
        """Return the eight bytes of a setup packet."""
        return struct.pack("<BBHHH", self.kind, self.request, self.value, self.index, self.length)


@dataclass(slots=True)
class _Pipe:
    """One direction of one endpoint."""

    waiting: deque[Submit] = field(default_factory=deque)  # transfers that the host has begun
    ready: deque[bytes | int] = field(default_factory=deque)  # data, or an error number, for the host
    halted: bool = False
    nak: bool = False
    read: bool = False  # whether the host reads from it, between two transfers too


class UsbDevice:
    """A simulated USB device.

    The host side (`link.UsbLink`) hands over what the host asks for and is given the answers. Subclasses
    override `control`, `interface_descriptor`, `received`, `host_reads` and `host_left`; they send with `send`.
    All of these may be called from any thread; none may wait, but `send`.

    Disturbances, each until it is taken back: `stall` halts an endpoint until the host clears the halt,
    `nak` lets one endpoint keep the host waiting, `hang` lets all of them. `fail` breaks one transfer.
    """

    def __init__(self, descriptors: Descriptors) -> None:
        self.descriptors = descriptors
        self._lock = threading.RLock()
        self._drained = threading.Condition(self._lock)
        self._pipes: dict[int, _Pipe] = {0: _Pipe()}
        for interface in descriptors.interfaces:
            for endpoint in interface.endpoints:
                self._pipes[endpoint.address] = _Pipe()
        self._reply: Callable[[bytes], None] | None = None
        self._hung = False
        self._configuration = 0
        self._refused_controls = 0
        self.cleared_halts = 0

    @property
    def name(self) -> str:
        """What a message calls this device."""
        who = self.descriptors.identity
        serial_number = f" serial number {who.serial_number}" if who.serial_number else ""
        return f"{who.product} {who.vid:04x}:{who.pid:04x}{serial_number}"

    def control(self, setup: Setup, data: bytes) -> bytes:
        """Answer a request of a class or of the vendor.

        Raises:
            Stall: there is no such request.
        """
        del setup, data
        raise Stall

    def interface_descriptor(self, kind: int, interface: int) -> bytes | None:
        """Return a descriptor that a class keeps at an interface; None when there is none."""
        del kind, interface
        return None

    def received(self, endpoint: int, data: bytes) -> None:
        """Take what the host sent to an endpoint.

        Raises:
            Stall: the device refuses it, and the endpoint halts.
        """

    def host_reads(self, endpoint: int) -> None:
        """Notice that the host begins to read from an endpoint that nobody read from."""

    def host_left(self, endpoint: int) -> None:
        """Notice that the host has stopped reading from an endpoint."""

    def send(self, endpoint: int, data: bytes, *, wait: bool = False) -> bool:
        """Let the host read `data` from an endpoint; with `wait`, once less than 64 KiB are waiting.

        Returns:
            False when no host is there: the data is dropped.
        """
        with self._lock:
            pipe = self._pipe(endpoint)
            while wait and self._reply is not None and pipe.read and _size(pipe) >= _ENOUGH:
                self._drained.wait()
            if self._reply is None:
                return False
            pipe.ready.append(data)
            self._advance(endpoint)
            return True

    def drop(self, endpoint: int) -> None:
        """Forget what the host has not read from an endpoint."""
        with self._lock:
            self._pipe(endpoint).ready.clear()
            self._drained.notify_all()

    def fail(self, endpoint: int, error: int = errno.EPROTO) -> None:
        """Let the host's next read from an endpoint end with an error number of the kernel."""
        with self._lock:
            self._pipe(endpoint).ready.appendleft(error)
            self._advance(endpoint)

    def stall(self, endpoint: int) -> None:
        """Halt an endpoint until the host clears the halt; endpoint 0 refuses its next request instead."""
        with self._lock:
            pipe = self._pipe(endpoint)
            if endpoint == 0:
                self._refused_controls += 1
                return
            pipe.halted = True
            self._advance(endpoint)

    def nak(self, endpoint: int, *, on: bool = True) -> None:
        """Keep the host waiting at an endpoint, or go on."""
        with self._lock:
            self._pipe(endpoint).nak = on
            self._advance(endpoint)

    def hang(self, *, on: bool = True) -> None:
        """Keep the host waiting at every endpoint, or go on."""
        with self._lock:
            self._hung = on
            for endpoint in self._pipes:
                self._advance(endpoint)

    def plugged(self, reply: Callable[[bytes], None]) -> None:
        """Begin with a host.

        Raises:
            UsageError: the device has one already.
        """
        with self._lock:
            if self._reply is not None:
                raise UsageError(f"{self.name} is plugged in already", hint="unplug it first")
            self._reply = reply

    def unplugged(self) -> None:
        """Forget the host and everything that was under way."""
        with self._lock:
            read = [endpoint for endpoint, pipe in self._pipes.items() if pipe.read]
            self._reply = None
            self._configuration = 0
            for pipe in self._pipes.values():
                pipe.waiting.clear()
                pipe.ready.clear()
                pipe.halted = pipe.read = False
            self._drained.notify_all()
        for endpoint in read:
            self.host_left(endpoint)

    def submitted(self, request: Submit) -> None:
        """Take a transfer from the host."""
        endpoint = request.endpoint | (_IN if request.to_host and request.endpoint else 0)
        with self._lock:
            pipe = self._pipes.get(endpoint)
            if pipe is None:
                self._end(request, errno.EPIPE)
                return
            pipe.waiting.append(request)
            if endpoint & _IN and not pipe.read:
                pipe.read = True
                self.host_reads(endpoint)
            self._advance(endpoint)

    def taken_back(self, request: Unlink) -> None:
        """End a transfer that the host takes back."""
        with self._lock:
            status, left = 0, None
            for endpoint, pipe in self._pipes.items():
                for transfer in pipe.waiting:
                    if transfer.number == request.victim:
                        pipe.waiting.remove(transfer)
                        status = errno.ECONNRESET
                        if pipe.read and not pipe.waiting:
                            pipe.read, left = False, endpoint
                        break
            if self._reply is not None:
                self._reply(unlinked(request, status))
            self._drained.notify_all()
        if left is not None:
            self.host_left(left)

    def _advance(self, endpoint: int) -> None:
        """End the transfers of an endpoint that can end now."""
        pipe = self._pipes[endpoint]
        while pipe.waiting and not self._hung and not pipe.nak:
            if pipe.halted:
                self._end(pipe.waiting.popleft(), errno.EPIPE)
            elif endpoint == 0:
                self._control(pipe.waiting.popleft())
            elif endpoint & _IN:
                if not pipe.ready:
                    return
                self._give(pipe)
            else:
                self._take(endpoint, pipe)

    def _give(self, pipe: _Pipe) -> None:
        request, data = pipe.waiting.popleft(), pipe.ready.popleft()
        if isinstance(data, int):
            self._end(request, data)
            return
        if len(data) > request.length:
            pipe.ready.appendleft(data[request.length :])
        self._end(request, 0, data[: request.length])
        if _size(pipe) < _ENOUGH:
            self._drained.notify_all()

    def _take(self, endpoint: int, pipe: _Pipe) -> None:
        request = pipe.waiting.popleft()
        try:
            if request.data:
                self.received(endpoint, request.data)
        except Stall:
            pipe.halted = True
            self._end(request, errno.EPIPE)
        else:
            self._end(request, 0)

    def _control(self, request: Submit) -> None:
        setup = Setup.decode(request.setup)
        standard = (setup.kind & _KIND) == _STANDARD
        if self._refused_controls and not standard:
            self._refused_controls -= 1
            self._end(request, errno.EPIPE)
            return
        try:
            data = self._standard(setup) if standard else self.control(setup, request.data)
        except Stall:
            self._end(request, errno.EPIPE)
        else:
            self._end(request, 0, data[: request.length] if request.to_host else b"")

    def _standard(self, setup: Setup) -> bytes:
        if setup.request == Standard.GET_DESCRIPTOR:
            found = self._descriptor(setup)
            if found is None:
                raise Stall
            return found
        if setup.request == Standard.GET_STATUS:
            return bytes((int(self._halt(setup)), 0))
        if setup.request == Standard.GET_CONFIGURATION:
            return bytes((self._configuration,))
        if setup.request == Standard.GET_INTERFACE:
            return b"\x00"
        if setup.request == Standard.SET_CONFIGURATION:
            self._configuration = setup.value & 0xFF
            return b""
        if setup.request in (Standard.CLEAR_FEATURE, Standard.SET_FEATURE):
            return self._feature(setup)
        if setup.request in (Standard.SET_ADDRESS, Standard.SET_INTERFACE):
            return b""
        raise Stall

    def _descriptor(self, setup: Setup) -> bytes | None:
        kind, index = setup.value >> 8, setup.value & 0xFF
        if setup.kind & _RECIPIENT == _TO_INTERFACE:
            return self.interface_descriptor(kind, setup.index & 0xFF)
        return self.descriptors.get(kind, index)

    def _feature(self, setup: Setup) -> bytes:
        if setup.kind & _RECIPIENT != _TO_ENDPOINT or setup.value != _ENDPOINT_HALT:
            return b""
        pipe = self._pipes.get(setup.index & 0xFF)
        if pipe is None:
            raise Stall
        pipe.halted = setup.request == Standard.SET_FEATURE
        if not pipe.halted:
            self.cleared_halts += 1
        self._advance(setup.index & 0xFF)
        return b""

    def _halt(self, setup: Setup) -> bool:
        if setup.kind & _RECIPIENT != _TO_ENDPOINT:
            return False
        pipe = self._pipes.get(setup.index & 0xFF)
        return pipe is not None and pipe.halted

    def _end(self, request: Submit, status: int, data: bytes = b"") -> None:
        if self._reply is not None:
            self._reply(answer(request, status, data))

    def _pipe(self, endpoint: int) -> _Pipe:
        try:
            return self._pipes[endpoint]
        except KeyError:
            here = ", ".join(f"{number:#04x}" for number in self._pipes)
            raise UsageError(f"{self.name} has no endpoint {endpoint:#04x}; it has {here}") from None


def _size(pipe: _Pipe) -> int:
    return sum(len(data) for data in pipe.ready if isinstance(data, bytes))
