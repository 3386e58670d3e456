"""The kind of transport that leads to the console of a simulated board with a PUF."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from harness.id2 import ecdsa
from harness.settings.problems import Problem
from harness.settings.simulated_device import SimulatedDevice
from harness.settings.words import Word, wrong
from harness.simulator.bus.line import SimulatedLine
from harness.simulator.chip.randomness import SeededRandom
from harness.simulator.faults.catalogue import find
from harness.simulator.faults.fault import Fault, Layer
from harness.simulator.kind import SimulatedKind, require_layer, wrong_fault
from harness.simulator.puf.board import PufBoard, PufConfig
from harness.transport.base import Capability, Transport
from harness.transport.kind import TransportContext


class SimulatedPufSettings(SimulatedKind):
    """The console of a simulated board with a PUF: it prints what `id2_app` prints, and has a probe."""

    kind: Literal["simulated-puf"] = Field(
        description="The console of a simulated board with a PUF, which runs id2_app and has a probe."
    )
    device: SimulatedDevice = Field(description="The PUF: its ID and its ECC key.")
    probe: bool = Field(
        default=True, description="Whether the probe is in the firmware; one to be shipped has none."
    )
    fault: Word | None = Field(default=None, description="The one fault of the board; none when left out.")

    @model_validator(mode="after")
    def _has_an_ecc_key(self) -> Self:
        if self.device.key_type not in ecdsa.CURVES:
            raise wrong(f"a PUF cannot have {self.device.key_type}; it has {', '.join(ecdsa.CURVES)}")
        return self

    @classmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what it carries: a stream."""
        return frozenset({Capability.STREAM})

    def make(self, context: TransportContext) -> Transport:
        """Return the line, not opened; the board prints from its opening on."""
        config = PufConfig(
            id_text=self.device.reported_id,
            key=context.simulated_key(self.device),
            random=SeededRandom(self.device.seed),
            probe=self.probe,
            fault=self._fault(),
        )
        board = PufBoard(config)
        return SimulatedLine(context.name, lambda: board, board.identity)

    def _fault(self) -> Fault | None:
        """Return its one fault.

        Raises:
            UsageError: There is none of this name, or a PUF cannot have it.
        """
        if not self.fault:
            return None
        fault = find(self.fault, (Layer.PUF,))
        require_layer(fault, (Layer.PUF,), "a board with a PUF")
        fault.require(command_set="", key_type=self.device.key_type, answers="")
        return fault

    def errors(self, folder: Path) -> Iterator[Problem]:
        """Give a fault that it cannot have."""
        del folder
        yield from wrong_fault(("fault",), self._fault)

    def place(self) -> str:
        """Return what it is."""
        broken = f", fault {self.fault}" if self.fault else ""
        return f"simulated board with a PUF, {self.device.key_type}{broken}"

    def advice(self) -> Iterator[Problem]:
        """Give what is said of a chip, which a PUF is not."""
        if self.device.fault:
            yield Problem(("device", "fault"), "a PUF has its fault beside the device: write it as `fault`")

    @property
    def simulated_device(self) -> SimulatedDevice:
        """The PUF."""
        return self.device
