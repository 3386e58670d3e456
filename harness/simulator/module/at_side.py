"""A module that is driven by AT commands: the other end of a dialect, written from the same file.

A command is found by its template, an answer is written by its own. What no dialect can say of a module is fixed: each
answer stands between line ends, a value of several parts is cut after 48 bytes, and a command that is unknown gets the
last of the dialect's errors.
"""

from collections.abc import Callable, Iterator

from harness.carrier.at.dialect import AtCommand, AtDialect, Function
from harness.carrier.at.template import Template, TemplateError
from harness.id2.codes import ResultCode
from harness.simulator.bus.stream import Output, StreamDevice
from harness.simulator.module.client import Module, ModuleClient, Refused

_PART = 48
_MOST = 8192
_ECHO_OFF = "ATE0"


class AtModuleDevice(StreamDevice):
    """One connection to a module behind AT commands.

    Args:
        module: The module.
        dialect: How it speaks.
    """

    def __init__(self, module: Module, dialect: AtDialect) -> None:
        self._module = module
        self._dialect = dialect
        self._client = ModuleClient(module)
        self._came = ""
        self._echo = dialect.echo
        self._waiting: tuple[Function, AtCommand, dict[str, bytes]] | None = None
        if Function.INIT not in dialect.commands:
            self._client.init()

    def power_on(self) -> Iterator[Output]:
        """Say that it has started, as the dialect has it."""
        for line in self._dialect.ready[:1]:
            yield self._line(line)

    def receive(self, data: bytes) -> Iterator[Output]:
        """Take bytes and yield what is said to each command that they end."""
        self._came += data.decode("latin-1")
        while True:
            end = self._data_end() if self._waiting else self._dialect.eol
            if self._waiting and not end:
                taken = self._whole_data()
                if taken is None:
                    return
                line, self._came = self._came[:taken], self._came[taken:]
            elif end in self._came:
                line, _, self._came = self._came.partition(end)
            else:
                self._came = self._came[-_MOST:]
                return
            yield from self._taken(line)

    def _taken(self, line: str) -> Iterator[Output]:
        if self._waiting:
            function, command, values = self._waiting
            self._waiting = None
            assert command.data is not None, "data is waited for"
            if self._echo:
                yield Output(line.encode("latin-1"))
            try:
                read = Template(command.data).read(line)
            except TemplateError:
                read = None
            if read is None:
                yield from self._refuse(ResultCode.BAD_PARAMETERS)
                return
            yield from self._serve(function, command, values | read)
            return
        line = line.strip("\r\n")
        if not line:
            return
        if self._echo:
            yield Output((line + self._dialect.eol).encode("latin-1"))
        if line == _ECHO_OFF:
            self._echo = False
        if line == self._dialect.probe or line in self._dialect.setup:
            yield self._line(self._dialect.ok)
            return
        for function, command in self._dialect.commands.items():
            try:
                asked = Template(command.send).read(line)
            except TemplateError:
                continue
            if asked is None:
                continue
            if command.prompt is None:
                yield from self._serve(function, command, asked)
            else:
                self._waiting = (function, command, asked)
                self._expected = line
                yield Output(f"{self._dialect.answer_eol}{command.prompt} ".encode())
            return
        yield self._line(self._dialect.error[-1])

    def _data_end(self) -> str:
        assert self._waiting is not None
        return self._waiting[1].data_end

    def _whole_data(self) -> int | None:
        """Return how many characters the data has that was announced; None while they are not there."""
        assert self._waiting is not None
        command = self._waiting[1]
        assert command.data is not None
        sent = Template(command.send)
        for length in range(len(self._came) + 1):
            try:
                values = Template(command.data).read(self._came[:length])
            except TemplateError:
                continue
            if values is not None and sent.write({**self._waiting[2], **values}) == self._expected:
                return length
        return None

    def _serve(self, function: Function, command: AtCommand, values: dict[str, bytes]) -> Iterator[Output]:
        try:
            value = self._call(function, values)
        except Refused as refusal:
            yield from self._refuse(refusal.code)
            return
        pause = self._module.hooks.pause
        if command.answer is not None:
            template = Template(command.answer)
            pieces = [value]
            if "part" in template.names:
                pieces = [value[at : at + _PART] for at in range(0, len(value), _PART)] or [b""]
            for number, piece in enumerate(pieces, 1):
                counted = {"part": str(number).encode(), "parts": str(len(pieces)).encode()}
                yield self._line(template.write({"value": piece, **counted}), pause)
                pause = 0.0
        yield self._line(command.final or self._dialect.ok, pause)

    def _refuse(self, code: ResultCode) -> Iterator[Output]:
        said = next((one for one, own in self._dialect.errors.items() if own == code), str(int(code)))
        known = next(
            (text for text in self._dialect.error if "code" in Template(text).names), self._dialect.error[-1]
        )
        yield self._line(Template(known).write({"code": said.encode()}), self._module.hooks.pause)

    def _line(self, text: str, pause: float = 0.0) -> Output:
        eol = self._dialect.answer_eol
        return Output(f"{eol}{text}{eol}".encode(), pause)

    def _call(self, function: Function, values: dict[str, bytes]) -> bytes:
        client, extra = self._client, values.get("extra", b"")
        calls: dict[Function, Callable[[], bytes | str | int | bool | None]] = {
            Function.INIT: client.init,
            Function.CLEANUP: client.cleanup,
            Function.GET_VERSION: lambda: client.get_version().to_bytes(4),
            Function.GET_ID: client.get_id,
            Function.GET_CHALLENGE_AUTH_CODE: lambda: client.auth_code(0, values["challenge"], extra),
            Function.GET_TIMESTAMP_AUTH_CODE: lambda: client.auth_code(1, values["timestamp"], extra),
            Function.DECRYPT: lambda: client.decrypt(values["cipher"]),
            Function.ENCRYPT: lambda: client.encrypt(values["plain"], values["seed"]),
            Function.GET_DEVICE_CHALLENGE: lambda: client.get_device_challenge(_number(values["length"])),
            Function.VERIFY_SERVER: lambda: client.verify_server(
                values["auth_code"], values["device_random"], values.get("server_extra", b"")
            ),
            Function.GET_SECRET: lambda: client.get_secret(values["seed"]),
            Function.DERIVE_KEY: lambda: client.derive_key(values["seed"], _number(values["length"])),
            Function.GET_PROV_STAT: lambda: str(int(client.get_prov_stat())).encode(),
            Function.GET_OTP_AUTH_CODE: lambda: client.get_otp_auth_code(values["token"]),
            Function.LOAD_OTP_DATA: lambda: client.load_otp_data(values["data"]),
        }
        answer = calls[function]()
        return answer if isinstance(answer, bytes) else b""


def _number(text: bytes) -> int:
    if not text.isdigit():
        raise Refused(ResultCode.BAD_PARAMETERS)
    return int(text)
