"""What all transports have in common that lead to a device which exists only in this process."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import UsageError
from harness.settings.problems import Loc, Problem
from harness.simulator.faults.fault import Fault, Layer
from harness.transport.found import Found
from harness.transport.kind import NOTHING, StandIn, TransportContext, TransportKind

if TYPE_CHECKING:
    from harness.simulator.usb.twin import UsbTwin


class SimulatedKind(TransportKind, ABC):
    """A kind whose device exists only in this process: it occupies nothing and is never unplugged."""

    def occupies(self, folder: Path) -> tuple[str, ...]:
        """Return nothing: any number of runs may use it at once."""
        del folder
        return NOTHING

    def remark(self, folder: Path) -> str:
        """Return nothing: it is always there."""
        del folder
        return ""

    def means(self, found: Found) -> bool:
        """Tell that nothing found on this machine is meant."""
        del found
        return False

    @property
    def can_be_unplugged(self) -> bool:
        """It cannot."""
        return False

    @property
    def stands_in(self) -> StandIn | None:
        """The simulator does."""
        return StandIn.SIMULATED

    def usb_twin(self, context: TransportContext) -> UsbTwin:
        """Return the same device for a USB port of this machine's kernel.

        Raises:
            UsageError: A device of this kind cannot be plugged in, or the settings say something that cannot be.
        """
        raise UsageError(
            f"transport {context.name!r}: a device of kind {self.kind!r} cannot be plugged into the kernel"
        )


def wrong_fault(loc: Loc, look: Callable[[], object]) -> Iterator[Problem]:
    """Give what keeps a device from having the fault that its settings name.

    Args:
        loc: Where they name it, from the transport on.
        look: Looks for the fault, as the device does when it is made.
    """
    try:
        look()
    except UsageError as error:
        yield Problem(loc, f"{error.message}; {error.hint}")


def require_layer(fault: Fault | None, layers: tuple[Layer, ...], what: str) -> None:
    """Check that a device can have a fault.

    Args:
        fault: The fault; None for none.
        layers: Where faults of the device sit.
        what: The device in words.

    Raises:
        UsageError: The fault sits elsewhere.
    """
    if fault is not None and fault.layer not in layers:
        raise UsageError(
            f"fault {fault.name!r} sits in the {fault.layer} layer; {what} cannot have it",
            hint="`harness simulate faults` lists the layers",
        )
