"""A module behind the vendor's socket protocol, as a kind of carrier."""

import sys
from typing import Literal, Self

from pydantic import Field, model_validator

from harness.carrier.base import offered_by
from harness.carrier.kind import CarrierContext, TransportNeed
from harness.carrier.module.host import SocketModule
from harness.carrier.module.wire import ByteOrder
from harness.carrier.module_kind import STREAM, ModuleKind
from harness.settings.words import Seconds, Word, wrong


class ModuleSocket(ModuleKind):
    """A security module that speaks the vendor's socket protocol, over a socket or a serial line."""

    kind: Literal["module-socket"] = Field(
        description="A security module that speaks the vendor's socket protocol."
    )
    second: Word | None = Field(
        default=None,
        description="Name of a transport that makes a second connection to the same module: whether it serves two at "
        "once is judged then. Left out for a serial line, which is one connection.",
    )
    answer_s: Seconds = Field(
        default=10.0, description="Seconds to wait for a whole answer; a module that is silent blocks then."
    )
    byte_order: ByteOrder = Field(
        default=ByteOrder(sys.byteorder),
        description="Byte order of the four numbers in a head, which is that of the module's processor: little or big. "
        "Left out: that of this computer.",
    )

    @model_validator(mode="after")
    def _two_connections_are_two(self) -> Self:
        if self.second == self.transport:
            raise wrong(f"says {self.second} twice; a second connection is a transport of its own")
        return self

    @classmethod
    def functions(cls) -> tuple[str, ...]:
        """Return what the protocol has commands for; of what not every module has, `declared_only` leaves the rest."""
        return offered_by(SocketModule)

    def needs(self) -> tuple[TransportNeed, ...]:
        """Return the stream to the module, and that of a second connection."""
        second = () if self.second is None else (TransportNeed("second", self.second, STREAM),)
        return (*super().needs(), *second)

    def place(self) -> str:
        """Return that it is called by the socket protocol."""
        return f"called by the vendor's socket protocol on transport {self.transport}"

    def another(self) -> "ModuleSocket | None":
        """Return the same module over its second connection."""
        return None if self.second is None else self.model_copy(update={"transport": self.second})

    def open(self, context: CarrierContext) -> SocketModule:
        """Return the carrier on the open transport."""
        return SocketModule(
            context.transport(self.transport),
            self.answer_s,
            self.byte_order,
            context.secrecy(self.transport),
        )
