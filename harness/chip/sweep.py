"""Commands that no specification of ID² has: what a chip is asked in order to see whether it answers one.

Every instruction is asked under the classes that a chip of ID² or its platform knows and under each class whose lower
half is zero, and GetID's under every class, each with P1 P2 = 0000 and Le = 00. A command that listens to other
parameters, or that wants data, is asked for under classes 00 and 80: with a few other values of P1 P2, and with one
byte of data. What listens to one value of P1 P2 among 65,536 alone is not found. Instructions that write, erase, lock,
or count tries in ISO/IEC 7816-4, -8 and -9, GlobalPlatform or the ID² specification are asked only when the chip may
be spoiled.
Source: device-protocol.md e.2, e.3; ISO/IEC 7816-4, table of instructions.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from harness.chip.apdu import Response
from harness.chip.session import ChipSession

Documented = AbstractSet[tuple[int, int]]
"""CLA and INS of commands."""

CLASSES = (0x00, 0x80, 0x84, 0xA0)
"""ISO, proprietary, proprietary with secure messaging, and the class of SIM cards."""

OTHER_CLASSES = tuple(cla for cla in range(0x00, 0x100, 0x10) if cla not in CLASSES)
"""Classes whose lower half is zero: no secure messaging, channel 0, where the upper half leaves that open."""

OTHER_FORMS = tuple(bytes.fromhex(text) for text in ("000100", "010000", "FFFF00", "00000100", "0000010000"))
"""What follows CLA and INS in other forms of a command: P1 P2 and Le, or P1 P2, Lc, one byte, and perhaps Le."""

WRITING = frozenset(
    (
        *(0x04, 0x0C, 0x0E, 0x0F, 0x10, 0x12, 0x14, 0x16),
        *(0x20, 0x21, 0x24, 0x25, 0x26, 0x28, 0x2C, 0x2D),
        *(0x44, 0x46, 0x47, 0x50, 0x5E, 0x82, 0x86, 0x87, 0x88),
        *(0xD0, 0xD1, 0xD2, 0xD4, 0xD6, 0xD7, 0xD8, 0xDA, 0xDB, 0xDC, 0xDD, 0xDE),
        *(0xE0, 0xE2, 0xE4, 0xE6, 0xE8, 0xEE, 0xF0, 0xF2, 0xFE),
    )
)
"""Instructions that change something for good, or count wrong tries, in one of the specifications."""

SELECTING = frozenset((0xA4,))
"""Instructions that would leave the application; SELECT is judged by itself."""

MANAGE_CHANNEL = (0x00, 0x70)
"""Answered by the platform of a multi-application card, whatever application is selected: a channel number."""

_GET_ID = 0xF8
_MAIN_CLASSES = (0x00, 0x80)
_NO_INSTRUCTIONS = frozenset((*range(0x60, 0x70), *range(0x90, 0xA0)))
_OK, _MORE_DATA, _ANNOUNCED, _WRONG_LE = 0x9000, 0x61, 0x9F, 0x6C
_SHORTEST_WITH_LE = 5
_LAST_CLASS = 0xFF  # ISO/IEC 7816-3 keeps it for the choice of a protocol


def harmless(documented: Documented, *, cards: bool = False) -> tuple[bytes, ...]:
    """Return the commands that no specification of ID² has and that no specification lets write.

    Args:
        documented: CLA and INS of the commands that the chip's command set has.
        cards: Leave out the instructions 6X and 9X, which T=0 cannot carry and card readers refuse.
    """
    left_out = WRITING | SELECTING | (_NO_INSTRUCTIONS if cards else frozenset())
    asked = [(cla, ins) for cla, ins in _unknown(documented) if ins not in left_out]
    others = [(cla, ins) for cla in OTHER_CLASSES for ins in range(0x100) if ins not in left_out | {_GET_ID}]
    plain = (bytes((cla, ins, 0x00, 0x00, 0x00)) for cla, ins in (*asked, *others))
    formed = (bytes((cla, ins)) + form for cla, ins in asked if cla in _MAIN_CLASSES for form in OTHER_FORMS)
    return (*plain, *formed)


def writing(documented: Documented) -> tuple[bytes, ...]:
    """Return the commands that are left out of `harmless` because some specification lets them write."""
    return tuple(bytes((cla, ins, 0x00, 0x00, 0x00)) for cla, ins in _unknown(documented) if ins in WRITING)


def _unknown(documented: Documented) -> Iterator[tuple[int, int]]:
    for cla in CLASSES:
        yield from ((cla, ins) for ins in range(0x100) if (cla, ins) not in documented)
    for cla in range(_LAST_CLASS):
        if cla not in CLASSES and (cla, _GET_ID) not in documented:
            yield cla, _GET_ID


def ask(session: ChipSession, command: bytes) -> Response:
    """Send one command, with the Le that 6Cxx asks for and one GET RESPONSE for what 61xx announces.

    The status word is that of the first answer which is no 6Cxx, so that 61xx stays visible.

    Raises:
        ChipError: what comes is no answer.
        BenchError: nothing comes.
    """
    response = session.send_raw(command)
    if response.sw1 == _WRONG_LE and not response.data:
        response = session.send_raw(_with_le(command, response.sw2))
    if response.sw1 == _MORE_DATA:
        more = session.send_raw(bytes((0x00, 0xC0, 0x00, 0x00, response.sw2)))
        return Response((response.data + more.data)[:256], response.sw)
    return response


def _with_le(command: bytes, le: int) -> bytes:
    """Return a command with another Le; one with data gets it behind them."""
    if len(command) <= _SHORTEST_WITH_LE:
        return command[:4] + bytes((le,))
    return command[: _SHORTEST_WITH_LE + command[4]] + bytes((le,))


def answered(response: Response) -> bool:
    """Whether an answer is more than a refusal: success, data, or data that is announced."""
    return response.sw == _OK or bool(response.data) or response.sw1 in (_MORE_DATA, _ANNOUNCED)


def described(command: bytes, response: Response) -> str:
    """Return what came, without the bytes themselves: nobody knows whether they hold a secret."""
    size = f" and {len(response.data)} bytes" if response.data else ""
    return f"{command[:2].hex(' ').upper()} with {response.sw:04X}{size}"
