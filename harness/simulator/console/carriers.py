"""Where the key of a simulated board lives: in memory (demo), or in a chip behind the board's SE adapter.

The adapters do what the vendor's do, down to their limits: at most two transmissions a command, 61xx, 6Cxx
and 9Fxx only as a bare status word, every other status word becomes result -1. Source: device-protocol.md
e.2 (adapter rules), e.3, i.1.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

from harness.errors import UsageError
from harness.id2.keys import Key, KeyType
from harness.simulator.chip.blockcipher import RealCipher, family_of
from harness.simulator.chip.model import ChipModel, ChipSession
from harness.simulator.chip.mtk import check_sum
from harness.simulator.console.log import SdkError, SdkLog

GENERIC, BAD_PARAMETERS, NOT_SUPPORTED = -1, -2, -8
_RULE = "=" * 80
_MOST_ANSWER = 258
_TRANSMISSIONS = 2
_BLOCK = 0xF0
_ID_SIZE = 12
_HEAD = 5
_ECB = {"3DES": 0x01, "AES": 0x03, "SM1": 0x19, "SM4": 0x11}
_AID = bytes.fromhex("A0000000416C6959756E2E494432")
_DES_BLOCK = 8


class BoardCarrier(ABC):
    """What the SDK's upper half asks of its key store. Every method may raise `SdkError`."""

    irot_type: ClassVar[int]

    @abstractmethod
    def init(self) -> None:
        """Print the banner and get ready."""

    @abstractmethod
    def cleanup(self) -> None:
        """Let go."""

    @abstractmethod
    def get_id(self) -> str:
        """Return the ID as text."""

    @abstractmethod
    def cipher(self, data: bytes, *, encrypt: bool) -> bytes:
        """Encrypt or decrypt whole blocks under the ID² key, ECB."""

    def sign(self, message: bytes) -> bytes:
        """Sign a message with an asymmetric ID² key; a carrier with a symmetric one cannot."""
        del message
        raise SdkError(NOT_SUPPORTED)

    def open(self, cipher: bytes) -> bytes:
        """Open what was encrypted for an asymmetric ID² key; a carrier with a symmetric one cannot."""
        del cipher
        raise SdkError(NOT_SUPPORTED)


class DemoKeyStore(BoardCarrier):
    """The demo carrier: ID and key are constants of the program."""

    irot_type: ClassVar[int] = 5

    def __init__(self, log: SdkLog, id_text: str, key: Key, built: str) -> None:
        family = family_of(key.key_type)
        if family is None or key.key_type is KeyType.SM1_128:
            raise UsageError(f"simulated console: the demo carrier has no key type {key.key_type}")
        self._log = log
        self._id_text = id_text
        self._cipher = RealCipher(family, key.reveal())
        self._built = built

    def init(self) -> None:
        """Print the warning that this carrier is for demonstrations only."""
        self._log.tell("km_init", 360, f"Demo KM Build Time: {self._built}")
        self._log.tell("km_init", 361, "SE, PUF, TEE or Soft KM must be selected for formal product!!!\n")

    def cleanup(self) -> None:
        """Do nothing."""

    def get_id(self) -> str:
        """Return the constant."""
        return self._id_text

    def cipher(self, data: bytes, *, encrypt: bool) -> bytes:
        """Compute in memory."""
        return self._cipher.encrypt(data) if encrypt else self._cipher.decrypt(data)


class SeAdapter(BoardCarrier):
    """What both command sets share: the session, the dumps, the limits."""

    irot_type: ClassVar[int] = 2
    chip_type: ClassVar[str]
    fetch_on: ClassVar[int]

    def __init__(self, log: SdkLog, chip: ChipModel, key_type: KeyType, *, dumps: bool = True) -> None:
        self._log = log
        self._chip = chip
        self._family = key_type.family
        self._dumps = dumps
        self._session: ChipSession = chip.session()

    def init(self) -> None:
        """Print the chip configuration and open the session."""
        log = self._log
        log.chip(f"CONFIG_CHIP_DEBUG is {'' if self._dumps else 'not '}defined!")
        log.chip(f"CONFIG_CHIP_TYPE: {self.chip_type}")
        log.chip(f"CONFIG_CHIP_KEY_TYPE: CHIP_KEY_TYPE_{self._family}")
        log.chip("=" * 40)
        self._session = self._chip.session()
        self._debug("=> SE open session")
        self._debug("<= SE open session, (ret = 0).")

    def cleanup(self) -> None:
        """Close the session."""
        self._debug("=> SE close session.")
        self._debug("<= SE close session, (ret = 0).")

    def transmit(self, command: bytes) -> bytes:
        """Send a command and return the data of the answer, as the vendor's adapter does it."""
        for _ in range(_TRANSMISSIONS):
            answer = self._exchange(command)
            if not 2 <= len(answer) <= _MOST_ANSWER:
                self._log.chip_error(f"bad response apdu length, {len(answer)}.")
                raise SdkError(GENERIC)
            again = self.follow(command, answer) if len(answer) == 2 else None
            if again is not None:
                command = again
                continue
            if answer[-2:] == b"\x90\x00":
                return answer[:-2]
            self._log.chip_error("response apdu data error.")
            raise SdkError(GENERIC)
        raise SdkError(GENERIC)

    @abstractmethod
    def follow(self, command: bytes, status: bytes) -> bytes | None:
        """Return the command that a bare status word asks for, None when it asks for nothing."""

    def failed(self) -> SdkError:
        """Print that an operation of the chip failed and return the error."""
        self._log.chip_error("irot_hal_sym_crypto failed -1")
        return SdkError(GENERIC)

    def _exchange(self, command: bytes) -> bytes:
        self._debug(_RULE)
        self._dump("Command APDU:", command)
        self._debug("=> SE transmit.")
        answer = self._session.process(command)
        self._debug(f"<= SE transmit, (ret = 0, rsp_len = {len(answer)}).")
        self._dump("Response APDU:", answer)
        self._debug(_RULE)
        return answer

    def _debug(self, text: str) -> None:
        if self._dumps:
            self._log.chip(text)

    def _dump(self, title: str, data: bytes) -> None:
        if self._dumps:
            self._log.dump(title, data)


