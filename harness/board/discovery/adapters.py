"""Which adapters lead to a board now: read from sysfs, nothing is opened."""

from pathlib import Path

from harness.board.discovery.find import i2c_buses, serial_lines, usb_devices
from harness.board.models import BoardFile
from harness.errors import HarnessError
from harness.kinds import asking
from harness.run.bench import Adapter
from harness.transport.found import Found
from harness.transport.kind import TransportKind
from harness.transport.printable import safe_text
from harness.transport.usb.port import SYSTEM, UsbPort

_TEXT_LIMIT = 120


def adapters(board: BoardFile, root: Path = SYSTEM) -> tuple[Adapter, ...]:
    """Return what each transport that leads out of the harness leads through.

    What is not plugged in, what several devices fit, and what only its service knows (a card reader's USB device) has
    kind and place alone.

    Args:
        board: The board.
        root: Root of the file system.
    """
    real = {name: kind for name, kind in board.transports.items() if kind.stands_in is None}
    if not real:
        return ()
    present = [*serial_lines(root), *i2c_buses(root), *usb_devices(root)]
    return tuple(_adapter(name, kind, present, root) for name, kind in real.items())


def _adapter(name: str, kind: TransportKind, present: list[Found], root: Path) -> Adapter:
    place, fitting = "", []
    try:
        with asking(kind, f"transport kind {kind.kind!r} cannot say what it means"):
            place = safe_text(kind.place(), _TEXT_LIMIT)
            fitting = [one for one in present if kind.means(one)]
    except HarnessError:
        fitting = []
    if len(fitting) != 1:
        return Adapter(name, kind.kind, place)
    (one,) = fitting
    usb = one.usb_port
    if usb is None:
        return Adapter(name, kind.kind, place, one.path, one.driver)
    return Adapter(
        name,
        kind.kind,
        place,
        one.path,
        one.driver,
        vendor_id=usb.vid,
        product_id=usb.pid,
        product=usb.product,
        serial_number=usb.serial_number,
        location=usb.location,
        firmware=_release(usb, root),
    )


def _release(usb: UsbPort, root: Path) -> str:
    """Return the release number that a USB device gives itself, 2.01 for 0x0201; empty for none."""
    try:
        told = (root / "sys/bus/usb/devices" / usb.location / "bcdDevice").read_text(errors="replace").strip()
    except OSError:
        return ""
    digits = told.zfill(4)
    return f"{int(digits[:2])}.{digits[2:]}" if digits.isdecimal() and len(digits) == 4 else ""
