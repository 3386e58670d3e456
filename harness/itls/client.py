"""The client's handshake: what a device with an ID² says to the access point. No I/O.

Source: device-protocol.md h.2, h.3.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from harness.id2.codes import ItlsAlert
from harness.itls import extensions, key_schedule, messages, suites
from harness.itls.connection import Connection, ConnectionLimits
from harness.itls.errors import ItlsError
from harness.itls.events import Established, Event, ObservedRecord, Provisioned
from harness.itls.extensions import KEY_GROUP, Ext, Extension
from harness.itls.hooks import Hooks
from harness.itls.messages import ClientHello, MessageType, ServerHello
from harness.itls.suites import RENEGOTIATION_INFO, VENDOR_OFFER, Suite

NO_ID = "F" * 48
"""What the iTLS library says for a device without an ID²."""
WRAPPER_NO_ID = "F" * 24
"""What the provisioning wrapper says for one."""


class ClientIdentity(Protocol):
    """The device's side of ID²: what `id2_client` offers to iTLS. Each method may raise an `ItlsError`."""

    @property
    def id2(self) -> str | None:
        """The ID², or None when the device is not provisioned."""
        ...

    def auth_code(self, challenge: str) -> str:
        """Return the code over a challenge."""
        ...

    def verify_server(self, code: str, device_random: str) -> bool:
        """Return whether the server's code over the device random is right."""
        ...

    def decrypt(self, data: bytes) -> bytes:
        """Open what was encrypted under the ID² key."""
        ...

    def otp_code(self) -> bytes:
        """Return the code that asks for an ID²."""
        ...

    def load_otp(self, data: bytes) -> None:
        """Store the ID² and key that came."""
        ...


@dataclass(frozen=True, slots=True)
class ClientPolicy:
    """What the client offers and insists on; each switch that is off is a defect to be found.

    Attributes:
        suites: Cipher suites, best first.
        max_fragment: 1 to 4 (512 to 4096 bytes), or None to ask for nothing.
        renegotiation_info: Add the signalling value 00FF to the suites.
        no_id: What stands for the ID of a device without one.
        stops_when_provisioned: Hang up once OTP data is stored, without a handshake.
        checks_server_code: A wrong or missing server code ends the handshake.
        checks_server_random: A server code over another random than that of the second hello ends it.
        needs_premaster: A ServerHello without pre-master extension ends the handshake. The vendor's client
            3.1.0 goes on with an empty secret.
        checks_premaster_size: A pre-master of other than 48 bytes ends the handshake.
        checks_finished: A wrong Finished ends the handshake.
        checks_challenge: A challenge of other than 32 characters ends the connection, without an alert; a client
            that does not check takes the first 32.
        checks_suite: A suite that was not offered ends the handshake.
        checks_extensions: An extension that was not offered ends the handshake.
        checks_mac: A record with a wrong MAC, hence also one out of sequence, ends the connection.
        otp_rounds: How often OTP data is taken in one connection.
    """

    suites: tuple[Suite, ...] = VENDOR_OFFER
    max_fragment: int | None = 2
    renegotiation_info: bool = True
    no_id: str = NO_ID
    stops_when_provisioned: bool = False
    checks_server_code: bool = True
    checks_server_random: bool = True
    needs_premaster: bool = True
    checks_premaster_size: bool = True
    checks_finished: bool = True
    checks_challenge: bool = True
    checks_suite: bool = True
    checks_extensions: bool = True
    checks_mac: bool = True
    otp_rounds: int = 4


WRAPPER_POLICY = ClientPolicy(
    max_fragment=None, renegotiation_info=False, no_id=WRAPPER_NO_ID, stops_when_provisioned=True
)
"""How `id2_client_wrap_do_provisioning` asks for an ID²: one exchange, no handshake."""


class _State(Enum):
    START = auto()
    CHALLENGE = auto()
    SERVER_HELLO = auto()
    FINISHED = auto()
    DONE = auto()


_ANSWERS = frozenset({Ext.MAX_FRAGMENT, Ext.AUTH_CODE, Ext.PREMASTER})
_RENEGOTIATION = Extension(0xFF01, b"\x00")
"""How a TLS server may answer the signalling value 00FF (RFC 5746 3.6)."""