class StandardAdapter(SeAdapter):
    """The adapter for the standard command set."""

    chip_type: ClassVar[str] = "CHIP_TYPE_SE_STD_CMD"

    def init(self) -> None:
        """Select the application once."""
        super().init()
        self.transmit(bytes.fromhex("00A404000E") + _AID)

    def get_id(self) -> str:
        """Ask the chip."""
        answer = self.transmit(bytes.fromhex("80F8000000"))
        if len(answer) != 3 + _ID_SIZE or answer[2] != _ID_SIZE:
            raise SdkError(GENERIC)
        return answer[3:].hex().upper()

    def cipher(self, data: bytes, *, encrypt: bool) -> bytes:
        """Send block by block, P2 = 01 in each."""
        head = bytes((0x51 if encrypt else 0x52, _ECB[self._family], 0x00)) + len(data).to_bytes(2)
        result = b""
        for number, start in enumerate(range(0, len(data), _BLOCK)):
            body = (head if number == 0 else b"") + data[start : start + _BLOCK]
            try:
                result += self.transmit(bytes((0x80, 0xF6, number, 0x01, len(body))) + body)
            except SdkError:
                raise self.failed() from None
        if len(result) > len(data) + 2 * _DES_BLOCK:
            raise self.failed()
        return result

    def follow(self, command: bytes, status: bytes) -> bytes | None:
        """Follow 61xx with GET RESPONSE, and 6Cxx with the head of the same command."""
        if status[0] == 0x61:
            self._debug("response apdu with 0x61.")
            return bytes((0x00, 0xC0, 0x00, 0x00, status[1]))
        if status[0] == 0x6C:
            self._debug("response apdu with 0x6C.")
            return command[: _HEAD - 1] + status[1:]
        return None


class MtkAdapter(SeAdapter):
    """The adapter for the MTK command set."""

    chip_type: ClassVar[str] = "CHIP_TYPE_SE_MTK_CMD"

    def get_id(self) -> str:
        """Select, write the request, fetch."""
        self._select()
        answer = self._checked(self.transmit(bytes.fromhex("00DCFFFF0352E602")))
        if len(answer) != 3 + _ID_SIZE or answer[2] != _ID_SIZE:
            raise SdkError(GENERIC)
        return answer[3:].hex().upper()

    def cipher(self, data: bytes, *, encrypt: bool) -> bytes:
        """Let the chip do it, and undo the padding that the chip puts on or takes off."""
        if not data or len(data) % _DES_BLOCK or len(data) > _BLOCK:
            self._log.chip_error("irot_hal_sym_crypto failed -2")
            raise SdkError(BAD_PARAMETERS)
        try:
            self._select()
            body = bytes.fromhex("510001") + bytes((0x51 if encrypt else 0x52, 0x02, 0x12))
            body += len(data).to_bytes(2) + data
            command = bytes((0x00, 0xDC, 0xFF, 0xFF, len(body) + 2)) + body
            answer = self._checked(self.transmit(command + check_sum(command)))
        except SdkError:
            raise self.failed() from None
        if encrypt:
            if len(answer) != len(data) + _DES_BLOCK:
                self._log.chip_error("sym crypto encrypt data length error")
                raise self.failed()
            return answer[: len(data)]
        fill = _DES_BLOCK - len(answer) % _DES_BLOCK
        answer += bytes((fill,)) * fill
        if len(answer) != len(data):
            self._log.chip_error("sym crypto decrypt pkcs5 pading data length error")
            raise self.failed()
        return answer

    def follow(self, command: bytes, status: bytes) -> bytes | None:
        """Follow 9Fxx with a fetch."""
        del command
        if status[0] != 0x9F:
            return None
        self._debug("response apdu with 0x9F.")
        return bytes((0x00, 0xB2, 0xFF, 0xFF, status[1]))

    def _select(self) -> None:
        self.transmit(bytes.fromhex("00A4000C021D02"))

    def _checked(self, answer: bytes) -> bytes:
        if check_sum(answer[:-2]) != answer[-2:]:
            raise SdkError(GENERIC)
        return answer[:-2]
