"""The `id2_client` API of a board with a PUF as a probe calls it: C functions, with buffers and return codes.

Source: device-protocol.md a, b, c; SDK 3.1.0 modules/id2/lib/src/id2_client.c, built for ID2_KEY_TYPE_ECC.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from harness.id2.codes import ResultCode
from harness.id2.hashes import HashType
from harness.simulator.chip.randomness import RandomSource
from harness.simulator.puf.device import PufDevice, PufError
from harness.simulator.puf.hooks import PufHooks

_VERSION = 0x00030100
_ID_ROOM = 48
_CODE_ROOM = 256
_SECRET_ROOM = 64
_RANDOM_MAX = 32
_EXTRA_MAX = 512
_CRYPT_MAX = 1024
_SEED_MAX = 128
_CHALLENGE_MAX = 128
_KEY_MAX = 32
_SERVER_TYPES = (b"10~", b"11~")


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a function is called with.

    Attributes:
        a: First input; None for a NULL pointer.
        b: Second input.
        c: Third input.
        lengths: Length that goes with each input, also with a NULL pointer.
        room: Bytes of the output buffer; None for a NULL pointer.
        no_length: The pointer to the length is NULL.
    """

    a: bytes | None
    b: bytes | None
    c: bytes | None
    lengths: Mapping[str, int]
    room: int | None
    no_length: bool


@dataclass(frozen=True, slots=True)
class Returned:
    """What a function returned.

    Attributes:
        rc: Its return code.
        data: What it wrote into the output buffer.
        length: What it left in the length parameter; None for the length of `data`.
    """

    rc: int = 0
    data: bytes = b""
    length: int | None = None


class _RefusedError(Exception):
    def __init__(self, code: ResultCode, length: int = 0) -> None:
        super().__init__(str(code))
        self.returned = Returned(int(code), b"", length)


_BAD, _GENERIC, _SHORT = ResultCode.BAD_PARAMETERS, ResultCode.GENERIC, ResultCode.SHORT_BUFFER


