"""The USB interfaces of this machine, as libusb shows them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.transport.identity import UsbSelector, describe
from harness.transport.printable import safe_text
from harness.transport.usb import pyusb

_NAME_LIMIT = 120


@dataclass(frozen=True, slots=True)
class UsbFunction:
    """One interface of a USB device of this machine.

    Attributes:
        device: The device.
        descriptor: Its interface.
        vid: USB vendor id.
        pid: USB product id.
        serial_number: USB serial number, None when it has none or may not be asked.
        location: Where it is plugged in, `1-1.4`.
        interface: Number of the interface.
        interface_name: The interface's own name.
        product: The product's own name.
    """

    device: pyusb.Device = field(repr=False)
    descriptor: pyusb.Interface = field(repr=False)
    vid: int
    pid: int
    serial_number: str | None
    location: str | None
    interface: int
    interface_name: str | None
    product: str | None

    def __str__(self) -> str:
        return describe(self, self.product)


def functions(
    backend: pyusb.Backend,
    wanted: UsbSelector | None = None,
    suits: Callable[[pyusb.Interface], bool] | None = None,
) -> tuple[UsbFunction, ...]:
    """Return the USB interfaces of this machine, by location.

    Args:
        backend: Where to look.
        wanted: Leaves out devices whose ids or place differ, before their names are asked for.
        suits: Leaves out interfaces of another kind.
    """
    found: list[UsbFunction] = []
    for device in pyusb.devices(backend):
        location = _location(device)
        if wanted is not None and not _may_fit(wanted, device, location):
            continue
        serial_number, product = _text(device, "serial_number"), _text(device, "product")
        found += [
            UsbFunction(
                device=device,
                descriptor=descriptor,
                vid=device.idVendor,
                pid=device.idProduct,
                serial_number=serial_number,
                location=location,
                interface=descriptor.bInterfaceNumber,
                interface_name=_safe(pyusb.string(device, descriptor.iInterface)),
                product=product,
            )
            for descriptor in _interfaces(device)
            if suits is None or suits(descriptor)
        ]
    return tuple(sorted(found, key=lambda function: (function.location or "", function.interface)))


def place_of(function: UsbFunction) -> str:
    """Return where a device is plugged in, in words that are equal for equal things."""
    device = function.device
    location = function.location or f"bus {device.bus} address {device.address}"
    return f"usb {location} interface {function.interface}"


def _interfaces(device: pyusb.Device) -> list[pyusb.Interface]:
    """Return the interfaces in their first setting."""
    try:
        first = next(iter(device))
        return [each for each in first if each.bAlternateSetting == 0]
    except (OSError, StopIteration):  # unplugged while it is looked at, or without a configuration
        return []


def _may_fit(wanted: UsbSelector, device: pyusb.Device, location: str | None) -> bool:
    place = wanted.location.partition(":")[0] if wanted.location else location
    return (
        wanted.vid in (None, device.idVendor) and wanted.pid in (None, device.idProduct) and place == location
    )


def _location(device: pyusb.Device) -> str | None:
    if device.bus is None or not device.port_numbers:
        return None
    return f"{device.bus}-{'.'.join(map(str, device.port_numbers))}"


def _text(device: pyusb.Device, name: str) -> str | None:
    try:
        value: str | None = getattr(device, name)
    except (OSError, ValueError):  # ValueError: no permission to ask for the languages
        return None
    return _safe(value)


def _safe(text: str | None) -> str | None:
    return safe_text(text, _NAME_LIMIT) if text else None
