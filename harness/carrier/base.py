"""The functions of the ID² client API, which every carrier has, wherever its key lives.

Scenarios call these functions, whatever the carrier is (a chip, a module, a probe in a firmware), and get the API's
result codes as `CarrierError`. A function that a class leaves out cannot be called on its carrier; `offered_by` says
which ones can, and requirements ask for them (`client=decrypt`).
Source: device-protocol.md a.2, a.3.
"""

# ruff: noqa: ARG002  a default implementation refuses whatever it is given

import functools
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import IntEnum
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self

from harness.errors import ToolError

if TYPE_CHECKING:
    from harness.id2.kpm import KeyInfo


class AuthMode(IntEnum):
    """How a KPM code is bound to the service."""

    CHALLENGE = 0
    TIMESTAMP = 1


class CipherSuite(IntEnum):
    """Ciphers for business keys."""

    AES_ECB = 101
    AES_CBC = 102
    SM4_ECB = 103
    SM4_CBC = 104


class KpmKeyType(IntEnum):
    """Kinds of business keys, as `kpm_get_key_type` says them."""

    AES = 81
    SM4 = 82
    SM2 = 83
    RSA = 84


def _told_before(decrypt: Callable[["Carrier", bytes], bytes]) -> Callable[["Carrier", bytes], bytes]:
    """Return `decrypt` of a class, which tells its carrier's `on_decrypt` first."""

    @functools.wraps(decrypt)
    def telling(carrier: "Carrier", cipher: bytes) -> bytes:
        carrier.on_decrypt(cipher)
        return decrypt(carrier, cipher)

    return telling


