"""What a USB device is, whatever leads to it: one way to select serial ports, I²C adapters and USB interfaces."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Protocol, TypeVar

from harness.errors import BenchError, UsageError

_TELLING = ("serial_number", "interface", "location")


class UsbThing(Protocol):
    """Something behind USB; its `str` is one line for people."""

    @property
    def vid(self) -> int | None:
        """USB vendor id, None when it is no USB device; so are the properties below."""

    @property
    def pid(self) -> int | None:
        """USB product id."""

    @property
    def serial_number(self) -> str | None:
        """USB serial number; many cheap adapters have none."""

    @property
    def location(self) -> str | None:
        """Where it is plugged in, `1-1.4`: bus and the ports on the way."""

    @property
    def interface(self) -> int | None:
        """Number of the USB interface."""

    @property
    def interface_name(self) -> str | None:
        """The interface's own name."""


Thing = TypeVar("Thing", bound=UsbThing)


@dataclass(frozen=True, slots=True)
class UsbSelector:
    """Which USB device: whatever is given must match, and exactly one thing may match.

    Attributes:
        vid: USB vendor id.
        pid: USB product id.
        serial_number: USB serial number.
        interface: Number or name of the USB interface, for a device with several.
        location: Where it is plugged in, `1-1.4`; `1-1.4:1.0` names the interface too.
    """

    vid: int | None = None
    pid: int | None = None
    serial_number: str | None = None
    interface: int | str | None = None
    location: str | None = None

    @property
    def given(self) -> dict[str, int | str]:
        """What is given, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}

    def __str__(self) -> str:
        return ", ".join(f"{name} {_shown(name, value)}" for name, value in self.given.items())

    def fits(self, thing: UsbThing) -> bool:
        """Tell whether `thing` has everything that is given."""
        return all(_fits(thing, name, value) for name, value in self.given.items())

    def choose(self, present: Iterable[Thing], what: str) -> Thing:
        """Return the one thing that fits.

        Args:
            present: The things to choose from.
            what: What they are, in the singular: `serial port`.

        Raises:
            UsageError: nothing is asked for, or several things fit.
            BenchError: none fits.
        """
        if not self.given:
            names = ", ".join(field.name for field in fields(self))
            raise UsageError(
                f"a {what} is asked for by USB without any property", hint=f"give at least one of {names}"
            )
        here = tuple(present)
        fitting = [thing for thing in here if self.fits(thing)]
        if not fitting:
            raise BenchError(f"no {what} with {self}", hint=f"check cable and power; {listed(here, what)}")
        if len(fitting) > 1:
            raise UsageError(
                f"{len(fitting)} {what}s have {self}: {'; '.join(map(str, fitting))}",
                hint=_distinction(fitting),
            )
        return fitting[0]


def listed(things: Iterable[UsbThing], what: str) -> str:
    """Return a sentence that lists the things of this machine."""
    names = [str(thing) for thing in things]
    return f"{what}s here: {'; '.join(names)}" if names else f"this machine has no {what}s now"


def describe(thing: UsbThing, product: str | None = None) -> str:
    """Return the USB identity in one line; empty for something that is no USB device."""
    if thing.vid is None or thing.pid is None:
        return ""
    parts = [f"usb {thing.vid:04x}:{thing.pid:04x}"]
    parts += [f"{product!r}"] if product else []
    parts += [f"serial number {thing.serial_number}"] if thing.serial_number else []
    parts += [f"location {thing.location}"] if thing.location else []
    parts += [f"interface {thing.interface}"] if thing.interface is not None else []
    return ", ".join(parts)


def _fits(thing: UsbThing, name: str, value: int | str) -> bool:
    if name == "interface":
        return str(value) in (str(thing.interface), thing.interface_name)
    if name == "location":
        place, colon, configuration = str(value).partition(":")
        interface = configuration.rpartition(".")[2]
        return place == thing.location and (not colon or interface == str(thing.interface))
    return bool(getattr(thing, name) == value)


def _shown(name: str, value: int | str) -> str:
    return f"{value:04x}" if name in ("vid", "pid") else str(value)


def _distinction(things: list[Thing]) -> str:
    for name in _TELLING:
        values = [getattr(thing, name) for thing in things]
        if None not in values and len(set(values)) == len(values):
            choices = " or ".join(str(value) for value in values)
            return f"tell them apart by {name}: {choices}"
    differing = [name for name in _TELLING if len({getattr(thing, name) for thing in things}) > 1]
    if differing:
        return f"tell them apart by {' and '.join(differing)} together"
    return "they look the same to USB: unplug one, or name it by its path"
