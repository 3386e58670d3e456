"""Bytes to and from the board: one entry per bus or line, real or simulated."""

import re
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from harness.board.models.simulated import (
    SimulatedConsoleSettings,
    SimulatedI2cSettings,
    SimulatedSerialSettings,
)
from harness.board.models.words import I2cAddress, Number16, PathText, Section, Text, wrong

_PORT_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)


def _serial_port(value: str) -> str:
    url = _PORT_URL.fullmatch(value)
    if url and "@" in url["rest"]:
        raise wrong("a port URL carries no user and password")
    return value


def _i2c_bus(value: str) -> str:
    if not value.startswith("/"):
        raise wrong("must be the path of the bus, such as /dev/i2c-1")
    return value


class Parity(StrEnum):
    """Parity bit of a serial line."""

    NONE = "none"
    EVEN = "even"
    ODD = "odd"
    MARK = "mark"
    SPACE = "space"


class I2cSettings(Section):
    """A chip on an I²C bus of this machine."""

    kind: Literal["i2c"] = Field(description="An I²C bus of this machine.")
    bus: Annotated[PathText, AfterValidator(_i2c_bus)] = Field(
        description="Path of the bus, such as /dev/i2c-1."
    )
    address: I2cAddress = Field(
        default=0x71,
        description="7-bit address of the chip; 0x71 is what a data sheet calls 0xE2 write, 0xE3 read.",
    )


class UsbIdentity(Section):
    """Which USB serial adapter: whatever is written must match, and exactly one adapter may match."""

    vid: Number16 | None = Field(default=None, description="USB vendor id, such as 0x0403.")
    pid: Number16 | None = Field(default=None, description="USB product id, such as 0x6001.")
    serial_number: Text | None = Field(default=None, description="Serial number of the adapter.")
    interface: Text | None = Field(
        default=None, description="Interface of an adapter with several ports: its number or its name."
    )
    location: Text | None = Field(
        default=None, description="USB port that it is plugged into, such as 1-1.4."
    )

    @model_validator(mode="after")
    def _identifies(self) -> Self:
        if self.vid is None and self.serial_number is None and self.location is None:
            raise wrong("identifies no adapter; write vid and pid, serial_number or location")
        return self


class SerialSettings(Section):
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

    @model_validator(mode="after")
    def _one_way_to_find_it(self) -> Self:
        if (self.port is None) == (self.usb is None):
            raise wrong(
                "needs either port or usb"
                if self.port is None
                else "says port and usb; write only one of them"
            )
        if self.stopbits not in (1, 1.5, 2):
            raise wrong("stopbits must be 1, 1.5 or 2")
        return self


class SocketSettings(Section):
    """A byte stream over TCP or a Unix socket, such as a simulated chip in another process."""

    kind: Literal["socket"] = Field(description="A TCP or Unix socket.")
    host: Annotated[str, Field(min_length=1, max_length=255)] | None = Field(
        default=None, description="Host name or address."
    )
    port: int | None = Field(default=None, description="TCP port.", ge=1, le=65535)
    path: PathText | None = Field(
        default=None, description="Path of a Unix socket, instead of host and port."
    )

    @model_validator(mode="after")
    def _one_far_end(self) -> Self:
        if self.path is not None and (self.host is not None or self.port is not None):
            raise wrong("says path and host or port; write only one of them")
        if self.path is None and (self.host is None or self.port is None):
            raise wrong("needs host and port, or path")
        return self


RealSettings = I2cSettings | SerialSettings | SocketSettings
SimulatedSettings = SimulatedI2cSettings | SimulatedSerialSettings | SimulatedConsoleSettings

TransportSettings = Annotated[
    I2cSettings
    | SerialSettings
    | SocketSettings
    | SimulatedI2cSettings
    | SimulatedSerialSettings
    | SimulatedConsoleSettings,
    Field(discriminator="kind"),
]
"""One transport of a board; `kind` says which fields it has."""
