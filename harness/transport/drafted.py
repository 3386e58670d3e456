"""How a drafted board file names a device that was found."""

import json
from dataclasses import dataclass, replace

from harness.transport.found import Found


@dataclass(frozen=True, slots=True)
class Drafted:
    """The transport of a drafted board file.

    Attributes:
        lines: Its lines of YAML, below its name.
        framing: How APDUs most likely travel over it.
    """

    lines: tuple[str, ...]
    framing: str

    def at_speed(self, baudrate: int) -> "Drafted":
        """Return the same with another speed of a serial port.

        Args:
            baudrate: Its speed in bit/s.
        """
        lines = (f"baudrate: {baudrate}" if line.startswith("baudrate:") else line for line in self.lines)
        return replace(self, lines=tuple(lines))


def usb_lines(found: Found) -> tuple[str, ...]:
    """Return the lines that select a USB device: by its serial number where there is one, else by its port."""
    if found.serial_number:
        named = f"  serial_number: {quoted(found.serial_number)}"
    else:
        named = (
            f"  location: {quoted(found.location or '')}   # it has no serial number: keep it on this port"
        )
    interface = (f'  interface: "{found.interface}"',) if found.interface else ()
    return ("usb:", f"  vid: 0x{found.vid:04x}", f"  pid: 0x{found.pid:04x}", named, *interface)


def quoted(text: str) -> str:
    """Return a text as a YAML scalar: what a device says of itself must stay one line of text."""
    return json.dumps(text, ensure_ascii=False)
