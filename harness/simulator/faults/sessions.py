"""Chips that become another device: in a later session, after many commands, after some time, now and then."""

import hashlib
import time
from collections import deque
from typing import ClassVar

from harness.simulator.chip.blockcipher import BlockCipher, RealCipher
from harness.simulator.chip.hooks import ChipHooks

_CRYPTING = frozenset((0xF6, 0xDC, 0xB2))  # SymmetricCrypt; write and fetch of the MTK set
_MANY = 1_500
_SECONDS = 1.0
_OFTEN = 200
_OK = b"\x90\x00"


class Changing(ChipHooks):
    """Counts sessions and commands; what is another device says when."""

    def __init__(self) -> None:
        self.session = 0
        self.commands = 0
        self._begin = time.monotonic()
        self._fresh = True

    def opened(self) -> None:
        self._fresh = True  # a session counts from its first command on

    def received(self, command: bytes) -> bytes:
        self.session += self._fresh
        self._fresh = False
        self.commands += 1
        return command

    @property
    def seconds(self) -> float:
        """Seconds since power up."""
        return time.monotonic() - self._begin

    def changed(self) -> bool:
        """Tell whether it is another device now: from the second session on."""
        return self.session > 1


class OtherKeyLater(Changing):
    """From the second session on another key is used."""

    def __init__(self) -> None:
        super().__init__()
        self._key = b""

    def key(self, key: bytes) -> bytes:
        self._key = key
        return key

    def other_key(self) -> bytes:
        """Return the other key."""
        return bytes(byte ^ 0xC3 for byte in self._key)

    def cipher(self, cipher: RealCipher) -> BlockCipher:
        return _Either(cipher, self)


class _Either(BlockCipher):
    def __init__(self, sound: RealCipher, hooks: OtherKeyLater) -> None:
        super().__init__(sound.block_size)
        self._sound = sound
        self._hooks = hooks

    def _now(self) -> RealCipher:
        if not self._hooks.changed():
            return self._sound
        return RealCipher(self._sound.family, self._hooks.other_key())

    def encrypt(self, data: bytes) -> bytes:
        return self._now().encrypt(data)

    def decrypt(self, data: bytes) -> bytes:
        return self._now().decrypt(data)


class OtherKeyEachSession(OtherKeyLater):
    """Each session has a key of its own."""

    def other_key(self) -> bytes:
        return hashlib.sha512(self._key + bytes((self.session % 256,))).digest()[: len(self._key)]


class OtherKeyEveryTwentiethSession(OtherKeyLater):
    """Every twentieth session another key is used."""

    def changed(self) -> bool:
        return self.session % 20 == 0


class OtherKeyAfterManyCommands(OtherKeyLater):
    """After 1,500 commands another key is used."""

    def changed(self) -> bool:
        return self.commands > _MANY


class OtherKeyAfterSeconds(OtherKeyLater):
    """After some seconds another key is used."""

    def changed(self) -> bool:
        return self.seconds > _SECONDS


class OtherIdLater(Changing):
    """From the second session on GetID answers another ID."""

    def identity(self, vendor: bytes, id_bytes: bytes) -> bytes:
        other = id_bytes[:-1] + bytes((id_bytes[-1] ^ 0x01,)) if self.changed() else id_bytes
        return super().identity(vendor, other)


class OtherIdAfterManyCommands(OtherIdLater):
    """After 1,500 commands GetID answers another ID."""

    def changed(self) -> bool:
        return self.commands > _MANY


class OtherIdAfterSeconds(OtherIdLater):
    """After some seconds GetID answers another ID."""

    def changed(self) -> bool:
        return self.seconds > _SECONDS


class OtherIdNowAndThen(OtherIdLater):
    """GetID answers another ID when its place among all commands is a multiple of 19."""

    def changed(self) -> bool:
        return self.commands % 19 == 0


class OtherVendorInfoLater(Changing):
    """From the second session on GetVendorInfo answers another version."""

    def vendor_info(self, info: bytes) -> bytes:
        return info[:9] + bytes((info[9] ^ 0x01,)) + info[10:] if self.changed() else info


class DeadLater(Changing):
    """From the second session on cryptographic commands are refused."""

    refusal: ClassVar[bytes] = b"\x69\x85"

    def response(self, command: bytes, response: bytes) -> bytes:
        return self.refusal if _crypts(command) and self.changed() else response


class DeadAfterManyCommands(DeadLater):
    """After 1,500 commands cryptographic commands are refused."""

    def changed(self) -> bool:
        return self.commands > _MANY


class SilentlyFailingLater(Changing):
    """From the second session on cryptographic answers are zeros, with 9000."""

    def response(self, command: bytes, response: bytes) -> bytes:
        if _crypts(command) and self.changed() and response.endswith(_OK):
            return bytes(len(response) - 2) + _OK
        return response


class WrongNowAndThen(Changing):
    """Every 200th cryptographic answer has a wrong bit."""

    def __init__(self) -> None:
        super().__init__()
        self._answers = 0

    def response(self, command: bytes, response: bytes) -> bytes:
        if not _crypts(command) or len(response) <= 2:
            return response
        self._answers += 1
        return response if self._answers % _OFTEN else bytes((response[0] ^ 0x80,)) + response[1:]


class AnswersOfTheSessionBefore(Changing):
    """A session answers cryptographic commands with what the session before answered, in turn."""

    def __init__(self) -> None:
        super().__init__()
        self._before: deque[bytes] = deque()
        self._now: deque[bytes] = deque()

    def received(self, command: bytes) -> bytes:
        if self._fresh:
            self._before, self._now = self._now, deque()
        return super().received(command)

    def response(self, command: bytes, response: bytes) -> bytes:
        if not _crypts(command) or len(response) <= 2:
            return response
        self._now.append(response)
        while self._before:
            kept = self._before.popleft()
            if len(kept) == len(response):
                return kept
        return response


def _crypts(command: bytes) -> bool:
    return len(command) > 1 and command[1] in _CRYPTING
