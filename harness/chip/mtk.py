"""A chip with the "MTK" command set: a file that is written and read, with a CRC under everything.

Each operation selects the file, writes its request, and fetches as many bytes as the chip's `9Fxx` announces.
The chip itself adds and removes PKCS#5 padding; `encrypt_blocks` and `decrypt_blocks` undo that, so that they
behave like those of the ICA set: the same length comes back.
Source: device-protocol.md e.3.
"""

from collections.abc import Callable, Mapping

from harness.chip.apdu import MAX_LE, ApduError, Command
from harness.chip.carrier_chip import CarrierChip
from harness.chip.chip_id import ChipId
from harness.chip.command_set import CommandSet, Meaning
from harness.chip.crc import crc16
from harness.chip.errors import StatusError
from harness.chip.ica.algorithms import Algorithm
from harness.chip.session import ChipSession
from harness.id2 import ciphers
from harness.id2.keys import KeyType

FILE = bytes.fromhex("1D02")
GET_ID = bytes.fromhex("52E602")
MAX_DATA = 0xF0  # bytes of data in one request; the vendor's adapter refuses more, the set has no chaining
_BLOCK = 8
_REQUEST = bytes.fromhex("510001")
_ENCRYPT, _DECRYPT = 0x51, 0x52
_KEY = bytes.fromhex("0212")
_CRC_SIZE = 2
_FETCH = 0x9F
_WRITE_INS, _FETCH_INS, _GET_RESPONSE = 0xDC, 0xB2, 0xC0
_HEAD = 5  # class, instruction, P1, P2, Lc
_REQUEST_HEAD = 8  # 51 00 01, operation, algorithm, key, length


def select() -> Command:
    """SELECT the ID² file."""
    return Command(0x00, 0xA4, 0x00, 0x0C, FILE, name="SELECT")


def write(data: bytes, name: str) -> Command:
    """Write a request into the file."""
    return Command(0x00, 0xDC, 0xFF, 0xFF, data, name=name)


def fetch(size: int) -> Command:
    """Read the answer, 1 to 256 bytes."""
    return Command(0x00, 0xB2, 0xFF, 0xFF, le=size, name="Fetch")


def crypt_request(encrypt: bool, data: bytes) -> Command:
    """Return the write command of a cryptographic request; its CRC covers the command from the class byte on.

    Raises:
        ValueError: no whole blocks of 8, or more than 240 bytes.
    """
    if not data or len(data) % _BLOCK or len(data) > MAX_DATA:
        raise ValueError(f"the MTK set takes whole blocks of 8, up to {MAX_DATA} bytes, not {len(data)}")
    head = _REQUEST + bytes((_ENCRYPT if encrypt else _DECRYPT,)) + _KEY + len(data).to_bytes(2, "big")
    name = "Encrypt" if encrypt else "Decrypt"
    without = write(head + data + bytes(_CRC_SIZE), name).to_bytes()[:-_CRC_SIZE]
    return write(head + data + crc16(without), name)


