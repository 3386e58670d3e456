"""Simulated transports with their references resolved."""

from dataclasses import dataclass
from pathlib import Path

from harness.id2.keys import Key, KeyType
from harness.settings.link import Link
from harness.settings.link_flash import LinkFlash
from harness.settings.simulated_device import AnswerStyle, CommandSet


@dataclass(frozen=True, slots=True)
class ReadyDevice:
    """A simulated device with its references resolved: what a simulator reads.

    Attributes:
        command_set: APDU set of the chip.
        key_type: Type of the ID² key.
        key: The ID² key itself.
        id: Its ID.
        answers: How the chip hands over answer data.
        fault: Name of its one fault, None for a sound device.
        vendor: Vendor id.
        seed: Seed of its random numbers.
    """

    command_set: CommandSet
    key_type: KeyType
    key: Key
    id: str
    answers: AnswerStyle
    fault: str | None
    vendor: int
    seed: int


@dataclass(frozen=True, slots=True)
class ReadyLink:
    """What a simulated board that runs `link_app` is given.

    Attributes:
        settings: What its firmware does.
        flash: Its flash.
        carrier: Where its key lives: `km` or `tee`.
        key_type: Type of the ID² key that it was built for.
        fingerprint: What it is provisioned by, ASCII.
        provisioning: `wrapper` or `handshake`.
    """

    settings: Link
    flash: LinkFlash
    carrier: str
    key_type: KeyType
    fingerprint: str
    provisioning: str


@dataclass(frozen=True, slots=True)
class ReadySimulation:
    """A simulated transport with its references resolved: what makes it is given.

    Attributes:
        kind: Kind in the board file, e.g. `simulated-i2c`.
        device: The device; None for a console that is only played back.
        address: 7-bit bus address, for `simulated-i2c`.
        file: Captured console to play back, for `simulated-console`.
        app: Program that prints, for `simulated-console`.
        fault: The console's own fault, for `simulated-console`.
        carrier: Where the simulated program says its key lives, for `simulated-console`.
        link: What `link_app` is given, for `simulated-console`.
    """

    kind: str
    device: ReadyDevice | None
    address: int = 0x71
    file: Path | None = None
    app: str = "id2_app"
    fault: str | None = None
    carrier: str = "se"
    link: ReadyLink | None = None
