"""The simulated chips by the name of their command set: those of this project, and those of other packages."""

from collections.abc import Collection

from harness.id2.keys import Key
from harness.kinds import Kinds
from harness.settings.kinds import naming
from harness.settings.simulated_device import SimulatedDevice
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.model import ChipModel
from harness.simulator.chip.randomness import SeededRandom
from harness.simulator.faults.fault import Fault, Layer

SIMULATED_CHIPS = Kinds(
    ChipModel,  # type: ignore[type-abstract]  # the sort itself is never instantiated
    "simulated chip of command set",
    "harness.simulated_chips",
    {"ica": "harness.simulator.chip.ica:IcaChip", "mtk": "harness.simulator.chip.mtk:MtkChip"},
)


def make_chip(config: ChipConfig) -> ChipModel:
    """Return the chip.

    Raises:
        UsageError: Nobody simulates its command set.
    """
    return SIMULATED_CHIPS.get(config.command_set)(config)


@naming(command_set=SIMULATED_CHIPS)
class SimulatedChip(SimulatedDevice):
    """What a simulated device is."""

    def named_fault(self, layers: Collection[Layer] = tuple(Layer)) -> Fault | None:
        """Return the fault that it has; None for a sound chip.

        Args:
            layers: Where a fault of it may sit.

        Raises:
            UsageError: There is no such fault, or such a chip cannot have it.
        """
        if not self.fault:
            return None
        from harness.simulator.faults.catalogue import find

        fault = find(self.fault, layers)
        fault.require(command_set=self.command_set, key_type=self.key_type, answers=self.answers.value)
        return fault

    def config(self, key: Key) -> ChipConfig:
        """Return the same for the simulator.

        Args:
            key: The ID² key that `key` refers to.

        Raises:
            UsageError: The parts do not fit together, or there is no such fault.
        """
        return ChipConfig(
            command_set=self.command_set,
            id_text=self.reported_id,
            key=key,
            vendor=self.vendor,
            answers=self.answers,
            random=SeededRandom(self.seed),
            fault=self.named_fault(),
        )

    @property
    def summary(self) -> str:
        """What it is, in words."""
        fault = f", fault {self.fault}" if self.fault else ""
        return f"simulated {self.command_set} chip, {self.key_type}, answers {self.answers}{fault}"
