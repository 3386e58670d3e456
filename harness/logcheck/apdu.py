"""The calls in the recovered APDU exchanges with the chip, and what is wrong with them.

An exchange is one command and its answer. A call is what the adapter wanted: it takes more than one
exchange when the chip answers 61xx, 6Cxx or 9Fxx, or when the data does not fit into one command.

Source: device-protocol.md e.2 (standard set and adapter), e.3 (MTK set).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from harness.chip.apdu import ApduError, Command
from harness.chip.crc import crc16
from harness.id2 import codes, ids
from harness.id2.vendors import VENDORS
from harness.logcheck.model import Exchange

AID = bytes.fromhex("A0000000416C6959756E2E494432")
ENCRYPT, DECRYPT, SIGN = 0x51, 0x52, 0x53
MTK_BLOCK = 8
_GET_RESPONSE = b"\x00\xc0\x00\x00"
_MTK_FETCH = b"\x00\xb2\xff\xff"
_MTK_SELECT = bytes.fromhex("00A4000C021D02")
_MTK_WRITE = b"\x00\xdc\xff\xff"
_MTK_GET_ID = bytes.fromhex("52E602")
_NAMES = {
    0xA4: "SELECT",
    0x84: "GetChallenge",
    0xC0: "GET RESPONSE",
    0xF0: "ComputeDigest",
    0xF2: "GenerateKeyPair",
    0xF4: "AsymmetricCrypt",
    0xF6: "SymmetricCrypt",
    0xF8: "GetID",
    0xFC: "GetVendorInfo",
    0xE2: "SecurityStorage",
    0x20: "Verify PIN",
    0x24: "Update PIN",
    0x5E: "Unblock PIN",
    0xB2: "MTK fetch",
    0xDC: "MTK write",
}
_FAMILY_OF_ALGORITHM = {0x01: "3DES", 0x03: "AES", 0x11: "SM4", 0x19: "SM1"}


@dataclass(frozen=True, slots=True)
class Step:
    """Exchanges that belong together because the chip said 61xx, 6Cxx or 9Fxx.

    Attributes:
        command: The first command.
        answer: Data of the last answer, without status word.
        exchanges: All of them, in order.
    """

    command: bytes
    answer: bytes
    exchanges: tuple[Exchange, ...]

    @property
    def line(self) -> int:
        """First line."""
        return self.exchanges[0].lines[0]

    @property
    def whole(self) -> bool:
        """All dumps are whole, and the last answer ends with 9000."""
        return self.exchanges[-1].sw == 0x9000 and not any(each.damaged for each in self.exchanges)


@dataclass(frozen=True, slots=True)
class CryptCall:
    """One encryption, decryption or signature that the chip was asked for.

    Attributes:
        mode: 0x51 encrypt, 0x52 decrypt, 0x53 sign.
        data: What was sent, all blocks.
        answer: What came back, all blocks.
        lines: First and last line.
        family: `3DES`, `AES`, `SM4`, `SM1`, or empty.
        unpadded: The chip has taken the padding off the answer by itself.
    """

    mode: int
    data: bytes
    answer: bytes
    lines: tuple[int, int]
    family: str
    unpadded: bool = False


@dataclass(frozen=True, slots=True)
class GetIdCall:
    """One GetID.

    Attributes:
        id2: The ID that the chip gave, 24 digits; empty when the answer has another form.
        vendor: Name of the chip's vendor, or its number.
        line: Line of the answer.
        problem: What is wrong with the form of the answer.
        number: The vendor's number.
    """

    id2: str
    vendor: str
    line: int
    problem: str = ""
    number: int = 0


def name_of(command: bytes) -> str:
    """Return what people call a command."""
    if len(command) < 4:
        return "APDU"
    return _NAMES.get(command[1], f"command {command[:4].hex().upper()}")


def steps_of(exchanges: list[Exchange]) -> Iterator[Step]:
    """Give the exchanges in steps."""
    pending: list[Exchange] = []
    for exchange in exchanges:
        if pending and not _continues(pending[-1], exchange):
            yield _step(pending)
            pending = []
        pending.append(exchange)
        if not (exchange.sw is not None and exchange.sw >> 8 in (0x61, 0x6C, 0x9F)):
            yield _step(pending)
            pending = []
    if pending:
        yield _step(pending)


def _step(exchanges: list[Exchange]) -> Step:
    return Step(exchanges[0].command, exchanges[-1].data, tuple(exchanges))


def _continues(first: Exchange, second: Exchange) -> bool:
    sw = first.sw or 0
    match sw >> 8:
        case 0x61:
            return second.command[:4] == _GET_RESPONSE
        case 0x6C:
            return second.command[:4] == first.command[:4]
        case 0x9F:
            return second.command[:4] == _MTK_FETCH
    return False


def calls_of(exchanges: list[Exchange]) -> tuple[list[CryptCall], list[GetIdCall]]:
    """Return what the chip was asked for: cryptography and its ID; only from whole, accepted exchanges."""
    crypt: list[CryptCall] = []
    identity: list[GetIdCall] = []
    for step in steps_of(exchanges):
        if not step.whole:
            continue
        command = step.command
        if command[1:2] == b"\xf8":
            identity.append(_get_id(step, step.answer))
        elif command[1:2] in (b"\xf6", b"\xf4") and len(command) > 5:
            _add_crypt(crypt, step)
        elif command[:4] == _MTK_WRITE and command[5:8] == _MTK_GET_ID:
            identity.append(_get_id(step, step.answer[:-2]))
        elif command[:4] == _MTK_WRITE and command[5:8] == b"\x51\x00\x01" and len(command) > 15:
            answer = step.answer[:-2]
            if command[8] == ENCRYPT:
                answer = answer[:-MTK_BLOCK]  # the chip pads by itself what the host has padded already
            stripped = command[8] == DECRYPT  # and takes off what the host would take off
            crypt.append(CryptCall(command[8], command[13:-2], answer, _lines(step), "3DES", stripped))
    return crypt, identity


def _add_crypt(crypt: list[CryptCall], step: Step) -> None:
    command = step.command
    if command[2] == 0 and len(command) >= 10:
        family = _FAMILY_OF_ALGORITHM.get(command[6], "") if command[1] == 0xF6 else ""
        crypt.append(CryptCall(command[5], command[10 : 5 + command[4]], step.answer, _lines(step), family))
    elif crypt:
        last = crypt[-1]
        crypt[-1] = CryptCall(
            last.mode,
            last.data + command[5 : 5 + command[4]],
            last.answer + step.answer,
            (last.lines[0], step.exchanges[-1].lines[1]),
            last.family,
        )


def _lines(step: Step) -> tuple[int, int]:
    return step.exchanges[0].lines[0], step.exchanges[-1].lines[1]


def _get_id(step: Step, answer: bytes) -> GetIdCall:
    line = step.exchanges[-1].lines[1] - (1 if len(step.exchanges[-1].response) > 16 else 0)
    vendor_number = int.from_bytes(answer[:2], "big")
    vendor = VENDORS.get(vendor_number, f"{vendor_number:04X}")
    if len(answer) != 3 + ids.CHIP_LENGTH or answer[2] != ids.CHIP_LENGTH:
        return GetIdCall(
            "", vendor, line, f"GetID answered {len(answer)} bytes; it is vendor (2), 0C, ID (12)"
        )
    return GetIdCall(ids.from_chip(answer[3:]), vendor, line, number=vendor_number)


def problems_of(step: Step) -> Iterator[str]:
    """Give everything that is wrong with the exchanges of a step."""
    name = name_of(step.command)
    for exchange in step.exchanges:
        yield from _exchange_problems(exchange)
    last = step.exchanges[-1]
    if last.sw is not None and last.sw != 0x9000 and not last.damaged:
        yield f"{name} was answered {codes.describe_status(last.sw)}"
    for first, second in zip(step.exchanges, step.exchanges[1:], strict=False):
        wanted = (first.sw or 0) & 0xFF
        if second.command[4:5] != bytes([wanted]):
            yield f"the chip said {first.sw:04X}, and the next command does not ask for {wanted:02X} bytes"
        elif (first.sw or 0) >> 8 != 0x6C and len(second.data) != (wanted or 256):
            yield f"the chip said {first.sw:04X} and then gave {len(second.data)} bytes"
    if step.whole:
        yield from _content_problems(step)


def _exchange_problems(exchange: Exchange) -> Iterator[str]:
    if exchange.damaged:
        yield exchange.damaged
        return
    try:
        Command.parse(exchange.command)
    except ApduError as error:
        yield f"command is not well formed: {error}"
    if exchange.result:
        yield f"the driver returned {codes.describe_result(exchange.result)}"
    elif exchange.response_length is None and exchange.result is None:
        yield "the log stops before the driver came back with an answer"
    elif exchange.response_length is None:
        yield "the driver reported success, and no answer was dumped"
    if exchange.response_length is None:
        return
    if exchange.driver_length is not None and exchange.driver_length != len(exchange.response):
        yield f"the driver's rsp_len is {exchange.driver_length}, the dump has {len(exchange.response)} bytes"
    if exchange.sw is None:
        yield f"the answer has {len(exchange.response)} bytes; a status word alone has 2"


def _content_problems(step: Step) -> Iterator[str]:
    command, answer = step.command, step.answer
    if command[:4] == b"\x00\xa4\x04\x00" and command[5:] != AID:
        yield f"SELECT names {command[5:].hex().upper()[:40]}, which is not the ID² application"
    elif command[:4] == b"\x00\xa4\x00\x0c" and command != _MTK_SELECT:
        yield f"SELECT names file {command[5:].hex().upper()[:8]}; the ID² file is 1D02"
    elif command[1] == 0xF6:
        yield from _symmetric_problems(command, answer)
    elif command[:4] == _MTK_WRITE:
        yield from _mtk_problems(command, answer)


def _symmetric_problems(command: bytes, answer: bytes) -> Iterator[str]:
    first = command[2] == 0
    if command[4] != len(command) - 5:
        yield f"Lc says {command[4]} bytes of data, {len(command) - 5} follow; the adapter sends no Le behind them"
    data = command[10:] if first else command[5:]
    if command[3] != 0x01:
        yield f"P2 is {command[3]:02X}; the adapter sends 01 with every block"
    if first and len(command) < 10:
        yield "SymmetricCrypt has no head of mode, algorithm, key and length"
        return
    if first and command[5] not in (ENCRYPT, DECRYPT):
        yield f"mode {command[5]:02X} is neither 51 (encrypt) nor 52 (decrypt)"
    if first and command[6] not in _FAMILY_OF_ALGORITHM:
        yield f"algorithm {command[6]:02X} is none that the adapter sends (ECB of 3DES, AES, SM4 or SM1)"
    if first and len(data) < 0xF0 and int.from_bytes(command[8:10], "big") != len(data):
        yield f"total length says {int.from_bytes(command[8:10], 'big')} bytes, {len(data)} are sent"
    if len(answer) != len(data):
        yield f"{len(data)} bytes went in, {len(answer)} came back; ECB without padding gives as many"


def _mtk_problems(command: bytes, answer: bytes) -> Iterator[str]:
    if command[5:8] == b"\x51\x00\x01" and command[-2:] != crc16(command[:-2]):
        yield _crc_problem("command", command)
    if len(answer) < 2 or answer[-2:] != crc16(answer[:-2]):
        yield _crc_problem("answer", answer)


def _crc_problem(what: str, data: bytes) -> str:
    wanted = crc16(data[:-2]).hex().upper()
    return f"check sum of the {what} is {data[-2:].hex().upper() or 'missing'}; it should be {wanted}"
