"""What a simulated chip is: its key, its ID, its habits, and at most one fault."""

from dataclasses import dataclass, field

from harness.chip.command_set import COMMAND_SETS
from harness.errors import UsageError
from harness.id2 import ids
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.settings.simulated_device import DEFAULT_VENDOR, PIN, AnswerStyle
from harness.simulator.chip.hooks import ChipHooks
from harness.simulator.chip.randomness import RandomSource, system_random
from harness.simulator.faults.fault import Fault, Layer


@dataclass(frozen=True, slots=True)
class ChipConfig:
    """One simulated chip.

    Attributes:
        command_set: Which commands it speaks.
        id_text: Its ID, 24 upper-case hex digits.
        key: The ID² key; its type is the chip's key type.
        vendor: Vendor id, two bytes.
        version: Version in GetVendorInfo, 8 bytes.
        answers: How the ICA set hands over data.
        random: Where GetChallenge and key generation take their bytes from.
        more_keys: Further keys by KID (1 is the CTID of the vendor's SDK).
        pin: The PIN after personalisation.
        unblock_code: What frees a blocked PIN.
        length_prefix: Whether AsymmetricCrypt puts the two-byte total length before its answer, as the
            standard says.
        fault: The one fault, None for a sound chip.

    Raises:
        UsageError: the parts do not fit together.
    """

    command_set: str
    id_text: str
    key: Key = field(repr=False)
    vendor: int = DEFAULT_VENDOR
    version: bytes = b"ID2 1.00"
    answers: AnswerStyle = AnswerStyle.DIRECT
    random: RandomSource = field(default=system_random, repr=False)
    more_keys: tuple[tuple[int, Key], ...] = field(default=(), repr=False)
    pin: bytes = field(default=PIN, repr=False)
    unblock_code: bytes = field(default=b"87654321", repr=False)
    length_prefix: bool = True
    fault: Fault | None = None

    def __post_init__(self) -> None:
        try:
            ids.to_chip(self.id_text)
            self.key.reveal()
        except Id2Error as problem:
            raise UsageError(f"simulated chip: {problem}") from problem
        if not 0 <= self.vendor <= 0xFFFF:
            raise UsageError(f"simulated chip: vendor {self.vendor:#x} does not fit into two bytes")
        if len(self.version) != 8:
            raise UsageError(f"simulated chip: the version has {len(self.version)} bytes, it must have 8")
        if self.key_type not in (known := COMMAND_SETS.get(self.command_set).key_types()):
            raise UsageError(
                f"simulated chip: the {self.command_set} command set has no key type {self.key_type}; "
                f"it has {', '.join(sorted(known))}"
            )
        if self.fault is not None:
            self.fault.require(
                command_set=self.command_set, key_type=self.key_type, answers=self.answers.value
            )

    @property
    def key_type(self) -> KeyType:
        """Type of the ID² key."""
        return self.key.key_type

    @property
    def id_bytes(self) -> bytes:
        """The ID as the chip stores it, 12 bytes."""
        return ids.to_chip(self.id_text)

    def chip_hooks(self) -> ChipHooks:
        """Return the hooks for one chip: the fault's if it sits in the chip, else the sound ones."""
        if self.fault is not None and self.fault.layer is Layer.CHIP:
            return self.fault.chip_hooks()
        return ChipHooks()

    @property
    def description(self) -> str:
        """What a report says this is."""
        text = f"simulated {self.command_set} chip, {self.key_type}, ID {self.id_text}"
        return f"{text}, broken on purpose: {self.fault.name}" if self.fault else text
