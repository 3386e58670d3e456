"""The kinds of transports that lead to a device which exists only in this process."""

from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from harness.settings.problems import Problem, printable
from harness.settings.simulated_device import SimulatedDevice
from harness.settings.words import I2cAddress, PathText, Word, wrong
from harness.simulator.open import simulated_console, simulated_i2c, simulated_serial, simulated_spi
from harness.simulator.ready import ReadyDevice, ReadyLink, ReadySimulation
from harness.transport.base import Capability, Transport
from harness.transport.found import Found
from harness.transport.kind import NOTHING, StandIn, TransportContext, TransportKind, absent

_FINGERPRINT_MAX = 100  # bytes; device-protocol.md g, ls_hal_get_dev_id


class SimulatedKind(TransportKind):
    """A kind whose device exists only in this process: it occupies nothing and is never unplugged."""

    @abstractmethod
    def ready(self, context: TransportContext) -> ReadySimulation:
        """Return the same with its references resolved.

        Raises:
            UsageError: The key of the simulated device cannot be read.
        """

    def occupies(self, folder: Path) -> tuple[str, ...]:
        """Return nothing: any number of runs may use it at once."""
        del folder
        return NOTHING

    def remark(self, folder: Path) -> str:
        """Return nothing: it is always there."""
        del folder
        return ""

    def means(self, found: Found) -> bool:
        """Tell that nothing found on this machine is meant."""
        del found
        return False

    @property
    def can_be_unplugged(self) -> bool:
        """It cannot."""
        return False

    @property
    def stands_in(self) -> StandIn | None:
        """The simulator does."""
        return StandIn.SIMULATED


class SimulatedI2cSettings(SimulatedKind):
    """An I²C bus in this process with one simulated chip on it, behind the FM1280 framing."""

    kind: Literal["simulated-i2c"] = Field(description="A simulated chip on a simulated I²C bus.")
    address: I2cAddress = Field(default=0x71, description="7-bit address of the chip on the simulated bus.")
    device: SimulatedDevice = Field(description="The simulated chip.")

    @classmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what it carries: reads and writes on the bus."""
        return frozenset({Capability.I2C})

    def make(self, context: TransportContext) -> Transport:
        """Return the bus, not opened."""
        return simulated_i2c(context.name, self.ready(context))

    def ready(self, context: TransportContext) -> ReadySimulation:
        """Return the same with its references resolved."""
        return ReadySimulation(self.kind, _ready_device(self.device, context), address=self.address)

    def place(self) -> str:
        """Return what the chip is."""
        return _chip(self.device)

    @property
    def simulated_device(self) -> SimulatedDevice:
        """The chip."""
        return self.device

    @property
    def bus_address(self) -> int:
        """Address of the chip."""
        return self.address


class SimulatedSpiSettings(SimulatedKind):
    """An SPI bus in this process with one simulated chip on it, behind the FM1280's framing for SPI."""

    kind: Literal["simulated-spi"] = Field(description="A simulated chip on a simulated SPI bus.")
    device: SimulatedDevice = Field(description="The simulated chip.")

    @classmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what it carries: transfers with the chip."""
        return frozenset({Capability.SPI})

    def make(self, context: TransportContext) -> Transport:
        """Return the bus, not opened."""
        return simulated_spi(context.name, self.ready(context))

    def ready(self, context: TransportContext) -> ReadySimulation:
        """Return the same with its references resolved."""
        return ReadySimulation(self.kind, _ready_device(self.device, context))

    def place(self) -> str:
        """Return what the chip is."""
        return _chip(self.device)

    @property
    def simulated_device(self) -> SimulatedDevice:
        """The chip."""
        return self.device


class SimulatedSerialSettings(SimulatedKind):
    """A serial line in this process with one simulated chip at its end: one hex APDU a line."""

    kind: Literal["simulated-serial"] = Field(description="A simulated chip behind a simulated serial line.")
    device: SimulatedDevice = Field(description="The simulated chip.")

    @classmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what it carries: a stream."""
        return frozenset({Capability.STREAM})

    def make(self, context: TransportContext) -> Transport:
        """Return the line, not opened."""
        return simulated_serial(context.name, self.ready(context))

    def ready(self, context: TransportContext) -> ReadySimulation:
        """Return the same with its references resolved."""
        return ReadySimulation(self.kind, _ready_device(self.device, context))

    def place(self) -> str:
        """Return what the chip is."""
        return _chip(self.device)

    @property
    def simulated_device(self) -> SimulatedDevice:
        """The chip."""
        return self.device


