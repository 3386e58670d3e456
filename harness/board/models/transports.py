"""Bytes to and from the board: one entry per bus or line, real or simulated."""

import re
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from harness.board.models.line_steps import LineStepSettings
from harness.board.models.simulated import (
    SimulatedConsoleSettings,
    SimulatedI2cSettings,
    SimulatedSerialSettings,
    SimulatedSpiSettings,
)
from harness.board.models.user_space import (
    CcidSettings,
    FtdiI2cSettings,
    FtdiSpiSettings,
    HidSettings,
    PcscSettings,
    UsbSettings,
)
from harness.settings.words import I2cAddress, PathText, Section, Text, Word, wrong
from harness.transport.usb_identity import UsbIdentity

_PORT_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)


def _serial_port(value: str) -> str:
    url = _PORT_URL.fullmatch(value)
    if url and "@" in url["rest"]:
        raise wrong("a port URL carries no user and password")
    return value


def _i2c_bus(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and value.strip().isdecimal():
        return f"/dev/i2c-{int(value)}"
    if not isinstance(value, str) or not value.strip().startswith("/"):
        raise wrong("must be the path or number of the bus, such as /dev/i2c-1")
    return value


class Parity(StrEnum):
    """Parity bit of a serial line."""

    NONE = "none"
    EVEN = "even"
    ODD = "odd"
    MARK = "mark"
    SPACE = "space"


class I2cSettings(Section):
    """A chip on an I²C bus of this machine; the bus is named by bus, adapter or usb."""

    kind: Literal["i2c"] = Field(description="An I²C bus of this machine.")
    bus: Annotated[PathText, BeforeValidator(_i2c_bus)] | None = Field(
        default=None, description="Path or number of the bus, such as /dev/i2c-1."
    )
    adapter: Text | None = Field(
        default=None,
        description="Name of the adapter, as i2cdetect -l shows it, or a part that only one adapter has.",
    )
    usb: UsbIdentity | None = Field(default=None, description="The adapter, when it is a USB device.")
    address: I2cAddress = Field(
        default=0x71,
        description="7-bit address of the chip; 0x71 is what a data sheet calls 0xE2 write, 0xE3 read.",
    )
    nak_tries: int = Field(
        default=0,
        description="How often a transaction without acknowledge is tried again. The fm1280 driver polls by itself.",
        ge=0,
        le=100_000,
    )
    nak_time_s: float = Field(
        default=1.0, description="Seconds that these tries may take in all.", gt=0, le=60
    )
    clock_stretch_s: float | None = Field(
        default=None,
        description="Seconds that the chip may hold the clock before the bus counts as hung; left to the adapter "
        "when left out.",
        gt=0,
        le=60,
    )

    @model_validator(mode="after")
    def _one_way_to_find_it(self) -> Self:
        given = [name for name in ("bus", "adapter", "usb") if getattr(self, name) is not None]
        if not given:
            raise wrong("needs one of bus, adapter and usb")
        if len(given) > 1:
            raise wrong(f"says {' and '.join(given)}; write only one of them")
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


RealSettings = (
    I2cSettings
    | SerialSettings
    | SocketSettings
    | UsbSettings
    | CcidSettings
    | HidSettings
    | PcscSettings
    | FtdiI2cSettings
    | FtdiSpiSettings
)
SimulatedSettings = (
    SimulatedI2cSettings | SimulatedSpiSettings | SimulatedSerialSettings | SimulatedConsoleSettings
)

TransportSettings = Annotated[
    I2cSettings
    | SerialSettings
    | SocketSettings
    | UsbSettings
    | CcidSettings
    | HidSettings
    | PcscSettings
    | FtdiI2cSettings
    | FtdiSpiSettings
    | SimulatedI2cSettings
    | SimulatedSpiSettings
    | SimulatedSerialSettings
    | SimulatedConsoleSettings,
    Field(discriminator="kind"),
]
"""One transport of a board; `kind` says which fields it has."""
