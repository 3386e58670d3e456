"""What the harness asks of a kind of carrier: a section of the board file that answers for itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from harness.carrier.base import Carrier
from harness.chip.carrier_chip import CarrierChip
from harness.id2.keys import KeyType
from harness.kinds import Kinds
from harness.probe.secrecy import NothingWritten
from harness.settings.words import Section
from harness.transport.base import Capability, Transport

if TYPE_CHECKING:
    from harness.console.reader import Console
    from harness.probe.link import ProbeLink
    from harness.probe.secrecy import Secrecy


class Part(StrEnum):
    """A part of the board that has a section of its own."""

    CHIP = "chip"
    CONSOLE = "console"
    PROBE = "probe"


@dataclass(frozen=True, slots=True)
class TransportNeed:
    """A transport that a carrier uses for itself alone.

    Attributes:
        field: Field of the carrier's section that names the transport.
        transport: Its name.
        capabilities: What it must carry.
    """

    field: str
    transport: str
    capabilities: frozenset[Capability]


@dataclass(frozen=True, slots=True)
class CarrierContext:
    """What a carrier is opened on; each part is opened when it is asked for, recorded, and closed by the board.

    Attributes:
        key_type: Type of the plan's ID² key.
        chip: Returns the chip, selected.
        console: Returns the console, open.
        probe: Returns the probe in the firmware.
        transport: Returns a transport by its name, open.
        random: Gives random bytes, as many as asked for: from here, so that a run can be replayed.
        secrecy: Returns what keeps secret calls out of the recording of a transport, by its name.
        folder: Folder of the board file, where relative paths start.
    """

    key_type: KeyType
    chip: Callable[[], CarrierChip]
    console: Callable[[], Console]
    probe: Callable[[], ProbeLink]
    transport: Callable[[str], Transport]
    random: Callable[[int], bytes]
    secrecy: Callable[[str], Secrecy] = lambda _: NothingWritten()
    folder: Path = Path()


class CarrierKind(Section, ABC):
    """The settings of one kind of carrier, and all that the harness asks of the kind.

    A kind adds its fields and `kind: Literal["its-name"]`, each with a description: the JSON Schema and the reference
    of board files are made from them. Only `open` touches the device.
    """

    kind: str

    @classmethod
    @abstractmethod
    def plan_carriers(cls) -> frozenset[str]:
        """Return the words of `plan.carrier` that it is for: `se`, `km`, `tee`, `puf`, `module`, `demo`."""

    @classmethod
    @abstractmethod
    def functions(cls) -> tuple[str, ...]:
        """Return the optional functions of the API that can be called: the values of the fact `client`.

        `offered_by` of `harness.carrier.base` says which ones a class has.
        """

    @classmethod
    def declared_only(cls) -> bool:
        """Tell whether a device may have less: only what `declaration.features` names is held against it then."""
        return False

    @classmethod
    @abstractmethod
    def sdk_on_host(cls) -> bool:
        """Tell whether the harness plays the SDK here: codes then take their device random from the context."""

    @classmethod
    @abstractmethod
    def refusal(cls, key_type: KeyType) -> str:
        """Return why it cannot hold or use an ID² key of this type; empty when it can."""

    @abstractmethod
    def parts(self) -> frozenset[Part]:
        """Return the sections that the board file must have beside this one."""

    @abstractmethod
    def needs(self) -> tuple[TransportNeed, ...]:
        """Return the transports that it uses for itself; those of its `parts` are not among them."""

    @abstractmethod
    def place(self) -> str:
        """Return how it is reached, in words, for the plan and the report: `AT commands on transport at`."""

    def another(self) -> CarrierKind | None:
        """Return the same device over a second connection, which is a client of its own; None when it has one only."""
        return None

    @abstractmethod
    def open(self, context: CarrierContext) -> Carrier:
        """Return the carrier; its `init` is called by whoever uses it.

        Raises:
            BenchError: Nothing answers: say what to check.
            DeviceError: The device answers, and answers wrongly.
        """


CARRIERS = Kinds(
    CarrierKind,  # type: ignore[type-abstract]  # the sort itself is never instantiated
    "carrier kind",
    "harness.carriers",
    {
        "se": "harness.carrier.se_kind:SeOverChip",
        "probe": "harness.carrier.probe_kind:OverProbe",
        "module-socket": "harness.carrier.module.settings:ModuleSocket",
        "module-at": "harness.carrier.at.settings:ModuleAt",
    },
)
