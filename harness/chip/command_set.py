"""What the harness asks of a command set: which APDUs a chip speaks, from its section of the board file on."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from enum import StrEnum

from harness.chip.apdu import Command
from harness.chip.carrier_chip import CarrierChip
from harness.chip.session import ChipSession
from harness.id2.keys import KeyType
from harness.id2.vendors import vendor_name
from harness.kinds import Kinds
from harness.settings.words import Section


class Meaning(StrEnum):
    """What the answer to a command holds, which decides how small a part of a key in it is telling."""

    PLAIN = "plain"
    CIPHER = "cipher"  # what the chip has encrypted, decrypted, signed or hashed
    RANDOM = "random"
    ID = "id"
    FETCHED = "fetched"  # more of the answer to the command before


class CommandSet(Section, ABC):
    """The settings of one command set in the `chip` section, and all that the harness asks of it.

    A command set adds its fields, each with a default and a description; they stand in the `chip` section beside those
    of the framing. Its docstring says in the reference of board files what it is.
    """

    @abstractmethod
    def chip(self, session: ChipSession) -> CarrierChip:
        """Return the chip on an open conversation; nothing is sent yet."""

    @abstractmethod
    def probe(self) -> Command:
        """Return a command that does no harm, whatever the chip was doing: is it still there?"""

    @abstractmethod
    def facts(self) -> Mapping[str, tuple[str, ...]]:
        """Return the words of `applies_when` that hold for the chip, each with its values.

        They are `select` and those of `words`; a set that states another one is refused.
        """

    @classmethod
    @abstractmethod
    def key_types(cls) -> frozenset[KeyType]:
        """Return the types of ID² keys that chips of this set are known with."""

    @classmethod
    @abstractmethod
    def has_optional_commands(cls) -> bool:
        """Tell whether the set has commands that a chip may lack, so that `declaration.commands` must say which."""

    @classmethod
    @abstractmethod
    def chains_commands(cls) -> bool:
        """Tell whether data that is longer than one command goes over in several."""

    @classmethod
    @abstractmethod
    def meaning(cls, command: bytes) -> Meaning:
        """Return what a sound chip answers to a whole command; PLAIN for one that is none of the set."""

    @classmethod
    @abstractmethod
    def crypted(cls, command: bytes) -> bytes | None:
        """Return the data that a whole command has the chip encrypt or decrypt; None for another command."""

    @classmethod
    @abstractmethod
    def documented(cls) -> frozenset[tuple[int, int]]:
        """Return CLA and INS of every command of the set; any other that a chip answers is a hidden one."""

    @classmethod
    @abstractmethod
    def refused(cls, random: Callable[[int], bytes]) -> tuple[bytes, ...]:
        """Return whole commands that every chip of the set must refuse.

        Args:
            random: Return random bytes, which the run remembers.
        """

    @classmethod
    @abstractmethod
    def build_word(cls) -> str:
        """Return the word of the set in the vendor's CONFIG_CHIP_TYPE, such as `STD`; empty for none."""

    @classmethod
    def words(cls) -> Mapping[str, str]:
        """Return the words that only this set brings to `applies_when`, each with what it says of a chip."""
        return {}

    @classmethod
    def status_words(cls) -> Mapping[int, str]:
        """Return the status words that only this set has, each with what it says."""
        return {}

    @classmethod
    def maker(cls, vendor: int) -> str:
        """Return the name of the maker with this vendor id."""
        return vendor_name(vendor)


COMMAND_SETS = Kinds(
    CommandSet,  # type: ignore[type-abstract]  # the sort itself is never instantiated
    "command set",
    "harness.command_sets",
    {"ica": "harness.chip.ica.command_set:IcaCommandSet", "mtk": "harness.chip.mtk:MtkCommandSet"},
)
