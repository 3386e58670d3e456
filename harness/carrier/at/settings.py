"""A module that is driven by AT commands, as a kind of carrier."""

from typing import Literal

from pydantic import Field

from harness.carrier.at import dialect as dialects
from harness.carrier.at.module import AtModule
from harness.carrier.base import offered_by
from harness.carrier.kind import CarrierContext, CarrierKind, Part, TransportNeed
from harness.id2.keys import KeyType
from harness.settings.words import PathText, Word
from harness.transport.base import Capability


class ModuleAt(CarrierKind):
    """A security module that is driven by AT commands over a serial line or a socket."""

    kind: Literal["module-at"] = Field(description="A security module that is driven by AT commands.")
    transport: Word = Field(description="Name of the transport that leads to the module.")
    dialect: PathText = Field(
        default="generic",
        description="How the module maker writes the commands: a shipped dialect (generic), or the path of a YAML "
        "file, such as ./my-module.yaml, relative to this file.",
    )

    @classmethod
    def plan_carriers(cls) -> frozenset[str]:
        """Return `module`."""
        return frozenset({"module"})

    @classmethod
    def functions(cls) -> tuple[str, ...]:
        """Return what a dialect may have commands for; of it, `declared_only` leaves what is declared."""
        return offered_by(AtModule)

    @classmethod
    def declared_only(cls) -> bool:
        """Tell that a module may have less."""
        return True

    @classmethod
    def sdk_on_host(cls) -> bool:
        """Return False: the module draws the randoms."""
        return False

    @classmethod
    def refusal(cls, key_type: KeyType) -> str:
        """Return nothing: which keys a module holds is for its maker to say."""
        del key_type
        return ""

    def parts(self) -> frozenset[Part]:
        """Return nothing."""
        return frozenset()

    def needs(self) -> tuple[TransportNeed, ...]:
        """Return the stream to the module."""
        return (TransportNeed("transport", self.transport, frozenset({Capability.STREAM})),)

    def place(self) -> str:
        """Return that it is driven by AT commands."""
        return f"driven by AT commands, dialect {self.dialect}, on transport {self.transport}"

    def open(self, context: CarrierContext) -> AtModule:
        """Return the carrier on the open transport."""
        dialect = dialects.load(self.dialect, context.folder)
        return AtModule(context.transport(self.transport), dialect, context.secrecy(self.transport))
