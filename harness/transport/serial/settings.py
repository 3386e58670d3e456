"""A serial line: a tty of this machine, or one that pyserial reaches by URL."""

import os
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from harness.settings.problems import Problem
from harness.settings.words import PathText, Section, Word, wrong
from harness.transport.base import Capability
from harness.transport.drafted import Drafted, quoted, usb_lines
from harness.transport.found import Bus, Found
from harness.transport.kind import DeviceKind, TransportContext, absent
from harness.transport.serial.find import find_port
from harness.transport.serial.lines import LONGEST_BREAK, LineStep
from harness.transport.serial.port import SerialTransport
from harness.transport.usb_identity import UsbIdentity

_PORT_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
_MOVING_TTY = re.compile(r"/dev/tty(USB|ACM)[0-9]+")


def _serial_port(value: str) -> str:
    url = _PORT_URL.fullmatch(value)
    if url and "@" in url["rest"]:
        raise wrong("a port URL carries no user and password")
    return value


class Parity(StrEnum):
    """Parity bit of a serial line."""

    NONE = "none"
    EVEN = "even"
    ODD = "odd"
    MARK = "mark"
    SPACE = "space"


class LineStepSettings(Section):
    """One step of an action on a serial port: what is written happens in this order, then the next step."""

    dtr: bool | None = Field(default=None, description="Set DTR on or off.")
    rts: bool | None = Field(default=None, description="Set RTS on or off, together with DTR.")
    break_ms: int | None = Field(
        default=None, description="Hold the line at break for milliseconds.", ge=1, le=LONGEST_BREAK
    )
    wait_ms: int | None = Field(default=None, description="Wait for milliseconds.", ge=1, le=60_000)

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.model_dump(exclude_none=True):
            raise wrong("does nothing; write dtr, rts, break_ms or wait_ms")
        return self

    def step(self) -> LineStep:
        """Return the same for a transport to carry out."""
        return LineStep(self.dtr, self.rts, self.break_ms, self.wait_ms)


class SerialSettings(DeviceKind):
    """A serial line: a tty of this machine, or one that pyserial reaches by URL."""

    kind: Literal["serial"] = Field(description="A serial line.")
    port: Annotated[PathText, AfterValidator(_serial_port)] | None = Field(
        default=None,
        description="Path such as /dev/serial/by-id/…, or a URL such as socket://HOST:PORT or rfc2217://HOST:PORT.",
    )
    usb: UsbIdentity | None = Field(
        default=None, description="The USB adapter, instead of port: stays right on any socket."
    )
    baudrate: int = Field(default=115200, description="Bits per second.", ge=50, le=12_000_000)
    bytesize: int = Field(default=8, description="Data bits.", ge=5, le=8)
    parity: Parity = Field(default=Parity.NONE, description="Parity bit.")
    stopbits: float = Field(default=1, description="Stop bits: 1, 1.5 or 2.")
    rtscts: bool = Field(default=False, description="Hardware flow control.")
    xonxoff: bool = Field(default=False, description="Software flow control.")
    dtr: bool | None = Field(
        default=None,
        description="State of the DTR line from opening on; left to the driver when left out. Many boards "
        "reset on it.",
    )
    rts: bool | None = Field(
        default=None, description="State of the RTS line from opening on; left to the driver when left out."
    )
    actions: dict[Word, Annotated[tuple[LineStepSettings, ...], Field(min_length=1, max_length=100)]] = Field(
        default_factory=dict,
        description="Named sequences of DTR, RTS and break, such as reset. None runs unless it is asked for.",
        max_length=16,
    )

    @model_validator(mode="after")
    def _one_way_to_find_it(self) -> Self:
        if (self.port is None) == (self.usb is None):
            raise wrong(
                "needs either port or usb"
                if self.port is None
                else "says port and usb; write only one of them"
            )
        if self.actions and (self.port or "").startswith("socket://"):
            raise wrong("has actions, and a socket has no lines beside its data")
        if self.stopbits not in (1, 1.5, 2):
            raise wrong("stopbits must be 1, 1.5 or 2")
        return self

    @classmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what it carries: a stream, the lines beside it, and a speed that can be changed."""
        return frozenset({Capability.STREAM, Capability.LINES, Capability.SPEED})

    def supplies(self) -> frozenset[Capability]:
        """Return what this port carries: a socket has no lines beside its data, and no speed."""
        return (
            frozenset({Capability.STREAM}) if (self.port or "").startswith("socket://") else self.can_supply()
        )

    def make(self, context: TransportContext) -> SerialTransport:
        """Return the line, not opened."""
        return SerialTransport(
            context.name,
            self._port(),
            baudrate=self.baudrate,
            bytesize=self.bytesize,
            parity=self.parity,
            stopbits=self.stopbits,
            rtscts=self.rtscts,
            xonxoff=self.xonxoff,
            dtr=self.dtr,
            rts=self.rts,
        )

    def occupies(self, folder: Path) -> tuple[str, ...]:
        """Return the port, or the far end of a URL; a USB identity is looked up now."""
        del folder
        port = self._port()
        return (os.path.realpath(port) if "://" not in port else urlsplit(port).netloc or port,)

    def place(self) -> str:
        """Return port, speed and the names of its actions."""
        named = f", actions {', '.join(self.actions)}" if self.actions else ""
        return f"{self.port or self.usb}, {self.baudrate} baud{named}"

    def remark(self, folder: Path) -> str:
        """Return whether the port is not there."""
        del folder
        return absent(self.port if self.port and "://" not in self.port else None)

    def means(self, found: Found) -> bool:
        """Tell whether this is the port."""
        if found.bus is not Bus.SERIAL:
            return False
        if self.usb is not None:
            return found.usb_port is not None and self.usb.selector().fits(found)
        return os.path.realpath(self.port or "") == os.path.realpath(found.path)

    def line_steps(self) -> Mapping[str, tuple[LineStep, ...]]:
        """Return the actions of the port."""
        return {name: tuple(each.step() for each in steps) for name, steps in self.actions.items()}

    def advice(self) -> Iterator[Problem]:
        """Give a doubt about a port that is named by its number."""
        if self.port and _MOVING_TTY.fullmatch(self.port):
            yield Problem(
                ("port",),
                f"{self.port} changes with the order of plugging in; "
                f"name the adapter by /dev/serial/by-id/… or by usb:",
            )

    @classmethod
    def draft(cls, found: Found) -> Drafted | None:
        """Return the port, with the speed that most boards have."""
        if found.bus is not Bus.SERIAL:
            return None
        place = usb_lines(found) if found.usb_port else (f"port: {quoted(found.path)}",)
        return Drafted(("kind: serial", *place, "baudrate: 115200                    # correct"), "hex-line")

    @classmethod
    def locked_as(cls, found: Found) -> tuple[str, ...]:
        """Return the port."""
        return (os.path.realpath(found.path),) if found.bus is Bus.SERIAL else ()

    def _port(self) -> str:
        if self.port is not None:
            return self.port
        usb = cast("UsbIdentity", self.usb)  # the model has one or the other
        return find_port(usb.vid, usb.pid, usb.serial_number, usb.interface, usb.location)
