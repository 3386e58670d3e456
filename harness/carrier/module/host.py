"""The host's side of the socket protocol: the ID² client API of a module.

Arguments go over unchecked, as with every carrier that runs the SDK itself. The vendor's host checks most of them
before it sends anything, so a module may refuse those with a code of its own: the caller then gets the host's.
Source: device-protocol.md f; the vendor's stub for modules, SDK 3.1.0.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from harness.carrier import limits
from harness.carrier.base import Carrier
from harness.carrier.errors import CarrierError
from harness.carrier.module import wire
from harness.carrier.module.wire import ByteOrder, Command, WireError
from harness.carrier.secret_calls import SecretCalls
from harness.errors import BenchError, DeviceError
from harness.id2.codes import ResultCode
from harness.probe.secrecy import NothingWritten, Secrecy, text_of
from harness.transport.base import StreamRead, StreamWrite, Transport
from harness.transport.printable import hex_bytes, safe_bytes

_Value = TypeVar("_Value")

_CHUNK = 4096
_QUIET = 0.2  # seconds without a byte, after which nothing of a broken answer is on its way any more
_SHOWN = 48  # bytes of an answer in a message
_DRAINED = 1 << 20  # bytes of a module that never stops
_ONCE = frozenset((Command.INIT, Command.CLEANUP, Command.LOAD_OTP_DATA))
"""What is not asked again: it changes the module."""
_SECRET = frozenset((Command.GET_SECRET, Command.DERIVE_KEY, Command.LOAD_OTP_DATA))
"""What no message shows the answer of."""


class _Broken(Exception):  # noqa: N818 - a remark about bytes, which never leaves this module
    """What came is no answer; the text says why, the bytes are for the message."""

    def __init__(self, why: str, heard: bytes) -> None:
        super().__init__(why)
        self.why = why
        self.heard = heard


class _TornError(Exception):
    """Less came in time than the head announced."""

    def __init__(self, heard: bytes) -> None:
        super().__init__()
        self.heard = heard


class SocketModule(Carrier):
    """A module behind the vendor's socket protocol.

    Args:
        transport: An open stream to the module.
        answer_s: Seconds to wait for a whole answer.
        order: Byte order of heads.
        secrecy: Keeps secret answers out of the recording.

    Attributes:
        irregular: What the module does that no function of the API shows, each once: a body behind an error, an answer
            that names another command, a head or a body in pieces.
    """

    def __init__(
        self, transport: Transport, answer_s: float, order: ByteOrder, secrecy: Secrecy | None = None
    ) -> None:
        super().__init__("module")
        self._transport = transport
        self._answer_s = answer_s
        self._order = order
        self._secret = SecretCalls(secrecy or NothingWritten())
        self._unanswered: set[int] = set()
        self.irregular: dict[str, str] = {}

    # ---- the API
    def init(self) -> None:
        """Start the client of this connection."""
        self._ask("init", Command.INIT, b"", _nothing)

    def cleanup(self) -> None:
        """End one start of the client."""
        self._ask("cleanup", Command.CLEANUP, b"", _nothing)

    def get_version(self) -> int:
        """Return what the module answers."""
        return self._ask("get_version", Command.GET_VERSION, b"", wire.read_number)

    def get_id(self) -> str:
        """Return what the module answers, whatever its form."""
        return self._text("get_id", self._ask("get_id", Command.GET_ID, b"", _one_field))

    def get_challenge_auth_code(self, challenge: str, extra: bytes | None = None) -> str:
        """Return what the module answers; b"" is no extra here, as its length alone goes over."""
        return self._auth_code("get_challenge_auth_code", Command.GET_CHALLENGE_AUTH_CODE, challenge, extra)

    def get_timestamp_auth_code(self, timestamp: str, extra: bytes | None = None) -> str:
        """Return what the module answers; b"" is no extra here, as its length alone goes over."""
        return self._auth_code("get_timestamp_auth_code", Command.GET_TIMESTAMP_AUTH_CODE, timestamp, extra)

    def decrypt(self, cipher: bytes) -> bytes:
        """Return what the module answers."""
        operation = "decrypt"
        return self._ask(
            operation,
            Command.DECRYPT,
            wire.join_fields(cipher),
            _one_field,
            lambda: limits.check_crypt(operation, "ciphertext", cipher),
        )

    def verify_server(self, auth_code: str, device_random: str, server_extra: bytes | None = None) -> None:
        """Have the module check a code of the service."""
        operation = "verify_server"

        def host() -> None:
            if not auth_code:
                raise CarrierError(operation, ResultCode.BAD_PARAMETERS)
            limits.check_device_random(operation, device_random)
            limits.check_extra(operation, "server extra", server_extra or None)

        body = wire.join_fields(auth_code.encode(), device_random.encode(), server_extra or b"")
        self._ask(operation, Command.VERIFY_SERVER, body, _nothing, host)

    def get_secret(self, seed: str) -> str:
        """Return what the module answers; nothing of it is recorded."""
        operation = "get_secret"

        def call() -> bytes:
            return self._ask(
                operation,
                Command.GET_SECRET,
                wire.join_fields(seed.encode()),
                _one_field,
                lambda: limits.check_seed(operation, seed, may_be_empty=True),
            )

        return self._text(operation, self._secret.made(operation, call), shown=False)

    def derive_key(self, seed: str, length: int) -> bytes:
        """Return what the module answers; nothing of it is recorded."""
        operation = "derive_key"

        def host() -> None:
            limits.check_seed(operation, seed, may_be_empty=True)
            limits.check_key_length(operation, length)

        body = wire.join_fields(seed.encode()) + wire.number(length)
        return self._secret.made(
            operation, lambda: self._ask(operation, Command.DERIVE_KEY, body, _one_field, host)
        )

    def get_prov_stat(self) -> bool:
        """Return what the module answers."""
        operation = "get_prov_stat"
        number = self._ask(operation, Command.GET_PROV_STAT, b"", wire.read_number)
        if number > 1:
            raise self._wrong(operation, f"gave {number} for the state of provisioning, which is 0 or 1")
        return number == 1

    def get_otp_auth_code(self, token: bytes) -> bytes:
        """Return what the module answers."""
        operation = "get_otp_auth_code"
        return self._ask(operation, Command.GET_OTP_AUTH_CODE, wire.join_fields(token), _one_field)

    def load_otp_data(self, data: bytes) -> None:
        """Have the module store ID and key; nothing of them is recorded."""
        operation, body = "load_otp_data", wire.join_fields(data)
        self._secret.made(operation, lambda: self._ask(operation, Command.LOAD_OTP_DATA, body, _nothing))

    # ---- beside the API
    def send_unknown(self, command: int) -> int:
        """Send a command that no module knows, and return the status of its answer.

        Args:
            command: Its number.

        Raises:
            BenchError: Nothing answers.
            DeviceError: What comes is no answer, or the next command is answered and this one is not.
        """
        try:
            self._ask(f"command {command}", command, b"", _nothing)
        except CarrierError as error:
            return error.code or 0
        except BenchError as error:
            # Silence alone may be the cable; a module that hears the next command has heard this one.
            self.get_version()
            raise self._wrong(
                f"command {command}",
                "was not answered, and the command after it was: the host waits for ever",
            ) from error
        return 0

    # ---- one exchange
    def _auth_code(self, operation: str, command: Command, random: str, extra: bytes | None) -> str:
        def host() -> None:
            limits.check_random(operation, "challenge or timestamp", random)
            limits.check_extra(operation, "extra", extra or None)

        body = wire.join_fields(random.encode(), extra or b"")
        return self._text(operation, self._ask(operation, command, body, _one_field, host))

    def _ask(
        self,
        operation: str,
        command: int,
        body: bytes,
        parse: Callable[[bytes], _Value],
        host: Callable[[], None] | None = None,
    ) -> _Value:
        """Send a request and return what its answer holds; what is broken once is asked again, where it may be."""
        try:
            return self._exchange(operation, command, body, parse, host)
        except (_Broken, _TornError) as first:
            self._drain(_QUIET)
            again = Command.GET_VERSION if command in _ONCE else command
            try:
                if again is command:
                    value = self._exchange(operation, command, body, parse, host)
                    self._notice(
                        "broken", f"an answer to {operation} was broken and came right when asked again"
                    )
                    return value
                self._exchange(operation, again, b"", wire.read_number, None)
            except _Broken as second:
                if isinstance(first, _Broken) and first.why == second.why:
                    raise self._wrong(
                        operation,
                        f"gets no answer of the protocol: {first.why}{_shown(command, first.heard)}",
                    ) from None
            except _TornError as second:
                raise self._torn(operation, command, first, second) from None
            except CarrierError:
                if again is command:
                    raise
            raise self._unheard(operation, command, first.heard) from None

    def _torn(
        self, operation: str, command: int, first: Exception, second: _TornError
    ) -> BenchError | DeviceError:
        """Say what two answers that ended early mean: the module's own mistake only when both are whole otherwise."""
        heard = second.heard
        if isinstance(first, _TornError) and len(first.heard) == len(heard) > wire.HEAD_SIZE:
            head = wire.unpack_head(heard[: wire.HEAD_SIZE], self._order)
            body = heard[wire.HEAD_SIZE :]
            try:
                wire.split_fields(body, 1)
            except WireError:
                pass
            else:
                return self._wrong(
                    operation,
                    f"gets heads that announce {head.size} bytes of body, twice, and {len(body)} come, a whole field",
                )
        return self._unheard(operation, command, heard)

    def _exchange(
        self,
        operation: str,
        command: int,
        body: bytes,
        parse: Callable[[bytes], _Value],
        host: Callable[[], None] | None,
    ) -> _Value:
        if stale := self._drain(0):
            self._notice("stale", f"{len(stale)} bytes stood on the line that answer nothing")
        self._transport.do(StreamWrite(wire.pack(command, 0, body, self._order)))
        head, answer = self._answer(command)
        if head.command != command:
            self._notice("command", f"the answer to command {command} says that it answers {head.command}")
        if head.status:
            if answer:
                self._notice("body", f"an error, {head.status}, comes with {len(answer)} bytes of body")
            raise self._refusal(operation, head.status, host)
        try:
            return parse(answer)
        except WireError as problem:
            raise _Broken(str(problem), answer) from None

    def _refusal(self, operation: str, status: int, host: Callable[[], None] | None) -> CarrierError:
        """Return the result code of the API for a refusal: the host's own, where it would not even have asked."""
        if host is not None:
            try:
                host()
            except CarrierError as of_host:
                of_host.at(transport=self._transport.name)
                return of_host
        return CarrierError(operation, status, transport=self._transport.name)

    def _answer(self, command: int) -> tuple[wire.Head, bytes]:
        """Read the answer to a command, past answers to earlier ones that came too late."""
        deadline = time.monotonic() + self._answer_s
        while True:
            data = self._read(wire.HEAD_SIZE, deadline, b"", "head")
            if not data:
                self._unanswered.add(command)
                raise BenchError(
                    f"the module did not answer within {self._answer_s:g} s",
                    hint="check cable, power and address of the module, and `byte_order` of the carrier section",
                    transport=self._transport.name,
                )
            if len(data) < wire.HEAD_SIZE:
                raise _TornError(data)
            try:
                head = wire.unpack_head(data, self._order)
            except WireError as problem:
                raise _Broken(str(problem), data) from None
            body = self._read(head.size, deadline, data, "body") if head.size else b""
            if len(body) < head.size:
                raise _TornError(data + body)
            if head.command != command and head.command in self._unanswered:
                self._unanswered.discard(head.command)
                continue
            self._unanswered.discard(command)
            return head, body

    def _read(self, size: int, deadline: float, before: bytes, what: str) -> bytes:
        """Read so many bytes as the vendor's host does, and note when one read does not bring them all."""
        came = b""
        while len(came) < size:
            left = deadline - time.monotonic()
            piece = self._transport.do(StreamRead(size - len(came), max(left, 0.0)))
            if not piece:
                return came
            if not came and len(piece) < size:
                self._notice(
                    "pieces",
                    f"the {what} of an answer came in pieces, {len(piece)} of {size} bytes first"
                    + ("" if before else ": a host that reads it at once takes it for an error"),
                )
            came += piece
        return came

    def _drain(self, quiet: float) -> bytes:
        """Read what stands on the line until it is quiet; nothing of it answers what is asked next."""
        heard = bytearray()
        while len(heard) < _DRAINED and (piece := self._transport.do(StreamRead(_CHUNK, quiet))):
            heard += piece
        return bytes(heard)

    def _notice(self, kind: str, what: str) -> None:
        self.irregular.setdefault(kind, what)

    def _text(self, operation: str, data: bytes, *, shown: bool = True) -> str:
        if not data.isascii():
            told = f": {safe_bytes(data, _SHOWN)}" if shown else ""
            raise self._wrong(operation, f"gave what is no ASCII text{told}")
        return text_of(data)

    def _wrong(self, operation: str, what: str) -> DeviceError:
        return DeviceError(f"{operation} of the module {what}", transport=self._transport.name)

    def _unheard(self, operation: str, command: int, heard: bytes) -> BenchError:
        return BenchError(
            f"no whole answer to {operation} was heard, {len(heard)} bytes of one{_shown(command, heard)}",
            hint="check cable and speed of the line; a module that is busy may need a longer answer_s",
            transport=self._transport.name,
        )


def _shown(command: int, heard: bytes) -> str:
    return "" if command in _SECRET else f": {hex_bytes(heard, _SHOWN)}"


def _nothing(body: bytes) -> bytes:
    wire.split_fields(body, 0)
    return b""


def _one_field(body: bytes) -> bytes:
    return wire.split_fields(body, 1)[0]
