"""What our own firmware with a link is told at each start: where it connects to, as what, and what it does there."""

import secrets
from collections.abc import Mapping

from harness.settings.link import Link
from harness.settings.link_flash import LinkFlash

_UNIQUE_ID = 12  # characters; firmware/client/hal/hal_device_id.c

PREFIX = "ID2_LINK_"
"""Beginning of the names in the environment of the program; firmware/linux/linux_link.c reads them."""


class LinkStart:
    """The values of a board's link, asked for at each of its starts.

    Args:
        link: What the firmware does over iTLS.
        flash: What the harness has "compiled" into it, and how often its flash was erased.
    """

    def __init__(self, link: Link, flash: LinkFlash) -> None:
        self._link = link
        self._flash = flash
        self._erased = flash.erasures
        # Fused into the chip by its maker: it outlives the flash, and no other board has it.
        self._unique_id = secrets.token_hex(_UNIQUE_ID // 2).upper()

    def environment(self) -> Mapping[str, str]:
        """Return the environment of the program; without a place to connect to where nobody has told the board."""
        unique = {"ID2_UNIQUE_ID": self._unique_id}
        firmware = self._flash.firmware
        if firmware is None:
            return unique
        link = self._link
        topics = link.topics(firmware.product_key) or ("", "")
        values = {
            "HOST": firmware.host,
            "PORT": str(firmware.port),
            "PRODUCT_KEY": firmware.product_key,
            "PRODUCT_SECRET": firmware.product_secret.reveal().decode("latin-1"),
            "DEVICE_NAME": link.device_name,
            "MQTT": "1" if link.mqtt else "0",
            "KEEPALIVE": str(link.keepalive_s),
            "SUBSCRIBE": topics[0],
            "PUBLISH": topics[1],
        }
        return {**unique, **{f"{PREFIX}{name}": value for name, value in values.items()}}

    def was_erased(self) -> bool:
        """Return whether the flash was erased since this was last asked."""
        before, self._erased = self._erased, self._flash.erasures
        return before != self._erased
