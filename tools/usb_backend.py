"""Simulated USB devices for pyusb without a kernel: a backend in this process, in the place of libusb.

The same device models are plugged into a kernel by `harness.simulator.usb`; here they are handed the same requests
by function calls.
"""

import errno
import io
import itertools
import threading
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace

import usb.core  # type: ignore[import-untyped]  # pyusb brings no types

from harness.simulator.usb.device import Setup, UsbDevice
from harness.simulator.usb.wire import Command, Submit, Unlink, read_answer

_IN = 0x80
_CLEAR_FEATURE, _SET_CONFIGURATION = 1, 9
_TO_ENDPOINT = 0x02
_CODES = {
    errno.EPIPE: "Pipe error",
    errno.ENODEV: "No such device (it may have been disconnected)",
    errno.EBUSY: "Resource busy",
    errno.EACCES: "Access denied (insufficient permissions)",
    errno.EOVERFLOW: "Overflow",
}


@dataclass(slots=True)
class _Transfer:
    """A transfer under way."""

    to_host: bool
    ended: threading.Event = field(default_factory=threading.Event)
    status: int = 0
    moved: int = 0
    data: bytes = b""


@dataclass(slots=True)
class _Socket:
    """A device in its place; a place is bus, address and the ports on the way."""

    device: UsbDevice
    bus: int
    address: int
    ports: tuple[int, ...]
    drivers: set[int] = field(default_factory=set)
    claimed: set[int] = field(default_factory=set)
    transfers: dict[int, _Transfer] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    configuration: int = 1
    plugged: bool = True
    denied: bool = False


