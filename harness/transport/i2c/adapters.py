"""The I²C adapters of this machine, found by number, path, name or USB identity."""

from dataclasses import dataclass
from pathlib import Path

from harness.errors import BenchError, UsageError
from harness.transport.identity import UsbSelector, describe, listed
from harness.transport.printable import safe_text

SYSFS = Path("/sys/bus/i2c/devices")
_NAME_LIMIT = 80
_ABOVE = 6  # folders from an adapter up to the USB device that it hangs on, at most


@dataclass(frozen=True, slots=True)
class I2cAdapter:
    """An I²C adapter; the USB fields are None for one that is not on USB.

    Attributes:
        device: Its path, `/dev/i2c-1`.
        name: What its driver calls it.
        vid: USB vendor id.
        pid: USB product id.
        serial_number: USB serial number.
        location: Where it is plugged in, `1-1.4`.
        interface: Number of the USB interface.
        interface_name: The interface's own name.
        driver: Name of its driver; empty when the kernel links to none.
    """

    device: str
    name: str = ""
    vid: int | None = None
    pid: int | None = None
    serial_number: str | None = None
    location: str | None = None
    interface: int | None = None
    interface_name: str | None = None
    driver: str = ""

    @property
    def identity(self) -> str:
        """Name and USB identity in one line."""
        return ", ".join(part for part in (self.name, describe(self)) if part)

    def __str__(self) -> str:
        return f"{self.device} ({self.identity})" if self.identity else self.device


def i2c_adapters(root: Path = SYSFS) -> tuple[I2cAdapter, ...]:
    """Return the adapters of this machine, by number."""
    try:
        folders = [each for each in root.iterdir() if each.name.removeprefix("i2c-").isdecimal()]
    except OSError:
        return ()
    ordered = sorted(folders, key=lambda folder: int(folder.name.removeprefix("i2c-")))
    return tuple(_adapter(folder) for folder in ordered)


def find_adapter(wanted: UsbSelector | str, root: Path = SYSFS) -> I2cAdapter:
    """Return the one adapter with this name, or this USB identity.

    Args:
        wanted: USB identity, or the driver's name for it: the whole name, or a part that only one adapter has.
        root: Where the kernel lists adapters.

    Raises:
        UsageError: several fit; the message lists them.
        BenchError: none fits.
    """
    present = i2c_adapters(root)
    if isinstance(wanted, UsbSelector):
        return wanted.choose(present, "I²C adapter")
    exact = [adapter for adapter in present if adapter.name == wanted]
    fitting = exact or [adapter for adapter in present if wanted and wanted in adapter.name]
    if not fitting:
        raise BenchError(
            f"no I²C adapter named {wanted!r}", hint=f"check the cable; {listed(present, 'I²C adapter')}"
        )
    if len(fitting) > 1:
        raise UsageError(
            f"{len(fitting)} I²C adapters are named {wanted!r}: {'; '.join(map(str, fitting))}",
            hint="tell them apart by usb: location or serial_number, or name the bus by its path",
        )
    return fitting[0]


def _adapter(folder: Path) -> I2cAdapter:
    real = folder.resolve()
    usb = next((above for above in list(real.parents)[:_ABOVE] if (above / "idVendor").is_file()), None)
    name = _read(folder / "name") or ""
    driver = _driver(real.parent)
    if usb is None:
        return I2cAdapter(f"/dev/{folder.name}", name, driver=driver)
    interface = next((above for above in real.parents if (above / "bInterfaceNumber").is_file()), None)
    number = _read(interface / "bInterfaceNumber") if interface else None
    return I2cAdapter(
        device=f"/dev/{folder.name}",
        name=name,
        vid=_hex(_read(usb / "idVendor")),
        pid=_hex(_read(usb / "idProduct")),
        serial_number=_read(usb / "serial"),
        location=usb.name,
        interface=_hex(number),
        interface_name=_read(interface / "interface") if interface else None,
        driver=driver,
    )


def _driver(device: Path) -> str:
    try:
        return safe_text((device / "driver").readlink().name, _NAME_LIMIT)
    except OSError:
        return ""


def _read(path: Path) -> str | None:
    try:
        return safe_text(path.read_text(errors="replace").strip(), _NAME_LIMIT) or None
    except OSError:  # none, or unplugged meanwhile
        return None


def _hex(text: str | None) -> int | None:
    try:
        return int(text or "", 16)
    except ValueError:
        return None
