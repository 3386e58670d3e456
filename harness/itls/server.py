"""The server's handshake: what the iTLS access point says to a device. No I/O.

Source: device-protocol.md h.3.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from harness.id2.codes import ItlsAlert
from harness.itls import extensions, key_schedule, messages, suites
from harness.itls.connection import Connection, ConnectionLimits
from harness.itls.errors import ItlsError
from harness.itls.events import Established, Event, ObservedRecord
from harness.itls.extensions import Ext, Extension
from harness.itls.hooks import Hooks
from harness.itls.messages import ClientHello, HelloVerifyRequest, MessageType, ServerHello
from harness.itls.suites import Suite


@dataclass(frozen=True, slots=True)
class Admission:
    """A device that was admitted.

    Attributes:
        server_code: The server's code over the random of the hello.
        seal: Encrypts under the device's ID² key, as `id2_client_decrypt` opens it.
    """

    server_code: str
    seal: Callable[[bytes], bytes] = field(repr=False)


class Authority(Protocol):
    """Who knows devices and products. Each method may refuse with an `ItlsError` that holds the alert."""

    def challenge(self, hello: ClientHello) -> str:
        """Return a challenge of 32 characters for the device of this hello."""
        ...

    def provision(self, hello: ClientHello) -> bytes:
        """Return OTP data for a device that has no ID² yet."""
        ...

    def admit(self, hello: ClientHello, challenge: str | None) -> Admission:
        """Judge the auth code of this hello.

        Args:
            hello: The hello with the code.
            challenge: What this connection was given; None when the hello is the first.
        """
        ...


class ServerHooks(Hooks):
    """Where a server that misbehaves on purpose takes hold; this one changes nothing."""

    def refusal(self, hello: ClientHello, /) -> ItlsAlert | None:
        """Return the alert with which a hello is refused whoever sends it, or None."""
        del hello
        return None

    def judged(self, hello: ClientHello, /) -> ClientHello:
        """Return the hello that the authority judges, and whose random its server code covers."""
        return hello

    def established(self, connection: Connection) -> None:
        """Act when the handshake is complete and the server's Finished is on its way."""

    def challenge(self, data: bytes, /) -> bytes:
        """Return what goes out as challenge."""
        return data

    def verify_request(self, request: HelloVerifyRequest, /) -> HelloVerifyRequest:
        """Return what goes out as HelloVerifyRequest."""
        return request

    def premaster(self, data: bytes, /) -> bytes:
        """Return what is sealed, and derived from, as pre-master secret."""
        return data

    def sealed(self, premaster: bytes, seal: Callable[[bytes], bytes], /) -> bytes:
        """Return the pre-master secret as it goes out; `seal` pads and encrypts under the device's ID² key."""
        return seal(premaster)

    def server_hello(self, hello: ServerHello, /) -> ServerHello:
        """Return what goes out as ServerHello."""
        return hello

    def derived_from(self, premaster: bytes, /) -> bytes:
        """Return what the keys are derived from."""
        return premaster

    def finished(self, verify_data: bytes, /) -> bytes:
        """Return what goes out in Finished."""
        return verify_data


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What the server agrees to.

    Attributes:
        suites: Cipher suites that it takes; the client's order decides.
        echo_max_fragment: Answer max_fragment_length, and keep to it.
        otp_rounds: How often one connection may be given OTP data.
        challenges: How many challenges one connection may be given.
    """

    suites: frozenset[Suite] = frozenset(Suite)
    echo_max_fragment: bool = True
    otp_rounds: int = 4
    challenges: int = 4


class _State(Enum):
    HELLO = auto()
    FINISHED = auto()
    DONE = auto()


class ServerConnection(Connection):
    """The server's side of one connection.

    Attributes:
        hello: The last ClientHello.
        suite: What was agreed, from the ServerHello on.
    """

    def __init__(
        self,
        authority: Authority,
        *,
        settings: ServerSettings | None = None,
        limits: ConnectionLimits | None = None,
        observe: Callable[[ObservedRecord], None] | None = None,
        hooks: ServerHooks | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        given = hooks or ServerHooks()
        super().__init__(limits=limits, observe=observe, hooks=given, random=random)
        self.hello: ClientHello | None = None
        self.suite: Suite | None = None
        self._authority = authority
        self._settings = settings or ServerSettings()
        self._server_hooks = given
        self._state = _State.HELLO
        self._challenge: str | None = None
        self._challenges = 0
        self._otp_rounds = 0
        self._transcript = hashlib.sha256()

    def _handshake(self, kind: int, body: bytes, raw: bytes) -> list[Event]:
        if kind == MessageType.CLIENT_HELLO and self._state is _State.HELLO:
            self._client_hello(messages.parse_client_hello(body), raw)
            return []
        if kind == MessageType.FINISHED and self._state is _State.FINISHED:
            return self._finished(messages.parse_finished(body), raw)
        raise ItlsError(f"handshake message {kind} out of order", ItlsAlert.UNEXPECTED_MESSAGE)

    def _client_hello(self, hello: ClientHello, raw: bytes) -> None:
        before, self.hello = self.hello, hello
        if (refusal := self._server_hooks.refusal(hello)) is not None:
            raise ItlsError("refused on purpose", refusal)
        if hello.version != messages.TLS_1_2:
            raise ItlsError(f"ClientHello of version {hello.version.hex()}", ItlsAlert.PROTOCOL_VERSION)
        if 0 not in hello.compressions:
            raise ItlsError("ClientHello offers no null compression", ItlsAlert.ILLEGAL_PARAMETER)
        suite = self._agreed(hello)
        agreed = hello.max_fragment
        self._check_extensions(hello)
        if before is not None and hello.product_key != before.product_key:
            raise ItlsError("ClientHello with another ProductKey than the one before", ItlsAlert.PRODUCT_KEY)
        if not hello.provisioned:
            self._provision(hello)
        elif not hello.auth_code:
            self._give_challenge(hello)
        else:
            self._admit(hello, suite, agreed if self._settings.echo_max_fragment else None, raw)

    def _agreed(self, hello: ClientHello) -> Suite:
        for number in hello.suites:
            suite = suites.find(number)
            if suite in self._settings.suites and suite is not None:
                return suite
        offered = ", ".join(f"{number:04x}" for number in hello.suites[:8])
        raise ItlsError(
            f"no cipher suite in common; the client offers {offered}", ItlsAlert.HANDSHAKE_FAILURE
        )

    def _check_extensions(self, hello: ClientHello) -> None:
        if hello.product_key is None:
            raise ItlsError("ClientHello without a ProductKey (0x2000)", ItlsAlert.PRODUCT_KEY)
        if hello.id2 is None:
            raise ItlsError(
                "ClientHello without an ID of the key group 0x10001000 (0x2001)", ItlsAlert.KEY_TYPE
            )
        if extensions.content(hello.extensions, Ext.VERSION) != extensions.VERSION:
            raise ItlsError("ClientHello without the extension version 1.2.0 (0x2020)", ItlsAlert.UNSUPPORTED)

    def _provision(self, hello: ClientHello) -> None:
        if not hello.auth_code:
            raise ItlsError("no ID² and no OTP code", ItlsAlert.GENERIC)
        self._otp_rounds += 1
        if self._otp_rounds > self._settings.otp_rounds:
            raise ItlsError(
                f"more than {self._settings.otp_rounds} rounds of provisioning", ItlsAlert.UNSUPPORTED
            )
        data = self._authority.provision(hello)
        self._verify_request(Extension(Ext.OTP_DATA, data))

    def _give_challenge(self, hello: ClientHello) -> None:
        self._challenges += 1
        if self._challenges > self._settings.challenges:
            raise ItlsError("the challenge is never answered", ItlsAlert.CHALLENGE)
        self._challenge = self._authority.challenge(hello)
        self._verify_request(Extension(Ext.CHALLENGE, self._server_hooks.challenge(self._challenge.encode())))

    def _verify_request(self, extension: Extension) -> None:
        request = self._server_hooks.verify_request(HelloVerifyRequest(extension))
        self._send_message(MessageType.HELLO_VERIFY_REQUEST, request.body)

    def _admit(self, hello: ClientHello, suite: Suite, max_fragment: int | None, raw: bytes) -> None:
        admission = self._authority.admit(self._server_hooks.judged(hello), self._challenge)
        premaster = self._server_hooks.premaster(self._random(key_schedule.PREMASTER_SIZE))
        answer = [
            Extension(Ext.AUTH_CODE, admission.server_code.encode()),
            Extension(Ext.PREMASTER, self._server_hooks.sealed(premaster, admission.seal)),
        ]
        if max_fragment is not None:
            asked = extensions.content(hello.extensions, Ext.MAX_FRAGMENT) or b""
            answer.insert(0, Extension(Ext.MAX_FRAGMENT, asked))
            self._fragment(max_fragment)
        random = self._random(messages.RANDOM_SIZE)
        said = self._server_hooks.server_hello(ServerHello(random, suite.value, tuple(answer)))
        self._transcript.update(raw)
        self._transcript.update(self._send_message(MessageType.SERVER_HELLO, said.body))
        self.suite = suites.find(said.suite) or suite
        secret = self._server_hooks.derived_from(premaster)
        self._protect(key_schedule.derive(self.suite, secret, hello.random, said.random), as_client=False)
        self._state = _State.FINISHED

    def _finished(self, verify_data: bytes, raw: bytes) -> list[Event]:
        keys = self.keys
        assert keys is not None, "the state says that there are keys"
        expected = keys.finished(b"client finished", self._transcript.digest())
        if not hmac.compare_digest(expected, verify_data):
            raise ItlsError("the client's Finished does not fit the handshake", ItlsAlert.DECRYPTION)
        self._transcript.update(raw)
        own = keys.finished(b"server finished", self._transcript.digest())
        self._send_message(MessageType.FINISHED, self._server_hooks.finished(own))
        self._state = _State.DONE
        self.established = True
        self._server_hooks.established(self)
        return [Established(keys)]
