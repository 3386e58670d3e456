"""The kinds of transports that lead to a simulated module."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from harness.carrier.at import dialect as dialects
from harness.errors import UsageError
from harness.settings.problems import Problem
from harness.settings.simulated_device import SimulatedDevice
from harness.settings.words import PathText, Word, wrong
from harness.simulator.bus.line import SimulatedLine
from harness.simulator.chip.randomness import SeededRandom
from harness.simulator.faults.catalogue import find
from harness.simulator.faults.fault import Layer
from harness.simulator.kind import SimulatedKind, require_layer, wrong_fault
from harness.simulator.module.at_side import AtModuleDevice
from harness.simulator.module.client import Module
from harness.simulator.module.hooks import ModuleHooks
from harness.simulator.module.served import ServedSocket
from harness.simulator.module.socket_side import SocketModuleDevice
from harness.transport.base import Capability, Transport
from harness.transport.kind import TransportContext

_OF_CHIPS = ("command_set", "answers", "vendor")


class SimulatedModule(SimulatedDevice):
    """What a simulated module is: of the fields, those that are about chips do not go with it."""

    def summary(self, protocol: str) -> str:
        """Return what it is, in words."""
        fault = f", fault {self.fault}" if self.fault else ""
        return f"simulated module behind {protocol}, {self.key_type}{fault}"


class SimulatedModuleKind(SimulatedKind):
    """A kind that leads to one simulated module."""

    device: SimulatedModule = Field(
        description="The simulated module; command_set, answers and vendor are for chips."
    )

    protocol: ClassVar[str]  # `socket` or `at`

    @field_validator("device")
    @classmethod
    def _no_chip(cls, value: SimulatedModule) -> SimulatedModule:
        if given := [field for field in _OF_CHIPS if field in value.model_fields_set]:
            raise wrong(f"says {given[0]}, which only chips have; leave it out")
        return value

    @classmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what it carries: a stream."""
        return frozenset({Capability.STREAM})

    @property
    def simulated_device(self) -> SimulatedModule:
        """The module."""
        return self.device

    def errors(self, folder: Path) -> Iterator[Problem]:
        """Give a fault that the module cannot have."""
        del folder
        yield from wrong_fault(("device", "fault"), lambda: hooks_of(self.device.fault, self.protocol))

    def module(self, context: TransportContext) -> Module:
        """Return the module at the far end.

        Args:
            context: What the transport is made for.

        Raises:
            UsageError: Its key cannot be read, or it cannot be as the settings say.
        """
        device = self.device
        return Module(
            (device.reported_id, context.simulated_key(device)),
            random=SeededRandom(device.seed),
            hooks=hooks_of(device.fault, self.protocol),
        )


class SimulatedModuleSettings(SimulatedModuleKind):
    """A connection to a module in this process that speaks the vendor's socket protocol."""

    kind: Literal["simulated-module"] = Field(
        description="A connection to a simulated module behind the vendor's socket protocol."
    )
    protocol = "socket"
    shares: Word | None = Field(
        default=None,
        description="Name of the transport whose module this connection leads to as well; left out, a module of its "
        "own. Both say the same device.",
    )

    def make(self, context: TransportContext) -> Transport:
        """Return the connection, not opened."""
        own = self.module(context)
        module = context.flash.parts.setdefault(self.shares or context.name, own)
        assert isinstance(module, Module), "a part of a board under the name of a module"
        return ServedSocket(context.name, lambda: SocketModuleDevice(module), module.description)

    def place(self) -> str:
        """Return what the module is."""
        return self.device.summary("the socket protocol")

    @property
    def keeps_writes(self) -> bool:
        """They do: it is on a Unix socket."""
        return True


class SimulatedAtModuleSettings(SimulatedModuleKind):
    """A serial line in this process with a simulated module at its end that is driven by AT commands."""

    kind: Literal["simulated-at-module"] = Field(
        description="A simulated module that is driven by AT commands, behind a simulated serial line."
    )
    protocol = "at"
    dialect: PathText = Field(
        default="generic",
        description="The AT dialect that it speaks: a shipped one (generic), or the path of a YAML file, relative to "
        "this file.",
    )

    def make(self, context: TransportContext) -> Transport:
        """Return the line, not opened."""
        module = self.module(context)
        dialect = dialects.load(self.dialect, context.folder)
        identity = f"{module.description}, AT dialect {dialect.name}"
        return SimulatedLine(context.name, lambda: AtModuleDevice(module, dialect), identity)

    def place(self) -> str:
        """Return what the module is."""
        return self.device.summary(f"AT commands, dialect {self.dialect}")


def hooks_of(fault: str | None, protocol: str) -> ModuleHooks:
    """Return the hooks of a module with this fault, or of a sound one.

    Args:
        fault: Name of the fault; None for none.
        protocol: `socket` or `at`.

    Raises:
        UsageError: There is none of this name, or it is none of a module of this protocol.
    """
    found = find(fault, (Layer.MODULE,)) if fault else None
    require_layer(found, (Layer.MODULE,), "a module")
    if found is None:
        return ModuleHooks()
    hooks = found.module_hooks()
    if protocol not in hooks.protocols:
        raise UsageError(
            f"fault {found.name!r} does not show in the {protocol} protocol of a module",
            hint=f"take a module behind {' or '.join(sorted(hooks.protocols))}",
        )
    return hooks
