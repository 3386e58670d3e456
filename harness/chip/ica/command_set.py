"""The ICA command set as a kind: what a board file says of it, and what the harness asks of it."""

from collections.abc import Callable, Mapping

from pydantic import Field

from harness.chip.apdu import Command
from harness.chip.command_set import CommandSet, Meaning
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
_HEAD = 5  # class, instruction, P1, P2, Lc
_SYMMETRIC_CRYPT = 0xF6
_CRYPT_HEAD = 5  # mode, algorithm, key and length in the first command of a chain
_MEANINGS = {
    **dict.fromkeys((0xF0, 0xF2, 0xF4, _SYMMETRIC_CRYPT), Meaning.CIPHER),
    0x84: Meaning.RANDOM,
    0xF8: Meaning.ID,
    0xC0: Meaning.FETCHED,
}
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
    def chains_commands(cls) -> bool:
        """Tell that it does."""
        return True

    @classmethod
    def meaning(cls, command: bytes) -> Meaning:
        """Return what the instruction answers."""
        return _MEANINGS.get(command[1], Meaning.PLAIN)

    @classmethod
    def crypted(cls, command: bytes) -> bytes | None:
        """Return the data of SymmetricCrypt; an IV in front of it counts as one more block."""
        if command[1] != _SYMMETRIC_CRYPT:
            return None
        body = command[5 : 5 + command[4]] if len(command) > _HEAD else b""
        return body[_CRYPT_HEAD:] if command[2] == 0 else body

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
