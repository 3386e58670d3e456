"""The commands of the ICA set as APDUs, without any I/O.

Long data goes out in a chain of commands: P1 counts them, the first one carries a head that says what to do.
Source: device-protocol.md e.2.
"""

from enum import StrEnum

from harness.chip.apdu import MAX_LE, Command
from harness.chip.ica.algorithms import Algorithm, AsymAlgorithm, DigestType, Mode
from harness.chip.ica.vendor import VENDOR_INFO_SIZE
from harness.secret import Secret

AID = bytes.fromhex("A0000000416C6959756E2E494432")  # "…AliYun.ID2"
DATA_PER_COMMAND = 0xF0
MAX_TOTAL = 0xFFFF  # the head has two bytes for the length
MAX_BLOCKS = 0x100
MAX_SYMMETRIC = DATA_PER_COMMAND * MAX_BLOCKS
FETCH = 0x40  # P1 of AsymmetricCrypt that asks for the rest of an answer
MAX_ASYM_BLOCKS = FETCH  # a block number must not look like FETCH
CHALLENGE_SIZES = range(0x04, 0x11)
_MORE, _LAST = 0x00, 0x01


class Marking(StrEnum):
    """What P2 says in a chain of SymmetricCrypt commands."""

    SDK = "sdk"  # 01 in every command: what the vendor's SDK sends
    SPEC = "spec"  # 00 while more follow, 01 in the last


def select() -> Command:
    """SELECT the ID² application by its AID."""
    return Command(0x00, 0xA4, 0x04, 0x00, AID, name="SELECT")


def get_id() -> Command:
    """GetID: vendor, length and the 12 bytes of the ID."""
    return Command(0x80, 0xF8, 0x00, 0x00, le=MAX_LE, name="GetID")


def get_vendor_info() -> Command:
    """GetVendorInfo: 20 bytes."""
    return Command(0x80, 0xFC, 0x00, 0x00, le=VENDOR_INFO_SIZE, name="GetVendorInfo")


def get_challenge(size: int) -> Command:
    """GetChallenge: `size` random bytes, 4 to 16.

    Raises:
        ValueError: another size.
    """
    if size not in CHALLENGE_SIZES:
        raise ValueError(f"a challenge has 4 to 16 bytes, not {size}")
    return Command(0x00, 0x84, 0x00, 0x00, le=size, name="GetChallenge")


def symmetric_crypt(
    mode: Mode,
    algorithm: Algorithm,
    data: bytes,
    *,
    key_id: int = 0,
    iv: bytes = b"",
    marking: Marking = Marking.SDK,
) -> tuple[Command, ...]:
    """SymmetricCrypt: the whole chain for `data`.

    The IV takes its place out of the first command's 240 bytes, so that Lc never exceeds F5; the length in
    the head counts the data only.

    Args:
        mode: What to do.
        algorithm: With which cipher.
        data: Padded by the caller; whole blocks unless the algorithm pads.
        key_id: Key number in the chip.
        iv: One block for CBC, nothing for ECB.
        marking: What P2 says.

    Raises:
        ValueError: empty or too much data, no whole blocks, a wrong IV, a key id that is no byte.
    """
    block = algorithm.block_size
    if len(iv) != (block if algorithm.has_iv else 0):
        raise ValueError(
            f"{algorithm.name} takes an IV of {block if algorithm.has_iv else 0} bytes, not {len(iv)}"
        )
    if mode is not Mode.VERIFY and not algorithm.pads and len(data) % block:
        raise ValueError(f"{algorithm.name} takes whole blocks of {block} bytes, not {len(data)} bytes")
    chunks = _chunks(data, DATA_PER_COMMAND - len(iv), DATA_PER_COMMAND, MAX_BLOCKS)
    head = bytes((mode, algorithm, _byte(key_id, "key id"))) + len(data).to_bytes(2, "big") + iv
    last = len(chunks) - 1
    return tuple(
        Command(
            0x80,
            0xF6,
            number,
            _LAST if marking is Marking.SDK or number == last else _MORE,
            (head if number == 0 else b"") + chunk,
            name=f"SymmetricCrypt {mode.name.lower()} {algorithm.name} block {number}",
        )
        for number, chunk in enumerate(chunks)
    )


