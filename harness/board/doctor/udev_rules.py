"""Writes udev rules: who may use the devices, and what must keep its hands off them."""

import re
from collections.abc import Iterable, Iterator

from harness.transport.found import Bus, Found

FILE = "/etc/udev/rules.d/60-id2-harness.rules"
"""Where the rules belong; before 70, so that `uaccess` takes effect."""

_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_FTDI = 0x0403
_HEAD = f"""\
# Devices of the ID2 harness. Install with:
#   harness discover --udev | sudo tee {FILE}
#   sudo udevadm control --reload && sudo udevadm trigger
"""


def rules(found: Iterable[Found], group: str = "plugdev") -> str:
    """Return the rules for the USB devices among `found`, one block a device.

    Args:
        found: What was found; what is not on USB needs no rule.
        group: The group that may use them.
    """
    blocks: dict[tuple[int, int, str], list[str]] = {}
    for each in found:
        usb_port = each.usb_port
        if usb_port is None:
            continue
        serial = usb_port.serial_number if _PLAIN.fullmatch(usb_port.serial_number) else ""
        key = (usb_port.vid, usb_port.pid, serial)
        lines = blocks.setdefault(key, [f"# {usb_port}".encode("ascii", "backslashreplace").decode()])
        lines += (line for line in _lines(each, serial, group) if line not in lines)
    return "\n".join([_HEAD, *("\n".join(lines) + "\n" for lines in blocks.values())])


def _lines(found: Found, serial: str, group: str) -> Iterator[str]:
    usb = f'ATTR{{idVendor}}=="{found.vid:04x}", ATTR{{idProduct}}=="{found.pid:04x}"'
    above = f'ATTRS{{idVendor}}=="{found.vid:04x}", ATTRS{{idProduct}}=="{found.pid:04x}"'
    if serial:
        usb += f', ATTR{{serial}}=="{serial}"'
        above += f', ATTRS{{serial}}=="{serial}"'
    access = f'GROUP="{group}", MODE="0660", TAG+="uaccess"'
    yield f'SUBSYSTEM=="usb", ENV{{DEVTYPE}}=="usb_device", {usb}, {access}, ATTR{{power/control}}="on"'
    if found.bus is Bus.SERIAL:
        # The number of the interface is imported here: the system's own rules do so only after this file.
        number = "%E{ID_USB_INTERFACE_NUM}"
        link = f', IMPORT{{builtin}}="usb_id", SYMLINK+="id2/{serial}-if{number}"' if serial else ""
        ours = 'ENV{ID_MM_DEVICE_IGNORE}="1", ENV{ID_MM_PORT_IGNORE}="1"'
        yield f'SUBSYSTEM=="tty", {above}, {access}, {ours}{link}'
        if found.vid == _FTDI:
            yield f'SUBSYSTEM=="usb-serial", {above}, ATTR{{latency_timer}}="1"'
    if found.bus is Bus.I2C:
        yield f'SUBSYSTEM=="i2c-dev", {above}, {access}'
    if any(interface.kind == "hid" for interface in found.interfaces):
        yield f'SUBSYSTEM=="hidraw", {above}, {access}'
