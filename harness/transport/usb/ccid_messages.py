"""The messages of CCID, USB's class of smart card readers.

Source: Specification for Integrated Circuit(s) Cards Interface Devices, revision 1.1.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

HEADER = 10  # bytes before the data of every message
DESCRIPTOR_TYPE = 0x21
DESCRIPTOR_LENGTH = 54
_FEATURES_AT, _LONGEST_AT, _SLOTS_AT, _VOLTAGES_AT = 40, 44, 4, 5
_AUTOMATIC_VOLTAGE = 0x08
_ICC_MASK, _COMMAND_SHIFT = 0x03, 6


class Request(IntEnum):
    """Messages to the reader."""

    POWER_ON = 0x62
    POWER_OFF = 0x63
    SLOT_STATUS = 0x65
    TRANSFER = 0x6F


class Answer(IntEnum):
    """Messages from the reader."""

    DATA = 0x80
    SLOT_STATUS = 0x81


class Notice(IntEnum):
    """Messages on the interrupt endpoint."""

    SLOT_CHANGE = 0x50
    HARDWARE_ERROR = 0x51


class Level(IntEnum):
    """What the reader takes as one transfer."""

    CHARACTER = 0x00000
    TPDU = 0x10000
    SHORT_APDU = 0x20000
    EXTENDED_APDU = 0x40000


_LEVEL_MASK = 0x70000


class CardStatus(IntEnum):
    """Two bits of every answer."""

    ACTIVE = 0
    INACTIVE = 1
    ABSENT = 2
    RESERVED = 3

    @property
    def meaning(self) -> str:
        """What it says."""
        return (
            "the card is there and powered",
            "a card is there without power",
            "there is no card",
            "the reader does not say whether there is a card",
        )[self]


class CommandStatus(IntEnum):
    """Two bits of every answer."""

    DONE = 0
    FAILED = 1
    MORE_TIME = 2
    RESERVED = 3


class Chain(IntEnum):
    """Which part of an APDU a message carries: `wLevelParameter` to the reader, `bChainParameter` from it."""

    WHOLE = 0x00
    FIRST = 0x01
    LAST = 0x02
    MIDDLE = 0x03
    GO_ON = 0x10  # no data: send me the next part


class SlotError(IntEnum):
    """What went wrong, when the command status says failed."""

    COMMAND_NOT_SUPPORTED = 0x00
    BAD_LENGTH = 0x01
    BAD_SLOT = 0x05
    BAD_POWER_SELECT = 0x07
    BAD_PROTOCOL = 0x0A
    SLOT_BUSY = 0xE0
    PIN_CANCELLED = 0xEF
    PIN_TIMEOUT = 0xF0
    BUSY_WITH_AUTO_SEQUENCE = 0xF2
    DEACTIVATED_PROTOCOL = 0xF3
    PROCEDURE_BYTE_CONFLICT = 0xF4
    CLASS_NOT_SUPPORTED = 0xF5
    PROTOCOL_NOT_SUPPORTED = 0xF6
    BAD_ATR_TCK = 0xF7
    BAD_ATR_TS = 0xF8
    HARDWARE_ERROR = 0xFB
    OVERRUN = 0xFC
    PARITY_ERROR = 0xFD
    CARD_MUTE = 0xFE
    ABORTED = 0xFF

    @property
    def meaning(self) -> str:
        """What it says."""
        return _MEANINGS[self]


CARDS_OWN = frozenset({SlotError.PROCEDURE_BYTE_CONFLICT, SlotError.CLASS_NOT_SUPPORTED})
"""Errors that only a card which answered wrongly makes; all others are the reader's, its contacts' or the host's."""

_MEANINGS = {
    SlotError.COMMAND_NOT_SUPPORTED: "the reader does not know this message",
    SlotError.BAD_LENGTH: "the reader finds the length of the message wrong",
    SlotError.BAD_SLOT: "the reader has no such slot",
    SlotError.BAD_POWER_SELECT: "the reader cannot give this voltage",
    SlotError.BAD_PROTOCOL: "the reader refuses this protocol",
    SlotError.SLOT_BUSY: "the slot is busy with another command",
    SlotError.PIN_CANCELLED: "the PIN entry was cancelled",
    SlotError.PIN_TIMEOUT: "nobody entered the PIN in time",
    SlotError.BUSY_WITH_AUTO_SEQUENCE: "the reader is still starting the card",
    SlotError.DEACTIVATED_PROTOCOL: "the protocol is switched off",
    SlotError.PROCEDURE_BYTE_CONFLICT: "the card sent a procedure byte that does not fit",
    SlotError.CLASS_NOT_SUPPORTED: "the card or the reader does not support this class byte",
    SlotError.PROTOCOL_NOT_SUPPORTED: "the card asks for a protocol that the reader does not have",
    SlotError.BAD_ATR_TCK: "the check byte of the ATR is wrong",
    SlotError.BAD_ATR_TS: "the ATR does not begin as an ATR does",
    SlotError.HARDWARE_ERROR: "the reader saw a hardware error: a short circuit or too much current",
    SlotError.OVERRUN: "the reader lost bytes of the card",
    SlotError.PARITY_ERROR: "the bytes between reader and card have wrong parity",
    SlotError.CARD_MUTE: "the card does not answer",
    SlotError.ABORTED: "the command was aborted",
}


