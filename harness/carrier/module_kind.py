"""What the kinds of carrier have in common that drive a security module from its host's side."""

from pydantic import Field

from harness.carrier.kind import CarrierKind, Part, TransportNeed
from harness.id2.keys import KeyType
from harness.settings.words import Word
from harness.transport.base import Capability

STREAM = frozenset({Capability.STREAM})


class ModuleKind(CarrierKind):
    """A security module at a transport of bytes; the harness is its host."""

    transport: Word = Field(description="Name of the transport that leads to the module.")

    @classmethod
    def plan_carriers(cls) -> frozenset[str]:
        """Return `module`."""
        return frozenset({"module"})

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
        return (TransportNeed("transport", self.transport, STREAM),)
