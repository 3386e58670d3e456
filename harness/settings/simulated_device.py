"""A device that exists only in this process."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from harness.id2 import published
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.settings.references import SimulatedKeyReference
from harness.settings.words import Id2Text, Number, Number16, Section, Word, wrong

PIN = b"123456"
"""The PIN of every simulated chip."""

DEFAULT_VENDOR = 0x8180  # the vendor of the published traces


class AnswerStyle(StrEnum):
    """How a chip hands over answer data: at once, or after 61xx and GET RESPONSE."""

    DIRECT = "direct"
    GET_RESPONSE = "get-response"


class SimulatedDevice(Section):
    """What a simulated device is."""

    command_set: str = Field(default="ica", description="APDU set that the simulated chip speaks.")
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
    vendor: Number16 = Field(
        default=DEFAULT_VENDOR, description="Vendor id that the chip reports; 0x8180 is Huada."
    )
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

    @property
    def reported_id(self) -> str:
        """The ID that it reports: its own, or the one published with its key."""
        if self.id is not None:
            return self.id
        return published.KEYS[self.key_type].id2  # only with a published key an ID may be left out