class MemoryBackend:
    """A backend of pyusb whose bus is in this process.

    Attributes:
        log: What was done to kernel drivers and halts, in order: `detach 0`, `attach 0`, `clear 0x81`.
    """

    def __init__(self) -> None:
        self._sockets: list[_Socket] = []
        self._numbers = itertools.count(1)
        self._addresses = itertools.count(1)
        self.log: list[str] = []

    def plug(
        self, device: UsbDevice, location: str = "1-1", *, drivers: tuple[int, ...] = (), denied: bool = False
    ) -> None:
        """Plug a device in.

        Args:
            device: The device.
            location: Where: bus and ports, `1-1.4`.
            drivers: Interfaces that a kernel driver takes at once.
            denied: Whether the user lacks the permission to open it.
        """
        bus, _, ports = location.partition("-")
        socket = _Socket(
            device, int(bus), next(self._addresses), tuple(int(port) for port in ports.split("."))
        )
        socket.drivers.update(drivers)
        socket.denied = denied
        device.plugged(lambda message: self._answered(socket, message))
        self._sockets.append(socket)

    def unplug(self, device: UsbDevice) -> None:
        """Pull a device out; what is under way ends."""
        for socket in [each for each in self._sockets if each.device is device]:
            self._sockets.remove(socket)
            socket.plugged = False
            device.unplugged()
            with socket.lock:
                waiting = list(socket.transfers.values())
                socket.transfers.clear()
            for transfer in waiting:
                transfer.status = errno.ENODEV
                transfer.ended.set()

    # What pyusb asks of a backend; the names are pyusb's.

    def enumerate_devices(self) -> Iterator[_Socket]:
        """Give the devices that are plugged in."""
        yield from list(self._sockets)

    def get_parent(self, dev: _Socket) -> None:
        """There are no hubs."""
        del dev

    def get_device_descriptor(self, dev: _Socket) -> SimpleNamespace:
        """Return the device descriptor with bus, address and ports."""
        raw = dev.device.descriptors.get(1, 0) or b""
        return SimpleNamespace(
            bLength=raw[0],
            bDescriptorType=raw[1],
            bcdUSB=int.from_bytes(raw[2:4], "little"),
            bDeviceClass=raw[4],
            bDeviceSubClass=raw[5],
            bDeviceProtocol=raw[6],
            bMaxPacketSize0=raw[7],
            idVendor=int.from_bytes(raw[8:10], "little"),
            idProduct=int.from_bytes(raw[10:12], "little"),
            bcdDevice=int.from_bytes(raw[12:14], "little"),
            iManufacturer=raw[14],
            iProduct=raw[15],
            iSerialNumber=raw[16],
            bNumConfigurations=raw[17],
            bus=dev.bus,
            address=dev.address,
            port_number=dev.ports[-1],
            port_numbers=dev.ports,
            speed=int(dev.device.descriptors.speed),
        )

    def get_configuration_descriptor(self, dev: _Socket, config: int) -> SimpleNamespace:
        """Return the one configuration."""
        if config:
            raise IndexError(config)
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=2,
            wTotalLength=9,
            bNumInterfaces=len(dev.device.descriptors.interfaces),
            bConfigurationValue=1,
            iConfiguration=0,
            bmAttributes=0x80,
            bMaxPower=50,
            extra_descriptors=[],
        )

    def get_interface_descriptor(self, dev: _Socket, intf: int, alt: int, config: int) -> SimpleNamespace:
        """Return one interface."""
        if alt or config:
            raise IndexError(alt)
        found = dev.device.descriptors.interfaces[intf]
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=4,
            bInterfaceNumber=found.number,
            bAlternateSetting=0,
            bNumEndpoints=len(found.endpoints),
            bInterfaceClass=found.code[0],
            bInterfaceSubClass=found.code[1],
            bInterfaceProtocol=found.code[2],
            iInterface=0,
            extra_descriptors=list(found.extra),
        )

    def get_endpoint_descriptor(
        self, dev: _Socket, ep: int, intf: int, alt: int, config: int
    ) -> SimpleNamespace:
        """Return one endpoint of an interface."""
        del alt, config
        found = dev.device.descriptors.interfaces[intf].endpoints[ep]
        return SimpleNamespace(
            bLength=7,
            bDescriptorType=5,
            bEndpointAddress=found.address,
            bmAttributes=int(found.transfer),
            wMaxPacketSize=found.packet_size,
            bInterval=found.interval,
            bRefresh=0,
            bSynchAddress=0,
            extra_descriptors=[],
        )

    def open_device(self, dev: _Socket) -> _Socket:
        """Open a device."""
        if dev.denied:
            raise _error(errno.EACCES)
        return self._here(dev)

    def close_device(self, dev_handle: _Socket) -> None:
        """Close a device."""
        dev_handle.claimed.clear()

    def set_configuration(self, dev_handle: _Socket, config_value: int) -> None:
        """Configure a device."""
        self._here(dev_handle).configuration = config_value
        self.ctrl_transfer(dev_handle, 0, _SET_CONFIGURATION, config_value, 0, array("B"), 1000)

    def get_configuration(self, dev_handle: _Socket) -> int:
        """Tell how a device is configured."""
        return self._here(dev_handle).configuration

    def set_interface_altsetting(self, dev_handle: _Socket, intf: int, altsetting: int) -> None:
        """There is one setting only."""
        del intf, altsetting
        self._here(dev_handle)

    def claim_interface(self, dev_handle: _Socket, intf: int) -> None:
        """Take an interface."""
        socket = self._here(dev_handle)
        if intf in socket.drivers or intf in socket.claimed:
            raise _error(errno.EBUSY)
        socket.claimed.add(intf)

    def release_interface(self, dev_handle: _Socket, intf: int) -> None:
        """Give an interface back."""
        self._here(dev_handle).claimed.discard(intf)

    def bulk_write(self, dev_handle: _Socket, ep: int, intf: int, data: "array[int]", timeout: int) -> int:
        """Write to a bulk endpoint."""
        del intf
        return self._transfer(dev_handle, ep, timeout, data=data.tobytes()).moved

    def bulk_read(self, dev_handle: _Socket, ep: int, intf: int, buff: "array[int]", timeout: int) -> int:
        """Read from a bulk endpoint."""
        del intf
        got = self._transfer(dev_handle, ep, timeout, length=len(buff)).data
        buff[: len(got)] = array("B", got)
        return len(got)

    intr_write = bulk_write
    intr_read = bulk_read

    def iso_write(self, dev_handle: _Socket, ep: int, intf: int, data: "array[int]", timeout: int) -> int:
        """Refuse: no simulated device has isochronous endpoints."""
        del dev_handle, ep, intf, data, timeout
        raise _error(errno.EINVAL)

    def iso_read(self, dev_handle: _Socket, ep: int, intf: int, size: int, timeout: int) -> int:
        """Refuse: no simulated device has isochronous endpoints."""
        del dev_handle, ep, intf, size, timeout
        raise _error(errno.EINVAL)

    def ctrl_transfer(
        self,
        dev_handle: _Socket,
        bmRequestType: int,  # noqa: N803 - the name in the USB specification
        bRequest: int,  # noqa: N803 - the name in the USB specification
        wValue: int,  # noqa: N803 - the name in the USB specification
        wIndex: int,  # noqa: N803 - the name in the USB specification
        data: "array[int]",
        timeout: int,
    ) -> int:
        """Do a control transfer."""
        setup = Setup(bmRequestType, bRequest, wValue, wIndex, len(data)).encode()
        if bmRequestType & _IN:
            got = self._transfer(dev_handle, _IN, timeout, length=len(data), setup=setup).data
            data[: len(got)] = array("B", got)
            return len(got)
        return self._transfer(dev_handle, 0, timeout, data=data.tobytes(), setup=setup).moved

    def clear_halt(self, dev_handle: _Socket, ep: int) -> None:
        """Clear the halt of an endpoint, as the kernel does: by a request to the device."""
        self.log.append(f"clear {ep:#04x}")
        self.ctrl_transfer(dev_handle, _TO_ENDPOINT, _CLEAR_FEATURE, 0, ep, array("B"), 1000)

    def reset_device(self, dev_handle: _Socket) -> None:
        """Reset a device: nothing is left of what was under way."""
        self._here(dev_handle)

    def is_kernel_driver_active(self, dev_handle: _Socket, intf: int) -> bool:
        """Tell whether a kernel driver has an interface."""
        return intf in self._here(dev_handle).drivers

    def detach_kernel_driver(self, dev_handle: _Socket, intf: int) -> None:
        """Take an interface from its kernel driver."""
        self._here(dev_handle).drivers.discard(intf)
        self.log.append(f"detach {intf}")

    def attach_kernel_driver(self, dev_handle: _Socket, intf: int) -> None:
        """Give an interface to its kernel driver."""
        self._here(dev_handle).drivers.add(intf)
        self.log.append(f"attach {intf}")

    def _here(self, socket: _Socket) -> _Socket:
        if not socket.plugged:
            raise _error(errno.ENODEV)
        return socket

    def _transfer(
        self,
        socket: _Socket,
        endpoint: int,
        timeout: int,
        *,
        length: int = 0,
        data: bytes = b"",
        setup: bytes = bytes(8),
    ) -> _Transfer:
        """Do one transfer and return it when it has ended; `timeout` is in ms, 0 for ever."""
        self._here(socket)
        to_host = bool(endpoint & _IN)
        number = next(self._numbers)
        transfer = _Transfer(to_host)
        with socket.lock:
            socket.transfers[number] = transfer
        request = Submit(number, endpoint & ~_IN, to_host, length or len(data), setup, data)
        socket.device.submitted(request)
        if not transfer.ended.wait(timeout / 1000 if timeout else None):
            socket.device.taken_back(Unlink(next(self._numbers), number))
            with socket.lock:
                still = socket.transfers.pop(number, None)
            if still is not None and not transfer.ended.is_set():
                raise usb.core.USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)
        if transfer.status:
            raise _error(transfer.status)
        return transfer

    def _answered(self, socket: _Socket, message: bytes) -> None:
        number = int.from_bytes(message[4:8], "big")
        with socket.lock:
            transfer = socket.transfers.get(number)
            if transfer is None:
                return
            read = io.BytesIO(message).read
            kind, _number, status, moved, data = read_answer(read, to_host=transfer.to_host)
            if kind is not Command.SUBMITTED:
                return
            del socket.transfers[number]
        transfer.status, transfer.moved, transfer.data = abs(status), moved, data
        transfer.ended.set()


def _error(code: int) -> OSError:
    error: OSError = usb.core.USBError(_CODES.get(code, f"error {code}"), -code, code)
    return error
