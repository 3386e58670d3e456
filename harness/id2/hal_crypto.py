"""What the ciphers and hashes of a board's port must give: the data of the vendor's hal_app, and right answers for any.

Source: device-protocol.md j.1, api-signatures.md (ls_hal_aes.h, ls_hal_sm4.h, ls_hal_hash.h); CFB is that of
    ls_hal_aes_cfb128_process (docs/probe-protocol.md), as the vendor's ls_hal_aes_cfb_process has 8 bits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum

from cryptography.hazmat.decrepit.ciphers.modes import CFB, CFB8
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES, SM4

BLOCK = 16
_Modes = modes.ECB | modes.CBC | modes.CTR | CFB | CFB8

DATA = bytes(range(1, 9)) * 16 + bytes.fromhex("0A0B0C0D0E0F00010203040513")
"""The 141 bytes that hal_app encrypts and hashes. Source: device-protocol.md j.1."""

KEY = bytes(range(1, 16)) + b"\x0f\x0f" + bytes(range(15, 0, -1))
"""The key of hal_app, 32 bytes; its beginning for shorter ones. Source: device-protocol.md j.1."""

IV = bytes(range(16))
"""The iv of hal_app. Source: device-protocol.md j.1."""

CARRYING_IV = bytes(12) + b"\x00\x00\x00\xfe"
"""An iv after which a counter carries out of its last byte in the third block."""


class Family(StrEnum):
    """A block cipher of the port."""

    AES = "aes"
    SM4 = "sm4"


class Mode(Enum):
    """A mode of operation, with the number that the probe gives it and what data may be cut into.

    Attributes:
        number: The number.
        whole_blocks: Whether each piece must be whole blocks.
    """

    number: int
    whole_blocks: bool

    ECB = 0, True
    CBC = 1, True
    CTR = 2, False
    CFB = 3, False

    def __init__(self, number: int, whole_blocks: bool) -> None:
        self.number = number
        self.whole_blocks = whole_blocks


class HashFunction(Enum):
    """A hash of the port, with the number that the probe gives it.

    Attributes:
        number: The number.
        size: Bytes of its digest.
    """

    number: int
    size: int

    MD5 = 0, 16
    SHA1 = 1, 20
    SHA256 = 2, 32
    SM3 = 3, 32

    def __init__(self, number: int, size: int) -> None:
        self.number = number
        self.size = size


@dataclass(frozen=True, slots=True)
class CipherCase:
    """One call of a cipher.

    Attributes:
        family: The cipher.
        mode: The mode.
        key: The key, 16, 24 or 32 bytes.
        iv: The iv, 16 bytes; empty for ECB.
        data: What goes in.
        encrypt: Which way.
        piece: Bytes of each piece but the last; 0 for all at once.
    """

    family: Family
    mode: Mode
    key: bytes
    iv: bytes
    data: bytes
    encrypt: bool = True
    piece: int = 0

    def expected(self) -> bytes:
        """Return the right answer."""
        return _through(self, _mode(self.mode, self.iv))

    def __str__(self) -> str:
        way = "encrypting" if self.encrypt else "decrypting"
        pieces = f" in pieces of {self.piece}" if self.piece else ""
        return f"{self.family.upper()}-{8 * len(self.key)}-{self.mode.name}, {way} {len(self.data)} bytes{pieces}"


@dataclass(frozen=True, slots=True)
class HashCase:
    """One call of a hash.

    Attributes:
        function: The hash.
        data: What goes in.
        piece: Bytes of each piece but the last; 0 for all at once.
    """

    function: HashFunction
    data: bytes
    piece: int = 0

    def expected(self) -> bytes:
        """Return the right digest."""
        context = hashes.Hash(_HASHES[self.function])
        context.update(self.data)
        return context.finalize()

    def __str__(self) -> str:
        pieces = f" in pieces of {self.piece}" if self.piece else ""
        return f"{self.function.name} of {len(self.data)} bytes{pieces}"


def cipher_cases(family: Family, mode: Mode, drawn: bytes, most: int) -> list[CipherCase]:
    """Return the calls that judge a mode: the data of hal_app, boundaries, every key length, both ways, in pieces.

    Args:
        family: The cipher.
        mode: The mode.
        drawn: Random bytes, at least 96: key, iv and data that nobody can have stored.
        most: Bytes that one call can take; at least 160.
    """
    sizes = (16, 24, 32) if family is Family.AES else (16,)
    long = min(most, 512) // BLOCK * BLOCK
    cases = []
    for size in sizes:
        whole = 96 if mode.whole_blocks else len(DATA)
        cases += _both_ways(family, mode, KEY[:size], IV, DATA[:whole], _pieces(mode))
    key, iv, data = drawn[: sizes[-1]], drawn[32:48], (drawn[48:] * (long // 48 + 1))[:long]
    lengths = (BLOCK, 2 * BLOCK, long) if mode.whole_blocks else (1, 15, 16, 17, long - 1)
    for length in lengths:
        cases += _both_ways(family, mode, key, iv, data[:length], ())
    if mode is Mode.CTR:
        cases += _both_ways(family, mode, key, CARRYING_IV, data[:80], (BLOCK,))
    return cases


def _pieces(mode: Mode) -> tuple[int, ...]:
    return (BLOCK, 3 * BLOCK) if mode.whole_blocks else (13, 27)


def _both_ways(
    family: Family, mode: Mode, key: bytes, iv: bytes, data: bytes, pieces: Sequence[int]
) -> list[CipherCase]:
    iv = b"" if mode is Mode.ECB else iv
    sealed = CipherCase(family, mode, key, iv, data).expected()
    return [
        CipherCase(family, mode, key, iv, data if encrypt else sealed, encrypt, piece)
        for piece in (0, *pieces)
        for encrypt in (True, False)
    ]


def hash_cases(function: HashFunction, drawn: bytes, most: int) -> list[HashCase]:
    """Return the calls that judge a hash: the data of hal_app, lengths around its blocks of 64 bytes, in pieces.

    Args:
        function: The hash.
        drawn: Random bytes, at least 64.
        most: Bytes that one call can take; at least 160.
    """
    data = (drawn * (most // len(drawn) + 1))[:most]
    cases = [HashCase(function, DATA, piece) for piece in (0, 13, 63, 64)]
    cases += [HashCase(function, data[:size]) for size in (1, 55, 56, 57, 63, 64, 65, 119, 120, 128, most)]
    return [*cases, HashCase(function, data[:120], 1), HashCase(function, data[:128], 56)]


def other_mode(case: CipherCase, answer: bytes) -> str:
    """Return what a wrong answer is instead, as far as it can be known; empty for an answer that is nothing known."""
    others: dict[str, _Modes] = {"CTR": modes.CTR(case.iv or IV)}
    if case.family is Family.AES:
        others["CFB with 8 bits"] = CFB8(case.iv or IV)
    if len(case.data) % BLOCK == 0:
        others |= {"ECB": modes.ECB(), "CBC": modes.CBC(case.iv or IV)}  # noqa: S305  to name it
    for name, mode in others.items():
        if name != case.mode.name and _through(case, mode) == answer:
            return f"that is {name}"
    if answer == case.data:
        return "that is what went in"
    back = CipherCase(case.family, case.mode, case.key, case.iv, case.data, encrypt=not case.encrypt)
    return "that is the other way round" if back.expected() == answer else ""


_HASHES: dict[HashFunction, hashes.HashAlgorithm] = {
    HashFunction.MD5: hashes.MD5(),  # noqa: S303  the vendor's HAL has it
    HashFunction.SHA1: hashes.SHA1(),  # noqa: S303  as above
    HashFunction.SHA256: hashes.SHA256(),
    HashFunction.SM3: hashes.SM3(),
}


def _through(case: CipherCase, mode: _Modes) -> bytes:
    cipher = Cipher(AES(case.key) if case.family is Family.AES else SM4(case.key), mode)
    context = cipher.encryptor() if case.encrypt else cipher.decryptor()
    return context.update(case.data) + context.finalize()


def _mode(mode: Mode, iv: bytes) -> _Modes:
    match mode:
        case Mode.ECB:
            return modes.ECB()  # noqa: S305  a mode of the vendor's HAL
        case Mode.CBC:
            return modes.CBC(iv)
        case Mode.CTR:
            return modes.CTR(iv)
        case Mode.CFB:
            return CFB(iv)
