"""A session as text that a person reads: every record, its messages and extensions, and what its alerts mean.

What peers sent is escaped and bounded. The pre-master secret never appears; keys appear only when they are given on
purpose. Source: device-protocol.md h.2 to h.4.
"""

from collections.abc import Iterable, Iterator

from harness.id2.keytypes import KeyType
from harness.itls import extensions, messages, suites
from harness.itls.alerts import ALERT_SIZE, AlertMessage
from harness.itls.errors import ItlsError
from harness.itls.events import Direction, ObservedRecord
from harness.itls.extensions import KEY_GROUP, VERSION, Ext, Extension
from harness.itls.key_schedule import SessionKeys
from harness.itls.messages import ClientHello, MessageType, ServerHello
from harness.itls.records import ContentType
from harness.transport.printable import hex_bytes, safe_bytes

RECORDS = 2000
"""Records that a transcript shows by default."""

_WIDTH = 160
_HEAD = 4
_DATA_SHOWN = 96
_MESSAGE_SHOWN = 32
_LIST_SHOWN = 24
_OTP_KEYS = {key_type.otp_number: key_type for key_type in KeyType if key_type.otp_number is not None}
_NAMES = {
    Ext.MAX_FRAGMENT: "maximum fragment length",
    Ext.PRODUCT_KEY: "product key",
    Ext.KEY_ID: "key id",
    Ext.AUTH_CODE: "auth code",
    Ext.PREMASTER: "pre-master secret",
    Ext.CHALLENGE: "challenge",
    Ext.OTP_DATA: "OTP data",
    Ext.VERSION: "version",
}


def transcript(
    seen: Iterable[ObservedRecord],
    *,
    side: str = "server",
    keys: SessionKeys | None = None,
    most: int = RECORDS,
) -> str:
    """Return a session as text, a line for each record and lines below it for what is in it.

    Args:
        seen: Its records, oldest first.
        side: Who saw them: `server` or `client`.
        keys: Adds the key log line of the session. Only for sessions whose keys may be known to every reader.
        most: Records that are shown; the others are counted.
    """
    lines = list(_lines(seen, server=side == "server", most=most))
    if keys is not None:
        lines.append(f"keys (NSS key log): {key_log_line(keys)}")
    return "\n".join(lines) + "\n" if lines else ""


def key_log_line(keys: SessionKeys) -> str:
    """Return the line of the NSS key log format that opens the session to who has it."""
    return f"CLIENT_RANDOM {keys.client_random.hex()} {keys.master.reveal().hex()}"


def _lines(seen: Iterable[ObservedRecord], *, server: bool, most: int) -> Iterator[str]:
    partial = {Direction.IN: bytearray(), Direction.OUT: bytearray()}
    count = 0
    for one in seen:
        count += 1
        if count > most:
            continue
        from_device = (one.direction is Direction.IN) == server
        arrow = "device → server" if from_device else "server → device"
        kept = "in clear" if one.sequence is None else f"encrypted, record {one.sequence}"
        head = f"{count:4}  {arrow}  {one.kind.name.lower().replace('_', ' ')}"
        yield f"{head}, {len(one.plain)} bytes of content, {len(one.wire)} on the wire, {kept}"
        if one.kind is ContentType.HANDSHAKE:
            held = partial[one.direction]
            held += one.plain
            yield from (f"      {line}" for line in _messages(held))
        elif one.kind is ContentType.ALERT:
            yield f"      {_alert(one.plain)}"
        elif one.kind is ContentType.APPLICATION_DATA:
            yield f"      {safe_bytes(one.plain, _DATA_SHOWN)}"
    if count > most:
        yield f"      … and {count - most} more records"


def _alert(plain: bytes) -> str:
    if len(plain) != ALERT_SIZE:
        return f"no alert: {hex_bytes(plain, _MESSAGE_SHOWN)}"
    message = AlertMessage(plain[0], plain[1])
    return f"{message}. {message.hint}" if message.hint else str(message)


def _messages(held: bytearray) -> Iterator[str]:
    """Show the messages that are whole, and take them out of what is held."""
    while len(held) >= _HEAD:
        end = _HEAD + int.from_bytes(held[1:_HEAD], "big")
        if len(held) < end:
            break
        kind, body = held[0], bytes(held[_HEAD:end])
        del held[:end]
        try:
            yield from _message(kind, body)
        except ItlsError as error:
            yield f"cannot be read: {error}: {hex_bytes(body, _MESSAGE_SHOWN)}"
    if held:
        yield f"a message that is not whole yet: {len(held)} bytes so far"


