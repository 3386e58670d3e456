"""The `id2_client` inside a simulated module, with the limits and result codes of version 3.1.0.

What the vendor's SDK does wrong is not in it: padding 00 is refused, and an extra is signed whole.
Source: device-protocol.md a.2, a.4, b, c.
"""

import base64
import threading
from collections.abc import Callable
from typing import TypeVar

from harness.errors import UsageError
from harness.id2 import ciphers, otp, secrets, servercode
from harness.id2.codes import ResultCode
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.id2.signing import sign
from harness.simulator.chip.randomness import RandomSource, system_random
from harness.simulator.module.hooks import ModuleHooks

VERSION = 0x00030100
"""Version that the module tells, 0x00MMmmpp."""

_CRYPT_MAX = 1024
_SEED_MAX = 128
_DERIVED_MAX = 32
_DEVICE_RANDOM_MAX = 128
_DEVICE_CHALLENGE_MAX = 128
_EXTRA_MAX = 512
_OTP_DATA_MAX = 1024
_DERIVING = ("3DES", "AES", "SM4")
_WITH_EXTRA = 2

_Value = TypeVar("_Value")


class Refused(Exception):  # noqa: N818 - an answer, which is no error of the simulator
    """The client refuses a call.

    Attributes:
        code: The result code of the API.
    """

    def __init__(self, code: ResultCode) -> None:
        super().__init__(code.name)
        self.code = code


class Module:
    """A module: its ID and key, and what all of its connections share.

    Args:
        identity: ID and key; None for one that is not provisioned.
        random: Where device randoms come from.
        hooks: Where a fault may change what it does.
        fingerprint: The device id by which it is provisioned.

    Raises:
        UsageError: The key is of a type that nobody outside can compute with.
    """

    def __init__(
        self,
        identity: tuple[str, Key] | None,
        *,
        random: RandomSource = system_random,
        hooks: ModuleHooks | None = None,
        fingerprint: bytes = b"simulated module",
    ) -> None:
        if identity is not None and identity[1].key_type is KeyType.SM1_128:
            raise UsageError(
                "a simulated module cannot hold a key of type sm1-128: the cipher is secret",
                hint="take sm4-128",
            )
        self.identity = identity
        self.random = random
        self.hooks = hooks or ModuleHooks()
        self.fingerprint = fingerprint
        self.session_key = b""
        self.inits = 0
        self.lock = threading.RLock()
        self.busy = threading.Lock()

    @property
    def description(self) -> str:
        """What a report says this is."""
        if self.identity is None:
            return "simulated module without an ID"
        id_text, key = self.identity
        return f"simulated module, {key.key_type}, ID {id_text}"


