"""A chip with the ICA command set: typed commands in, typed answers out.

Wrong arguments are the caller's bug and raise `ValueError` before anything is sent; whatever the chip does
wrong raises a `ChipError`.
Source: device-protocol.md e.2.
"""

from harness.chip.apdu import ApduError, Command, Response
from harness.chip.carrier_chip import CarrierChip
from harness.chip.chip_id import ChipId
from harness.chip.errors import PinError, StatusError
from harness.chip.ica import commands
from harness.chip.ica.algorithms import Algorithm, AsymAlgorithm, DigestType, Mode
from harness.chip.ica.commands import Marking
from harness.chip.ica.keys import GeneratedKey
from harness.chip.ica.length_prefix import LengthPrefix, take_off
from harness.chip.ica.vendor import VendorInfo
from harness.chip.session import ChipSession
from harness.secret import Secret

_PIN_TRIES = 0x63C0
_PIN_BLOCKED = 0x6983
_VERIFY_FAILED = 0x6A80


class IcaChip(CarrierChip):
    """The ICA command set on a chip session.

    Args:
        session: Conversation with the chip.
        marking: What P2 says in a SymmetricCrypt chain.
        length_prefix: Whether AsymmetricCrypt answers start with their length.
        select_first: Send SELECT when a carrier starts; the vendor's SDK does, unless it is built without
            CONFIG_CHIP_SEND_SELECT_COMMAND.
    """

    def __init__(
        self,
        session: ChipSession,
        *,
        marking: Marking = Marking.SDK,
        length_prefix: LengthPrefix = LengthPrefix.DETECT,
        select_first: bool = True,
    ) -> None:
        self.session = session
        self._marking = marking
        self._length_prefix = length_prefix
        self._select_first = select_first

    @property
    def largest_data(self) -> int:
        """Most bytes of one SymmetricCrypt chain."""
        return commands.MAX_SYMMETRIC

    def start(self) -> None:
        """Select the application, where the board file does not say otherwise: the vendor's SDK does so once a session.

        Raises:
            StatusError: the chip refused.
        """
        if self._select_first:
            self.select()

    def select(self) -> None:
        """SELECT the ID² application; file control information in the answer is tolerated.

        Raises:
            StatusError: the chip refused.
        """
        self._ok(commands.select())

    def get_id(self) -> ChipId:
        """GetID.

        Raises:
            StatusError: the chip refused.
            AnswerError: not vendor, 0C and 12 bytes.
        """
        command = commands.get_id()
        answer = self._ok(command)
        try:
            return ChipId.parse(answer.data)
        except ApduError as problem:
            raise self.session.failure(command, problem) from problem

    def get_vendor_info(self) -> VendorInfo:
        """GetVendorInfo.

        Raises:
            StatusError: the chip refused.
            AnswerError: not 20 bytes.
        """
        command = commands.get_vendor_info()
        answer = self._ok(command)
        try:
            return VendorInfo.parse(answer.data)
        except ApduError as problem:
            raise self.session.failure(command, problem) from problem

    def get_challenge(self, size: int) -> bytes:
        """GetChallenge: random bytes that the chip accepts in the next command only.

        Args:
            size: 4 to 16 bytes.

        Raises:
            StatusError: the chip refused.
            AnswerError: another number of bytes came.
            ValueError: another size.
        """
        return self._sized(commands.get_challenge(size), size)

    def encrypt_blocks(self, algorithm: Algorithm, data: bytes) -> bytes:
        """Encrypt whole blocks under the ID² key (key 0) without an IV; see `symmetric`."""
        return self.symmetric(Mode.ENCRYPT, algorithm, data)

    def decrypt_blocks(self, algorithm: Algorithm, data: bytes) -> bytes:
        """Decrypt whole blocks under the ID² key (key 0) without an IV, padding left on; see `symmetric`."""
        return self.symmetric(Mode.DECRYPT, algorithm, data)

    def symmetric(
        self, mode: Mode, algorithm: Algorithm, data: bytes, *, key_id: int = 0, iv: bytes = b""
    ) -> bytes:
        """SymmetricCrypt, encrypt or decrypt, chained as long as needed.

        Args:
            mode: `Mode.ENCRYPT` or `Mode.DECRYPT`.
            algorithm: Cipher and block mode.
            data: Whole blocks, padded by the caller.
            key_id: Key number in the chip.
            iv: One block for CBC, nothing for ECB.

        Returns:
            As many bytes as went in.

        Raises:
            StatusError: the chip refused.
            AnswerError: another length came back.
            ValueError: mode, data or IV do not fit the algorithm.
        """
        if mode not in (Mode.ENCRYPT, Mode.DECRYPT):
            raise ValueError(f"{mode.name} is not encryption or decryption; use generate_mac or verify_mac")
        chain = commands.symmetric_crypt(mode, algorithm, data, key_id=key_id, iv=iv, marking=self._marking)
        out = b"".join(self._ok(command).data for command in chain)
        if len(out) != len(data):
            raise self.session.failure(chain[-1], f"{len(out)} bytes came back for {len(data)}")
        return out

    def generate_mac(self, algorithm: Algorithm, data: bytes, *, key_id: int = 0, iv: bytes = b"") -> bytes:
        """SymmetricCrypt mode 53: the MAC of `data`, one cipher block long or shorter.

        Args:
            algorithm: One with a padding method, or a CBC one with whole blocks.
            data: The message.
            key_id: Key number in the chip.
            iv: One block; empty means zeros.

        Raises:
            StatusError: the chip refused.
            AnswerError: nothing, or more than a block, came back.
            ValueError: an ECB algorithm, no data, or an IV of a wrong length.
        """
        chain = commands.symmetric_crypt(
            Mode.SIGN, algorithm, data, key_id=key_id, iv=_mac_iv(algorithm, iv), marking=self._marking
        )
        mac = b"".join(self._ok(command).data for command in chain)
        if not 0 < len(mac) <= algorithm.block_size:
            raise self.session.failure(
                chain[-1], f"a MAC of {len(mac)} bytes, at most {algorithm.block_size} can be"
            )
        return mac

    def verify_mac(
        self, algorithm: Algorithm, data: bytes, mac: bytes, *, key_id: int = 0, iv: bytes = b""
    ) -> bool:
        """SymmetricCrypt mode 54: whether the chip finds `mac` right; it goes behind the message.

        Args:
            algorithm: As for `generate_mac`.
            data: The message.
            mac: What `generate_mac` gave.
            key_id: Key number in the chip.
            iv: One block; empty means zeros.

        Returns:
            False when the chip says 6A80 (verification failed).

        Raises:
            StatusError: another status word than 9000 and 6A80.
            ValueError: an ECB algorithm, no data, or an IV of a wrong length.
        """
        chain = commands.symmetric_crypt(
            Mode.VERIFY,
            algorithm,
            data + mac,
            key_id=key_id,
            iv=_mac_iv(algorithm, iv),
            marking=self._marking,
        )
        return self._verified(chain)

    def asymmetric(
        self, mode: Mode, algorithm: AsymAlgorithm, data: bytes, *, key_id: int = 0, size: int | None = None
    ) -> bytes:
        """AsymmetricCrypt: encrypt, decrypt or sign.

        Args:
            mode: Any but `Mode.VERIFY`.
            algorithm: Which algorithm.
            data: What to work on, up to 8 KiB with RSA and 15 KiB else.
            key_id: Key number in the chip.
            size: How many bytes must come back; None when that is not known beforehand.

        Returns:
            The answer without the length in front of it.

        Raises:
            StatusError: the chip refused.
            AnswerError: another length came back than `size`, or than the answer itself says.
            ValueError: mode VERIFY, no data, too much data.
        """
        if mode is Mode.VERIFY:
            raise ValueError("use verify_signature")
        chain = commands.asymmetric_crypt(mode, algorithm, data, key_id=key_id)
        raw = b"".join(self._ok(command).data for command in chain)
        try:
            out = take_off(raw, self._length_prefix, size, lambda: self._ok(commands.fetch_rest()).data)
        except ApduError as problem:
            raise self.session.failure(chain[-1], problem) from problem
        if size is not None and len(out) != size:
            raise self.session.failure(chain[-1], f"{len(out)} bytes came back instead of {size}")
        return out

    def sign(self, algorithm: AsymAlgorithm, data: bytes, *, size: int) -> bytes:
        """Sign with the ID² key (key 0); see `asymmetric`."""
        return self.asymmetric(Mode.SIGN, algorithm, data, size=size)

    def decrypt(self, algorithm: AsymAlgorithm, data: bytes) -> bytes:
        """Decrypt with the ID² key (key 0); see `asymmetric`. SM2 ciphertext is in the order C1 C3 C2."""
        return self.asymmetric(Mode.DECRYPT, algorithm, data)

    def verify_signature(
        self, algorithm: AsymAlgorithm, data: bytes, signature: bytes, *, key_id: int = 0
    ) -> bool:
        """AsymmetricCrypt mode 54: whether the chip finds `signature` right; it goes behind the data.

        Returns:
            False when the chip says 6A80 (verification failed).

        Raises:
            StatusError: another status word than 9000 and 6A80.
            ValueError: no data, too much data.
        """
        return self._verified(
            commands.asymmetric_crypt(Mode.VERIFY, algorithm, data + signature, key_id=key_id)
        )

    def compute_digest(self, digest: DigestType, data: bytes) -> bytes:
        """ComputeDigest of `data`, up to 61440 bytes; only the last command of a chain may answer data.

        Raises:
            StatusError: the chip refused.
            AnswerError: data came too early, or the digest has a wrong length.
            ValueError: too much data.
        """
        *early, last = commands.compute_digest(digest, data)
        for command in early:
            self._sized(command, 0)
        return self._sized(last, digest.size)

    def generate_key_pair(self, key_type: int, public_key_id: int, bits: int, *, p1: int = 0) -> GeneratedKey:
        """GenerateKeyPair. This overwrites a key in the chip.

        Args:
            key_type: Number of the specification (`KeyType.spec_number`).
            public_key_id: Key number for the public half.
            bits: Key length in bits.
            p1: 0 or 1.

        Raises:
            StatusError: the chip refused.
            AnswerError: no public key in the answer.
            ValueError: a number that does not fit.
        """
        command = commands.generate_key_pair(key_type, public_key_id, bits, p1=p1)
        answer = self._ok(command)
        try:
            return GeneratedKey.parse(answer.data)
        except ApduError as problem:
            raise self.session.failure(command, problem) from problem

    def verify_pin(self, pin: Secret, *, reference: int = 0) -> None:
        """Verify PIN.

        Raises:
            PinError: wrong (with the tries left) or blocked.
            StatusError: refused for another reason.
        """
        self._pin(commands.verify_pin(pin, reference))

    def update_pin(self, protected: Secret, *, reference: int = 0) -> None:
        """Update PIN; class 84: the caller protects the data as the chip's secure messaging asks.

        Raises:
            PinError: wrong (with the tries left) or blocked.
            StatusError: refused for another reason.
        """
        self._pin(commands.update_pin(protected, reference))

    def unblock_pin(self, protected: Secret, *, reference: int = 0) -> None:
        """Reload or unblock PIN; class 84: the caller protects the data as the chip's secure messaging asks.

        Raises:
            PinError: wrong (with the tries left) or blocked.
            StatusError: refused for another reason.
        """
        self._pin(commands.unblock_pin(protected, reference))

    def _ok(self, command: Command) -> Response:
        return self.session.expect_ok(command)

    def _sized(self, command: Command, size: int) -> bytes:
        data = self._ok(command).data
        if len(data) != size:
            raise self.session.failure(command, f"{len(data)} bytes came back instead of {size}")
        return data

    def _verified(self, chain: tuple[Command, ...]) -> bool:
        *early, last = chain
        for command in early:
            self._ok(command)
        response = self.session.send(last)
        if response.ok:
            return True
        if response.sw == _VERIFY_FAILED:
            return False
        raise self._refused(last, response)

    def _pin(self, command: Command) -> None:
        response = self.session.send(command)
        if response.ok:
            return
        if response.sw & 0xFFF0 == _PIN_TRIES or response.sw == _PIN_BLOCKED:
            tries = response.sw & 0x0F if response.sw != _PIN_BLOCKED else 0
            raise PinError(command, response.sw, tries).at(
                transport=self.session.channel.name, traffic=self.session.traffic()
            )
        raise self._refused(command, response)

    def _refused(self, command: Command, response: Response) -> StatusError:
        error = StatusError(command, response.sw)
        return error.at(transport=self.session.channel.name, traffic=self.session.traffic())


def _mac_iv(algorithm: Algorithm, iv: bytes) -> bytes:
    if not algorithm.has_iv:
        raise ValueError(f"{algorithm.name} makes no MAC")
    return iv or bytes(algorithm.block_size)