def describe_error(code: int) -> str:
    """Return an error code in words, also one that nobody has defined."""
    try:
        return f"{SlotError(code).meaning} ({code:#04x})"
    except ValueError:
        if code < 0x80:
            return f"the reader finds byte {code} of the message wrong ({code:#04x})"
        return f"the reader's own error {code:#04x}"


class CcidFormatError(ValueError):
    """The bytes are no message of a reader, or no class descriptor."""


@dataclass(frozen=True, slots=True)
class ReaderFacts:
    """What the class descriptor says.

    Attributes:
        level: What the reader takes as one transfer.
        longest: Bytes of the longest message, with its header.
        slots: Number of slots.
        voltages: Power selections to try one after the other, the lowest voltage first; 0 leaves it to the reader.
    """

    level: Level
    longest: int
    slots: int
    voltages: tuple[int, ...]


def has_descriptor(raw: bytes) -> bool:
    """Tell whether the class descriptor is among the extra descriptors of an interface."""
    at = 0
    while at + 2 <= len(raw):
        length, kind = raw[at], raw[at + 1]
        if kind == DESCRIPTOR_TYPE and length == DESCRIPTOR_LENGTH and at + length <= len(raw):
            return True
        at += max(2, length)
    return False


def parse_descriptor(raw: bytes) -> ReaderFacts:
    """Find the class descriptor among the extra descriptors of an interface.

    Raises:
        CcidFormatError: there is none.
    """
    at = 0
    while at + 2 <= len(raw):
        length, kind = raw[at], raw[at + 1]
        if kind == DESCRIPTOR_TYPE and length >= DESCRIPTOR_LENGTH and at + length <= len(raw):
            return _facts(raw[at : at + length])
        at += max(2, length)
    raise CcidFormatError("the interface has no CCID class descriptor")


def _facts(descriptor: bytes) -> ReaderFacts:
    (features,) = struct.unpack_from("<I", descriptor, _FEATURES_AT)
    (longest,) = struct.unpack_from("<I", descriptor, _LONGEST_AT)
    offered = descriptor[_VOLTAGES_AT]
    # Selections are 1 for 5 V, 2 for 3 V, 3 for 1.8 V; ISO 7816-3 begins with the lowest.
    chosen = tuple(selection for selection in (3, 2, 1) if offered & (1 << (selection - 1)))
    automatic = features & _AUTOMATIC_VOLTAGE or not chosen
    try:
        level = Level(features & _LEVEL_MASK)
    except ValueError as error:
        raise CcidFormatError(f"two exchange levels at once in dwFeatures {features:#010x}") from error
    if longest <= HEADER:
        raise CcidFormatError(f"dwMaxCCIDMessageLength is {longest}")
    return ReaderFacts(level, longest, descriptor[_SLOTS_AT] + 1, (0,) if automatic else chosen)


def build(
    request: Request, slot: int, sequence: int, data: bytes = b"", parameters: bytes = b"\0\0\0"
) -> bytes:
    """Return one message to the reader; `parameters` are the three bytes before the data."""
    return bytes((request,)) + len(data).to_bytes(4, "little") + bytes((slot, sequence)) + parameters + data


@dataclass(frozen=True, slots=True)
class Reply:
    """One message from the reader.

    Attributes:
        kind: Its type byte.
        slot: Slot.
        sequence: Number of the request that it answers.
        card: Whether there is a card.
        status: What became of the command.
        error: Error code, for a failed command; the multiplier of the waiting time for `MORE_TIME`.
        chain: Which part of the answer `data` is.
        data: Data.
    """

    kind: int
    slot: int
    sequence: int
    card: CardStatus
    status: CommandStatus
    error: int
    chain: int
    data: bytes


def message_size(head: bytes) -> int:
    """Return the bytes of the whole message whose first ten bytes are `head`.

    Raises:
        CcidFormatError: fewer bytes.
    """
    if len(head) < HEADER:
        raise CcidFormatError(f"a message of {len(head)} bytes, the header alone has {HEADER}")
    return HEADER + int.from_bytes(head[1:5], "little")


def parse(raw: bytes) -> Reply:
    """Read one whole message.

    Raises:
        CcidFormatError: its length is not the one it says.
    """
    size = message_size(raw)
    if len(raw) != size:
        raise CcidFormatError(f"a message of {len(raw)} bytes that says {size}")
    return Reply(
        kind=raw[0],
        slot=raw[5],
        sequence=raw[6],
        card=CardStatus(raw[7] & _ICC_MASK),
        status=CommandStatus(raw[7] >> _COMMAND_SHIFT),
        error=raw[8],
        chain=raw[9],
        data=raw[HEADER:],
    )


@dataclass(frozen=True, slots=True)
class SlotChange:
    """What the reader says of one slot without being asked.

    Attributes:
        slot: Slot.
        present: Whether there is a card now.
        changed: Whether that changed since the last notice.
    """

    slot: int
    present: bool
    changed: bool


def slot_changes(raw: bytes, slots: int) -> tuple[SlotChange, ...]:
    """Read a notice of the interrupt endpoint; anything but a slot change gives nothing."""
    if not raw or raw[0] != Notice.SLOT_CHANGE:
        return ()
    bits = int.from_bytes(raw[1:], "little")
    here = min(slots, (len(raw) - 1) * 4)
    return tuple(
        SlotChange(slot, bool(bits >> 2 * slot & 1), bool(bits >> 2 * slot & 2)) for slot in range(here)
    )