class Carrier(ABC):
    """The ID² client API.

    Invariants:
        * Every function before `init`, or after as many `cleanup` as `init`, gives -1; `cleanup` never fails.
        * `extra` and `server_extra`: None means none, which is not the same as b"" (the API refuses a pointer
          with length 0 with -4).
        * Texts are ASCII without a closing NUL; keys and ciphertexts are raw bytes.
        * Every function may raise, beside `CarrierError`, the errors of what lies below: `BenchError` when
          nothing is heard, another `DeviceError` when frames or lines are broken.
        * A function that is left out raises `ToolError`: that the harness cannot call it says nothing of the device.

    Attributes:
        on_decrypt: Called with the ciphertext before each `decrypt`, whatever the class: what comes back for it is
            known to who has the key, and no secret of the device.
    """

    on_decrypt: Callable[[bytes], None] = staticmethod(lambda _: None)

    def __init__(self, name: str) -> None:
        self.name = name

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "decrypt" in vars(cls):
            cls.decrypt = _told_before(cls.decrypt)  # type: ignore[method-assign,assignment]

    @abstractmethod
    def init(self) -> None:
        """Start; counted, so that N calls need N of `cleanup`."""

    @abstractmethod
    def cleanup(self) -> None:
        """End one `init`; does nothing when there was none."""

    @abstractmethod
    def get_version(self) -> int:
        """Return the client's version as 0x00MMmmpp."""

    @abstractmethod
    def get_id(self) -> str:
        """Return the ID as text; -11 when the device has none."""

    @abstractmethod
    def get_challenge_auth_code(self, challenge: str, extra: bytes | None = None) -> str:
        """Return an auth code over a server challenge.

        Args:
            challenge: 1 to 32 characters, else -2.
            extra: 1 to 512 bytes that are signed along, else -4; None for none.
        """

    @abstractmethod
    def get_timestamp_auth_code(self, timestamp: str, extra: bytes | None = None) -> str:
        """Return an auth code over a time.

        Args:
            timestamp: Milliseconds since 1970 in decimal, 1 to 32 characters, else -2.
            extra: 1 to 512 bytes that are signed along, else -4; None for none.
        """

    def decrypt(self, cipher: bytes) -> bytes:
        """Decrypt under the ID² key and take the padding off.

        Args:
            cipher: 1 to 1024 bytes, else -2 for none and -4 for more; whole blocks, else -2. Wrong padding
                gives -1.
        """
        self._refuse("decrypt")

    def encrypt(self, plain: bytes, seed: str = "") -> bytes:
        """Pad and encrypt under a key that is derived from the ID² key and `seed`.

        Args:
            plain: 1 to 1024 bytes, else -2 for none and -4 for more.
            seed: 0 to 128 characters, else -4.
        """
        self._refuse("encrypt")

    def get_device_challenge(self, length: int) -> str:
        """Return random upper-case hex text for the service to sign.

        Args:
            length: How many characters; 0 gives -2, above 128 gives 128.
        """
        self._refuse("get_device_challenge")

    def verify_server(self, auth_code: str, device_random: str, server_extra: bytes | None = None) -> None:
        """Check a code of the service; -1 when it is not right.

        Args:
            auth_code: Type 10, or 11 with server extra.
            device_random: The device challenge it must answer, 1 to 128 characters, else -2 or -4.
            server_extra: 1 to 512 bytes, else -4; None for none.
        """
        self._refuse("verify_server")

    def get_secret(self, seed: str) -> str:
        """Return 64 upper-case hex digits that depend on key and seed.

        Args:
            seed: 1 to 128 characters, else -2 for none and -4 for more.
        """
        self._refuse("get_secret")

    def derive_key(self, seed: str, length: int) -> bytes:
        """Return a key that depends on key, ID and seed.

        Args:
            seed: 0 to 128 characters, else -4.
            length: 1 to 32 bytes, else -2.
        """
        self._refuse("derive_key")

    def get_prov_stat(self) -> bool:
        """Return whether the device has an ID and a key."""
        self._refuse("get_prov_stat")

    def get_otp_auth_code(self, token: bytes) -> bytes:
        """Return the binary code that asks the service for an ID.

        Args:
            token: At least 32 ASCII characters.
        """
        self._refuse("get_otp_auth_code")

    def load_otp_data(self, data: bytes) -> None:
        """Store ID and key from the service's answer.

        Args:
            data: At most 1024 bytes.
        """
        self._refuse("load_otp_data")

    def kpm_get_prov_stat(self, index: int) -> bool:
        """Return whether business key `index` is stored; index 0, the ID² key, gives -8."""
        self._refuse("kpm_get_prov_stat")

    def kpm_get_key_type(self, index: int) -> KpmKeyType:
        """Return the kind of business key `index`."""
        self._refuse("kpm_get_key_type")

    def kpm_get_auth_code(self, index: int, info: "KeyInfo", mode: AuthMode, random: str) -> str:
        """Return the base64 code that asks the service for a business key.

        Args:
            index: Where it shall be stored; 0, the ID² key, gives -8.
            info: What kind of key.
            mode: Whether `random` is a challenge or a timestamp.
            random: 1 to 32 characters, else -2.
        """
        self._refuse("kpm_get_auth_code")

    def kpm_import_key(self, index: int, data: str) -> None:
        """Store a business key from the service's base64 answer; -8 when `index` is taken."""
        self._refuse("kpm_import_key")

    def kpm_delete_key(self, index: int) -> None:
        """Delete a business key."""
        self._refuse("kpm_delete_key")

    def kpm_export_pub_key(self, index: int) -> str:
        """Return the public half of an asymmetric business key as base64."""
        self._refuse("kpm_export_pub_key")

    def kpm_encrypt(
        self, index: int, suite: CipherSuite, data: bytes, *, pad: bool = True, iv: bytes = b""
    ) -> bytes:
        """Encrypt under a business key; `pad` puts PKCS#5 padding on."""
        self._refuse("kpm_encrypt")

    def kpm_decrypt(
        self, index: int, suite: CipherSuite, data: bytes, *, pad: bool = True, iv: bytes = b""
    ) -> bytes:
        """Decrypt under a business key; `pad` takes PKCS#5 padding off."""
        self._refuse("kpm_decrypt")

    def kpm_sign(self, index: int, message: bytes) -> bytes:
        """Sign with a business key; the SDK has only a stub, which gives -8."""
        self._refuse("kpm_sign")

    def kpm_verify(self, index: int, message: bytes, signature: bytes) -> None:
        """Check a signature of a business key; the SDK has only a stub, which gives -8."""
        self._refuse("kpm_verify")

    def dpm_get_totp(self, timestamp: int, index: int, step: int = 180, length: int = 12) -> str:
        """Return a time-based password.

        Args:
            timestamp: Seconds since 1970, not 0.
            index: 0 to 99.
            step: Seconds that a password is valid, 180 to 1800; 0 means 180.
            length: 6 to 16 digits.
        """
        self._refuse("dpm_get_totp")

    def dpm_get_index(self, password: str) -> int:
        """Return the index that a time-based password hides."""
        self._refuse("dpm_get_index")

    def _refuse(self, operation: str) -> NoReturn:
        raise ToolError(
            f"the carrier {self.name!r} cannot call {operation}",
            hint=f"let the requirement of the scenario ask for client={operation}",
        )

    def __enter__(self) -> Self:
        self.init()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cleanup()


OPTIONAL_FUNCTIONS: tuple[str, ...] = tuple(
    name
    for name, member in vars(Carrier).items()
    if inspect.isfunction(member)
    and not name.startswith("_")
    and not getattr(member, "__isabstractmethod__", False)
)
"""Functions of the API that a carrier may leave out, by their names without `id2_client_`."""


def offered_by(carrier: type[Carrier]) -> tuple[str, ...]:
    """Return the optional functions that a class of carriers has, in the order of the API."""
    return tuple(name for name in OPTIONAL_FUNCTIONS if getattr(carrier, name) is not getattr(Carrier, name))
