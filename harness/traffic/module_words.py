"""The socket protocol of modules in words: a message is a head, and a body that may come after it.

Source: device-protocol.md f.
"""

from harness.carrier.module import wire
from harness.id2.codes import describe_result
from harness.transport.printable import safe_bytes

_SHOWN = 160
_SECRET_ANSWERS = frozenset({wire.Command.DECRYPT, wire.Command.GET_SECRET, wire.Command.DERIVE_KEY})
_SECRET_REQUESTS = frozenset({wire.Command.LOAD_OTP_DATA})
_LENGTH = 4


class ModuleWords:
    """Follows one connection to a module."""

    def __init__(self) -> None:
        self._begun = b""

    @property
    def begun(self) -> bool:
        """Whether a message of the module has begun and is not whole."""
        return bool(self._begun)

    def asked(self, data: bytes) -> str | None:
        """Return a request in words; None when the bytes are none."""
        self._begun = b""
        found = _message(data)
        if found is None:
            return None
        head, body = found
        known = _known(head.command)
        return f"module {_name(head.command)}{_fields(body, secret=known in _SECRET_REQUESTS)}"

    def answered(self, data: bytes) -> str | None:
        """Return an answer in words when it is whole; None while it is not, and when the bytes are none."""
        data = self._begun + data
        found = _message(data)
        if found is None:
            whole = wire.order_of(data) is None or len(data) > wire.HEAD_SIZE + wire.BODY_MAX
            self._begun = b"" if whole else data
            return None
        self._begun = b""
        head, body = found
        known = _known(head.command)
        ended = "ok" if head.status == 0 else f"{head.status} {describe_result(head.status).meaning}"
        return f"module {_name(head.command)}: {ended}{_fields(body, secret=known in _SECRET_ANSWERS)}"


def is_message(data: bytes) -> bool:
    """Tell whether bytes begin with the head of a message."""
    return len(data) >= wire.HEAD_SIZE and wire.order_of(data) is not None


def _message(data: bytes) -> tuple[wire.Head, bytes] | None:
    order = wire.order_of(data)
    if order is None or len(data) < wire.HEAD_SIZE:
        return None
    try:
        head = wire.unpack_head(data[: wire.HEAD_SIZE], order)
    except wire.WireError:
        return None
    body = data[wire.HEAD_SIZE :]
    return (head, body[: head.size]) if len(body) >= head.size else None


def _known(command: int) -> wire.Command | None:
    return next((known for known in wire.Command if known == command), None)


def _name(command: int) -> str:
    known = _known(command)
    return f"command {command}" if known is None else known.name.lower()


def _fields(body: bytes, *, secret: bool) -> str:
    if not body:
        return ""
    if secret:
        return f", {len(body)} bytes (not shown)"
    found, at = [], 0
    while at + _LENGTH <= len(body):
        size = int.from_bytes(body[at : at + _LENGTH])
        if at + _LENGTH + size > len(body):
            break
        found.append(body[at + _LENGTH : at + _LENGTH + size])
        at += _LENGTH + size
    if at != len(body):
        return f", {body.hex(' ') if len(body) <= _LENGTH else f'{len(body)} bytes'}"
    return "".join(f", {_field(one)}" for one in found)


def _field(data: bytes) -> str:
    if data.isascii() and data.decode("ascii").isprintable():
        return safe_bytes(data, _SHOWN) or "empty"
    return f"{len(data)} bytes"
