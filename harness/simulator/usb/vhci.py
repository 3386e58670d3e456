"""The kernel's own end of the cable: `vhci-hcd`, a host controller whose ports lead to sockets."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from harness.errors import BenchError
from harness.simulator.usb.device import UsbDevice
from harness.simulator.usb.link import UsbLink

CONTROLLER = Path("/sys/devices/platform/vhci_hcd.0")
DEVICES = Path("/sys/bus/usb/devices")

_FREE, _IN_USE = 4, 6  # states of a port, as the driver numbers them
_FAREWELL = (
    1.0  # seconds that the kernel gets to forget a device; it waits for programs that hold an I²C bus open
)
_LOOK = 0.02  # seconds between two looks at sysfs, which tells nobody when it changes
_ANY_DEVICE = 1 << 16  # the bus number in the device id; the kernel wants one and does not use it


@dataclass(frozen=True, slots=True)
class Port:
    """One port of the controller.

    Attributes:
        number: Its number.
        state: Its state, as the driver numbers them.
        place: Where the kernel put the device, `3-1`; `0-0` while there is none.
    """

    number: int
    state: int
    place: str


def ports(controller: Path = CONTROLLER) -> tuple[Port, ...]:
    """Return the ports for full and high speed.

    Raises:
        BenchError: the kernel has no such controller.
    """
    return tuple(_ports(controller))


def _ports(controller: Path) -> Iterator[Port]:
    try:
        text = (controller / "status").read_text()
    except OSError as error:
        raise BenchError(
            "this kernel has no virtual USB controller (vhci-hcd)",
            hint="load it as root: modprobe vhci-hcd (Debian has it in its kernel package, not in the cloud kernel)",
        ) from error
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) >= 7 and words[0] == "hs":
            yield Port(int(words[1]), int(words[2]), words[6])


class Plug:
    """A simulated device in a port of this machine's kernel.

    Args:
        device: The device.
        patience: Seconds that the kernel gets to set it up.
        controller: Where sysfs shows the controller.
    """

    def __init__(self, device: UsbDevice, *, patience: float = 20.0, controller: Path = CONTROLLER) -> None:
        self.device = device
        self._patience = patience
        self._controller = controller
        self._link: UsbLink | None = None
        self._number = -1
        self.place = ""

    def insert(self) -> Self:
        """Plug the device in, and wait until the kernel has set it up; `place` says where then.

        Raises:
            BenchError: no controller, no free port, no permission, or the kernel did not take the device.
            UsageError: it is plugged in already.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self._link = UsbLink(self.device, ours).start()
            try:
                self._number = self._attach(theirs)
            except BenchError:
                self._link.close()
                raise
        try:
            self._await_place()
        except BenchError:
            self.remove()
            raise
        return self

    def remove(self) -> None:
        """Pull the device out; may be called more than once, and amid a transfer.

        Waits up to a second until the kernel has forgotten the device.
        """
        link, self._link = self._link, None
        if link is None:
            return
        with suppress(BenchError):  # it is out already
            detach(self._number, self._controller)
        link.close()
        deadline = time.monotonic() + _FAREWELL
        while self.place and (DEVICES / self.place).exists() and time.monotonic() < deadline:
            time.sleep(_LOOK)
        self.place = ""

    def wait_until_out(self, timeout: float | None = None) -> bool:
        """Wait until somebody has pulled the device out; tell whether that happened in `timeout` seconds."""
        return self._link is None or self._link.ended.wait(timeout)

    def __enter__(self) -> Self:
        return self.insert()

    def __exit__(self, *_: object) -> None:
        self.remove()

    def _attach(self, kernel_end: socket.socket) -> int:
        for port in ports(self._controller):
            if port.state != _FREE:
                continue
            device = _ANY_DEVICE | (port.number + 2)
            words = f"{port.number} {kernel_end.fileno()} {device} {int(self.device.descriptors.speed)}"
            try:
                (self._controller / "attach").write_text(words)
            except PermissionError as error:
                raise BenchError(
                    "no permission to plug a device into vhci-hcd",
                    hint="run as root, or let your group write to its attach and detach files",
                ) from error
            except OSError:
                continue  # another program was faster
            return port.number
        raise BenchError(
            "vhci-hcd has no free port", hint="unplug a simulated device: harness simulate detach"
        )

    def _await_place(self) -> None:
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            mine = next((port for port in ports(self._controller) if port.number == self._number), None)
            if mine is not None and mine.state == _IN_USE:
                self.place = mine.place
                if (DEVICES / f"{mine.place}" / f"{mine.place}:1.0").exists():
                    return
            time.sleep(_LOOK)
        raise BenchError(
            f"the kernel did not take {self.device.name} within {self._patience:.0f} s", hint="read dmesg"
        )


def detach(port: int, controller: Path = CONTROLLER) -> None:
    """Pull out whatever is in a port.

    Raises:
        BenchError: nothing is in it, or it may not be.
    """
    try:
        (controller / "detach").write_text(str(port))
    except OSError as error:
        raise BenchError(f"port {port} of vhci-hcd: {error.strerror}", hint="look at its status") from error


def plugged_in(controller: Path = CONTROLLER) -> dict[int, str]:
    """Return the serial number of the device in each used port; empty for a device without one.

    Raises:
        BenchError: the kernel has no such controller.
    """
    found: dict[int, str] = {}
    for port in ports(controller):
        if port.state == _IN_USE:
            try:
                found[port.number] = (DEVICES / port.place / "serial").read_text().strip()
            except OSError:
                found[port.number] = ""
    return found
