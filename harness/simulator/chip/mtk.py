"""The MTK chip: file-style commands with a CRC, and PKCS#5 done by the chip itself.

Choices where the published facts leave room: the ID² file is selected after power up; a wrong CRC or wrong
padding is 6A80; a fetch with another length than announced is 6Cxx, and 6985 when nothing waits; one
operation carries up to F0 bytes, as the vendor's adapter never sends more.

Source: device-protocol.md e.3; vectors mtk-3des.json.
"""

from collections.abc import Callable

from harness.id2.keys import Key
from harness.simulator.chip.blockcipher import BlockCipher, RealCipher, family_of
from harness.simulator.chip.hooks import Check
from harness.simulator.chip.model import ChipModel, ChipSession, GuardedSession, Received, Refuse
from harness.simulator.chip.status import Sw

ID2_FILE = bytes.fromhex("1D02")
_GET_ID = bytes.fromhex("52E602")
_CRYPT_HEAD = bytes.fromhex("510001")
_ENCRYPT, _DECRYPT = 0x51, 0x52
_ALGORITHM, _KEY = 0x02, 0x12
_HEAD_SIZE = 8  # 51 00 01, operation, algorithm, key, length (2)
_CRC_SIZE = 2
_MOST = 0xF0
_READY = 0x9F00


def check_sum(data: bytes) -> bytes:
    """Return the CRC-16 of the MTK commands: polynomial 1021, start FFFF, final XOR FFFF, high byte first."""
    register = 0xFFFF
    for byte in data:
        register ^= byte << 8
        for _ in range(8):
            register <<= 1
            if register & 0x10000:
                register ^= 0x11021
    return (register ^ 0xFFFF).to_bytes(2)


class MtkChip(ChipModel):
    """A chip that speaks the MTK variant."""

    def session(self) -> ChipSession:
        """Start a session."""
        return MtkSession(self)

    def cipher(self) -> BlockCipher:
        """Return the cipher under the ID² key."""
        key: Key = self.config.key
        family = family_of(key.key_type)
        if family is None:  # ChipConfig has refused it
            raise Refuse(Sw.KEY_TYPE)
        return self.hooks.cipher(RealCipher(family, self.hooks.key(key.reveal())))


class MtkSession(GuardedSession):
    """One host's conversation with the chip."""

    def __init__(self, chip: MtkChip) -> None:
        super().__init__(chip)
        self._mtk = chip
        self._hooks = chip.hooks
        self._waiting = b""
        self._commands: dict[int, tuple[tuple[int, int], Callable[[Received], bytes]]] = {
            0xA4: ((0x00, 0x0C), self._select),
            0xDC: ((0xFF, 0xFF), self._write),
            0xB2: ((0xFF, 0xFF), self._fetch),
        }

    def answer(self, command: bytes) -> bytes:
        """Carry one command out."""
        received = Received.read(command)
        if not received.well_formed and self._checks(Check.LENGTH):
            raise Refuse(Sw.LENGTH)
        if received.cla != 0x00 and self._checks(Check.CLASS):
            raise Refuse(Sw.CLASS)
        row = self._commands.get(received.ins)
        if row is None:
            if self._checks(Check.INSTRUCTION):
                raise Refuse(Sw.INSTRUCTION)
            return Sw.OK.to_bytes(2)
        p1p2, run = row
        if p1p2 != (received.p1, received.p2) and self._checks(Check.P1P2):
            raise Refuse(Sw.P1P2)
        return run(received)

    def _checks(self, check: Check) -> bool:
        return check not in self._hooks.skipped

    def _select(self, received: Received) -> bytes:
        self._waiting = b""
        if len(received.data) != len(ID2_FILE) and self._checks(Check.LENGTH):
            raise Refuse(Sw.LENGTH)
        if received.data[: len(ID2_FILE)] != ID2_FILE:
            raise Refuse(Sw.NO_FILE)
        return Sw.OK.to_bytes(2)

    def _write(self, received: Received) -> bytes:
        self._waiting = b""
        data = received.data
        if not data:
            raise Refuse(Sw.LENGTH)
        if data == _GET_ID:
            config = self._mtk.config
            result = self._hooks.identity(config.vendor.to_bytes(2), config.id_bytes)
        else:
            result = self._crypt(received)
        self._waiting = result + self._hooks.crc(check_sum(result))
        return (_READY | len(self._waiting) & 0xFF).to_bytes(2)

    def _crypt(self, received: Received) -> bytes:
        data = received.data
        if len(data) < _HEAD_SIZE + _CRC_SIZE:
            raise Refuse(Sw.LENGTH if self._checks(Check.LENGTH) else Sw.BAD_DATA)
        head = bytes((received.cla, received.ins, received.p1, received.p2, len(data)))
        if check_sum(head + data[:-_CRC_SIZE]) != data[-_CRC_SIZE:]:
            raise Refuse(Sw.BAD_DATA)
        if not data.startswith(_CRYPT_HEAD):
            raise Refuse(Sw.BAD_DATA)
        operation, algorithm, kid = data[3:6]
        if algorithm != _ALGORITHM:
            raise Refuse(Sw.ALGORITHM)
        if self._hooks.key_number(kid) != _KEY:
            raise Refuse(Sw.NO_KEY)
        body = data[_HEAD_SIZE:-_CRC_SIZE]
        if int.from_bytes(data[6:_HEAD_SIZE]) != len(body) or not 1 <= len(body) <= _MOST:
            self._require_length()
        if operation == _ENCRYPT:
            return self._encrypt(body)
        if operation == _DECRYPT:
            return self._decrypt(body)
        raise Refuse(Sw.BAD_DATA)

    def _require_length(self) -> None:
        if self._checks(Check.LENGTH):
            raise Refuse(Sw.LENGTH)

    def _encrypt(self, body: bytes) -> bytes:
        cipher = self._mtk.cipher()
        fill = cipher.block_size - len(body) % cipher.block_size
        if self._hooks.adds_padding:
            body += bytes((fill,)) * fill
        elif fill != cipher.block_size:
            body += bytes(fill)
        return cipher.encrypt(body)

    def _decrypt(self, body: bytes) -> bytes:
        cipher = self._mtk.cipher()
        if len(body) % cipher.block_size:
            self._require_length()
            body += bytes(-len(body) % cipher.block_size)
        plain = cipher.decrypt(body)
        count = plain[-1] if plain else 0
        good = 1 <= count <= cipher.block_size and plain.endswith(bytes((count,)) * count)
        if not good and self._hooks.checks_padding:
            raise Refuse(Sw.BAD_DATA)
        return plain[: max(len(plain) - count, 0)]

    def _fetch(self, received: Received) -> bytes:
        if received.data:
            self._require_length()
        if not self._waiting:
            raise Refuse(Sw.CONDITIONS)
        if received.le != len(self._waiting) and self._checks(Check.LENGTH):
            raise Refuse(Sw.WRONG_LE | len(self._waiting) & 0xFF)
        answer, self._waiting = self._waiting, b""
        return answer + Sw.OK.to_bytes(2)
