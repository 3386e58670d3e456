"""The handshake messages: ClientHello, HelloVerifyRequest, ServerHello, Finished.

Source: device-protocol.md h.2, h.3.
"""

from dataclasses import dataclass
from enum import IntEnum

from harness.id2.codes import ItlsAlert
from harness.itls import extensions
from harness.itls.codec import Reader, vector
from harness.itls.errors import ItlsError
from harness.itls.extensions import CHALLENGE_SIZE, KEY_GROUP, UNPROVISIONED, Ext, Extension

TLS_1_2 = b"\x03\x03"
RANDOM_SIZE = 32
FINISHED_SIZE = 12
_KEY_ID_MAX = len(KEY_GROUP) + 48
_PRINTABLE = bytes(byte if 0x20 <= byte < 0x7F else ord("?") for byte in range(256))


class MessageType(IntEnum):
    """Type of a handshake message."""

    CLIENT_HELLO = 1
    SERVER_HELLO = 2
    HELLO_VERIFY_REQUEST = 3
    FINISHED = 20


@dataclass(frozen=True, slots=True)
class ClientHello:
    """A ClientHello.

    Attributes:
        random: 32 bytes.
        suites: Numbers of the cipher suites, best first.
        extensions: In the order in which they stand.
        version: Two bytes, 03 03.
        session_id: Empty, or what a client of another kind sends.
        compressions: The compression methods; must hold 0.
    """

    random: bytes
    suites: tuple[int, ...]
    extensions: tuple[Extension, ...]
    version: bytes = TLS_1_2
    session_id: bytes = b""
    compressions: bytes = b"\x00"

    @property
    def body(self) -> bytes:
        """The message without its header."""
        suites = b"".join(number.to_bytes(2, "big") for number in self.suites)
        return (
            self.version
            + self.random
            + vector(1, self.session_id)
            + vector(2, suites)
            + vector(1, self.compressions)
            + vector(2, extensions.encode(self.extensions))
        )

    @property
    def product_key(self) -> str | None:
        """The ProductKey, with `?` for what is no printable ASCII; None without the extension."""
        data = extensions.content(self.extensions, Ext.PRODUCT_KEY)
        return None if data is None else _text(data)

    @property
    def id2(self) -> str | None:
        """The ID² as text, or None when the extension is missing, too long, or of another key group."""
        data = extensions.content(self.extensions, Ext.KEY_ID)
        if data is None or not data.startswith(KEY_GROUP) or len(data) > _KEY_ID_MAX:
            return None
        return _text(data[len(KEY_GROUP) :])

    @property
    def provisioned(self) -> bool:
        """False when the device says that it has no ID² yet."""
        return self.id2 not in UNPROVISIONED

    @property
    def auth_code(self) -> bytes:
        """The auth code (text), or the OTP code (binary) of a device without an ID²; empty when there is none."""
        return extensions.content(self.extensions, Ext.AUTH_CODE) or b""

    @property
    def max_fragment(self) -> int | None:
        """The maximum fragment length that is asked for, bytes; None when nothing is.

        Raises:
            ItlsError: The code means nothing.
        """
        data = extensions.content(self.extensions, Ext.MAX_FRAGMENT)
        if data is None:
            return None
        size = extensions.FRAGMENT_SIZES.get(data[0]) if len(data) == 1 else None
        if size is None:
            raise ItlsError("ClientHello: max_fragment_length has no meaning", ItlsAlert.ILLEGAL_PARAMETER)
        return size


@dataclass(frozen=True, slots=True)
class HelloVerifyRequest:
    """The server's challenge, or its OTP data: one extension right after the version, and no cookie.

    Attributes:
        extension: 0x2010 or 0x2011.
        version: Two bytes, 03 03.
    """

    extension: Extension
    version: bytes = TLS_1_2

    @property
    def body(self) -> bytes:
        """The message without its header."""
        return self.version + self.extension.encoded

    @property
    def challenge(self) -> str | None:
        """The challenge, when it has the only length that there is; else None."""
        data = self.extension.data
        return _text(data) if self.extension.number == Ext.CHALLENGE and len(data) == CHALLENGE_SIZE else None


