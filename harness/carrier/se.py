"""The SE carrier: the harness plays the SDK on top of a secure element.

It is exact where the vendor's SDK 3.1 is not: padding 00 is refused, NUL bytes in extra are signed as they
are, RSA and SM2 keys work. `like_sdk` brings the first two defects back, for comparison with a device that
has them.
Source: device-protocol.md a, b, c, k.
"""

import secrets as system_random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from harness.carrier import limits
from harness.carrier.base import AuthMode, Carrier
from harness.carrier.errors import CarrierError
from harness.carrier.se_key import asymmetric_decrypter, block_decrypter, signer_of
from harness.chip.carrier_chip import CarrierChip
from harness.chip.errors import AnswerError, StatusError
from harness.id2 import authcode, ciphers, derive, devicechallenge, ids, kpm, servercode, totp
from harness.id2.codes import ResultCode, StatusWord
from harness.id2.errors import Id2Error
from harness.id2.keys import KeyType
from harness.id2.kpm import KeyInfo

SDK_VERSION = 0x00030100
"""The version of the SDK that this carrier stands for, 0x00MMmmpp."""

RandomSource = Callable[[int], bytes]

_RANDOM_BYTES = 8  # two 32-bit words in every auth code
_CHALLENGE_BYTES = 128
_NO_ID = frozenset((StatusWord.KEY_NOT_FOUND, StatusWord.FILE_NOT_FOUND, StatusWord.RECORD_NOT_FOUND))
_DERIVING = ("3DES", "AES", "SM4")