class ClientConnection(Connection):
    """The device's side of one connection.

    Attributes:
        provisioned_now: The ID² that this connection brought, if it did.
        suite: What was agreed, from the ServerHello on.
    """

    def __init__(
        self,
        identity: ClientIdentity,
        product_key: str,
        *,
        policy: ClientPolicy | None = None,
        limits: ConnectionLimits | None = None,
        observe: Callable[[ObservedRecord], None] | None = None,
        hooks: Hooks | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        super().__init__(limits=limits, observe=observe, hooks=hooks, random=random)
        self.provisioned_now: str | None = None
        self.suite: Suite | None = None
        self._identity = identity
        self._product_key = product_key
        self._policy = policy or ClientPolicy()
        self._state = _State.START
        self._otp_rounds = 0
        self._client_random = b""
        self._transcript = hashlib.sha256()

    def start(self) -> None:
        """Send the first hello.

        Raises:
            ItlsError: It was sent before, or the device cannot make its code.
        """
        if self._state is not _State.START:
            raise ItlsError("the handshake was started before", None)
        self._state = _State.CHALLENGE
        self._hello(b"" if self._identity.id2 is not None else self._identity.otp_code())

    def _hello(self, code: bytes) -> bytes:
        policy = self._policy
        offered = (
            []
            if policy.max_fragment is None
            else [Extension(Ext.MAX_FRAGMENT, bytes((policy.max_fragment,)))]
        )
        offered += [
            Extension(Ext.PRODUCT_KEY, self._product_key.encode()),
            Extension(Ext.KEY_ID, KEY_GROUP + (self._identity.id2 or policy.no_id).encode()),
            Extension(Ext.AUTH_CODE, code),
            Extension(Ext.VERSION, extensions.VERSION),
        ]
        numbers = tuple(suite.value for suite in policy.suites)
        if policy.renegotiation_info:
            numbers += (RENEGOTIATION_INFO,)
        self._client_random = self._random(messages.RANDOM_SIZE)
        hello = ClientHello(self._client_random, numbers, tuple(offered))
        return self._send_message(MessageType.CLIENT_HELLO, hello.body)

    def _handshake(self, kind: int, body: bytes, raw: bytes) -> list[Event]:
        if kind == MessageType.HELLO_VERIFY_REQUEST and self._state is _State.CHALLENGE:
            return self._verify_request(body)
        if kind == MessageType.SERVER_HELLO and self._state is _State.SERVER_HELLO:
            self._server_hello(messages.parse_server_hello(body), raw)
            return []
        if kind == MessageType.FINISHED and self._state is _State.FINISHED:
            return self._finished(messages.parse_finished(body))
        raise ItlsError(f"handshake message {kind} out of order", ItlsAlert.UNEXPECTED_MESSAGE)

    def _verify_request(self, body: bytes) -> list[Event]:
        request = messages.parse_hello_verify_request(body)
        if request.extension.number == Ext.OTP_DATA:
            return self._provisioned(request.extension.data)
        if request.extension.number != Ext.CHALLENGE:
            raise ItlsError(
                f"HelloVerifyRequest with extension {request.extension.number:#06x}",
                ItlsAlert.UNSUPPORTED_EXTENSION,
            )
        challenge = request.challenge
        if challenge is None:
            if self._policy.checks_challenge:
                # The vendor's client leaves without an alert, and so does this one.
                raise ItlsError(
                    f"a challenge of {len(request.extension.data)} characters; it has {extensions.CHALLENGE_SIZE}",
                    None,
                )
            challenge = request.extension.data[: extensions.CHALLENGE_SIZE].decode("latin-1")
        code = self._identity.auth_code(challenge)
        self._transcript.update(self._hello(code.encode("latin-1")))
        self._state = _State.SERVER_HELLO
        return []

    def _provisioned(self, data: bytes) -> list[Event]:
        self._otp_rounds += 1
        if self._otp_rounds > self._policy.otp_rounds:
            raise ItlsError("OTP data again and again", ItlsAlert.UNEXPECTED_MESSAGE)
        self._identity.load_otp(data)
        id2 = self._identity.id2
        if id2 is None:
            raise ItlsError("OTP data was taken, and there is still no ID²", None)
        self.provisioned_now = id2
        if self._policy.stops_when_provisioned:
            self.closed = True
            self._stop_reading()
        else:
            self._hello(b"")
        return [Provisioned(id2)]

    def _server_hello(self, hello: ServerHello, raw: bytes) -> None:
        self.suite = self._agreed(hello)
        self._check_code(hello)
        premaster = self._premaster(hello)
        asked = self._policy.max_fragment
        if (echoed := hello.content(Ext.MAX_FRAGMENT)) is not None:
            if asked is None or echoed != bytes((asked,)):
                raise ItlsError("ServerHello with another max_fragment_length", ItlsAlert.ILLEGAL_PARAMETER)
            self._fragment(extensions.FRAGMENT_SIZES[asked])
        self._transcript.update(raw)
        keys = key_schedule.derive(self.suite, premaster, self._client_random, hello.random)
        self._protect(keys, as_client=True, checks_mac=self._policy.checks_mac)
        own = keys.finished(b"client finished", self._transcript.digest())
        self._transcript.update(self._send_message(MessageType.FINISHED, own))
        self._state = _State.FINISHED

    def _agreed(self, hello: ServerHello) -> Suite:
        if hello.version != messages.TLS_1_2:
            raise ItlsError(f"ServerHello of version {hello.version.hex()}", ItlsAlert.PROTOCOL_VERSION)
        suite = suites.find(hello.suite)
        offered = suite in self._policy.suites
        if suite is None or hello.compression or (self._policy.checks_suite and not offered):
            raise ItlsError(
                f"ServerHello with suite {hello.suite:04x}, which was not offered",
                ItlsAlert.ILLEGAL_PARAMETER,
            )
        strange = [
            extension.number
            for extension in hello.extensions
            if extension.number not in _ANSWERS
            and not (extension == _RENEGOTIATION and self._policy.renegotiation_info)
        ]
        if strange and self._policy.checks_extensions:
            raise ItlsError(
                f"ServerHello with extension {strange[0]:#06x}, which was not offered",
                ItlsAlert.UNSUPPORTED_EXTENSION,
            )
        return suite

    def _check_code(self, hello: ServerHello) -> None:
        if not self._policy.checks_server_code:
            return
        data = hello.content(Ext.AUTH_CODE)
        if data is None:
            raise ItlsError("ServerHello with no server code", ItlsAlert.HANDSHAKE_FAILURE)
        code, random = data.decode("latin-1"), self._client_random.hex().upper()
        if not self._policy.checks_server_random:
            random = code.split("~")[2] if code.count("~") > 1 else random
        if not self._identity.verify_server(code, random):
            raise ItlsError("ServerHello with a wrong server code", ItlsAlert.HANDSHAKE_FAILURE)

    def _premaster(self, hello: ServerHello) -> bytes:
        sealed = hello.content(Ext.PREMASTER)
        if sealed is None:
            if self._policy.needs_premaster:
                raise ItlsError("ServerHello without a pre-master secret", ItlsAlert.HANDSHAKE_FAILURE)
            return b""
        premaster = self._identity.decrypt(sealed) if sealed else b""
        if len(premaster) != key_schedule.PREMASTER_SIZE and self._policy.checks_premaster_size:
            raise ItlsError(
                f"a pre-master secret of {len(premaster)} bytes; it has {key_schedule.PREMASTER_SIZE}",
                ItlsAlert.HANDSHAKE_FAILURE,
            )
        return premaster

    def _finished(self, verify_data: bytes) -> list[Event]:
        keys = self.keys
        assert keys is not None, "the state says that there are keys"
        expected = keys.finished(b"server finished", self._transcript.digest())
        if self._policy.checks_finished and not self._finished_is_right(expected, verify_data):
            raise ItlsError("the server's Finished does not fit the handshake", ItlsAlert.DECRYPTION)
        self._state = _State.DONE
        self.established = True
        return [Established(keys)]

    def _finished_is_right(self, expected: bytes, came: bytes) -> bool:
        return hmac.compare_digest(expected, came)
