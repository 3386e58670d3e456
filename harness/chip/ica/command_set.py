"""The ICA command set as a kind: what a board file says of it, and what the harness asks of it."""

from collections.abc import Callable, Mapping

from pydantic import Field

from harness.chip.apdu import Command
from harness.chip.command_set import CommandSet
from harness.chip.ica import commands
from harness.chip.ica.chip import IcaChip
from harness.chip.session import ChipSession
from harness.id2.keys import KeyType

_DOCUMENTED = frozenset(
    (
        *((0x00, ins) for ins in (0xA4, 0x84, 0x20, 0xC0)),
        *((0x80, ins) for ins in (0xF0, 0xF2, 0xF4, 0xF6, 0xF8, 0xFC)),
        *((0x84, ins) for ins in (0x24, 0x5E, 0xE2)),
    )
)
_REFUSED = ("E0F8000000", "8002000000", "80F87F7F00", "80F6000103510300")


class IcaCommandSet(CommandSet):
    """The standard (ICA). Source: device-protocol.md e.2."""

    select: bool = Field(
        default=True, description="send SELECT once when a session opens, as the SDK does by default."
    )

    def chip(self, session: ChipSession) -> IcaChip:
        """Return the chip."""
        return IcaChip(session, select_first=self.select)

    def probe(self) -> Command:
        """Return SELECT, or GetID for a chip that takes no SELECT."""
        return commands.select() if self.select else commands.get_id()

    def facts(self) -> Mapping[str, tuple[str, ...]]:
        """Return `select` for a chip that is sent SELECT."""
        return {"select": ()} if self.select else {}

    @classmethod
    def key_types(cls) -> frozenset[KeyType]:
        """Return all."""
        return frozenset(KeyType)

    @classmethod
    def has_optional_commands(cls) -> bool:
        """Tell that it has: the standard leaves most commands open."""
        return True

    @classmethod
    def documented(cls) -> frozenset[tuple[int, int]]:
        """Return the commands of the standard."""
        return _DOCUMENTED

    @classmethod
    def refused(cls, random: Callable[[int], bytes]) -> tuple[bytes, ...]:
        """Return a wrong class, a wrong instruction, wrong parameters and a wrong length."""
        del random
        return tuple(map(bytes.fromhex, _REFUSED))

    @classmethod
    def build_word(cls) -> str:
        """Return `STD`."""
        return "STD"
