"""Finds a serial port by what it is (USB identity), not by the number it happened to get."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from serial.tools import list_ports

from harness.transport.identity import UsbSelector, describe, listed


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial port of this machine.

    Attributes:
        device: Its path, `/dev/ttyUSB0`.
        vid: USB vendor id, None when it is no USB device; so are the fields below.
        pid: USB product id.
        serial_number: USB serial number; many cheap adapters have none.
        location: Where it is plugged in, `1-1.4`: bus and the ports on the way.
        interface: Number of the USB interface, 0 for a device with one.
        interface_name: The interface's own name.
        product: The product's own name.
    """

    device: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str | None = None
    location: str | None = None
    interface: int | None = None
    interface_name: str | None = None
    product: str | None = None

    @property
    def identity(self) -> str:
        """The USB identity in one line; empty for a port that is no USB device."""
        return describe(self, self.product)

    def __str__(self) -> str:
        return f"{self.device} ({self.identity})" if self.identity else self.device


def serial_ports() -> tuple[SerialPort, ...]:
    """Return the serial ports that this machine has now."""
    try:
        found = list_ports.comports()
    except (OSError, TypeError, ValueError):  # a device that leaves while it is looked at
        return ()
    ports: list[SerialPort] = []
    for each in found:
        device_path, colon, configuration = (each.location or "").partition(":")
        interface = int(tail) if colon and (tail := configuration.rpartition(".")[2]).isdecimal() else 0
        usb = each.vid is not None
        ports.append(
            SerialPort(
                device=each.device,
                vid=each.vid,
                pid=each.pid,
                serial_number=each.serial_number,
                location=device_path or None,
                interface=interface if usb else None,
                interface_name=each.interface,
                product=each.product,
            )
        )
    return tuple(sorted(ports, key=attrgetter("device")))


def port_at(path: str) -> SerialPort | None:
    """Return what is known about the port at `path`, which may be a link to it."""
    real = str(Path(path).resolve())
    return next((port for port in serial_ports() if port.device == real), None)


def ports_hint(ports: Iterable[SerialPort] | None = None) -> str:
    """Return a sentence that lists the serial ports of this machine."""
    return listed(serial_ports() if ports is None else ports, "serial port")


def find_port(
    vid: int | None = None,
    pid: int | None = None,
    serial_number: str | None = None,
    interface: int | str | None = None,
    location: str | None = None,
    *,
    ports: Iterable[SerialPort] | None = None,
) -> str:
    """Return the path of the one serial port that has all the given properties.

    Args:
        vid: USB vendor id.
        pid: USB product id.
        serial_number: USB serial number.
        interface: Number or name of the USB interface, for an adapter with several ports.
        location: Where it is plugged in, `1-1.4`; `1-1.4:1.0` names the interface too.
        ports: The ports to choose from; the ones of this machine when left out.

    Raises:
        UsageError: nothing is asked for, or several ports fit.
        BenchError: no port fits.
    """
    wanted = UsbSelector(vid, pid, serial_number, interface, location)
    return wanted.choose(serial_ports() if ports is None else ports, "serial port").device
