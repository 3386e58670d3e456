"""The module's side of the socket protocol: one object serves one connection.

Every whole request is answered, in one piece: the vendor's host has no timeout, and reads head and body with one read
each. Heads are taken in the byte order in which their magic is right; the status of a request is not looked at, as the
vendor's host leaves it undefined.
Source: device-protocol.md f.
"""

from collections.abc import Iterator

from harness.carrier.module import wire
from harness.carrier.module.wire import ByteOrder, Command, WireError
from harness.id2.codes import ResultCode
from harness.simulator.bus.stream import Output, StreamDevice
from harness.simulator.module.client import Module, ModuleClient, Refused

_OWN_ORDER = ByteOrder.LITTLE
_PATIENCE = 3.0  # seconds; a thread that waits for ever could not be ended
_UNKNOWN = 0xFFFFFFFF  # command of an answer to what has no readable head
_FIELDS = {
    Command.GET_CHALLENGE_AUTH_CODE: 2,
    Command.GET_TIMESTAMP_AUTH_CODE: 2,
    Command.DECRYPT: 1,
    Command.VERIFY_SERVER: 3,
    Command.GET_SECRET: 1,
    Command.GET_OTP_AUTH_CODE: 1,
    Command.LOAD_OTP_DATA: 1,
}


class SocketModuleDevice(StreamDevice):
    """One connection to a module.

    Args:
        module: The module; other connections may share it.
    """

    def __init__(self, module: Module) -> None:
        self._module = module
        self._client = ModuleClient(module)
        self._came = bytearray()
        self._skip = 0
        self._order = _OWN_ORDER
        self._has_turn = False

    def receive(self, data: bytes) -> Iterator[Output]:
        """Take bytes and yield one answer for each request that they end."""
        if not self._is_served():
            return
        self._came += data
        while True:
            skipped = min(self._skip, len(self._came))
            del self._came[:skipped]
            self._skip -= skipped
            if len(self._came) < wire.HEAD_SIZE:
                return
            order = wire.order_of(bytes(self._came[: wire.HEAD_SIZE]))
            if order is None:
                yield from self._lost()
                continue
            self._order = order
            try:
                head = wire.unpack_head(bytes(self._came[: wire.HEAD_SIZE]), order)
            except WireError:  # too long a body: refused unread
                command, size = (int.from_bytes(self._came[at : at + 4], order.value) for at in (8, 4))
                self._skip = wire.HEAD_SIZE + size
                yield from self._answer(command, ResultCode.EXCESS_DATA)
                continue
            end = wire.HEAD_SIZE + head.size
            if len(self._came) < end:
                return
            body = bytes(self._came[wire.HEAD_SIZE : end])
            del self._came[:end]
            yield from self._serve(head.command, body)

    def power_off(self) -> None:
        """Let the next connection be served, where the module serves one alone."""
        if self._has_turn:
            self._has_turn = False
            self._module.busy.release()

    def _is_served(self) -> bool:
        """Tell whether the module serves this connection: a broken one has others wait, and then forgets them."""
        if not self._module.hooks.serves_at_once and not self._has_turn:
            self._has_turn = self._module.busy.acquire(timeout=_PATIENCE)
        return self._has_turn or self._module.hooks.serves_at_once

    def _lost(self) -> Iterator[Output]:
        """Answer what is no request, and go on at the next magic: on a serial line bytes get lost."""
        places = [place for order in ByteOrder if (place := self._came.find(order.magic, 1)) > 0]
        keep = min(places, default=len(self._came) - len(_OWN_ORDER.magic) + 1)
        del self._came[:keep]
        if not places:
            yield from self._answer(_UNKNOWN, ResultCode.BAD_PARAMETERS)

    def _serve(self, command: int, body: bytes) -> Iterator[Output]:
        try:
            known = Command(command)
        except ValueError:
            if self._module.hooks.answers_unknown:
                yield from self._answer(command, ResultCode.NOT_SUPPORTED)
            return
        try:
            answer = self._call(known, body)
        except Refused as refusal:
            yield from self._answer(command, refusal.code)
        except WireError:
            yield from self._answer(command, ResultCode.BAD_PARAMETERS)
        else:
            yield from self._answer(command, ResultCode.SUCCESS, answer)

    def _answer(self, command: int, status: int, body: bytes = b"") -> Iterator[Output]:
        hooks = self._module.hooks
        yield from hooks.sent(hooks.message(command, status, body, self._order))

    def _call(self, command: Command, body: bytes) -> bytes:
        """Call the client, and return the body of its answer."""
        client = self._client
        fields = wire.split_fields(body, _FIELDS[command]) if command in _FIELDS else ()
        match command, fields:
            case Command.INIT, _:
                client.init()
            case Command.CLEANUP, _:
                client.cleanup()
            case Command.GET_VERSION, _:
                return wire.number(client.get_version())
            case Command.GET_ID, _:
                return wire.join_fields(client.get_id())
            case Command.GET_CHALLENGE_AUTH_CODE, (random, extra):
                return wire.join_fields(client.auth_code(0, random, extra))
            case Command.GET_TIMESTAMP_AUTH_CODE, (random, extra):
                return wire.join_fields(client.auth_code(1, random, extra))
            case Command.DECRYPT, (cipher,):
                return wire.join_fields(client.decrypt(cipher))
            case Command.VERIFY_SERVER, (code, device_random, extra):
                client.verify_server(code, device_random, extra)
            case Command.GET_SECRET, (seed,):
                return wire.join_fields(client.get_secret(seed))
            case Command.DERIVE_KEY, _:
                seed, length = _seed_and_length(body)
                return wire.join_fields(client.derive_key(seed, length))
            case Command.GET_PROV_STAT, _:
                return wire.number(int(client.get_prov_stat()))
            case Command.GET_OTP_AUTH_CODE, (token,):
                return wire.join_fields(client.get_otp_auth_code(token))
            case Command.LOAD_OTP_DATA, (data,):
                client.load_otp_data(data)
        return b""


def _seed_and_length(body: bytes) -> tuple[bytes, int]:
    """Cut the body of derive_key, whose last number has no length before it.

    Raises:
        WireError: It is none.
    """
    (seed,) = wire.split_fields(body[:-4], 1)
    return seed, wire.read_number(body[-4:])
