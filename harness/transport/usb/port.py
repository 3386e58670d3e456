"""What sits on a USB port now: the same port and the same serial number are the same device."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.transport.printable import safe_text

SYSTEM = Path("/")
"""Root of the file system; another one in tests."""

_DEVICES = "sys/bus/usb/devices"
_LOCATION = re.compile(r"[0-9]+-[0-9]+(?:\.[0-9]+)*|usb[0-9]+")
_IN_IDENTITY = re.compile(r"location ([0-9]+-[0-9]+(?:\.[0-9]+)*)(?![0-9.:-])")
_TEXT_LIMIT = 120


@dataclass(frozen=True, slots=True)
class UsbPort:
    """A USB port with the device that is plugged in there.

    Attributes:
        location: The port: bus and the ports on the way, `1-1.4`.
        vid: USB vendor id.
        pid: USB product id.
        serial_number: Its serial number; empty when it has none.
        product: What it calls itself, safe to print.
        number: The number that the kernel gave it; a device that comes again has another one.
    """

    location: str
    vid: int
    pid: int
    serial_number: str = ""
    product: str = ""
    number: int = 0

    def is_same_device(self, other: "UsbPort") -> bool:
        """Tell whether both are one device on one port, as far as USB can tell."""
        mine = (self.location, self.vid, self.pid, self.serial_number)
        return mine == (other.location, other.vid, other.pid, other.serial_number)

    def __str__(self) -> str:
        product = f" {self.product!r}" if self.product else ""
        serial = f" serial number {self.serial_number}" if self.serial_number else " without serial number"
        return f"usb {self.vid:04x}:{self.pid:04x}{product}{serial} at {self.location}"


def usb_port_at(location: str, root: Path = SYSTEM) -> UsbPort | None:
    """Return what sits on a port; None when nothing does."""
    if not _LOCATION.fullmatch(location):
        return None
    folder = root / _DEVICES / location
    vid, pid = _number(folder / "idVendor", 16), _number(folder / "idProduct", 16)
    if vid is None or pid is None:
        return None
    return UsbPort(
        location,
        vid,
        pid,
        serial_number=_text(folder / "serial"),
        product=_text(folder / "product"),
        number=_number(folder / "devnum", 10) or 0,
    )


def usb_port_numbered(bus: int, number: int, root: Path = SYSTEM) -> UsbPort | None:
    """Return the device that the kernel numbers so on a bus; None when there is none."""
    for location in _locations(root):
        folder = root / _DEVICES / location
        if (_number(folder / "busnum", 10), _number(folder / "devnum", 10)) == (bus, number):
            return usb_port_at(location, root)
    return None


def stays(usb_port: UsbPort, root: Path = SYSTEM) -> bool:
    """Tell whether a device is still on its port; never waits for the kernel.

    Its serial number is not read again: the kernel hands that out under the device's lock, and holds the lock while
    a driver waits until the last program has closed what has left. That program may be this one.
    """
    folder = root / _DEVICES / usb_port.location
    found = (
        _number(folder / "idVendor", 16),
        _number(folder / "idProduct", 16),
        _number(folder / "devnum", 10),
    )
    if found != (usb_port.vid, usb_port.pid, usb_port.number):
        return False
    # An interface loses its properties before its driver lets it go.
    try:
        return all((each / "bInterfaceNumber").exists() for each in folder.glob(f"{usb_port.location}:*"))
    except FileNotFoundError:  # it left since its numbers were read
        return False


def usb_ports(root: Path = SYSTEM) -> tuple[UsbPort, ...]:
    """Return the USB devices of this machine, by port; the root hubs are left out."""
    return tuple(sorted(_found(root), key=lambda usb_port: _order(usb_port.location)))


def location_in(identity: str) -> str:
    """Return the port that a transport's identity names; empty when it names none.

    The last one counts: what a device says of itself stands before it and may say anything.
    """
    found = _IN_IDENTITY.findall(identity)
    return str(found[-1]) if found else ""


def _found(root: Path) -> Iterator[UsbPort]:
    for name in _locations(root):
        if (usb_port := usb_port_at(name, root)) is not None:
            yield usb_port


def _locations(root: Path) -> Iterator[str]:
    try:
        names = [entry.name for entry in (root / _DEVICES).iterdir()]
    except OSError:
        return
    yield from (name for name in names if not name.startswith("usb") and _LOCATION.fullmatch(name))


def _order(location: str) -> list[int]:
    return [int(part) for part in re.split(r"[-.]", location)]


def _text(path: Path) -> str:
    try:
        return safe_text(path.read_text(errors="replace").strip(), _TEXT_LIMIT)
    except OSError:  # it has none, or it left meanwhile
        return ""


def _number(path: Path, base: int) -> int | None:
    try:
        return int(_text(path), base)
    except ValueError:
        return None
