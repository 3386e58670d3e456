"""APDUs in words: which command of the ICA or MTK set, with what, and what the status word means.

No data of a command stands in the words, so that they give away nothing that the bytes would hide.
Source: device-protocol.md e.2 (ICA set), e.3 (MTK set).
"""

import re
from dataclasses import dataclass

from harness.chip.apdu import ApduError, Command
from harness.chip.ica.algorithms import Algorithm, AsymAlgorithm, DigestType, Mode
from harness.chip.ica.commands import AID
from harness.chip.mtk import FILE, GET_ID
from harness.id2.codes import describe_status

_STATUS_BYTES = 2
_ID_ANSWER = 15  # vendor (2), length (1), ID (12)
_HEAD = 5  # mode, algorithm, key, length (2)
_PINS = {0x20: "Verify PIN", 0x24: "Update PIN", 0x5E: "Unblock PIN"}
_MTK_HEAD = bytes.fromhex("510001")
_MTK_CRYPT = 8  # request (3), mode, key (2), length (2)
_DECRYPTS = re.compile(
    r"Crypt decrypt |MTK decrypt|Crypt, block"
)  # of a block without its first nobody knows
_MODES = {Mode.ENCRYPT: "encrypt", Mode.DECRYPT: "decrypt", Mode.SIGN: "sign", Mode.VERIFY: "verify"}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A command in words.

    Attributes:
        words: What it asks for.
        name: Its name alone, which stands before its answer.
        hidden: Whether its bytes are better not shown.
        known: Whether a command set has it.
    """

    words: str
    name: str
    hidden: bool = False
    known: bool = True


class ApduWords:
    """Tells one conversation: an answer means something with its command only, a block with its chain."""

    def __init__(self) -> None:
        self._chain = ""
        self._name = ""
        self._hidden = False

    def command(self, raw: bytes) -> Spoken | None:
        """Return a command in words; None when the bytes are no command APDU."""
        try:
            command = Command.parse(raw)
        except ApduError:
            return None
        spoken = self._spoken(command)
        # GET RESPONSE, and what fetches an answer of MTK or of AsymmetricCrypt, goes on with the command before.
        if command.ins not in (0xC0, 0xB2) and spoken.name != "AsymmetricCrypt fetch":
            # What a chip decrypts may be a key.
            self._hidden = spoken.hidden or _DECRYPTS.search(spoken.words) is not None
            self._name = spoken.name
        return spoken

    def hides(self, raw: bytes) -> bool:
        """Tell whether the bytes of an answer are better not shown."""
        return self._hidden and len(raw) > _STATUS_BYTES

    def answer(self, raw: bytes) -> str:
        """Return an answer in words; empty when it is too short for a status word."""
        if len(raw) < _STATUS_BYTES:
            return ""
        data, status = raw[:-_STATUS_BYTES], int.from_bytes(raw[-_STATUS_BYTES:], "big")
        told = [f"{status:04X} {describe_status(status).meaning}"]
        if data:
            told.append(f"{len(data)} bytes")
        if self._name == "GetID" and len(data) >= _ID_ANSWER and data[2] == 0x0C:
            told.append(f"vendor {data[:2].hex().upper()}, ID {data[3:_ID_ANSWER].hex().upper()}")
        return ", ".join(told)

    def _spoken(self, command: Command) -> Spoken:
        data, size = command.data, f"{command.le} bytes" if command.le is not None else ""
        match command.cla & 0xFC, command.ins:
            case 0x00, 0xA4:
                which = {AID: "ID² application", FILE: "ID² file (MTK)"}.get(
                    data, f"{len(data)} bytes of name"
                )
                return _named("SELECT", which)
            case 0x80, 0xF8:
                return _named("GetID")
            case 0x80, 0xFC:
                return _named("GetVendorInfo")
            case 0x00, 0x84:
                return _named("GetChallenge", size)
            case 0x00, 0xC0:
                after = f" of {self._name}" if self._name else ""
                return Spoken(f"GET RESPONSE {size}{after}".replace("  ", " "), "GET RESPONSE")
            case 0x80, 0xF6:
                return self._block("SymmetricCrypt", command)
            case 0x80, 0xF4:
                if command.p1 == 0x40 and not data:
                    return _named("AsymmetricCrypt fetch", size)
                return self._block("AsymmetricCrypt", command)
            case 0x80, 0xF0:
                return self._digest(command)
            case 0x80, 0xF2:
                return _named("GenerateKeyPair")
            case ((0x80 | 0x84), 0xE2):
                return Spoken("SecurityStorage", "SecurityStorage", hidden=True)
            case ((0x00 | 0x84), (0x20 | 0x24 | 0x5E) as ins):
                return Spoken(f"{_PINS[ins]}, {len(data)} bytes hidden", _PINS[ins], hidden=True)
            case 0x00, 0xDC:
                return _mtk_write(data)
            case 0x00, 0xB2:
                return Spoken(f"MTK fetch {size}", self._name or "MTK fetch")
        words = f"CLA {command.cla:02X} INS {command.ins:02X} of no known command set"
        return Spoken(words, f"INS {command.ins:02X}", known=False)

    def _block(self, name: str, command: Command) -> Spoken:
        data = command.data
        if command.p1 == 0 and len(data) >= _HEAD:
            names = Algorithm if name == "SymmetricCrypt" else AsymAlgorithm
            mode = next((word for value, word in _MODES.items() if value == data[0]), f"mode {data[0]:02X}")
            algorithm = next(
                (one.name.replace("_", "-") for one in names if one == data[1]), f"algorithm {data[1]:02X}"
            )
            self._chain = f"{name} {mode} {algorithm} key {data[2]}"
            total, here = int.from_bytes(data[3:_HEAD], "big"), len(data) - _HEAD
            part = "" if here >= total else f", {here} of them here"
            return Spoken(f"{self._chain}, {total} bytes{part}", name)
        chain = self._chain if self._chain.startswith(name) else name
        return Spoken(f"{chain}, block {command.p1}, {len(data)} bytes", name)

    def _digest(self, command: Command) -> Spoken:
        data = command.data
        if command.p1 == 0 and data:
            which = next((one.name for one in DigestType if one == data[0]), f"algorithm {data[0]:02X}")
            self._chain = f"ComputeDigest {which}"
            return Spoken(f"{self._chain}, {len(data) - 1} bytes", "ComputeDigest")
        chain = self._chain if self._chain.startswith("ComputeDigest") else "ComputeDigest"
        return Spoken(f"{chain}, block {command.p1}, {len(data)} bytes", "ComputeDigest")


def _named(name: str, rest: str = "") -> Spoken:
    return Spoken(f"{name} {rest}".rstrip(), name)


def _mtk_write(data: bytes) -> Spoken:
    if data.startswith(GET_ID):
        return _named("GetID", "(MTK)")
    if data.startswith(_MTK_HEAD) and len(data) >= _MTK_CRYPT:
        mode = {0x51: "encrypt", 0x52: "decrypt"}.get(data[3], f"mode {data[3]:02X}")
        return Spoken(f"MTK {mode}, {int.from_bytes(data[6:_MTK_CRYPT], 'big')} bytes", "MTK crypt")
    return Spoken(f"MTK write, {len(data)} bytes", "MTK write")
