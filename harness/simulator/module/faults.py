"""Broken modules: each class differs from the sound module in one hook."""

from collections.abc import Iterator
from typing import ClassVar

from harness.carrier.module import wire
from harness.carrier.module.wire import ByteOrder, Command
from harness.id2.keys import Key
from harness.simulator.bus.stream import Output
from harness.simulator.module.hooks import ModuleHooks

_SOCKET = frozenset(("socket",))
_TORN = 7  # bytes in the first piece
_BREATH = 0.02  # seconds between two pieces


class TimestampAsChallenge(ModuleHooks):
    """Timestamp codes carry the TYPE of challenge codes, as the vendor's module sample does."""

    def code_type(self, number: int) -> int:
        return number & 2


class SharedInit(ModuleHooks):
    """All connections have one count of inits."""

    protocols: ClassVar[frozenset[str]] = _SOCKET
    counts_apart: ClassVar[bool] = False


class NoInitNeeded(ModuleHooks):
    """Functions are carried out before init."""

    needs_init: ClassVar[bool] = False


class OneAtATime(ModuleHooks):
    """A second connection is not served before the first one has ended."""

    protocols: ClassVar[frozenset[str]] = _SOCKET
    serves_at_once: ClassVar[bool] = False


class BodyWithError(ModuleHooks):
    """An error comes with a body."""

    protocols: ClassVar[frozenset[str]] = _SOCKET

    def message(self, command: int, status: int, body: bytes, order: ByteOrder) -> bytes:
        return super().message(command, status, body or b"refused" if status else body, order)


class MagicWrong(ModuleHooks):
    """Heads begin with another magic."""

    protocols: ClassVar[frozenset[str]] = _SOCKET

    def message(self, command: int, status: int, body: bytes, order: ByteOrder) -> bytes:
        whole = super().message(command, status, body, order)
        return (wire.MAGIC + 1).to_bytes(4, order.value) + whole[4:]


class OtherCommandNumber(ModuleHooks):
    """The head of an answer names another command than was asked."""

    protocols: ClassVar[frozenset[str]] = _SOCKET

    def message(self, command: int, status: int, body: bytes, order: ByteOrder) -> bytes:
        return super().message(command + 1, status, body, order)


class FieldTooLong(ModuleHooks):
    """A field announces one byte more than there is."""

    protocols: ClassVar[frozenset[str]] = _SOCKET

    def message(self, command: int, status: int, body: bytes, order: ByteOrder) -> bytes:
        if len(body) > len(wire.number(0)):
            body = wire.number(int.from_bytes(body[:4]) + 1) + body[4:]
        return super().message(command, status, body, order)


class BodyTooShort(ModuleHooks):
    """A head announces one byte more than its body has."""

    protocols: ClassVar[frozenset[str]] = _SOCKET

    def message(self, command: int, status: int, body: bytes, order: ByteOrder) -> bytes:
        whole = super().message(command, status, body, order)
        return whole if not body else whole[:4] + (len(body) + 1).to_bytes(4, order.value) + whole[8:]


class VersionWithLength(ModuleHooks):
    """The version has a length before it."""

    protocols: ClassVar[frozenset[str]] = _SOCKET

    def message(self, command: int, status: int, body: bytes, order: ByteOrder) -> bytes:
        asked = command == Command.GET_VERSION and not status
        return super().message(command, status, wire.join_fields(body) if asked else body, order)


class PositiveErrors(ModuleHooks):
    """Result codes of refusals are positive."""

    protocols: ClassVar[frozenset[str]] = _SOCKET

    def message(self, command: int, status: int, body: bytes, order: ByteOrder) -> bytes:
        return super().message(command, abs(status), body, order)


class PartialWrites(ModuleHooks):
    """An answer is written in pieces."""

    protocols: ClassVar[frozenset[str]] = _SOCKET

    def sent(self, message: bytes) -> Iterator[Output]:
        yield Output(message[:_TORN])
        yield Output(message[_TORN:], _BREATH)


class LateAnswers(ModuleHooks):
    """Every answer comes late."""

    pause: ClassVar[float] = 0.6


class SilentOnUnknown(ModuleHooks):
    """A command that is unknown is not answered."""

    protocols: ClassVar[frozenset[str]] = _SOCKET
    answers_unknown: ClassVar[bool] = False


class IdChanges(ModuleHooks):
    """Every other get_id gives another ID."""

    def __init__(self) -> None:
        self._asked = 0

    def told_id(self, id_text: str) -> str:
        self._asked += 1
        return id_text if self._asked % 2 else id_text[:-1] + ("0" if id_text[-1] != "0" else "1")


class IdLowerCase(ModuleHooks):
    """The ID is in lower case."""

    def told_id(self, id_text: str) -> str:
        return id_text.lower()


class RepeatedRandom(ModuleHooks):
    """The device random of a code is that of an earlier one, now and then."""

    def __init__(self) -> None:
        self._made: list[str] = []

    def device_random(self, fresh: str) -> str:
        self._made.append(fresh)
        return self._made[0] if len(self._made) % 50 == 0 else fresh


class WrongKey(ModuleHooks):
    """Another key is used than that of the device."""

    def key(self, key: Key) -> Key:
        value = key.reveal()
        return Key.parse(key.key_type, (bytes([value[0] ^ 2]) + value[1:]).hex())


class ExtraNotSigned(ModuleHooks):
    """The code says that an extra is signed, and it is not."""

    def signed_extra(self, extra: bytes) -> bytes:
        del extra
        return b""


class ExtraEndsAtNul(ModuleHooks):
    """Every byte of an extra after a NUL is signed as 00, as in the vendor's SDK."""

    def signed_extra(self, extra: bytes) -> bytes:
        return extra.partition(b"\x00")[0].ljust(len(extra), b"\x00")


class LongChallengeTaken(ModuleHooks):
    """Challenges of more than 32 characters are taken."""

    challenge_max: ClassVar[int] = 128


class LongExtraTaken(ModuleHooks):
    """Extras of more than 512 bytes are taken."""

    extra_max: ClassVar[int] = 4096


class PaddingNotChecked(ModuleHooks):
    """Decrypt accepts wrong padding."""

    checks_padding: ClassVar[bool] = False


class AcceptsServerCode(ModuleHooks):
    """Every server code is accepted."""

    checks_server_code: ClassVar[bool] = False
