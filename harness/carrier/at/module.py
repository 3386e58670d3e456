"""The ID² client API of a module that is driven by AT commands.

Arguments go over unchecked. A code of the module that neither the dialect nor the API knows says nothing of what is
right: it blocks. A text that is broken is asked again, as a line without a check sum loses characters.
Source: consoles.md A5; device-protocol.md a, f.
"""

from harness.carrier.at.dialect import AtCommand, AtDialect, Function
from harness.carrier.at.line import AtLine, ModuleRestartedError, RefusedError
from harness.carrier.base import Carrier
from harness.carrier.errors import CarrierError
from harness.carrier.secret_calls import SecretCalls
from harness.errors import BenchError, DeviceError, UsageError
from harness.id2 import authcode
from harness.id2.codes import ResultCode
from harness.id2.errors import Id2Error
from harness.probe.secrecy import NothingWritten, Secrecy, text_of
from harness.transport.base import Transport
from harness.transport.printable import safe_text

_SHOWN = 40
_LOWEST = min(ResultCode)


class AtModule(Carrier):
    """A module behind AT commands.

    Args:
        transport: An open stream to the module.
        dialect: How it is spoken to.
        secrecy: Keeps secret answers out of the recording.
    """

    def __init__(self, transport: Transport, dialect: AtDialect, secrecy: Secrecy | None = None) -> None:
        super().__init__("module")
        self._transport = transport
        self._dialect = dialect
        self._line = AtLine(transport, dialect)
        self._secret = SecretCalls(secrecy or NothingWritten())
        self._inits = 0

    def init(self) -> None:
        """Start the client; a module without a command for it is started when it answers."""
        self._line.ready()
        self._line.restarted = False
        if Function.INIT in self._dialect.commands:
            self._call("init")
        self._inits += 1

    def cleanup(self) -> None:
        """End one start of the client."""
        self._inits = max(0, self._inits - 1)
        if Function.CLEANUP in self._dialect.commands:
            self._call("cleanup")

    def get_version(self) -> int:
        """Return what the module answers, or what the dialect says of one without a command for it."""
        if Function.GET_VERSION not in self._dialect.commands:
            return self._dialect.sdk_version
        value = self._call("get_version")
        text = value.decode("ascii", errors="backslashreplace")
        if value.isascii() and text.count(".") == 2 and all(part.isdigit() for part in text.split(".")):
            major, minor, patch = (int(part) for part in text.split("."))
            return major << 16 | minor << 8 | patch
        return int.from_bytes(value, "big")

    def get_id(self) -> str:
        """Return what the module answers, whatever its form."""
        return self._text("get_id", self._call("get_id"))

    def get_challenge_auth_code(self, challenge: str, extra: bytes | None = None) -> str:
        """Return what the module answers."""
        return self._auth_code("get_challenge_auth_code", challenge=challenge.encode(), extra=extra)

    def get_timestamp_auth_code(self, timestamp: str, extra: bytes | None = None) -> str:
        """Return what the module answers."""
        return self._auth_code("get_timestamp_auth_code", timestamp=timestamp.encode(), extra=extra)

    def decrypt(self, cipher: bytes) -> bytes:
        """Return what the module answers."""
        return self._call("decrypt", cipher=cipher)

    def encrypt(self, plain: bytes, seed: str = "") -> bytes:
        """Return what the module answers."""
        return self._call("encrypt", plain=plain, seed=seed.encode())

    def get_device_challenge(self, length: int) -> str:
        """Return what the module answers."""
        operation = "get_device_challenge"
        return self._text(operation, self._call(operation, length=str(length).encode()))

    def verify_server(self, auth_code: str, device_random: str, server_extra: bytes | None = None) -> None:
        """Have the module check a code of the service."""
        self._call(
            "verify_server",
            auth_code=auth_code.encode(),
            device_random=device_random.encode(),
            server_extra=server_extra,
        )

    def get_secret(self, seed: str) -> str:
        """Return what the module answers; nothing of it is recorded."""
        operation = "get_secret"
        value = self._secret.made(operation, lambda: self._call(operation, shown=False, seed=seed.encode()))
        return self._text(operation, value, shown=False)

    def derive_key(self, seed: str, length: int) -> bytes:
        """Return what the module answers; nothing of it is recorded."""
        values = {"seed": seed.encode(), "length": str(length).encode()}
        return self._secret.made("derive_key", lambda: self._call("derive_key", shown=False, **values))

    def get_prov_stat(self) -> bool:
        """Return what the module answers; one without a command for it has a state when it has an ID."""
        operation = "get_prov_stat"
        if Function.GET_PROV_STAT not in self._dialect.commands:
            try:
                self._call("get_id")
            except CarrierError as error:
                if error.result is ResultCode.ITEM_NOT_FOUND:
                    return False
                raise
            return True
        value = self._call(operation).strip().lower()
        if value not in {b"0", b"1", b"true", b"false"}:
            raise DeviceError(
                f"{operation} of the module gave {self._told(value)} for a state that is 0 or 1",
                transport=self._transport.name,
            )
        return value in {b"1", b"true"}

    def get_otp_auth_code(self, token: bytes) -> bytes:
        """Return what the module answers."""
        return self._call("get_otp_auth_code", token=token)

    def load_otp_data(self, data: bytes) -> None:
        """Have the module store ID and key; nothing of them is recorded."""
        self._secret.made("load_otp_data", lambda: self._call("load_otp_data", shown=False, data=data))

    # ---- one call
    def _auth_code(self, operation: str, **values: bytes | None) -> str:
        """Return a code; one that is no code twice in the same way is what the module says, and judged as it is."""
        code, wrong = self._read_code(operation, values)
        if not wrong:
            return code
        again, still = self._read_code(operation, values)
        if still and still != wrong:
            raise BenchError(
                f"{operation} of the module came broken twice, and not in the same way: {wrong}; {still}",
                hint="the line loses characters: lower its baud rate, or switch flow control on",
                transport=self._transport.name,
            )
        return again

    def _read_code(self, operation: str, values: dict[str, bytes | None]) -> tuple[str, str]:
        code = self._text(operation, self._call(operation, shown=True, **values))
        try:
            authcode.parse(code)
        except Id2Error as problem:
            return code, f"{problem.field} at {problem.position}"
        return code, ""

    def _call(self, operation: str, *, shown: bool = True, **values: bytes | None) -> bytes:
        command = self._command(operation)
        self._line.ready()
        if self._line.restarted and self._inits:
            raise self._lost(operation)
        try:
            return self._line.run(command, values, shown=shown) or b""
        except RefusedError as refusal:
            raise self._refused(operation, refusal.said) from None

    def _lost(self, operation: str) -> DeviceError:
        self._inits = 0
        return ModuleRestartedError(
            f"{operation}: the module has started anew by itself, and forgot its init",
            hint="look at its power supply and its watchdog",
            transport=self._transport.name,
        )

    def _command(self, operation: str) -> AtCommand:
        command = self._dialect.commands.get(Function(operation))
        if command is None:
            raise UsageError(
                f"the AT dialect {self._dialect.name!r} has no command for {operation}",
                hint=f"write commands.{operation} into it, or take the feature out of declaration.features",
                transport=self._transport.name,
            )
        return command

    def _refused(self, operation: str, said: str) -> CarrierError | BenchError:
        code = self._dialect.errors.get(said or self._dialect.error[-1])
        if code is None and said.lstrip("-").isdigit() and _LOWEST <= int(said) < 0:
            code = int(said)
        if code is None:
            what = f"code {safe_text(said, _SHOWN)!r}" if said else "no code"
            name = self._dialect.name
            return BenchError(
                f"the module refuses {operation} with {what}, which the dialect {name!r} does not explain",
                hint="write the module's codes into `errors` of the dialect, each with the result code of the API",
                transport=self._transport.name,
            )
        return CarrierError(operation, code, transport=self._transport.name)

    def _text(self, operation: str, value: bytes, *, shown: bool = True) -> str:
        if not value.isascii():
            told = f": {self._told(value)}" if shown else ""
            raise DeviceError(
                f"{operation} of the module gave what is no ASCII text{told}", transport=self._transport.name
            )
        return text_of(value)

    @staticmethod
    def _told(value: bytes) -> str:
        return repr(safe_text(value.decode("ascii", errors="backslashreplace"), _SHOWN))
