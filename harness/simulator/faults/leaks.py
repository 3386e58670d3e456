"""Chips that give away what they must not: the ID² key, in one form or another, or an old plaintext.

Nothing here is a key of a real device: these chips are simulated.
"""

import base64
from typing import ClassVar

from harness.simulator.chip.hooks import ChipHooks
from harness.simulator.chip.status import Sw

_OK = Sw.OK.to_bytes(2)
_NOTHING_WAITS = Sw.CONDITIONS.to_bytes(2)
_SELECT, _GET_RESPONSE, _CRYPT = 0xA4, 0xC0, 0xF6
_WRITE, _FETCH = 0xDC, 0xB2
_DECRYPT = 0x52
_EXTENSION = slice(16, 20)
_VERSION = slice(2, 10)


class _Knowing(ChipHooks):
    """Keeps the key at hand."""

    def __init__(self) -> None:
        self.secret = b""

    def personalised(self, key: bytes) -> None:
        self.secret = key


class _Hidden(_Knowing):
    """Answers one instruction that stands in no specification."""

    cla: ClassVar[int] = 0x80
    ins: ClassVar[int] = 0xCA

    def content(self) -> bytes:
        """Return what it answers."""
        return self.secret

    def response(self, command: bytes, response: bytes) -> bytes:
        asked = len(command) > 1 and (command[0], command[1]) == (self.cla, self.ins)
        return self.content() + _OK if asked else response


class HiddenKeyDump(_Hidden):
    """80 CA answers the key."""


class HiddenMemoryRead(_Hidden):
    """A0 B0 answers 16 bytes of memory."""

    cla = 0xA0
    ins = 0xB0

    def content(self) -> bytes:
        return bytes.fromhex("00112233445566778899AABBCCDDEEFF")


class HiddenAcknowledge(_Hidden):
    """80 3C is answered with 9000 and nothing else."""

    ins = 0x3C

    def content(self) -> bytes:
        return b""


class HiddenClass(_Hidden):
    """The instruction of GetID answers the key under class D3."""

    cla = 0xD3
    ins = 0xF8


class HiddenCounter(_Hidden):
    """00 36 answers a counter of two bytes."""

    cla = 0x00
    ins = 0x36

    def content(self) -> bytes:
        return b"\x00\x07"


class HiddenOtherClass(_Hidden):
    """90 CA answers the key."""

    cla = 0x90


class _HiddenForm(_Knowing):
    """Answers one command in one form alone, and does not know its instruction in any other."""

    begins: ClassVar[bytes] = b""

    def response(self, command: bytes, response: bytes) -> bytes:
        return self.secret + _OK if command.startswith(self.begins) else response


class HiddenParameter(_HiddenForm):
    """00 CA answers the key with P1 01 alone."""

    begins = bytes.fromhex("00CA0100")


class HiddenLastParameters(_HiddenForm):
    """80 B0 answers the key with P1 P2 FFFF alone."""

    begins = bytes.fromhex("80B0FFFF")


class HiddenWithData(_HiddenForm):
    """00 B0 answers the key when it comes with a byte of data."""

    begins = bytes.fromhex("00B000000100")


class HiddenAnnounced(_Knowing):
    """84 CC announces data with 61xx, and GET RESPONSE hands the key over."""

    def __init__(self) -> None:
        super().__init__()
        self._waits = False

    def response(self, command: bytes, response: bytes) -> bytes:
        if command[:2] == b"\x84\xcc":
            self._waits = True
            return bytes((0x61, len(self.secret)))
        waited, self._waits = self._waits, False
        return self.secret + _OK if waited and command[1:2] == b"\xc0" else response


class KeyInVendorExtension(_Knowing):
    """The extension of the vendor information holds the last four bytes of the key."""

    def vendor_info(self, info: bytes) -> bytes:
        return info[: _EXTENSION.start] + self.secret[-4:]


class KeyInVendorVersion(_Knowing):
    """The version in the vendor information is half of the key, last byte first."""

    def vendor_info(self, info: bytes) -> bytes:
        return info[: _VERSION.start] + self.secret[::-1][:8] + info[_VERSION.stop :]


class _AtSelect(_Knowing):
    """SELECT answers file control information that holds the key in one form."""

    def form(self) -> bytes:
        """Return that form."""
        return self.secret

    def response(self, command: bytes, response: bytes) -> bytes:
        if len(command) > 1 and command[1] == _SELECT and response == _OK:
            return b"\x6f" + bytes((len(self.form()),)) + self.form() + _OK
        return response


