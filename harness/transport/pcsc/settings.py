"""A card in a reader of the PC/SC service."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from harness.settings.words import Text
from harness.transport.base import Capability
from harness.transport.drafted import Drafted, quoted
from harness.transport.found import Bus, Found
from harness.transport.kind import DeviceKind, TransportContext
from harness.transport.pcsc.calls import CardProtocol, Share
from harness.transport.pcsc.reader import PcscTransport


class PcscSettings(DeviceKind):
    """A card in a reader of the PC/SC service; needs the extra [pcsc]."""

    kind: Literal["pcsc"] = Field(description="A PC/SC reader.")
    reader: Annotated[Text, Field(min_length=1)] = Field(
        description="Name of the reader, as pcsc_scan shows it, or a part that only one reader has."
    )
    share: Share = Field(
        default=Share.EXCLUSIVE, description="Whether other programs may use the card meanwhile."
    )
    protocol: CardProtocol = Field(
        default=CardProtocol.ANY, description="How reader and card talk: T=0, T=1 or any."
    )

    def _transport(self, name: str) -> PcscTransport:
        return PcscTransport(name, self.reader, share=self.share, protocol=self.protocol)

    @classmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what it carries: whole APDUs, and the card's power."""
        return frozenset({Capability.APDU, Capability.CARD})

    def make(self, context: TransportContext) -> PcscTransport:
        """Return the reader, not opened."""
        return self._transport(context.name)

    def occupies(self, folder: Path) -> tuple[str, ...]:
        """Return the reader, which the service is asked for now."""
        del folder
        return (self._transport("").place(),)

    def place(self) -> str:
        """Return reader, share and protocol."""
        return f"reader {self.reader}, {self.share}, protocol {self.protocol}"

    def remark(self, folder: Path) -> str:
        """Return nothing: the service is not asked before a run."""
        del folder
        return ""

    def means(self, found: Found) -> bool:
        """Tell whether this is the reader, or one of those that fit."""
        return found.bus is Bus.PCSC and self.reader.casefold() in found.path.casefold()

    @classmethod
    def draft(cls, found: Found) -> Drafted | None:
        """Return the reader by its whole name."""
        if found.bus is not Bus.PCSC:
            return None
        return Drafted(("kind: pcsc", f"reader: {quoted(found.path)}"), "direct")

    @classmethod
    def locked_as(cls, found: Found) -> tuple[str, ...]:
        """Return the reader."""
        return (f"PC/SC reader {found.path}",) if found.bus is Bus.PCSC else ()