@dataclass(frozen=True, slots=True)
class ServerHello:
    """A ServerHello.

    Attributes:
        random: 32 bytes.
        suite: Number of the cipher suite that was chosen.
        extensions: In the order in which they stand.
        version: Two bytes, 03 03.
        session_id: Empty: iTLS resumes nothing.
        compression: 0.
    """

    random: bytes
    suite: int
    extensions: tuple[Extension, ...]
    version: bytes = TLS_1_2
    session_id: bytes = b""
    compression: int = 0

    @property
    def body(self) -> bytes:
        """The message without its header."""
        return (
            self.version
            + self.random
            + vector(1, self.session_id)
            + self.suite.to_bytes(2, "big")
            + bytes((self.compression,))
            + vector(2, extensions.encode(self.extensions))
        )

    def content(self, number: Ext) -> bytes | None:
        """Return what is in an extension, or None."""
        return extensions.content(self.extensions, number)


def framed(kind: int, body: bytes) -> bytes:
    """Return a handshake message with its header."""
    return bytes((kind,)) + vector(3, body)


def parse_client_hello(body: bytes) -> ClientHello:
    """Read a ClientHello.

    Raises:
        ItlsError: It cannot be read.
    """
    reader = Reader(body, "ClientHello")
    version = reader.take(2, "version")
    random = reader.take(RANDOM_SIZE, "random")
    session_id = reader.vector(1, "session id")
    suites = reader.vector(2, "cipher suites")
    compressions = reader.vector(1, "compression methods")
    if len(session_id) > RANDOM_SIZE or len(suites) % 2 or not suites or not compressions:
        raise ItlsError("ClientHello: a list has an impossible length", ItlsAlert.DECODE_ERROR)
    listed = extensions.decode(reader.vector(2, "extensions"), "ClientHello") if reader.left else ()
    reader.end()
    numbers = tuple(int.from_bytes(suites[at : at + 2], "big") for at in range(0, len(suites), 2))
    return ClientHello(random, numbers, listed, version, session_id, compressions)


def parse_hello_verify_request(body: bytes) -> HelloVerifyRequest:
    """Read a HelloVerifyRequest.

    Raises:
        ItlsError: It cannot be read.
    """
    reader = Reader(body, "HelloVerifyRequest")
    version = reader.take(2, "version")
    number = reader.number(2, "the extension's number")
    data = reader.vector(2, f"extension {number:#06x}")
    reader.end()
    return HelloVerifyRequest(Extension(number, data), version)


def parse_server_hello(body: bytes) -> ServerHello:
    """Read a ServerHello.

    Raises:
        ItlsError: It cannot be read.
    """
    reader = Reader(body, "ServerHello")
    version = reader.take(2, "version")
    random = reader.take(RANDOM_SIZE, "random")
    session_id = reader.vector(1, "session id")
    if len(session_id) > RANDOM_SIZE:
        raise ItlsError(
            f"ServerHello: a session id of {len(session_id)} bytes; {RANDOM_SIZE} are the most",
            ItlsAlert.DECODE_ERROR,
        )
    suite = reader.number(2, "cipher suite")
    compression = reader.number(1, "compression method")
    listed = extensions.decode(reader.vector(2, "extensions"), "ServerHello") if reader.left else ()
    reader.end()
    return ServerHello(random, suite, listed, version, session_id, compression)


def parse_finished(body: bytes) -> bytes:
    """Return the verify data of a Finished.

    Raises:
        ItlsError: It has not 12 bytes.
    """
    if len(body) != FINISHED_SIZE:
        raise ItlsError(f"Finished has {len(body)} bytes; it has {FINISHED_SIZE}", ItlsAlert.DECODE_ERROR)
    return body


def _text(data: bytes) -> str:
    return data.translate(_PRINTABLE).decode("ascii")