class ModuleClient:
    """The client of one connection.

    Args:
        module: The module.
    """

    def __init__(self, module: Module) -> None:
        self._module = module
        self._own = 0

    # ---- life
    def init(self) -> None:
        """Start; counted."""
        with self._module.lock:
            self._inits = self._inits + 1

    def cleanup(self) -> None:
        """End one start; does nothing when there was none."""
        with self._module.lock:
            self._inits = max(0, self._inits - 1)

    @property
    def _inits(self) -> int:
        return self._own if self._module.hooks.counts_apart else self._module.inits

    @_inits.setter
    def _inits(self, value: int) -> None:
        if self._module.hooks.counts_apart:
            self._own = value
        else:
            self._module.inits = value

    # ---- the API
    def get_version(self) -> int:
        """Return 3.1.0."""
        self._require_init()
        return VERSION

    def get_id(self) -> bytes:
        """Return the ID as text."""
        id_text, _ = self._identity()
        return self._module.hooks.told_id(id_text).encode()

    def auth_code(self, kind: int, random: bytes, extra: bytes) -> bytes:
        """Return an auth code.

        Args:
            kind: 0 challenge or 1 timestamp; 2 is added for an extra.
            random: The challenge or the timestamp.
            extra: Signed too; empty for none.
        """
        module, hooks = self._module, self._module.hooks
        self._require_init()
        _require(1 <= len(random) <= hooks.challenge_max, ResultCode.BAD_PARAMETERS)
        _require(len(extra) <= hooks.extra_max, ResultCode.EXCESS_DATA)
        id_text, key = self._identity()
        device_random = hooks.device_random(module.random(8).hex().upper()).encode()
        message = id_text.encode() + device_random + random + hooks.signed_extra(extra)
        number = hooks.code_type(kind + (_WITH_EXTRA if extra else 0))
        head = f"{number}~{int(key.key_type.hash)}~".encode()
        signature = base64.b64encode(_computed(lambda: sign(key, message)))
        return head + device_random + b"~" + random + b"~" + signature

    def decrypt(self, cipher: bytes) -> bytes:
        """Decrypt, and take the padding off."""
        self._require_init()
        _require(bool(cipher), ResultCode.BAD_PARAMETERS)
        _require(len(cipher) <= _CRYPT_MAX, ResultCode.EXCESS_DATA)
        _, key = self._identity()
        _require(key.key_type.symmetric, ResultCode.NOT_SUPPORTED)
        _require(len(cipher) % key.key_type.block_size == 0, ResultCode.BAD_PARAMETERS)
        opened = ciphers.ecb_decrypt(key, cipher)
        if not self._module.hooks.checks_padding:
            return opened[: -opened[-1]] if 0 < opened[-1] <= len(opened) else opened
        return _computed(lambda: ciphers.unpad(opened, key.key_type.block_size))

    def encrypt(self, plain: bytes, seed: bytes) -> bytes:
        """Encrypt under a key that is derived."""
        self._require_init()
        _require(bool(plain), ResultCode.BAD_PARAMETERS)
        _require(len(plain) <= _CRYPT_MAX and len(seed) <= _SEED_MAX, ResultCode.EXCESS_DATA)
        id_text, key = self._identity()
        _require(key.key_type.family in {"AES", "SM4"}, ResultCode.NOT_SUPPORTED)
        return _computed(lambda: secrets.encrypt(key, id_text, _text(seed), plain))

    def get_device_challenge(self, length: int) -> bytes:
        """Return random upper-case hex text, 128 characters at most."""
        self._require_init()
        _require(length > 0, ResultCode.BAD_PARAMETERS)
        most = min(length, _DEVICE_CHALLENGE_MAX)
        return self._module.random(most).hex().upper()[:most].encode()

    def verify_server(self, code: bytes, device_random: bytes, extra: bytes) -> None:
        """Check a code of the service."""
        self._require_init()
        _require(bool(code) and bool(device_random), ResultCode.BAD_PARAMETERS)
        _require(
            len(device_random) <= _DEVICE_RANDOM_MAX and len(extra) <= _EXTRA_MAX, ResultCode.EXCESS_DATA
        )
        id_text, key = self._identity()
        _require(key.key_type.symmetric, ResultCode.NOT_SUPPORTED)
        if not self._module.hooks.checks_server_code:
            return
        problems = _computed(
            lambda: servercode.check(
                _text(code),
                id2=id_text,
                key=key,
                device_random=_text(device_random),
                server_extra=extra,
            )
        )
        _require(not problems, ResultCode.GENERIC)

    def get_secret(self, seed: bytes) -> bytes:
        """Return 64 hex digits that follow from key and seed."""
        self._require_init()
        _require(bool(seed), ResultCode.BAD_PARAMETERS)
        _require(len(seed) <= _SEED_MAX, ResultCode.EXCESS_DATA)
        _, key = self._identity()
        _require(key.key_type.family in _DERIVING, ResultCode.NOT_SUPPORTED)
        return _computed(lambda: secrets.get_secret(key, _text(seed))).encode()

    def derive_key(self, seed: bytes, length: int) -> bytes:
        """Return a key that follows from key, ID and seed."""
        self._require_init()
        _require(1 <= length <= _DERIVED_MAX, ResultCode.BAD_PARAMETERS)
        _require(len(seed) <= _SEED_MAX, ResultCode.EXCESS_DATA)
        id_text, key = self._identity()
        _require(key.key_type.family in _DERIVING, ResultCode.NOT_SUPPORTED)
        return _computed(lambda: secrets.derive_key(key, id_text, _text(seed), length))

    def get_prov_stat(self) -> bool:
        """Tell whether there is an ID and a key."""
        self._require_init()
        return self._module.identity is not None

    def get_otp_auth_code(self, token: bytes) -> bytes:
        """Return the binary code that asks the service for an ID."""
        self._require_init()
        module = self._module
        try:
            read = otp.parse_token(token.decode("latin-1"))
        except Id2Error:
            raise Refused(ResultCode.BAD_PARAMETERS) from None
        session_key = module.random(otp.SESSION_KEY_SIZE)
        code = _computed(lambda: otp.build_device_code(read, session_key, module.fingerprint))
        module.session_key = session_key
        return code.data

    def load_otp_data(self, data: bytes) -> None:
        """Store ID and key from the service's answer."""
        self._require_init()
        _require(bool(data), ResultCode.BAD_PARAMETERS)
        _require(len(data) <= _OTP_DATA_MAX, ResultCode.EXCESS_DATA)
        module = self._module
        read = _computed(lambda: otp.parse_data(data))
        key = _computed(lambda: otp.open_data(read, module.session_key))
        with module.lock:
            module.identity = (read.id2, key)

    def _identity(self) -> tuple[str, Key]:
        self._require_init()
        identity = self._module.identity
        if identity is None:
            raise Refused(ResultCode.ITEM_NOT_FOUND)
        return identity[0], self._module.hooks.key(identity[1])

    def _require_init(self) -> None:
        _require(self._inits > 0 or not self._module.hooks.needs_init, ResultCode.GENERIC)


def _require(holds: bool, otherwise: ResultCode) -> None:
    if not holds:
        raise Refused(otherwise)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Refused(ResultCode.BAD_PARAMETERS) from None


def _computed(compute: Callable[[], _Value]) -> _Value:
    """Return what is computed; what ID² does not allow gives -1, as in the SDK."""
    try:
        return compute()
    except Id2Error:
        raise Refused(ResultCode.GENERIC) from None
