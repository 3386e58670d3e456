"""A module behind the vendor's socket protocol, as a kind of carrier."""

import sys
from typing import Literal, Self

from pydantic import Field, model_validator

from harness.carrier.base import offered_by
from harness.carrier.kind import CarrierContext, CarrierKind, Part, TransportNeed
from harness.carrier.module.host import SocketModule
from harness.carrier.module.wire import ByteOrder
from harness.id2.keys import KeyType
from harness.settings.words import Seconds, Word, wrong
from harness.transport.base import Capability

_STREAM = frozenset({Capability.STREAM})


class ModuleSocket(CarrierKind):
    """A security module that speaks the vendor's socket protocol, over a socket or a serial line."""

    kind: Literal["module-socket"] = Field(
        description="A security module that speaks the vendor's socket protocol."
    )
    transport: Word = Field(description="Name of the transport that leads to the module.")
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
    def plan_carriers(cls) -> frozenset[str]:
        """Return `module`."""
        return frozenset({"module"})

    @classmethod
    def functions(cls) -> tuple[str, ...]:
        """Return what the protocol has commands for; of what not every module has, `declared_only` leaves the rest."""
        return offered_by(SocketModule)

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
        """Return the stream to the module, and that of a second connection."""
        found = [TransportNeed("transport", self.transport, _STREAM)]
        if self.second is not None:
            found.append(TransportNeed("second", self.second, _STREAM))
        return tuple(found)

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
