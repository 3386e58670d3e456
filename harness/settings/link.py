"""The end-to-end link: what the firmware of the board does over iTLS, and where the harness waits for it."""

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from harness.settings.words import Address, Seconds, Section, Word, wrong

_TOPIC_MAX = 128
_SHARED = "$share/"
_PLACE = re.compile(r"\{([^{}]*)\}")
_PLACES = frozenset({"product_key", "device_name"})


class Offer(StrEnum):
    """What a firmware does over its link. Source: device-protocol.md c.6, h."""

    PROVISIONING = "provisioning"
    MQTT = "mqtt"
    ECHO = "echo"
    RECONNECT = "reconnect"
    KEEPALIVE = "keepalive"


def _topic(value: str) -> str:
    if re.search(r"[#+\0]", value):
        raise wrong("is a filter with a wildcard; write one topic")
    if value.startswith(_SHARED):
        raise wrong(f"is a shared subscription; write one topic, without {_SHARED}")
    if len(value.encode()) > _TOPIC_MAX:
        raise wrong(f"is longer than {_TOPIC_MAX} bytes")
    strange = next((name for name in _PLACE.findall(value) if name not in _PLACES), None)
    if strange is not None:
        raise wrong("may hold {product_key} and {device_name}, and nothing else in braces")
    return value


Topic = Annotated[str, StringConstraints(min_length=1), AfterValidator(_topic)]
"""An MQTT topic; `{product_key}` and `{device_name}` in it stand for those of the board."""


class Echo(Section):
    """The topics of a firmware that sends back what it gets.

    They are two, and neither is a filter: else the harness, which publishes on one and listens on the other, would
    take its own words for the board's.
    """

    subscribe: Topic = Field(description="Topic that the firmware subscribes to.")
    publish: Topic = Field(description="Topic on which it publishes what came.")


class Link(Section):
    """What the board does over iTLS; decides which scenarios of the link apply."""

    listen: Address = Field(
        default="127.0.0.1", description="Address on which the harness waits for the board."
    )
    port: int = Field(
        default=1883,
        description="Port on which the harness waits; 0 takes a free one, which only a simulated board can be told.",
        ge=0,
        le=65535,
    )
    device_name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:@-]{4,32}$")] = Field(
        description="DeviceName that is compiled into the firmware; unique in its product."
    )
    mqtt: bool = Field(
        default=True,
        description="MQTT runs inside the connection; false for a firmware with data of its own.",
    )
    echo: Echo | None = Field(
        default=None,
        description="Topics of a firmware that sends back what it gets; needed to check data both ways over MQTT.",
    )
    offers: tuple[Offer, ...] = Field(
        default=(),
        description="What the firmware does: gets its ID² over the link (provisioning), speaks MQTT, sends back what "
        "it gets (echo), connects again after a loss (reconnect), keeps an idle session alive (keepalive).",
        max_length=5,
    )
    keepalive_s: int = Field(
        default=60, description="MQTT keep-alive that the firmware asks for, in seconds.", ge=1, le=1200
    )
    connect_timeout_s: Seconds = Field(
        default=30.0, description="Seconds from a start of the board to its finished handshake."
    )
    reconnect_timeout_s: Seconds = Field(
        default=60.0, description="Seconds from a lost connection to the next finished handshake."
    )
    idle_minutes: float = Field(
        default=10.0, description="Minutes that a session must survive without data.", gt=0, le=240
    )
    reset: Word | None = Field(
        default=None,
        description="Action of a serial transport that starts the board anew. A simulated board starts anew when its "
        "console is opened again, and needs none.",
    )

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if len(set(self.offers)) != len(self.offers):
            raise wrong("lists an offer twice")
        if not self.mqtt and (named := {Offer.MQTT, Offer.KEEPALIVE} & set(self.offers)):
            raise wrong(f"offers {', '.join(sorted(named))} and says mqtt: false")
        if not self.mqtt and self.echo is not None:
            raise wrong("names topics under echo and says mqtt: false")
        if self.mqtt and Offer.ECHO in self.offers and self.echo is None:
            raise wrong("offers echo and names no topics; write echo: {subscribe: TOPIC, publish: TOPIC}")
        return self

    def topics(self, product_key: str) -> tuple[str, str] | None:
        """Return the topics that the firmware subscribes to and publishes on, or None when it echoes nothing.

        Args:
            product_key: What `{product_key}` stands for.
        """
        if self.echo is None:
            return None
        subscribe, publish = (
            topic.replace("{product_key}", product_key).replace("{device_name}", self.device_name)
            for topic in (self.echo.subscribe, self.echo.publish)
        )
        return subscribe, publish