class KeyInSelectHex(_AtSelect):
    """SELECT answers the key in hex."""

    def form(self) -> bytes:
        return self.secret.hex().encode()


class KeyInSelectBase64(_AtSelect):
    """SELECT answers the key in base64."""

    def form(self) -> bytes:
        return base64.b64encode(self.secret)


class KeyInSelectSwapped(_AtSelect):
    """SELECT answers the key with the bytes of each pair changed."""

    def form(self) -> bytes:
        return b"".join(self.secret[start : start + 2][::-1] for start in range(0, len(self.secret), 2))


class KeyInSelectBase64Url(_AtSelect):
    """SELECT answers the key in base64 for URLs, with something in front."""

    def form(self) -> bytes:
        return base64.urlsafe_b64encode(b"k" + self.secret)


class KeyInChallenge(_Knowing):
    """GetChallenge answers a part of the key now and then."""

    def __init__(self) -> None:
        super().__init__()
        self._asked = 0

    def challenge(self, challenge: bytes) -> bytes:
        self._asked += 1
        if self._asked % 5:
            return challenge
        return (challenge[:2] + self.secret[-4:] + challenge[6:])[: len(challenge)]


class KeyInRefusal(_Knowing):
    """A refusal for a wrong length carries the first half of the key, last byte first."""

    def response(self, command: bytes, response: bytes) -> bytes:
        del command
        return self.secret[::-1][:8] + response if response == Sw.LENGTH.to_bytes(2) else response


class KeyInPinAnswer(_Knowing):
    """A wrong PIN is answered with four bytes of the key in front of the tries that are left."""

    def response(self, command: bytes, response: bytes) -> bytes:
        wrong = command[1:2] == b"\x20" and response[:1] == b"\x63"
        return self.secret[4:8] + response if wrong else response


class KeyInvertedInVendorVersion(_Knowing):
    """The version in the vendor information is half of the key with all bits inverted."""

    def vendor_info(self, info: bytes) -> bytes:
        inverted = bytes(byte ^ 0xFF for byte in self.secret[-8:])
        return info[: _VERSION.start] + inverted + info[_VERSION.stop :]


class PlaintextAgain(ChipHooks):
    """GET RESPONSE with nothing to fetch answers what was decrypted last."""

    forgets: ClassVar[frozenset[int]] = frozenset()

    def __init__(self) -> None:
        self._plain = b""

    def response(self, command: bytes, response: bytes) -> bytes:
        if len(command) > 5 and command[1] == _CRYPT and command[5] == _DECRYPT and len(response) > 2:
            self._plain = response[:-2]
        elif command[:2] == b"\x00\xc0" and response == _NOTHING_WAITS and self._plain:
            return self._plain + _OK
        elif len(command) > 1 and command[1] in self.forgets:
            self._plain = b""
        return response


class AnswerAgainAfterSelect(ChipHooks):
    """After SELECT, GET RESPONSE answers the last answer to SymmetricCrypt."""

    def __init__(self) -> None:
        self._kept = b""
        self._selected = False

    def response(self, command: bytes, response: bytes) -> bytes:
        if len(command) > 1 and command[1] in (_CRYPT, _GET_RESPONSE) and len(response) > 2:
            self._kept = response[:-2]
        elif command[:2] == b"\x00\xc0" and self._selected and self._kept:
            return self._kept + _OK
        self._selected = len(command) > 1 and command[1] == _SELECT
        return response


class AnswerAgainAfterRefusal(ChipHooks):
    """After a refusal, GET RESPONSE answers the last answer that had data."""

    def __init__(self) -> None:
        self._kept = b""
        self._refused = False

    def response(self, command: bytes, response: bytes) -> bytes:
        if len(response) > 2:
            self._kept = response[:-2]
        elif command[:2] == b"\x00\xc0" and self._refused and self._kept:
            return self._kept + _OK
        self._refused = response[:1] == b"\x6d"
        return response


class MtkFetchAgain(ChipHooks):
    """The fetch of the MTK set answers the last answer again when nothing waits."""

    def __init__(self) -> None:
        self._kept = b""

    def response(self, command: bytes, response: bytes) -> bytes:
        if len(command) > 1 and command[1] == _FETCH:
            if len(response) > 2:
                self._kept = response[:-2]
            elif response == _NOTHING_WAITS and self._kept:
                return self._kept + _OK
        return response