class SeCarrier(Carrier):
    """The ID² client API on a secure element.

    The chip's session is opened and closed by its owner; `init` only starts the chip (SELECT).

    Args:
        chip: The chip; its session must be open before `init`.
        key_type: Type of the ID² key inside.
        random: Gives as many random bytes as asked for; the system's by default.
        like_sdk: Repeat the SDK's defects with padding 00 and with NUL bytes in extra.

    Raises:
        UsageError: an asymmetric key type on a command set that signs nothing.
    """

    def __init__(
        self,
        chip: CarrierChip,
        key_type: KeyType,
        *,
        random: RandomSource = system_random.token_bytes,
        like_sdk: bool = False,
    ) -> None:
        super().__init__("se")
        self.key_type = key_type
        self._chip = chip
        self._random = random
        self._like_sdk = like_sdk
        self._sign = signer_of(chip, key_type)
        self._inits = 0
        self._id = ""

    def init(self) -> None:
        """Start the chip at the first call; further calls are counted."""
        if self._inits == 0:
            with self._as_result("init"):
                self._chip.start()
            self._id = ""
        self._inits += 1

    def cleanup(self) -> None:
        """Take back one `init`."""
        self._inits = max(0, self._inits - 1)

    def get_version(self) -> int:
        """Return `SDK_VERSION`."""
        self._require_init("get_version")
        return SDK_VERSION

    def get_id(self) -> str:
        """Return the ID; read from the chip once after `init`."""
        self._require_init("get_id")
        if not self._id:
            self._id = self._read_id("get_id")
        return self._id

    def get_challenge_auth_code(self, challenge: str, extra: bytes | None = None) -> str:
        """Build a code of type 0 or 2."""
        return self._auth_code("get_challenge_auth_code", AuthMode.CHALLENGE, challenge, extra)

    def get_timestamp_auth_code(self, timestamp: str, extra: bytes | None = None) -> str:
        """Build a code of type 1 or 3."""
        return self._auth_code("get_timestamp_auth_code", AuthMode.TIMESTAMP, timestamp, extra)

    def decrypt(self, cipher: bytes) -> bytes:
        """Decrypt in the chip; padding is taken off here for symmetric keys, by the chip for RSA."""
        operation = "decrypt"
        self._require_init(operation)
        limits.check_crypt(operation, "ciphertext", cipher, block=self.key_type.block_size)
        if not self.key_type.symmetric:
            opener = asymmetric_decrypter(self._chip, self.key_type)
            if opener is None:
                raise self._unsupported(operation)
            with self._as_result(operation):
                return opener(cipher)
        if len(cipher) > self._chip.largest_data:
            raise CarrierError(
                operation,
                ResultCode.GENERIC,
                f"the chip's command set decrypts at most {self._chip.largest_data} bytes, not {len(cipher)}",
            )
        with self._as_result(operation):
            padded = block_decrypter(self._chip, self.key_type)(cipher)
        unpad = ciphers.unpad_like_sdk if self._like_sdk else ciphers.unpad
        with self._as_result(operation):
            return unpad(padded, self.key_type.block_size)

    def encrypt(self, plain: bytes, seed: str = "") -> bytes:
        """Encrypt here, under a key that the chip's signature gives; AES and SM4 only."""
        operation = "encrypt"
        self._require_init(operation)
        if not plain:
            raise CarrierError(operation, ResultCode.BAD_PARAMETERS, "the plaintext is empty")
        limits.check_seed(operation, seed, may_be_empty=True)
        limits.check_crypt(operation, "plaintext", plain)
        if self.key_type.family not in ("AES", "SM4"):
            raise self._unsupported(operation)
        device = self.get_id()
        with self._as_result(operation):
            return derive.encrypt(self._sign, self.key_type, device, seed, plain)

    def get_device_challenge(self, length: int) -> str:
        """Return random upper-case hex text, at most 128 characters."""
        operation = "get_device_challenge"
        self._require_init(operation)
        if length < 1:
            raise CarrierError(operation, ResultCode.BAD_PARAMETERS, f"{length} characters were asked for")
        return devicechallenge.from_random(self._random(_CHALLENGE_BYTES), length)

    def verify_server(self, auth_code: str, device_random: str, server_extra: bytes | None = None) -> None:
        """Check a code of the service by letting the chip sign the same message."""
        operation = "verify_server"
        self._require_init(operation)
        if not auth_code:
            raise CarrierError(operation, ResultCode.BAD_PARAMETERS, "the auth code is empty")
        limits.check_device_random(operation, device_random)
        limits.check_extra(operation, "server extra", server_extra)
        if not self.key_type.symmetric:
            raise self._unsupported(operation)
        extra = server_extra or b""
        for problem in servercode.check(
            auth_code, key_type=self.key_type, device_random=device_random, server_extra=extra
        ):
            raise CarrierError(operation, ResultCode.GENERIC, f"server code: {problem}")
        code = authcode.parse(auth_code)
        if code.type.with_extra is not bool(extra):
            raise CarrierError(
                operation, ResultCode.GENERIC, f"type {code.type.value} does not go with this extra"
            )
        device = self.get_id()
        with self._as_result(operation):
            expected = self._sign(servercode.message(device, device_random, extra))
        if code.sign != expected:
            raise CarrierError(
                operation, ResultCode.GENERIC, "server code: the signature is not that of this device"
            )

    def get_secret(self, seed: str) -> str:
        """Hash the chip's signature over the seed."""
        operation = "get_secret"
        self._require_init(operation)
        limits.check_seed(operation, seed, may_be_empty=False)
        self._require_deriving(operation)
        with self._as_result(operation):
            return derive.get_secret(self._sign, self.key_type, seed)

    def derive_key(self, seed: str, length: int) -> bytes:
        """Hash the chip's signature over ID and seed."""
        operation = "derive_key"
        self._require_init(operation)
        limits.check_key_length(operation, length)
        limits.check_seed(operation, seed, may_be_empty=True)
        self._require_deriving(operation)
        device = self.get_id()
        with self._as_result(operation):
            return derive.derive_key(self._sign, self.key_type, device, seed, length)

    def get_prov_stat(self) -> bool:
        """Ask the chip for its ID, anew; False when it says that there is none."""
        operation = "get_prov_stat"
        self._require_init(operation)
        try:
            self._read_id(operation)
        except CarrierError as error:
            if error.result is ResultCode.ITEM_NOT_FOUND:
                return False
            raise
        return True

    def kpm_get_auth_code(self, index: int, info: KeyInfo, mode: AuthMode, random: str) -> str:
        """Wrap an auth code without extra; this is all that the SDK's SE carrier can do of KPM."""
        operation = "kpm_get_auth_code"
        self._require_init(operation)
        if index == kpm.ID2_INDEX:
            raise CarrierError(operation, ResultCode.NOT_SUPPORTED, "key index 0 is the ID² key")
        code = authcode.parse(self._auth_code(operation, mode, random, None))
        try:
            return kpm.build_code(self.get_id(), index, info, code).text
        except Id2Error as problem:
            raise CarrierError(operation, ResultCode.BAD_PARAMETERS, str(problem)) from problem

    def dpm_get_totp(self, timestamp: int, index: int, step: int = 180, length: int = 12) -> str:
        """Build a password from the secret whose seed is the ID."""
        operation = "dpm_get_totp"
        self._require_init(operation)
        try:  # the API checks all arguments before it asks the chip for anything
            totp.build_from_secret("0" * 64, timestamp=timestamp, index=index, step=step, length=length)
        except Id2Error as problem:
            raise CarrierError(operation, ResultCode.BAD_PARAMETERS, str(problem)) from problem
        secret = self.get_secret(self.get_id())
        return totp.build_from_secret(secret, timestamp=timestamp, index=index, step=step, length=length)

    def dpm_get_index(self, password: str) -> int:
        """Take the index out of a password."""
        operation = "dpm_get_index"
        self._require_init(operation)
        try:
            return totp.recover_index(password)
        except Id2Error as problem:
            raise CarrierError(operation, ResultCode.BAD_PARAMETERS, str(problem)) from problem

    def _refuse(self, operation: str) -> NoReturn:
        """Answer as the stubs of the SDK's SE carrier do."""
        raise CarrierError(
            operation, ResultCode.NOT_SUPPORTED, "the SDK does not offer this function on a secure element"
        )

    def _auth_code(self, operation: str, mode: AuthMode, random: str, extra: bytes | None) -> str:
        self._require_init(operation)
        what = mode.name.lower()
        limits.check_random(operation, what, random)
        limits.check_extra(operation, "extra", extra)
        device = self.get_id()
        device_random = self._random(_RANDOM_BYTES).hex().upper()
        signed = extra or b""
        if self._like_sdk and b"\x00" in signed:
            signed = signed[: signed.index(0)].ljust(len(signed), b"\x00")
        with self._as_result(operation):
            code = authcode.build_with(
                self._sign,
                self.key_type.hash,
                device,
                challenge=random if mode is AuthMode.CHALLENGE else None,
                timestamp=random if mode is AuthMode.TIMESTAMP else None,
                extra=signed,
                device_random=device_random,
            )
        return code.text

    def _read_id(self, operation: str) -> str:
        with self._as_result(operation):
            return ids.from_chip(self._chip.get_id().id_bytes)

    def _require_init(self, operation: str) -> None:
        if self._inits == 0:
            raise CarrierError(operation, ResultCode.GENERIC, "init was not called", hint="Call init first.")

    def _require_deriving(self, operation: str) -> None:
        if self.key_type.family not in _DERIVING:
            raise self._unsupported(operation)

    def _unsupported(self, operation: str) -> CarrierError:
        return CarrierError(operation, ResultCode.NOT_SUPPORTED, f"not with key type {self.key_type}")

    @contextmanager
    def _as_result(self, operation: str) -> Iterator[None]:
        """Turn what the chip did wrong into the result code that the SDK gives for it.

        The SDK says -1 for every status word but 9000; we keep the words of the chip's own error. That a chip
        without an ID is recognised by its status word (-11) is ours.
        """
        try:
            yield
        except (StatusError, AnswerError) as error:
            missing = isinstance(error, StatusError) and error.status in _NO_ID
            code = (
                ResultCode.ITEM_NOT_FOUND if missing and operation in _ASKING_FOR_ID else ResultCode.GENERIC
            )
            raise CarrierError(
                operation,
                code,
                error.message,
                hint=error.hint,
                transport=error.transport,
                traffic=error.traffic,
            ) from error
        except Id2Error as problem:
            raise CarrierError(operation, ResultCode.GENERIC, str(problem)) from problem


_ASKING_FOR_ID = ("get_id", "get_prov_stat")
