"""A module that is driven by AT commands, as a kind of carrier."""

from typing import Literal

from pydantic import Field

from harness.carrier.at import dialect as dialects
from harness.carrier.at.module import AtModule
from harness.carrier.base import offered_by
from harness.carrier.kind import CarrierContext
from harness.carrier.module_kind import ModuleKind
from harness.settings.words import PathText


class ModuleAt(ModuleKind):
    """A security module that is driven by AT commands over a serial line or a socket."""

    kind: Literal["module-at"] = Field(description="A security module that is driven by AT commands.")
    dialect: PathText = Field(
        default="generic",
        description="How the module maker writes the commands: a shipped dialect (generic), or the path of a YAML "
        "file, such as ./my-module.yaml, relative to this file.",
    )

    @classmethod
    def functions(cls) -> tuple[str, ...]:
        """Return what a dialect may have commands for; of it, `declared_only` leaves what is declared."""
        return offered_by(AtModule)

    def place(self) -> str:
        """Return that it is driven by AT commands."""
        return f"driven by AT commands, dialect {self.dialect}, on transport {self.transport}"

    def open(self, context: CarrierContext) -> AtModule:
        """Return the carrier on the open transport."""
        dialect = dialects.load(self.dialect, context.folder)
        return AtModule(context.transport(self.transport), dialect, context.secrecy(self.transport))
