"""The part of pyusb that is used, with types: pyusb has none of its own.

pyusb and libusb take a quarter of a second to import, so that is done when they are needed: a board file with a USB
transport is also read and planned where nothing is plugged in.
"""

import errno
import importlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType
from typing import Protocol, cast

from harness.errors import UsageError

DIRECTION_IN = 0x80
CONTROL, BULK, INTERRUPT = 0, 2, 3  # transfer types, as endpoint descriptors write them
_TYPE_MASK = 0x03


class Backend(Protocol):
    """What pyusb asks of a backend; tests bring one of their own."""

    def enumerate_devices(self) -> Iterable[object]:
        """Give the devices that are plugged in."""


class Endpoint(Protocol):
    """An endpoint descriptor."""

    bEndpointAddress: int  # noqa: N815 - the name in the USB specification
    bmAttributes: int  # noqa: N815 - the name in the USB specification
    wMaxPacketSize: int  # noqa: N815 - the name in the USB specification
    extra_descriptors: Sequence[int]


class Interface(Protocol):
    """An interface descriptor with its endpoints."""

    bInterfaceNumber: int  # noqa: N815 - the name in the USB specification
    bAlternateSetting: int  # noqa: N815 - the name in the USB specification
    bInterfaceClass: int  # noqa: N815 - the name in the USB specification
    iInterface: int  # noqa: N815 - the name in the USB specification
    extra_descriptors: Sequence[int]

    def __iter__(self) -> Iterator[Endpoint]: ...


class Device(Protocol):
    """A USB device."""

    idVendor: int  # noqa: N815 - the name in the USB specification
    idProduct: int  # noqa: N815 - the name in the USB specification
    bus: int | None
    address: int | None
    port_numbers: tuple[int, ...] | None
    product: str | None
    serial_number: str | None

    def __iter__(self) -> Iterator[Iterable[Interface]]: ...

    def get_active_configuration(self) -> Iterable[Interface]:
        """Return the configuration that is set."""

    def set_configuration(self, configuration: int | None = None) -> None:
        """Set a configuration; the first when None."""

    def is_kernel_driver_active(self, interface: int) -> bool:
        """Tell whether a kernel driver has the interface."""

    def detach_kernel_driver(self, interface: int) -> None:
        """Take the interface from its kernel driver."""

    def attach_kernel_driver(self, interface: int) -> None:
        """Give the interface back to its kernel driver."""

    def write(self, endpoint: int, data: "array[int]", timeout: int | None = None) -> int:
        """Write to an endpoint and return how many bytes it took; `timeout` in ms."""

    def read(self, endpoint: int, size_or_buffer: "array[int]", timeout: int | None = None) -> int:
        """Fill a buffer from an endpoint and return how many bytes came; `timeout` in ms."""

    def ctrl_transfer(
        self,
        bmRequestType: int,  # noqa: N803 - the name in the USB specification
        bRequest: int,  # noqa: N803 - the name in the USB specification
        wValue: int = 0,  # noqa: N803 - the name in the USB specification
        wIndex: int = 0,  # noqa: N803 - the name in the USB specification
        data_or_wLength: int | bytes | None = None,  # noqa: N803 - pyusb's name
        timeout: int | None = None,
    ) -> Sequence[int]:
        """Do a control transfer; `timeout` in ms."""

    def clear_halt(self, ep: int) -> None:
        """Clear the halt of an endpoint."""


def libusb() -> Backend:
    """Return libusb, the one that is installed beside us or the system's.

    Raises:
        UsageError: there is none.
    """
    backend = importlib.import_module("libusb_package").get_libusb1_backend()
    if backend is None:
        raise UsageError("libusb cannot be loaded", hint="install libusb 1.0: sudo apt install libusb-1.0-0")
    return cast("Backend", backend)


def devices(backend: Backend) -> tuple[Device, ...]:
    """Return the devices that are plugged in now."""
    return tuple(_core().find(find_all=True, backend=backend) or ())


def is_timeout(error: OSError) -> bool:
    """Tell whether a transfer has just taken too long."""
    return error.errno == errno.ETIMEDOUT


def claim(device: Device, interface: int) -> None:
    """Take an interface for this process alone."""
    _util().claim_interface(device, interface)


def release(device: Device, interface: int) -> None:
    """Give an interface back."""
    _util().release_interface(device, interface)


def dispose(device: Device) -> None:
    """Close the device."""
    _util().dispose_resources(device)


def string(device: Device, index: int) -> str | None:
    """Return a string descriptor, None when there is none or it cannot be read."""
    if not index:
        return None
    try:
        return cast("str | None", _util().get_string(device, index))
    except (OSError, ValueError):  # ValueError: no permission to ask for the languages
        return None


def _core() -> ModuleType:
    return importlib.import_module("usb.core")


def _util() -> ModuleType:
    return importlib.import_module("usb.util")


def transfer_type(endpoint: Endpoint) -> int:
    """Return the endpoint's transfer type: `BULK`, `INTERRUPT`, …."""
    return endpoint.bmAttributes & _TYPE_MASK
