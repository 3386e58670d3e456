"""A device that exists only in this process, and the transports that lead to it."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from harness.board.models.references import SimulatedKeyReference
from harness.board.models.words import I2cAddress, Id2Text, Number, Number16, PathText, Section, Word, wrong
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType


class CommandSet(StrEnum):
    """The APDU set that a chip speaks. Source: device-protocol.md e.2, e.3."""

    ICA = "ica"
    MTK = "mtk"


class AnswerStyle(StrEnum):
    """How a chip hands over answer data: at once, or after 61xx and GET RESPONSE."""

    DIRECT = "direct"
    GET_RESPONSE = "get-response"


class SimulatedDevice(Section):
    """What a simulated device is."""

    command_set: CommandSet = Field(
        default=CommandSet.ICA, description="APDU set that the simulated chip speaks."
    )
    key_type: KeyType = Field(description="Type of its ID² key.")
    key: SimulatedKeyReference = Field(description="Its ID² key.")
    id: Id2Text | None = Field(
        default=None,
        description="Its ID². With a published key it may be left out: it is then the ID published with it.",
    )
    answers: AnswerStyle = Field(
        default=AnswerStyle.DIRECT, description="How the chip hands over answer data."
    )
    fault: Word | None = Field(
        default=None, description="The one fault that the device has; none when left out."
    )
    vendor: Number16 = Field(default=0x8180, description="Vendor id that the chip reports; 0x8180 is Huada.")
    seed: Number = Field(
        default=1, description="Seed of its random numbers: the same seed gives the same run."
    )

    @model_validator(mode="after")
    def _id_is_known(self) -> Self:
        if self.id is None and self.key.published is None:
            raise wrong("says no id; only a published key brings its own")
        if self.key.published is not None and self.key.published is not self.key_type:
            raise wrong(f"says key_type {self.key_type} and the published key of type {self.key.published}")
        if self.key.test_key is not None:
            try:
                Key.parse(self.key_type, self.key.test_key.get_secret_value())
            except Id2Error as error:  # its message never repeats the key
                raise wrong(str(error)) from None
        return self


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