def asymmetric_crypt(
    mode: Mode, algorithm: AsymAlgorithm, data: bytes, *, key_id: int = 0
) -> tuple[Command, ...]:
    """AsymmetricCrypt: the whole chain for `data`, in blocks of 0x80 bytes for RSA and 0xF0 else.

    Raises:
        ValueError: empty or too much data, a key id that is no byte.
    """
    size = algorithm.data_per_command
    chunks = _chunks(data, size, size, MAX_ASYM_BLOCKS)
    head = bytes((mode, algorithm, _byte(key_id, "key id"))) + len(data).to_bytes(2, "big")
    last = len(chunks) - 1
    return tuple(
        Command(
            0x80,
            0xF4,
            number,
            _LAST if number == last else _MORE,
            (head if number == 0 else b"") + chunk,
            name=f"AsymmetricCrypt {mode.name.lower()} {algorithm.name} block {number}",
        )
        for number, chunk in enumerate(chunks)
    )


def fetch_rest() -> Command:
    """AsymmetricCrypt with P1 = 40: fetch what did not fit into the answer before."""
    return Command(0x80, 0xF4, FETCH, 0x00, le=MAX_LE, name="AsymmetricCrypt fetch")


def compute_digest(digest: DigestType, data: bytes) -> tuple[Command, ...]:
    """ComputeDigest: the whole chain for `data`, which may be empty.

    Raises:
        ValueError: more than 256 commands would be needed.
    """
    chunks = _chunks(data, DATA_PER_COMMAND, DATA_PER_COMMAND, MAX_BLOCKS) if data else (b"",)
    last = len(chunks) - 1
    return tuple(
        Command(
            0x80,
            0xF0,
            number,
            _LAST if number == last else _MORE,
            (bytes((digest,)) if number == 0 else b"") + chunk,
            name=f"ComputeDigest {digest.name} block {number}",
        )
        for number, chunk in enumerate(chunks)
    )


def generate_key_pair(key_type: int, public_key_id: int, bits: int, *, p1: int = 0) -> Command:
    """GenerateKeyPair: writes to the chip's key store.

    Args:
        key_type: Key type number of the specification (`KeyType.spec_number`).
        public_key_id: Key number for the public half.
        bits: Key length in bits.
        p1: 00 or 01; the published facts do not say what it chooses.

    Raises:
        ValueError: a number that does not fit.
    """
    if p1 not in (0, 1):
        raise ValueError(f"P1 of GenerateKeyPair is 0 or 1, not {p1}")
    if not 0 < bits <= MAX_TOTAL:
        raise ValueError(f"{bits} bits do not fit into two bytes")
    data = bytes((_byte(key_type, "key type"), _byte(public_key_id, "key id"))) + bits.to_bytes(2, "big")
    return Command(0x80, 0xF2, p1, 0x00, data, name="GenerateKeyPair")


def verify_pin(pin: Secret, reference: int = 0) -> Command:
    """Verify PIN."""
    return Command(
        0x00, 0x20, 0x00, _byte(reference, "PIN reference"), pin.reveal(), name="Verify PIN", hidden=True
    )


def update_pin(protected: Secret, reference: int = 0) -> Command:
    """Update PIN; class 84 means that the caller has already protected the data (secure messaging)."""
    return Command(
        0x84,
        0x24,
        0x00,
        _byte(reference, "PIN reference"),
        protected.reveal(),
        name="Update PIN",
        hidden=True,
    )


def unblock_pin(protected: Secret, reference: int = 0) -> Command:
    """Reload or unblock PIN; class 84: the caller has already protected the data (secure messaging)."""
    return Command(
        0x84,
        0x5E,
        0x00,
        _byte(reference, "PIN reference"),
        protected.reveal(),
        name="Unblock PIN",
        hidden=True,
    )


def _byte(value: int, what: str) -> int:
    if not 0 <= value <= 0xFF:
        raise ValueError(f"{what} {value} does not fit into a byte")
    return value


def _chunks(data: bytes, first: int, others: int, most: int) -> tuple[bytes, ...]:
    if not data:
        raise ValueError("no data")
    starts = [0, *range(first, len(data), others)]
    if len(data) > MAX_TOTAL or len(starts) > most:
        raise ValueError(f"{len(data)} bytes are more than one chain of commands carries")
    return tuple(data[start:end] for start, end in zip(starts, [*starts[1:], len(data)], strict=True))
