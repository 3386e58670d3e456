"""Which MQTT topics are a device's own: those of the IoT Platform that name its ProductKey and DeviceName.

The two must stand at the place where the platform has them, so that no topic is two devices' own. Which filters the
real platform refuses beyond that is not published.

Source: help.aliyun.com IoT Platform, "What is a topic" (system, custom and broadcast topics); MQTT Version 3.1.1 4.7.
"""

from dataclasses import dataclass

_WILDCARDS = frozenset("+#")
_ROOTS: tuple[tuple[str | None, ...], ...] = (
    ("",),
    ("", "sys"),
    ("", "ext", None),
    ("", "shadow", None),
    ("", "ota", "device", None),
)
"""What stands before ProductKey and DeviceName, level by level; None is any one level without a wildcard."""

_BROADCAST = "broadcast"


@dataclass(frozen=True, slots=True)
class OwnTopics:
    """The topics of one device.

    Attributes:
        product_key: Its product.
        device_name: Its name there.
    """

    product_key: str
    device_name: str

    def may_publish(self, topic: str) -> bool:
        """Return whether a topic is the device's own; one with a wildcard is no topic."""
        return not _WILDCARDS.intersection(topic) and self._owns(topic.split("/"))

    def may_subscribe(self, topic_filter: str) -> bool:
        """Return whether a filter matches topics of the device only, and broadcasts to its product."""
        levels = topic_filter.split("/")
        return self._owns(levels) or levels[:3] == ["", _BROADCAST, self.product_key]

    def _owns(self, levels: list[str]) -> bool:
        # The first level is empty: no name that begins with $, such as $SYS and $share, comes so far.
        own = [self.product_key, self.device_name]
        return any(
            levels[len(root) : len(root) + 2] == own and all(map(_fits, root, levels)) for root in _ROOTS
        )


def _fits(wanted: str | None, level: str) -> bool:
    return not _WILDCARDS.intersection(level) if wanted is None else level == wanted
