"""Chips that take what they must refuse."""

from typing import ClassVar

from harness.simulator.chip.hooks import ChipHooks
from harness.simulator.chip.status import Sw

_OK = Sw.OK.to_bytes(2)
_CRYPT, _GET_ID, _VENDOR, _CHALLENGE, _DIGEST = 0xF6, 0xF8, 0xFC, 0x84, 0xF0
_VERIFY_PIN = 0x20


class _AnyClassOf(ChipHooks):
    """One command comes under any class."""

    right: ClassVar[tuple[int, int]] = (0x80, _GET_ID)

    def received(self, command: bytes) -> bytes:
        cla, ins = self.right
        return bytes((cla,)) + command[1:] if len(command) > 1 and command[1] == ins else command


class AnyClassOfCrypt(_AnyClassOf):
    """SymmetricCrypt comes under any class."""

    right = (0x80, _CRYPT)


class AnyClassOfVendorInfo(_AnyClassOf):
    """GetVendorInfo comes under any class."""

    right = (0x80, _VENDOR)


class SecureClassWithoutMac(ChipHooks):
    """GetID comes under class 84, which calls for secure messaging, without any."""

    def received(self, command: bytes) -> bytes:
        return b"\x80" + command[1:] if command[:2] == b"\x84\xf8" else command


class _AnyParametersOf(ChipHooks):
    """One command does not look at its P1 P2."""

    ins: ClassVar[int] = _CHALLENGE

    def received(self, command: bytes) -> bytes:
        if len(command) > 3 and command[1] == self.ins:
            return command[:2] + b"\x00\x00" + command[4:]
        return command


class AnyParametersOfChallenge(_AnyParametersOf):
    """GetChallenge does not look at its P1 P2."""


class AnyParametersOfVendorInfo(_AnyParametersOf):
    """GetVendorInfo does not look at its P1 P2."""

    ins = _VENDOR


class HighP2OfGetId(ChipHooks):
    """GetID looks at the lower half of P2 alone."""

    def received(self, command: bytes) -> bytes:
        if len(command) > 3 and command[1] == _GET_ID:
            return command[:3] + bytes((command[3] & 0x0F,)) + command[4:]
        return command


class AnyMarkOfCrypt(ChipHooks):
    """SymmetricCrypt takes any P2."""

    def received(self, command: bytes) -> bytes:
        if len(command) > 3 and command[1] == _CRYPT:
            return command[:3] + b"\x01" + command[4:]
        return command


class HighBlockNumberOfCrypt(ChipHooks):
    """SymmetricCrypt takes a block number of 80 or more for the first block."""

    def received(self, command: bytes) -> bytes:
        if len(command) > 2 and command[1] == _CRYPT and command[2] >= 0x80:
            return command[:2] + b"\x00" + command[3:]
        return command


class ChannelOfCrypt(ChipHooks):
    """SymmetricCrypt comes under class 83 too, which is another logical channel."""

    def received(self, command: bytes) -> bytes:
        return b"\x80" + command[1:] if command[:2] == bytes((0x83, _CRYPT)) else command


class AnyKey(ChipHooks):
    """Every key number is the ID² key."""

    def key_number(self, kid: int) -> int:
        del kid
        return 0x00


class MtkAnyKey(ChipHooks):
    """Every key number of the MTK set is the ID² key."""

    def key_number(self, kid: int) -> int:
        del kid
        return 0x12


class KeyNumberHighBit(ChipHooks):
    """The highest bit of a key number is not looked at."""

    def key_number(self, kid: int) -> int:
        return kid & 0x7F


class AnyName(ChipHooks):
    """SELECT takes any name."""

    def selects(self, name: bytes, aid: bytes) -> bool:
        del name, aid
        return True


class NameLastByte(ChipHooks):
    """SELECT does not look at the last byte of the name."""

    def selects(self, name: bytes, aid: bytes) -> bool:
        return name[:-1] == aid[:-1]


class NameLonger(ChipHooks):
    """SELECT does not mind bytes behind the name."""

    def selects(self, name: bytes, aid: bytes) -> bool:
        return name.startswith(aid)


class NameAnyCase(ChipHooks):
    """SELECT takes the AID with its letters in any case."""

    def selects(self, name: bytes, aid: bytes) -> bool:
        return name.upper() == aid.upper()


class NameRegisteredPart(ChipHooks):
    """SELECT looks at the first five bytes of the name alone."""

    def selects(self, name: bytes, aid: bytes) -> bool:
        return name[:5] == aid[:5]


class ChainOverSelect(ChipHooks):
    """A chain that was begun before SELECT goes on after it."""

    forgets_at_select: ClassVar[bool] = False


class AnyPin(ChipHooks):
    """Any PIN is right."""

    def pin_matches(self, given: bytes, pin: bytes) -> bool:
        del given, pin
        return True


class PinFirstFour(ChipHooks):
    """The first four characters of a PIN are compared."""

    def pin_matches(self, given: bytes, pin: bytes) -> bool:
        return given[:4] == pin[:4]


class PinPrefix(ChipHooks):
    """A PIN with more behind it is right."""

    def pin_matches(self, given: bytes, pin: bytes) -> bool:
        return given.startswith(pin)


class PinNeverLocks(ChipHooks):
    """The last try is never used up."""

    def pin_tries(self, tries: int) -> int:
        return max(tries, 1)


class PinNotCounted(ChipHooks):
    """A wrong PIN costs no try."""

    def pin_tries(self, tries: int) -> int:
        return tries + 1


class PinRefusedWithoutCount(ChipHooks):
    """A wrong PIN is refused without the number of tries left."""

    def response(self, command: bytes, response: bytes) -> bytes:
        tried = len(command) > 5 and command[1] == _VERIFY_PIN
        return b"\x63\x00" if tried and response[:1] == b"\x63" else response


class PaddedToLe(ChipHooks):
    """An answer is filled up with zeros to the Le that the host named."""

    def received(self, command: bytes) -> bytes:
        return command[:4] + b"\x00" if self._wanted(command) else command

    def response(self, command: bytes, response: bytes) -> bytes:
        size = self._wanted(command)
        if not size or response[-2:] != _OK:
            return response
        return response[:-2].ljust(size, b"\x00")[: max(size, len(response) - 2)] + _OK

    @staticmethod
    def _wanted(command: bytes) -> int:
        fixed = len(command) == 5 and command[0] == 0x80 and command[1] in (_GET_ID, _VENDOR)
        return command[4] if fixed else 0


class ExactLeRefused(ChipHooks):
    """GetID with the Le that is right is answered with one byte fewer."""

    def response(self, command: bytes, response: bytes) -> bytes:
        exact = command[:5] == b"\x80\xf8\x00\x00\x0f" and response[-2:] == _OK
        return response[:-3] + _OK if exact else response


class WrongLeAnnounced(ChipHooks):
    """6Cxx names a wrong length."""

    def response(self, command: bytes, response: bytes) -> bytes:
        del command
        return bytes((0x6C, response[1] ^ 0x40)) if len(response) == 2 and response[0] == 0x6C else response


class GetIdTakesData(ChipHooks):
    """GetID does not mind data that it has no use for."""

    def received(self, command: bytes) -> bytes:
        return command[:4] + b"\x00" if len(command) > 5 and command[1] == _GET_ID else command
