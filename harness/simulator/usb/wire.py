"""The USB/IP messages of an attached device: requests of the host, answers of the device.

Only the part after the attachment is needed, because the kernel is handed a socket directly.
Source: Linux, Documentation/usb/usbip_protocol.rst (USBIP_CMD_SUBMIT and what follows).
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from harness.errors import DeviceError

_HEAD = struct.Struct(">IIIII")  # command, sequence number, device, direction, endpoint
_SUBMIT = struct.Struct(">IiIiI8s")  # flags, length, start frame, packets, interval, setup
_RETURN = struct.Struct(">iiIiI8x")  # status, length, start frame, packets, errors
_UNLINK = struct.Struct(">I24x")
_UNLINKED = struct.Struct(">i24x")
_SIZE = 48
_LONGEST = 1 << 20  # bytes in one transfer; the kernel's drivers here stay far below
_NO_PACKETS = (0, -1, 0xFFFFFFFF)


class Command(IntEnum):
    """What a message is."""

    SUBMIT = 1
    UNLINK = 2
    SUBMITTED = 3
    UNLINKED = 4


@dataclass(frozen=True, slots=True)
class Submit:
    """The host asks for a transfer.

    Attributes:
        number: Names the transfer.
        endpoint: Number of the endpoint, without its direction.
        to_host: Whether data goes to the host.
        length: Bytes that the host has, or has room for.
        setup: The eight bytes of a control request.
        data: What the host sends.
    """

    number: int
    endpoint: int
    to_host: bool
    length: int
    setup: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Unlink:
    """The host takes a transfer back.

    Attributes:
        number: Names this request.
        victim: Names the transfer.
    """

    number: int
    victim: int


def read_request(read: Callable[[int], bytes]) -> Submit | Unlink | None:
    """Return the next request, None when the host has gone.

    Args:
        read: Returns as many bytes as asked for, fewer at the end of the stream.

    Raises:
        DeviceError: the stream holds something else.
    """
    head = read(_SIZE)
    if len(head) < _SIZE:
        return None
    command, number, _device, direction, endpoint = _HEAD.unpack_from(head)
    if command == Command.UNLINK:
        return Unlink(number, _UNLINK.unpack_from(head, _HEAD.size)[0])
    if command != Command.SUBMIT:
        raise DeviceError(f"USB/IP: {command:#x} is no request", hint="the far end is not vhci-hcd")
    _flags, length, _frame, packets, _interval, setup = _SUBMIT.unpack_from(head, _HEAD.size)
    if not 0 <= length <= _LONGEST or packets not in _NO_PACKETS or endpoint > 15:
        raise DeviceError(f"USB/IP: a transfer of {length} bytes in {packets} packets to endpoint {endpoint}")
    to_host = direction == 1
    data = b"" if to_host else read(length)
    if len(data) < (0 if to_host else length):
        return None
    return Submit(number, endpoint, to_host, length, setup, data)


def answer(request: Submit, status: int, data: bytes = b"", *, taken: int | None = None) -> bytes:
    """Return the message that ends a transfer.

    Args:
        request: The transfer.
        status: 0, or an error number of the kernel, positive.
        data: What goes to the host.
        taken: Bytes that were taken from the host; all of them when left out.
    """
    moved = 0
    if not status:
        moved = len(data) if request.to_host else request.length if taken is None else taken
    head = _HEAD.pack(Command.SUBMITTED, request.number, 0, 0, 0)
    return head + _RETURN.pack(-status, moved, 0, 0, 0) + (data if request.to_host and not status else b"")


def unlinked(request: Unlink, status: int) -> bytes:
    """Return the answer to an unlink; `status` is 0 when the transfer had ended already."""
    return _HEAD.pack(Command.UNLINKED, request.number, 0, 0, 0) + _UNLINKED.pack(-status)


def submit(
    number: int, endpoint: int, *, to_host: bool, length: int = 0, setup: bytes = bytes(8), data: bytes = b""
) -> bytes:
    """Return a request of the host; the other side of `read_request`."""
    head = _HEAD.pack(Command.SUBMIT, number, 0, int(to_host), endpoint)
    size = length if to_host else len(data)
    return head + _SUBMIT.pack(0, size, 0, 0, 0, setup) + (b"" if to_host else data)


def unlink(number: int, victim: int) -> bytes:
    """Return a request of the host that takes a transfer back."""
    return _HEAD.pack(Command.UNLINK, number, 0, 0, 0) + _UNLINK.pack(victim)


def read_answer(read: Callable[[int], bytes], *, to_host: bool) -> tuple[Command, int, int, int, bytes]:
    """Return kind, number, status, length and data of an answer; the other side of `answer`."""
    head = read(_SIZE)
    command, number, _device, _direction, _endpoint = _HEAD.unpack_from(head)
    if command == Command.UNLINKED:
        return Command.UNLINKED, number, _UNLINKED.unpack_from(head, _HEAD.size)[0], 0, b""
    status, length, _frame, _packets, _errors = _RETURN.unpack_from(head, _HEAD.size)
    return Command(command), number, status, length, read(length) if to_host and length else b""