class PufApi:
    """The client between two starts of the board.

    Args:
        puf: The PUF.
        random: Device randoms and device challenges.
        hooks: Where a fault may change what the client does.
    """

    def __init__(self, puf: PufDevice, random: RandomSource, hooks: PufHooks) -> None:
        self._puf = puf
        self._random = random
        self._hooks = hooks
        self._inits = 0
        self.functions: Mapping[str, Callable[[Arguments], Returned]] = {
            "ini": self._init,
            "cln": self._cleanup,
            "ver": self._started(self._version),
            "gid": self._started(self._get_id),
            "cac": self._started(lambda call: self._code(call, 0)),
            "tac": self._started(lambda call: self._code(call, 1)),
            "enc": self._started(self._encrypt),
            "dec": self._started(self._decrypt),
            "dch": self._started(self._device_challenge),
            "vsv": self._started(self._verify_server),
            "sec": self._started(self._secret),
            "dky": self._started(self._derive),
            "pst": self._started(self._provisioned),
        }

    def call(self, name: str, call: Arguments) -> Returned:
        """Call a function by its three letters."""
        try:
            return self.functions[name](call)
        except _RefusedError as refused:
            return refused.returned

    def _started(self, function: Callable[[Arguments], Returned]) -> Callable[[Arguments], Returned]:
        def checked(call: Arguments) -> Returned:
            if not self._inits:
                raise _RefusedError(_GENERIC, call.room or 0)
            return function(call)

        return checked

    def _init(self, _: Arguments) -> Returned:
        self._inits += 1
        return Returned()

    def _cleanup(self, _: Arguments) -> Returned:
        self._inits = max(0, self._inits - 1)
        return Returned()

    def _version(self, call: Arguments) -> Returned:
        if call.room is None:
            raise _RefusedError(_BAD)
        return Returned(data=_VERSION.to_bytes(4))

    def _get_id(self, call: Arguments) -> Returned:
        if call.room is None or call.no_length:
            raise _RefusedError(_BAD)
        if call.room < _ID_ROOM:
            raise _RefusedError(_SHORT, _ID_ROOM)
        return Returned(data=self._puf.get_id().encode())

    def _code(self, call: Arguments, kind: int) -> Returned:
        if call.a is None or call.room is None or call.no_length:
            raise _RefusedError(_BAD)
        if not 1 <= len(call.a) <= _RANDOM_MAX:
            raise _RefusedError(_BAD)
        extra = call.b
        if call.lengths["b"] > _EXTRA_MAX or (extra is not None and not extra):
            raise _RefusedError(ResultCode.EXCESS_DATA)
        if call.room < _CODE_ROOM:
            raise _RefusedError(_SHORT, _CODE_ROOM)
        drawn = self._random(8).hex().upper().encode()
        message = self._puf.get_id().encode() + drawn + call.a + (extra or b"")
        number = kind + (2 if extra is not None else 0)
        sign = base64.b64encode(self._sign(message))
        return Returned(data=b"~".join((b"%d" % number, b"%d" % HashType.SHA256, drawn, call.a, sign)))

    def _sign(self, message: bytes) -> bytes:
        try:
            return self._puf.sign(message)
        except PufError:
            raise _RefusedError(_GENERIC) from None

    def _encrypt(self, call: Arguments) -> Returned:
        if not call.a or call.room is None or call.no_length:
            raise _RefusedError(_BAD)
        if len(call.a) > _CRYPT_MAX or len(call.c or b"") > _SEED_MAX:
            raise _RefusedError(ResultCode.EXCESS_DATA)
        raise _RefusedError(ResultCode.NOT_SUPPORTED)

    def _decrypt(self, call: Arguments) -> Returned:
        if not call.a or call.room is None or call.no_length:
            raise _RefusedError(_BAD)
        if len(call.a) > _CRYPT_MAX:
            raise _RefusedError(ResultCode.EXCESS_DATA)
        try:
            plain = self._puf.decrypt(call.a)
        except PufError:
            raise _RefusedError(_GENERIC, call.room) from None
        if call.room < len(plain):
            raise _RefusedError(_SHORT, call.room)
        return Returned(data=plain)

    def _device_challenge(self, call: Arguments) -> Returned:
        if not call.room or call.no_length:
            raise _RefusedError(_BAD)
        return Returned(
            data=self._random(_CHALLENGE_MAX).hex().upper().encode()[: min(call.room, _CHALLENGE_MAX)]
        )

    def _verify_server(self, call: Arguments) -> Returned:
        """Check a code of the service; it has none for ECC keys, so that none is right."""
        if not call.a or not call.c:
            raise _RefusedError(_BAD)
        if call.lengths["b"] > _EXTRA_MAX or call.b == b"" or len(call.c) > _CHALLENGE_MAX:
            raise _RefusedError(ResultCode.EXCESS_DATA)
        raise _RefusedError(_GENERIC)

    def _secret(self, call: Arguments) -> Returned:
        if not call.c or call.room is None or call.no_length:
            raise _RefusedError(_BAD)
        if len(call.c) > _SEED_MAX:
            raise _RefusedError(ResultCode.EXCESS_DATA)
        if call.room < _SECRET_ROOM:
            raise _RefusedError(_SHORT, _SECRET_ROOM)
        if not self._hooks.derives:
            raise _RefusedError(ResultCode.NOT_SUPPORTED)
        return Returned(data=sha256(self._sign(call.c)).hexdigest().upper().encode())

    def _derive(self, call: Arguments) -> Returned:
        if call.c is None or call.room is None or not 1 <= call.room <= _KEY_MAX:
            raise _RefusedError(_BAD)
        if len(call.c) > _SEED_MAX:
            raise _RefusedError(ResultCode.EXCESS_DATA)
        if not self._hooks.derives:
            raise _RefusedError(ResultCode.NOT_SUPPORTED)
        return Returned(data=sha256(self._sign(self._puf.get_id().encode() + call.c)).digest()[: call.room])

    def _provisioned(self, call: Arguments) -> Returned:
        if call.room is None:
            raise _RefusedError(_BAD)
        return Returned(data=b"\x01")