def _message(kind: int, body: bytes) -> Iterator[str]:
    match kind:
        case MessageType.CLIENT_HELLO:
            yield from _client_hello(messages.parse_client_hello(body))
        case MessageType.HELLO_VERIFY_REQUEST:
            request = messages.parse_hello_verify_request(body)
            yield f"HelloVerifyRequest, version {request.version.hex(' ')}"
            yield f"  {_extension(request.extension)}"
        case MessageType.SERVER_HELLO:
            yield from _server_hello(messages.parse_server_hello(body))
        case MessageType.FINISHED:
            yield f"Finished, verify data {hex_bytes(messages.parse_finished(body))}"
        case _:
            yield f"handshake message of type {kind}: {hex_bytes(body, _MESSAGE_SHOWN)}"


def _client_hello(hello: ClientHello) -> Iterator[str]:
    yield f"ClientHello, version {hello.version.hex(' ')}"
    yield f"  random {hello.random.hex()}"
    if hello.session_id:
        yield f"  session id {hello.session_id.hex()}"
    offered = [_suite(number) for number in hello.suites[:_LIST_SHOWN]]
    left = len(hello.suites) - len(offered)
    yield f"  suites {', '.join(offered)}{f' and {left} more' if left else ''}"
    if hello.compressions != b"\x00":
        yield f"  compression methods {hex_bytes(hello.compressions, _LIST_SHOWN)}"
    yield from _extensions(hello.extensions, otp_code=not hello.provisioned)


def _server_hello(hello: ServerHello) -> Iterator[str]:
    yield f"ServerHello, version {hello.version.hex(' ')}"
    yield f"  random {hello.random.hex()}"
    yield f"  suite {_suite(hello.suite)}"
    if hello.session_id or hello.compression:
        yield f"  session id {hello.session_id.hex() or 'empty'}, compression {hello.compression}"
    yield from _extensions(hello.extensions)


def _extensions(listed: tuple[Extension, ...], *, otp_code: bool = False) -> Iterator[str]:
    for extension in listed[:_LIST_SHOWN]:
        yield f"  {_extension(extension, otp_code=otp_code)}"
    if len(listed) > _LIST_SHOWN:
        yield f"  … and {len(listed) - _LIST_SHOWN} more extensions"


def _suite(number: int) -> str:
    if number == suites.RENEGOTIATION_INFO:
        return "00FF (signals secure renegotiation)"
    suite = suites.find(number)
    return f"{number:04X}" if suite is None else suite.label


def _extension(extension: Extension, *, otp_code: bool = False) -> str:
    number, data = extension.number, extension.data
    name = next((name for known, name in _NAMES.items() if known == number), "unknown extension")
    return f"0x{number:04X} {name}: {_content(number, data, otp_code=otp_code)}"


def _content(number: int, data: bytes, *, otp_code: bool) -> str:
    if not data:
        return "empty"
    match number:
        case Ext.MAX_FRAGMENT if len(data) == 1 and data[0] in extensions.FRAGMENT_SIZES:
            return f"{data[0]} ({extensions.FRAGMENT_SIZES[data[0]]} bytes)"
        case Ext.KEY_ID if data.startswith(KEY_GROUP):
            return f'group 0x10001000, "{safe_bytes(data[len(KEY_GROUP) :], _WIDTH)}"'
        case Ext.AUTH_CODE if otp_code:
            return f"OTP code, {len(data)} bytes"
        case Ext.PRODUCT_KEY | Ext.AUTH_CODE | Ext.CHALLENGE:
            return f'"{safe_bytes(data, _WIDTH)}" ({len(data)} characters)'
        case Ext.PREMASTER:
            return f"{len(data)} bytes, encrypted under the ID² key"
        case Ext.OTP_DATA:
            key_type = _OTP_KEYS.get(data[0])
            kind = "an unknown key type" if key_type is None else str(key_type)
            return (
                f'{len(data)} bytes: {kind}, ID² "{safe_bytes(data[1:25], _WIDTH)}", and its key, encrypted'
            )
        case Ext.VERSION if data == VERSION:
            return "1.2.0"
        case _:
            return hex_bytes(data, _MESSAGE_SHOWN)
