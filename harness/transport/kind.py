"""What the harness asks of a kind of transport: a section of the board file that answers for itself."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from harness.id2.keys import Key, KeyType
from harness.settings.link import Link
from harness.settings.link_flash import LinkFlash
from harness.settings.problems import Problem
from harness.settings.simulated_device import SimulatedDevice
from harness.settings.words import Section
from harness.transport.base import Capability, Transport

if TYPE_CHECKING:
    from harness.transport.drafted import Drafted
    from harness.transport.found import Found
    from harness.transport.serial.lines import LineStep

NOTHING: tuple[str, ...] = ()
"""What a transport occupies that any number of runs may use at once."""

ABSENT = "not there now"
"""What `remark` says of a path that is not there."""


class StandIn(StrEnum):
    """What stands in for a device."""

    SIMULATED = "simulated"
    PLAYED_BACK = "played back"


@dataclass(frozen=True, slots=True)
class TransportContext:
    """What a transport is made for.

    Attributes:
        name: Name of the transport in the board file.
        folder: Folder of the board file, where its relative paths start.
        board: Name of the board.
        carrier: Where the plan says that the ID² key lives, such as `se`.
        key_type: Type of the plan's ID² key.
        link: What the firmware does over iTLS; None for a board file without a link section.
        flash: The flash of a simulated board with a link; it outlives the transport.
        simulated_key: Returns the key of a simulated device; raises `UsageError` when its reference leads nowhere.
    """

    name: str
    folder: Path
    board: str
    carrier: str
    key_type: KeyType
    link: Link | None
    flash: LinkFlash
    simulated_key: Callable[[SimulatedDevice], Key]


class TransportKind(Section, ABC):
    """The settings of one kind of transport, and all that the harness asks of the kind.

    A kind adds its fields and `kind: Literal["its-name"]`, each with a description: the JSON Schema and the reference
    of board files are made from them. Nothing here opens a device.
    """

    kind: str

    @classmethod
    @abstractmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what transports of this kind carry."""

    @abstractmethod
    def make(self, context: TransportContext) -> Transport:
        """Return the transport, not opened.

        Raises:
            UsageError: The settings ask for something that cannot be.
            BenchError: The adapter that is named is not plugged in.
        """

    @abstractmethod
    def occupies(self, folder: Path) -> tuple[str, ...]:
        """Return what one run must have for itself, in words that are equal for equal things; or `NOTHING`.

        Args:
            folder: Folder of the board file.

        Raises:
            BenchError: The adapter that is named is not plugged in.
            UsageError: Several fit.
        """

    def adapters(self, folder: Path) -> tuple[str, ...]:
        """Return the adapters that it goes through and may share with other transports; those of `occupies` are none.

        No two runs use an adapter at the same time.

        Args:
            folder: Folder of the board file.

        Raises:
            HarnessError: As `occupies`.
        """
        del folder
        return NOTHING

    @abstractmethod
    def place(self) -> str:
        """Return where it leads, in words: `/dev/i2c-1, address 0x71`."""

    @abstractmethod
    def remark(self, folder: Path) -> str:
        """Return what stands out about it now, such as `not there now`; empty for nothing.

        Args:
            folder: Folder of the board file.
        """

    @abstractmethod
    def means(self, found: "Found") -> bool:
        """Tell whether these settings mean what was found on this machine."""

    @property
    @abstractmethod
    def can_be_unplugged(self) -> bool:
        """Whether the device may leave and come back, so that the transport is to be made and opened again."""

    @property
    @abstractmethod
    def stands_in(self) -> StandIn | None:
        """What stands in for the device; None when the transport leads out of this process."""

    def supplies(self) -> frozenset[Capability]:
        """Return what the transport of these settings carries."""
        return self.can_supply()

    @property
    def keeps_writes(self) -> bool:
        """Whether one read brings all that the far end wrote at once, so that answers in pieces can be told."""
        return False

    @property
    def bus_address(self) -> int | None:
        """7-bit address of the chip on an I²C bus; None when the settings name none."""
        return None

    @property
    def simulated_device(self) -> SimulatedDevice | None:
        """The device that is simulated at the far end; None for none."""
        return None

    @property
    def runs_link_app(self) -> bool:
        """Whether a simulated board at the far end does what the link section says; its field `app` says so."""
        return False

    def line_steps(self) -> "Mapping[str, tuple[LineStep, ...]]":
        """Return the named actions, such as a reset, each as the edges of the lines beside the data."""
        return {}

    def errors(self, folder: Path) -> Iterator[Problem]:  # noqa: ARG002 - for kinds that have some
        """Give what makes the settings unusable beside these files; each place starts at the transport.

        Args:
            folder: Folder of the board file.
        """
        yield from ()

    def advice(self) -> Iterator[Problem]:
        """Give what is doubtful about the settings; each place starts at the transport."""
        yield from ()

    @classmethod
    def find(cls, root: Path) -> "Iterator[Found]":  # noqa: ARG003 - for kinds that find some
        """Give what is on this machine that only this kind knows how to find; opens no device.

        Args:
            root: Root of the file system.
        """
        yield from ()

    @classmethod
    def draft(cls, found: "Found") -> "Drafted | None":  # noqa: ARG003 - for kinds that draft one
        """Return how a board file would name what was found; None when it is nothing for this kind."""
        return None

    @classmethod
    def locked_as(cls, found: "Found") -> tuple[str, ...]:  # noqa: ARG003 - for kinds that know it
        """Return what `occupies` of any settings of this kind names when they mean what was found."""
        return NOTHING


class DeviceKind(TransportKind):
    """A kind that leads to a device of this machine, which may leave and come back; nothing stands in for it."""

    @property
    def can_be_unplugged(self) -> bool:
        """It may."""
        return True

    @property
    def stands_in(self) -> StandIn | None:
        """Nothing does."""
        return None


def absent(path: Path | str | None) -> str:
    """Return `not there now` for a path that is not there; empty for one that is, and for None."""
    # Unlike Path.exists, os.path.exists does not raise in a folder that is closed to us.
    return ABSENT if path is not None and not os.path.exists(path) else ""  # noqa: PTH110 - as above
