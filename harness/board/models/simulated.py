"""The transports that lead to a device that exists only in this process."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from harness.settings.simulated_device import SimulatedDevice
from harness.settings.words import I2cAddress, PathText, Section, Word, wrong


class SimulatedI2cSettings(Section):
    """An I²C bus in this process with one simulated chip on it, behind the FM1280 framing."""

    kind: Literal["simulated-i2c"] = Field(description="A simulated chip on a simulated I²C bus.")
    address: I2cAddress = Field(default=0x71, description="7-bit address of the chip on the simulated bus.")
    device: SimulatedDevice = Field(description="The simulated chip.")


class SimulatedSpiSettings(Section):
    """An SPI bus in this process with one simulated chip on it, behind the FM1280's framing for SPI."""

    kind: Literal["simulated-spi"] = Field(description="A simulated chip on a simulated SPI bus.")
    device: SimulatedDevice = Field(description="The simulated chip.")


class SimulatedSerialSettings(Section):
    """A serial line in this process with one simulated chip at its end: one hex APDU a line."""

    kind: Literal["simulated-serial"] = Field(description="A simulated chip behind a simulated serial line.")
    device: SimulatedDevice = Field(description="The simulated chip.")


class SimulatedConsoleSettings(Section):
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
