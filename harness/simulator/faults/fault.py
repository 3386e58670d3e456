"""What a fault is: one way to be broken, with a name and the verdict that a good harness gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from harness.errors import ToolError, UsageError
from harness.id2.keys import KeyType
from harness.simulator.chip.hooks import ChipHooks

if TYPE_CHECKING:
    from harness.simulator.chip.framing_hooks import FramingHooks
    from harness.simulator.console.hooks import ConsoleHooks
    from harness.simulator.link.hooks import LinkHooks
    from harness.simulator.module.hooks import ModuleHooks
    from harness.simulator.puf.hooks import PufHooks


class Layer(StrEnum):
    """Where a fault sits."""

    CHIP = "chip"
    FRAMING = "framing"
    CONSOLE = "console"
    LINK = "link"
    PUF = "puf"
    MODULE = "module"


class Expected(StrEnum):
    """The verdict that a good harness gives the device."""

    FAILED = "failed"
    BLOCKED = "blocked"
    PASSED = "passed"


ALL_KEYS = frozenset(KeyType)

_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to be broken.

    Attributes:
        name: What a board file or `--fault` says.
        layer: Where it sits.
        summary: What the device does wrong, in one line.
        expected: The verdict that a good harness gives it.
        hooks: Makes the hooks that the device gets instead of the sound ones.
        command_sets: Chips that can have it; None for those of every command set.
        key_types: Keys with which it shows.
        needs: How the chip must hand over data (`get-response`) to have the fault; empty for any way.
        shows_with: What a harness needs so that it can see the fault; empty for nothing.
    """

    name: str
    layer: Layer
    summary: str
    expected: Expected
    hooks: (
        Callable[[], ChipHooks]
        | Callable[[], FramingHooks]
        | Callable[[], ConsoleHooks]
        | Callable[[], LinkHooks]
        | Callable[[], PufHooks]
        | Callable[[], ModuleHooks]
    )
    command_sets: frozenset[str] | None = None
    key_types: frozenset[KeyType] = ALL_KEYS
    needs: str = ""
    shows_with: str = ""

    def fits(self, command_set: str) -> bool:
        """Tell whether a chip of this command set can have it."""
        return self.command_sets is None or command_set in self.command_sets

    def require(self, *, command_set: str, key_type: KeyType, answers: str) -> None:
        """Check that a chip can have this fault.

        Raises:
            UsageError: it cannot; the message says which can.
        """
        if not self.fits(command_set):
            raise UsageError(
                f"fault {self.name!r}: a chip with the {command_set} command set cannot have it",
                hint=f"take command set {' or '.join(sorted(self.command_sets or ()))}",
            )
        if key_type not in self.key_types:
            raise UsageError(
                f"fault {self.name!r} does not show with key type {key_type}",
                hint=f"take {', '.join(sorted(self.key_types))}",
            )
        if self.needs and answers != self.needs:
            raise UsageError(
                f"fault {self.name!r}: a chip that answers {answers} cannot have it",
                hint=f"take answers {self.needs}",
            )

    def chip_hooks(self) -> ChipHooks:
        """Return new hooks for a chip; the sound ones when the fault sits elsewhere."""
        return self._made(Layer.CHIP, ChipHooks)

    def framing_hooks(self) -> FramingHooks:
        """Return new hooks for the framing; the sound ones when the fault sits elsewhere."""
        from harness.simulator.chip.framing_hooks import FramingHooks

        return self._made(Layer.FRAMING, FramingHooks)

    def console_hooks(self) -> ConsoleHooks:
        """Return new hooks for a console; the sound ones when the fault sits elsewhere."""
        from harness.simulator.console.hooks import ConsoleHooks

        return self._made(Layer.CONSOLE, ConsoleHooks)

    def link_hooks(self) -> LinkHooks:
        """Return new hooks for the firmware of a link; the sound ones when the fault sits elsewhere."""
        from harness.simulator.link.hooks import LinkHooks

        return self._made(Layer.LINK, LinkHooks)

    def puf_hooks(self) -> PufHooks:
        """Return new hooks for a PUF; the sound ones when the fault sits elsewhere."""
        from harness.simulator.puf.hooks import PufHooks

        return self._made(Layer.PUF, PufHooks)

    def module_hooks(self) -> ModuleHooks:
        """Return new hooks for a module; the sound ones when the fault sits elsewhere."""
        from harness.simulator.module.hooks import ModuleHooks

        return self._made(Layer.MODULE, ModuleHooks)

    def _made(self, layer: Layer, kind: type[_Kind]) -> _Kind:
        if self.layer is not layer:
            return kind()
        made = self.hooks()
        if not isinstance(made, kind):
            raise ToolError(f"fault {self.name!r}: its hooks are no {kind.__name__}")
        return made
