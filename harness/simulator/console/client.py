"""The `id2_client` library inside a simulated board, with everything it prints.

Symmetric key types, and the ECC keys of a PUF: version 3.1.0 cannot make an auth code with RSA on an SE.
Source: device-protocol.md a, b, c, i.1; checked line by line against the captured consoles in
    `tests/samples`.
"""

import base64
import binascii
from collections.abc import Callable

from harness.id2 import authcode, servercode
from harness.id2.hashes import HashType, digest
from harness.id2.keys import KeyType
from harness.simulator.chip.randomness import RandomSource
from harness.simulator.console.carriers import BAD_PARAMETERS, GENERIC, NOT_SUPPORTED, BoardCarrier
from harness.simulator.console.hooks import ConsoleHooks
from harness.simulator.console.log import SdkError, SdkLog

SHORT_BUFFER = -3
_RULE = "-" * 43
_CHALLENGE_BYTES = 128
_CODE_BUFFER = 256
_KM_GENERIC = "0xffff0000"
_SIGN_MOST = 128


class BoardClient:
    """One board's SDK between power up and the end of the program.

    Args:
        carrier: Where the key lives.
        log: Where everything is printed.
        key_type: Key type that the SDK was built for.
        hooks: Where a fault may change what the SDK does.
        random: Where device randoms and device challenges come from.
        built: Build date and time in the banner.
        otp: Whether field provisioning was built in.
    """

    def __init__(
        self,
        carrier: BoardCarrier,
        log: SdkLog,
        key_type: KeyType,
        *,
        hooks: ConsoleHooks,
        random: RandomSource,
        built: str,
        otp: bool,
    ) -> None:
        self._carrier = carrier
        self._log = log
        self._key_type = key_type
        self._hooks = hooks
        self._random = random
        self._built = built
        self._otp = otp
        self._inits = 0
        self._id = ""

    def init(self) -> None:
        """Start the client; a second time only counts."""
        self._print_configuration()
        self._inits += 1
        if self._inits == 1:
            try:
                self._carrier.init()
            except SdkError:
                self._log.tell_error("id2_client_init", 916, "km init fail, ffff0000.")
                raise
        else:
            self._log.tell("id2_client_init", 924, f"id2 init count, {self._inits}")
        self._log.tell("id2_client_init", 928, f"id2 irot type, {self._carrier.irot_type}")

    def cleanup(self) -> None:
        """End the client; only the last time lets the carrier go."""
        self._inits -= 1
        if self._inits:
            self._log.tell("id2_client_cleanup", 946, f"id2 init count, {self._inits}")
        else:
            self._carrier.cleanup()

    def check_provisioned(self) -> None:
        """Ask the carrier whether there is an ID."""
        if not self._otp:
            try:
                self._carrier.get_id()
            except SdkError:
                self._log.tell_error("id2_client_get_prov_stat", 750, f"km get id2 fail, {_KM_GENERIC}")
                raise
            self._log.tell("id2_client_get_prov_stat", 759, "id2 prov state: true")
        self._log.line("id2 has been provisioned")

    def get_id(self, room: int = 48) -> str:
        """Return the ID, read once and remembered."""
        if room < 48:
            self._log.tell_error("id2_client_get_id", 988, f"short buffer, {room}.")
            raise SdkError(SHORT_BUFFER)
        if not self._id:
            try:
                self._id = self._carrier.get_id()
            except SdkError:
                self._log.tell_error("id2_client_get_id", 1000, f"km get id fail, {_KM_GENERIC}.")
                raise SdkError(GENERIC) from None
            self._log.tell("id2_client_get_id", 1022, f"ID2: {self._hooks.printed_id(self._id)}")
        return self._id

    def device_challenge(self, length: int) -> str:
        """Return random hex text, 128 characters at most."""
        return self._random(_CHALLENGE_BYTES).hex().upper()[: min(length, _CHALLENGE_BYTES)]

    def auth_code(self, kind: int, random: str, extra: bytes = b"", room: int = 512) -> str:
        """Return an auth code.

        Args:
            kind: 0 challenge or 1 timestamp; 2 is added for an extra.
            random: The challenge or the timestamp.
            extra: Signed too, when there is one.
            room: Size of the caller's buffer.
        """
        if room < _CODE_BUFFER:
            self._log.tell_error("_id2_gen_auth_code", 781, f"auth code short buffer, {room} {_CODE_BUFFER}.")
            raise SdkError(SHORT_BUFFER)
        identity = self.get_id()
        device_random = self._hooks.device_random(self._random(8).hex().upper())
        message = self._hooks.signed((identity.encode(), device_random.encode(), random.encode(), extra))
        try:
            sign = self._sign(message)
        except SdkError:
            self._log.tell_error("_id2_gen_auth_code", 838, "id2 sign error.")
            raise
        number = self._hooks.code_type(kind | (2 if extra else 0))
        hash_number = self._hooks.hash_number(int(self._hash))
        return f"{number}~{hash_number}~{device_random}~{random}~{base64.b64encode(sign).decode()}"

    def get_secret(self, seed: str, room: int = 64) -> str:
        """Return the 64 hex digits of a secret."""
        if room < 64:
            self._log.tell_error("id2_client_get_secret", 1462, f"short buffer, {room}.")
            raise SdkError(SHORT_BUFFER)
        self._log.tell("id2_client_get_secret", 1467, f"seed: {seed}")
        self._require_symmetric("id2_client_get_secret", 1472)
        try:
            return digest(self._hash, self._sign(seed.encode())).hex().upper()
        except SdkError:
            self._log.tell_error("id2_client_get_secret", 1480, "id2 sign fail, -1.")
            raise

    def derive_key(self, seed: str, size: int) -> bytes:
        """Return a derived key."""
        self._log.tell("id2_client_derive_key", 1535, f"seed: {seed or 'NULL'}")
        self._require_symmetric("id2_client_derive_key", 1540)
        try:
            return digest(self._hash, self._sign((self.get_id() + seed).encode()))[:size]
        except SdkError:
            self._log.tell_error("id2_client_derive_key", 1566, "id2 sign fail, -1.")
            raise

    def decrypt(self, cipher: bytes) -> bytes:
        """Decrypt and take the padding off."""
        if not self._key_type.symmetric:
            return self._asymmetric(
                lambda: self._carrier.open(cipher), ("_id2_asym_decrypt", 384), "km_asym_decrypt"
            )
        try:
            return self._unpad(self._cipher(cipher, encrypt=False))
        except SdkError as error:
            self._log.tell_error("id2_client_decrypt", 1224, f"id2 sym decrypt fail, {error.code}")
            raise

    def verify_server(self, code: str, device_random: str, extra: bytes) -> None:
        """Check a code of the server, as far and in the order that the SDK does."""
        kind, _, rest = code.partition("~")
        if kind not in ("10", "11"):
            raise self._refused(1362, "invalid auth code type.")
        hash_number, _, rest = rest.partition("~")
        if hash_number != str(int(self._hash)):
            raise self._refused(1374, f"invalid hash type, {hash_number[:1]}.")
        given, tilde, sign_text = rest.partition("~")
        if not tilde:
            raise self._refused(1382, "auth code format error.")
        if len(given) != len(device_random):
            raise self._refused(1389, f"device random length mismatch, {len(device_random)} {len(given)}.")
        if given != device_random:
            raise self._refused(1394, "device random mismatch.")
        message = servercode.message(self.get_id(), device_random, extra if kind == "11" else b"")
        try:
            sign = base64.b64decode(sign_text, validate=True)
        except (binascii.Error, ValueError):
            raise self._refused(1430, "id2_plat_base64_decode fail") from None
        if self._sign(message) == sign:
            return
        self._log.tell_error("_id2_verify", 268, "signature compare error.")
        if self._hooks.checks_server_code:
            raise self._refused(1437, "id2 verify signature fail, -1")

    @property
    def _hash(self) -> HashType:
        return self._key_type.hash

    def _refused(self, number: int, text: str) -> SdkError:
        self._log.tell_error("id2_client_verify_server", number, text)
        return SdkError(GENERIC)

    def _require_symmetric(self, function: str, number: int) -> None:
        if not self._key_type.symmetric:
            self._log.tell(function, number, "not support id2 asymmetric key type")
            raise SdkError(NOT_SUPPORTED)

    def _asymmetric(self, call: Callable[[], bytes], place: tuple[str, int], what: str) -> bytes:
        try:
            return call()
        except SdkError:
            self._log.tell_error(*place, f"{what} fail, {_KM_GENERIC}")
            raise SdkError(GENERIC) from None

    def _sign(self, message: bytes) -> bytes:
        if not self._key_type.symmetric:
            return self._asymmetric(lambda: self._carrier.sign(message), ("_id2_sign", 408), "km msg sign")
        data = authcode.sign_input(self._key_type, message)
        try:
            return self._cipher(self._hooks.sign_input(data, self._key_type.block_size), encrypt=True)[
                :_SIGN_MOST
            ]
        except SdkError:
            self._log.tell_error("_id2_sign", 236, "id2 sym cipher fail, -1.")
            raise

    def _cipher(self, data: bytes, *, encrypt: bool) -> bytes:
        block = self._key_type.block_size
        if len(data) % block:
            self._log.tell_error("_id2_sym_cipher", 148, f"invalid input length, {len(data)}.")
            raise SdkError(BAD_PARAMETERS)
        try:
            result = self._carrier.cipher(data, encrypt=encrypt)
        except SdkError:
            self._log.tell_error("_id2_sym_cipher", 160, f"km cipher error, {_KM_GENERIC}.")
            raise SdkError(GENERIC) from None
        if len(result) < block or len(result) % block:
            self._log.tell_error("_id2_sym_cipher", 165, f"invalid output length, {len(result)}.")
            raise SdkError(GENERIC)
        return result

    def _unpad(self, plain: bytes) -> bytes:
        """Take the padding off; version 3.1.0 lets a last byte of 00 pass."""
        count = plain[-1]
        if self._hooks.checks_padding:
            if count > self._key_type.block_size:
                self._log.tell_error("_id2_sym_cipher", 178, f"invalid pkcs5 padding, {count}")
                raise SdkError(GENERIC)
            if count and not plain.endswith(bytes((count,)) * count):
                self._log.tell_error("_id2_sym_cipher", 184, "id2 pkcs5 unpadding fail.")
                raise SdkError(GENERIC)
        return plain[: len(plain) - count]

    def _print_configuration(self) -> None:
        log = self._log
        log.line("ID2 Client Version: 0x00030100")
        log.line(f"ID2 Client Build Time: {self._built}")
        log.line(_RULE)
        log.line("CONFIG_ID2_DEBUG is not defined!")
        log.line(f"CONFIG_ID2_OTP is {'' if self._otp else 'not '}defined!")
        log.line(f"CONFIG_ID2_KEY_TYPE: ID2_KEY_TYPE_{self._key_type.family}")
        log.line(_RULE)