class MtkChip(CarrierChip):
    """The MTK command set on a chip session; 3DES only, as far as it is known.

    Args:
        session: Conversation with the chip.
    """

    def __init__(self, session: ChipSession) -> None:
        self.session = session

    @property
    def largest_data(self) -> int:
        """Most bytes of one request; there is no chaining."""
        return MAX_DATA

    def start(self) -> None:
        """Do nothing: every operation selects the file by itself."""

    def select(self) -> None:
        """SELECT the ID² file; an answer that is announced with 9Fxx is fetched and ignored.

        Raises:
            StatusError: the chip refused.
        """
        self._deliver(select())

    def get_id(self) -> ChipId:
        """Read vendor and ID.

        Raises:
            StatusError: the chip refused.
            AnswerError: wrong CRC, or not vendor, 0C and 12 bytes.
        """
        command = write(GET_ID, "GetID")
        raw = self._request(command)
        try:
            return ChipId.parse(raw)
        except ApduError as problem:
            raise self.session.failure(command, problem) from problem

    def encrypt_blocks(self, algorithm: Algorithm, data: bytes) -> bytes:
        """Encrypt whole blocks; the block that the chip's own padding adds is dropped.

        Raises:
            StatusError: the chip refused.
            AnswerError: wrong CRC, or not one block more than went in.
            ValueError: an algorithm other than DES-ECB, no whole blocks, more than 240 bytes.
        """
        command = _crypt(algorithm, encrypt=True, data=data)
        out = self._request(command)
        if len(out) != len(data) + _BLOCK:
            raise self.session.failure(
                command,
                f"{len(out)} bytes came back for {len(data)}, with the chip's padding {len(data) + _BLOCK}",
            )
        return out[: len(data)]

    def decrypt_blocks(self, algorithm: Algorithm, data: bytes) -> bytes:
        """Decrypt whole blocks; the padding that the chip took off is put on again.

        Raises:
            StatusError: the chip refused, for example because the padding is wrong.
            AnswerError: wrong CRC, or a length that no padding explains.
            ValueError: an algorithm other than DES-ECB, no whole blocks, more than 240 bytes.
        """
        command = _crypt(algorithm, encrypt=False, data=data)
        out = self._request(command)
        if not 1 <= len(data) - len(out) <= _BLOCK:
            raise self.session.failure(
                command, f"{len(out)} bytes came back for {len(data)}; 1 to {_BLOCK} fewer must, the padding"
            )
        return ciphers.pad(out, _BLOCK)

    def _request(self, command: Command) -> bytes:
        """Select, write, fetch; return the answer without its CRC."""
        self.select()
        data = self._deliver(command)
        body, check = data[:-_CRC_SIZE], data[-_CRC_SIZE:]
        expected = crc16(body)
        if check != expected:
            raise self.session.failure(
                command,
                f"the CRC of the answer is {check.hex().upper()}, its bytes give {expected.hex().upper()}",
            )
        return body

    def _deliver(self, command: Command) -> bytes:
        """Send, and fetch once where the chip announces an answer; return its data."""
        response = self.session.send(command)
        if response.sw1 == _FETCH:
            reading = fetch(response.sw2 or MAX_LE)
            response = self.session.send(reading)
            if response.sw1 == _FETCH:
                raise self.session.failure(
                    reading, f"{response.sw:04X} again; the vendor's adapter fetches once only"
                )
        if not response.ok:
            error = StatusError(command, response.sw)
            raise error.at(transport=self.session.channel.name, traffic=self.session.traffic())
        return response.data


def _crypt(algorithm: Algorithm, *, encrypt: bool, data: bytes) -> Command:
    if algorithm is not Algorithm.DES_ECB:
        raise ValueError(f"the MTK set has DES-ECB only, not {algorithm.name}")
    return crypt_request(encrypt, data)


class MtkCommandSet(CommandSet):
    """The older 3DES variant (MTK). Source: device-protocol.md e.3."""

    def chip(self, session: ChipSession) -> MtkChip:
        """Return the chip."""
        return MtkChip(session)

    def probe(self) -> Command:
        """Return SELECT."""
        return select()

    def facts(self) -> Mapping[str, tuple[str, ...]]:
        """Return `select`: every operation sends it."""
        return {"select": ()}

    @classmethod
    def key_types(cls) -> frozenset[KeyType]:
        """Return 3DES alone."""
        return frozenset((KeyType.DES3_112, KeyType.DES3_168))

    @classmethod
    def has_optional_commands(cls) -> bool:
        """Tell that it has none."""
        return False

    @classmethod
    def chains_commands(cls) -> bool:
        """Tell that it does not."""
        return False

    @classmethod
    def meaning(cls, command: bytes) -> Meaning:
        """Return what the request answers, when it is fetched."""
        if command[1] in (_GET_RESPONSE, _FETCH_INS):
            return Meaning.FETCHED
        if command[1] != _WRITE_INS:
            return Meaning.PLAIN
        return Meaning.ID if command[_HEAD:] == GET_ID else Meaning.CIPHER

    @classmethod
    def crypted(cls, command: bytes) -> bytes | None:
        """Return the data of a request, without the head in front of it and the CRC behind it."""
        if command[1] != _WRITE_INS:
            return None
        body = command[_HEAD : _HEAD + command[4]] if len(command) > _HEAD else b""
        return body[_REQUEST_HEAD:-_CRC_SIZE]

    @classmethod
    def documented(cls) -> frozenset[tuple[int, int]]:
        """Return SELECT, write, fetch and GET RESPONSE."""
        return frozenset((0x00, ins) for ins in (0xA4, 0xDC, 0xB2, 0xC0))

    @classmethod
    def refused(cls, random: Callable[[int], bytes]) -> tuple[bytes, ...]:
        """Return SELECT of an unknown file, and a request without its CRC."""
        return bytes.fromhex("00A4000C02") + random(2), bytes.fromhex("00DCFFFF0352E6FF")

    @classmethod
    def build_word(cls) -> str:
        """Return `MTK`."""
        return "MTK"
