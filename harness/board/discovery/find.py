"""Finds what this machine could reach a board by: serial ports, I²C buses, USB devices, card readers.

Everything is read from sysfs below a root that tests replace; nothing is opened and no device is touched.
"""

import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from harness.errors import ToolError
from harness.kinds import asking
from harness.transport.found import VENDORS_CCID, Bus, Found, UsbInterface
from harness.transport.kinds import TRANSPORTS
from harness.transport.printable import safe_text
from harness.transport.usb.port import SYSTEM, usb_port_at, usb_ports

_HUB = "09"
_TEXT_LIMIT = 120
_CHIP_ADDRESS = re.compile(r"00[0-7][0-9a-f]")
_CLASSES = MappingProxyType(
    {
        "02": "cdc",
        "03": "hid",
        "08": "storage",
        "0a": "cdc-data",
        "0b": "ccid",
        "0e": "video",
        "e0": "wireless",
        "ff": "vendor",
    }
)
_SCOPE_SYSTEM = 2
_INTERFACE_DESCRIPTOR, _INTERFACE_LENGTH, _VENDOR_CLASS = 0x04, 9, 0xFF


def discover(
    root: Path = SYSTEM,
    readers: Callable[[], list[str]] | None = None,
    *,
    on_broken: Callable[[str], None] | None = None,
) -> tuple[Found, ...]:
    """Return what is there, by bus.

    Args:
        root: Root of the file system.
        readers: Lists the PC/SC readers; pyscard, where it is installed, when left out.
        on_broken: Told of each transport kind that breaks when it looks; the others are asked all the same.

    Raises:
        ToolError: A transport kind breaks, and `on_broken` is left out.
    """
    found = [*serial_lines(root), *i2c_buses(root), *usb_devices(root)]
    names = (pcsc_readers if readers is None else readers)()
    found += [Found(Bus.PCSC, safe_text(name, _TEXT_LIMIT)) for name in names]
    for name, kind in TRANSPORTS.all().items():
        try:
            with asking(kind, f"transport kind {name!r} cannot look for devices"):
                found += kind.find(root)
        except ToolError as error:
            if on_broken is None:
                raise
            on_broken(error.message)
    return tuple(found)


def serial_lines(root: Path = SYSTEM) -> Iterator[Found]:
    """Give the serial ports that have hardware behind them."""
    for entry in _entries(root / "sys/class/tty"):
        if not (entry / "device").exists() or _text(entry / "type") == "0":
            continue  # a virtual terminal, or a port of the chip set without anything behind it
        device = (entry / "device").resolve()
        yield _on_usb(Found(Bus.SERIAL, f"/dev/{entry.name}", _driver(device)), device, root)


def i2c_buses(root: Path = SYSTEM) -> Iterator[Found]:
    """Give the I²C adapters, those without a device node too."""
    for entry in _entries(root / "sys/bus/i2c/devices"):
        if entry.name.removeprefix("i2c-").isdecimal():
            bus = Found(Bus.I2C, f"/dev/{entry.name}", _text(entry / "name"), chips=tuple(_chips(entry)))
            yield _on_usb(bus, entry.resolve(), root)


def usb_devices(root: Path = SYSTEM) -> Iterator[Found]:
    """Give the USB devices without the hubs."""
    for usb_port in usb_ports(root):
        folder = root / "sys/bus/usb/devices" / usb_port.location
        if _text(folder / "bDeviceClass") == _HUB:
            continue
        number = _text(folder / "busnum")
        path = f"/dev/bus/usb/{int(number):03}/{usb_port.number:03}" if number.isdecimal() else ""
        readers = readers_in(_raw(folder / "descriptors"))
        interfaces = tuple(
            _as_reader(_interface(each), readers)
            for each in _entries(folder.resolve(), f"{usb_port.location}:")
        )
        yield Found(Bus.USB, path or f"usb {usb_port.location}", usb_port=usb_port, interfaces=interfaces)


def readers_in(descriptors: bytes) -> frozenset[int]:
    """Return the interfaces of the vendor's own class that are CCID readers by their class descriptor.

    Args:
        descriptors: The descriptors of a device with those of its configurations, as sysfs has them.
    """
    found: set[int] = set()
    interface, vendors, at = -1, False, 0
    from harness.transport.usb.ccid_messages import has_descriptor

    while at + 2 <= len(descriptors) and descriptors[at] >= 2:
        one = descriptors[at : at + descriptors[at]]
        if one[1] == _INTERFACE_DESCRIPTOR and len(one) >= _INTERFACE_LENGTH:
            interface, vendors = one[2], one[5] == _VENDOR_CLASS
        elif vendors and has_descriptor(one):
            found.add(interface)
        at += descriptors[at]
    return frozenset(found)


def _as_reader(interface: UsbInterface, readers: frozenset[int]) -> UsbInterface:
    return replace(interface, kind=VENDORS_CCID) if interface.number in readers else interface


def _raw(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it left meanwhile
        return b""


def pcsc_readers() -> list[str]:
    """Return the names of the PC/SC readers; none without pyscard or without a running service."""
    try:
        scard = importlib.import_module("smartcard.scard")
    except ImportError:
        return []
    from harness.transport.pcsc.calls import list_readers

    code, context = scard.SCardEstablishContext(_SCOPE_SYSTEM)
    if code:
        return []
    try:
        code, names = list_readers(scard, context)
    finally:
        scard.SCardReleaseContext(context)
    return [] if code else [str(name) for name in names]


def _chips(bus: Path) -> Iterator[str]:
    """Give the chips that the kernel knows on a bus; one that no driver wants is known to nobody, and none is asked."""
    for entry in _entries(bus, f"{bus.name.removeprefix('i2c-')}-"):
        address = entry.name.rpartition("-")[2]
        if _CHIP_ADDRESS.fullmatch(address):
            yield f"0x{address[-2:]} {_text(entry / 'name')}".strip()


def _interface(folder: Path) -> UsbInterface:
    number, kind = _text(folder / "bInterfaceNumber"), _text(folder / "bInterfaceClass")
    return UsbInterface(
        number=int(number, 16) if number and all(c in "0123456789abcdef" for c in number) else 0,
        kind=_CLASSES.get(kind, f"class {kind}"),
        driver=_driver(folder),
        name=_text(folder / "interface"),
    )


def _on_usb(found: Found, device: Path, root: Path) -> Found:
    """Add the USB device and interface that a device of the kernel hangs on."""
    interface: UsbInterface | None = None
    for folder in (device, *device.parents):
        if interface is None and (folder / "bInterfaceNumber").is_file():
            interface = _interface(folder)
        if (folder / "idVendor").is_file():
            return replace(
                found,
                usb_port=usb_port_at(folder.name, root),
                interface=interface.number if interface else None,
                interface_name=(interface.name or None) if interface else None,
            )
    return found


def _driver(device: Path) -> str:
    """Return the driver of a device, or of the device right above it; empty when neither has one."""
    for folder in (device, device.parent):
        try:
            return safe_text((folder / "driver").readlink().name, _TEXT_LIMIT)
        except OSError:
            continue
    return ""


def _entries(folder: Path, prefix: str = "") -> list[Path]:
    try:
        return sorted(
            (entry for entry in folder.iterdir() if entry.name.startswith(prefix)),
            key=lambda entry: (len(entry.name), entry.name),
        )
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        return safe_text(path.read_text(errors="replace").strip(), _TEXT_LIMIT)
    except OSError:
        return ""