class SimulatedConsoleSettings(SimulatedKind):
    """A board's serial console: a capture that is played back, or a simulated program that prints its own."""

    kind: Literal["simulated-console"] = Field(description="A console that is played back or simulated.")
    file: PathText | None = Field(
        default=None,
        description="Captured console to play back, relative to this file. With a file nothing is simulated.",
    )
    app: Literal["id2_app", "link_app"] = Field(
        default="id2_app",
        description="Program that the simulated board runs: the vendor's test program, or a firmware on Soft-KM that "
        "does what the link section says (link_app).",
    )
    provisioning: Literal["wrapper", "handshake"] = Field(
        default="wrapper",
        description="link_app only: how a board without an ID² gets one, by an exchange of its own or inside the "
        "handshake.",
    )
    fingerprint: Annotated[str, StringConstraints(pattern=r"^[ -~]{6,100}$")] | None = Field(
        default=None,
        description="link_app only: the device id that the board is provisioned by; made of its name when left out.",
    )
    device: SimulatedDevice | None = Field(
        default=None, description="The device behind the console; with a file: the device that was captured."
    )
    fault: Word | None = Field(default=None, description="The one fault of the console; none when left out.")

    @model_validator(mode="after")
    def _something_prints(self) -> Self:
        if self.app == "link_app":
            if self.file is not None or self.device is not None:
                raise wrong("runs link_app, whose ID² comes over the link; leave out file and device")
        elif self.file is None and self.device is None:
            raise wrong("has neither file nor device: there is nothing to print")
        return self

    @classmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what it carries: a stream."""
        return frozenset({Capability.STREAM})

    def make(self, context: TransportContext) -> Transport:
        """Return the line, not opened."""
        return simulated_console(context.name, self.ready(context))

    def ready(self, context: TransportContext) -> ReadySimulation:
        """Return the same with its references resolved."""
        link = None
        if self.runs_link_app and context.link is not None:
            fingerprint = self.fingerprint or f"simulated {context.board}"[:_FINGERPRINT_MAX]
            link = ReadyLink(
                context.link, context.flash, context.carrier, context.key_type, fingerprint, self.provisioning
            )
        return ReadySimulation(
            self.kind,
            _ready_device(self.device, context) if self.device else None,
            file=context.folder / self.file if self.file else None,
            app=self.app,
            fault=self.fault,
            carrier="demo" if context.carrier == "demo" else "se",
            link=link,
        )

    def place(self) -> str:
        """Return what prints."""
        if self.file:
            return f"played back from {self.file}"
        if self.device is not None:
            return _chip(self.device)
        broken = f", fault {self.fault}" if self.fault else ""
        return f"simulated Soft-KM board that runs {self.app}{broken}"

    def remark(self, folder: Path) -> str:
        """Return whether the capture is not there."""
        return absent(folder / self.file if self.file else None)

    def errors(self, folder: Path) -> Iterator[Problem]:
        """Give a capture that is not there."""
        if self.file is not None and not (folder / self.file).is_file():
            yield Problem(("file",), f"there is no file {printable(str(folder / self.file))}")

    def advice(self) -> Iterator[Problem]:
        """Give a fault that a capture cannot have."""
        if self.file and self.device is not None and (self.fault or self.device.fault):
            yield Problem((), "a console that is played back from a file has no faults of its own")

    @property
    def stands_in(self) -> StandIn | None:
        """The capture does, or the simulator."""
        return StandIn.PLAYED_BACK if self.file else StandIn.SIMULATED

    @property
    def simulated_device(self) -> SimulatedDevice | None:
        """The device behind the console, or the one that was captured."""
        return self.device

    @property
    def runs_link_app(self) -> bool:
        """Whether the program is link_app."""
        return self.app == "link_app"


def _ready_device(device: SimulatedDevice, context: TransportContext) -> ReadyDevice:
    return ReadyDevice(
        command_set=device.command_set,
        key_type=device.key_type,
        key=context.simulated_key(device),
        id=device.reported_id,
        answers=device.answers,
        fault=device.fault,
        vendor=device.vendor,
        seed=device.seed,
    )


def _chip(device: SimulatedDevice) -> str:
    fault = f", fault {device.fault}" if device.fault else ""
    return f"simulated {device.command_set} chip, {device.key_type}, answers {device.answers}{fault}"
