"""The ID² client API in a firmware, called through its probe.

Arguments go over unchecked: the limits are what scenarios want to see the device keep. Buffers are offered as large as
any sound device asks for. Source: docs/probe-protocol.md, device-protocol.md a.
"""

from enum import IntEnum
from typing import TypeVar

from harness.carrier.base import AuthMode, Carrier, CipherSuite, KpmKeyType
from harness.carrier.errors import CarrierError
from harness.errors import DeviceError
from harness.id2.kpm import KeyInfo
from harness.probe.link import NULL, Answer, Null, ProbeLink
from harness.probe.secrecy import text_of
from harness.transport.printable import safe_bytes

_ID = 64  # bytes; the SDK insists on 48
_CODE = 512
_SECRET = 128
_BLOCK = 16
_LONGEST = 1024  # bytes that the API takes at most
_NO_PADDING, _PKCS5 = 0, 2  # of the HAL. Source: device-protocol.md e.1
_SHOWN = 80  # bytes of an answer in a message

_Number = TypeVar("_Number", bound=IntEnum)


class ProbeCarrier(Carrier):
    """The client of a board's firmware; each function is one call of the probe."""

    def __init__(self, link: ProbeLink) -> None:
        super().__init__("probe")
        self._link = link

    def init(self) -> None:
        """Start the client."""
        self._call("init", "ini")

    def cleanup(self) -> None:
        """End one start of the client."""
        self._call("cleanup", "cln")

    def get_version(self) -> int:
        """Return what the device answers."""
        return self._number("get_version", "ver", out=4)

    def get_id(self) -> str:
        """Return what the device answers, whatever its form."""
        return self._text("get_id", self._call("get_id", "gid", out=_ID))

    def get_challenge_auth_code(self, challenge: str, extra: bytes | None = None) -> str:
        """Return what the device answers."""
        return self._auth_code("get_challenge_auth_code", "cac", challenge, extra)

    def get_timestamp_auth_code(self, timestamp: str, extra: bytes | None = None) -> str:
        """Return what the device answers."""
        return self._auth_code("get_timestamp_auth_code", "tac", timestamp, extra)

    def decrypt(self, cipher: bytes) -> bytes:
        """Return what the device answers."""
        return self._call("decrypt", "dec", a=cipher, out=_LONGEST).data

    def encrypt(self, plain: bytes, seed: str = "") -> bytes:
        """Return what the device answers."""
        return self._call("encrypt", "enc", a=plain, c=seed.encode(), out=_padded(plain)).data

    def get_device_challenge(self, length: int) -> str:
        """Return what the device answers to a buffer of this length."""
        operation = "get_device_challenge"
        return self._text(operation, self._call(operation, "dch", out=length))

    def verify_server(self, auth_code: str, device_random: str, server_extra: bytes | None = None) -> None:
        """Have the device check a code of the service."""
        self._call(
            "verify_server", "vsv", a=auth_code.encode(), c=device_random.encode(), b=_pointer(server_extra)
        )

    def get_secret(self, seed: str) -> str:
        """Return what the device answers; nothing of it is recorded."""
        operation = "get_secret"
        answer = self._call(operation, "sec", c=seed.encode(), out=_SECRET, secret=True)
        return self._text(operation, answer, secret=True)

    def derive_key(self, seed: str, length: int) -> bytes:
        """Return what the device answers; nothing of it is recorded."""
        return self._call("derive_key", "dky", c=seed.encode(), out=length, secret=True).data

    def get_prov_stat(self) -> bool:
        """Return what the device answers."""
        return self._flag("get_prov_stat", "pst")

    def get_otp_auth_code(self, token: bytes) -> bytes:
        """Return what the device answers."""
        return self._call("get_otp_auth_code", "oac", a=token, out=_CODE).data

    def load_otp_data(self, data: bytes) -> None:
        """Have the device store ID and key; nothing of them is recorded."""
        self._call("load_otp_data", "lod", a=data, secret=True)

    # ---- business keys
    def kpm_get_prov_stat(self, index: int) -> bool:
        """Return what the device answers."""
        return self._flag("kpm_get_prov_stat", "kps", index)

    def kpm_get_key_type(self, index: int) -> KpmKeyType:
        """Return what the device answers."""
        operation = "kpm_get_key_type"
        return self._member(operation, KpmKeyType, self._number(operation, "kpt", k=index, out=4))

    def kpm_get_auth_code(self, index: int, info: KeyInfo, mode: AuthMode, random: str) -> str:
        """Return what the device answers."""
        operation = "kpm_get_auth_code"
        answer = self._call(operation, "kpa", a=random.encode(), k=index, m=info, n=mode, out=_CODE)
        return self._text(operation, answer)

    def kpm_import_key(self, index: int, data: str) -> None:
        """Have the device store a business key; nothing of it is recorded."""
        self._call("kpm_import_key", "kpi", a=data.encode(), k=index, secret=True)

    def kpm_delete_key(self, index: int) -> None:
        """Have the device delete a business key."""
        self._call("kpm_delete_key", "kpd", k=index)

    def kpm_export_pub_key(self, index: int) -> str:
        """Return what the device answers."""
        operation = "kpm_export_pub_key"
        return self._text(operation, self._call(operation, "kpx", k=index, out=_LONGEST))

    def kpm_encrypt(
        self, index: int, suite: CipherSuite, data: bytes, *, pad: bool = True, iv: bytes = b""
    ) -> bytes:
        """Return what the device answers."""
        return self._crypt("kpm_encrypt", "kpe", index, suite, data, pad=pad, iv=iv)

    def kpm_decrypt(
        self, index: int, suite: CipherSuite, data: bytes, *, pad: bool = True, iv: bytes = b""
    ) -> bytes:
        """Return what the device answers."""
        return self._crypt("kpm_decrypt", "kpc", index, suite, data, pad=pad, iv=iv)

    def kpm_sign(self, index: int, message: bytes) -> bytes:
        """Return what the device answers."""
        return self._call("kpm_sign", "kpg", a=message, k=index, out=_CODE).data

    def kpm_verify(self, index: int, message: bytes, signature: bytes) -> None:
        """Have the device check a signature."""
        self._call("kpm_verify", "kpv", a=message, b=signature, k=index)

    # ---- passwords
    def dpm_get_totp(self, timestamp: int, index: int, step: int = 180, length: int = 12) -> str:
        """Return what the device answers."""
        operation = "dpm_get_totp"
        answer = self._call(operation, "tot", k=timestamp, m=index, n=step, p=length, out=length)
        return self._text(operation, answer)

    def dpm_get_index(self, password: str) -> int:
        """Return what the device answers."""
        return self._number("dpm_get_index", "tix", a=password.encode(), out=4)

    # ---- one call
    def _call(
        self,
        operation: str,
        function: str,
        *,
        a: bytes | Null = NULL,
        b: bytes | Null = NULL,
        c: bytes | Null = NULL,
        out: int | Null = NULL,
        k: int = 0,
        m: int = 0,
        n: int = 0,
        p: int = 0,
        secret: bool = False,
    ) -> Answer:
        """Call a function; what it returns other than 0 is the device's refusal."""
        answer = self._link.call(function, a=a, b=b, c=c, out=out, k=k, m=m, n=n, p=p, secret=secret)
        if answer.overwritten:
            raise self._wrong(operation, f"wrote {answer.overwritten} bytes behind the end of its buffer")
        if answer.rc:
            raise CarrierError(operation, answer.rc, transport=self._link.name)
        if isinstance(out, int) and answer.length > out:
            raise self._wrong(operation, f"says that it wrote {answer.length} bytes into a buffer of {out}")
        return answer

    def _auth_code(self, operation: str, function: str, random: str, extra: bytes | None) -> str:
        answer = self._call(operation, function, a=random.encode(), b=_pointer(extra), out=_CODE)
        return self._text(operation, answer)

    def _crypt(
        self,
        operation: str,
        function: str,
        index: int,
        suite: CipherSuite,
        data: bytes,
        *,
        pad: bool,
        iv: bytes,
    ) -> bytes:
        padding = _PKCS5 if pad else _NO_PADDING
        vector = iv or NULL
        return self._call(
            operation, function, a=data, c=vector, k=index, m=suite, n=padding, out=_padded(data)
        ).data

    def _text(self, operation: str, answer: Answer, *, secret: bool = False) -> str:
        if not answer.data.isascii():
            shown = "" if secret else f": {safe_bytes(answer.data, _SHOWN)}"
            raise self._wrong(operation, f"answered what is no ASCII text{shown}")
        return text_of(answer.data)

    def _number(self, operation: str, function: str, *, a: bytes | Null = NULL, out: int, k: int = 0) -> int:
        answer = self._call(operation, function, a=a, k=k, out=out)
        if len(answer.data) != out:
            raise self._wrong(operation, f"gave {len(answer.data)} bytes for a number of {out}")
        return int.from_bytes(answer.data, "big")

    def _flag(self, operation: str, function: str, index: int = 0) -> bool:
        number = self._number(operation, function, k=index, out=1)
        if number > 1:
            raise self._wrong(operation, f"gave {number} for a bool")
        return number == 1

    def _member(self, operation: str, kind: type[_Number], number: int) -> _Number:
        try:
            return kind(number)
        except ValueError:
            raise self._wrong(operation, f"gave {number}, which is none of the API's") from None

    def _wrong(self, operation: str, what: str) -> DeviceError:
        return DeviceError(f"{operation} of the firmware {what}", transport=self._link.name)


def _pointer(data: bytes | None) -> bytes | Null:
    """Return a pointer for optional data: NULL for none, which is not the same as one to nothing."""
    return NULL if data is None else data


def _padded(data: bytes) -> int:
    """Return how many bytes data has with its padding, as far as the API takes it."""
    return (min(len(data), _LONGEST) // _BLOCK + 1) * _BLOCK
