"""The client of the ID² service: the five runtime operations, and what their answers say.

The mock and the real service are spoken to by this one class; they differ in endpoint and AccessKey.
"""

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Self, TypeVar

from harness.id2.codes import ServiceCode
from harness.service import answers
from harness.service.answers import Envelope, MalformedAnswerError
from harness.service.errors import (
    ACCOUNT_CODES,
    AccountRefusal,
    GatewayRefusal,
    ServiceRefusal,
    ServiceUnavailable,
)

if TYPE_CHECKING:
    from harness.service.wire import Wire

T = TypeVar("T")

_SUCCESS = 200
_PUBLIC = frozenset({"Id2", "ProductKey"})
_MAX_CODE = 1024
"""More characters than any auth code has (device-protocol.md a.1: at most 512)."""


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """What `GetServerAuthCodeAndEncryptData` gives: a code that proves the server, data for the device."""

    server_auth_code: str
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class OtpAnswer:
    """What `OtpGetId2` gives: data for `id2_client_load_otp_data`, and the licences that are left."""

    provision_data: bytes
    remaining: int


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the run journals it; of its parameters the public ones only, so no session key and no signature.

    Attributes:
        operation: Name of the operation.
        id2: The device it was about, empty for `OtpGetId2`.
        request_id: The service's name for the call, empty when none came back.
        code: The service's code, the gateway's code, or `unavailable`.
        duration_ns: From sending to the parsed answer, monotonic.
        began_ns: When it was sent, monotonic.
        parameters: Names and values in the order of sending; of what is not public, stars and how long it is.
    """

    operation: str
    id2: str
    request_id: str
    code: int | str
    duration_ns: int
    began_ns: int = 0
    parameters: tuple[tuple[str, str], ...] = ()


def _ignore(_call: Call) -> None:
    pass


class Id2Service:
    """A session with an ID² service; a context manager, or `close` it. Safe to share between threads.

    Nothing is retried here: a retried `Verify` would spend a second challenge and hide what the first one did.

    Source: service.md 4.1, 4.2.
    """

    def __init__(
        self,
        wire: "Wire | Callable[[], Wire]",
        *,
        on_call: Callable[[Call], None] = _ignore,
        foreign_account: bool = False,
    ) -> None:
        """Prepare a session; nothing is sent yet.

        Args:
            wire: What sends the calls, or what makes that before the first call; it is closed along with this session.
            on_call: Called once a call, whatever its outcome.
            foreign_account: The account and its product were set up outside the harness: a refusal that is about
                them is an `AccountRefusal`.
        """
        self._make: Callable[[], Wire] = wire if callable(wire) else lambda: wire
        self._made: Wire | None = None if callable(wire) else wire
        self._making = Lock()
        self._on_call = on_call
        self._foreign_account = foreign_account

    @property
    def endpoint(self) -> str:
        """Where the calls go."""
        return self._wire.endpoint

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back; closing twice is fine."""
        if self._made is not None:
            self._made.close()

    @property
    def _wire(self) -> "Wire":
        with self._making:
            if self._made is None:
                self._made = self._make()
            return self._made

    def get_server_random(self, id2: str) -> str:
        """Fetch a challenge for a device; the service accepts it once.

        Raises:
            ServiceRefusal: 18 unknown ID, 45 suspended, 46 discarded, 50 expired …
            GatewayRefusal: The call did not get through the gateway.
            ServiceUnavailable: Nothing usable answered.

        Source: service.md 4.2, 5 A.
        """
        return self._call("GetServerRandom", {"Id2": id2}, lambda data: answers.text(data, "Data", 128))

    def verify(self, id2: str, product_key: str, auth_code: str, extra: str = "") -> bool:
        """Have an auth code judged; the first success under a product activates the device and binds it.

        Returns:
            What the service says in `Data`; a refusal is an error, not False.

        Raises:
            ServiceRefusal: 12, 16, 18, 21, 33, 34, 35, 39, 45, 46, 50, 51 …
            GatewayRefusal: The call did not get through the gateway.
            ServiceUnavailable: Nothing usable answered.

        Source: service.md 4.2, 5 A, 5 B.
        """
        parameters = {
            "Id2": id2,
            "ProductKey": product_key,
            "AuthCode": auth_code,
            **_optional("Extra", extra),
        }
        return self._call("Verify", parameters, lambda data: answers.boolean(data, "Data"))

    def verify_and_encrypt(
        self, id2: str, product_key: str, auth_code: str, data: str, extra: str = ""
    ) -> bytes:
        """Have an auth code judged and `data` encrypted under the device's ID² key.

        Returns:
            The ciphertext, raw bytes as `id2_client_decrypt` takes them.

        Raises:
            ServiceRefusal: As for `verify`, and 36 for data of a wrong size.
            GatewayRefusal: The call did not get through the gateway.
            ServiceUnavailable: Nothing usable answered.

        Source: service.md 4.2, 5 C.
        """
        parameters = {
            "Id2": id2,
            "ProductKey": product_key,
            "AuthCode": auth_code,
            "Data": data,
            **_optional("Extra", extra),
        }
        return self._call("VerifyAndEncrypt", parameters, lambda answer: answers.base64_bytes(answer, "Data"))

    def get_server_auth_code_and_encrypt_data(
        self,
        id2: str,
        product_key: str,
        device_auth_code: str,
        device_challenge: str,
        data: str,
        device_extra: str = "",
        server_extra: str = "",
    ) -> ServerAnswer:
        """Have the device's code judged; get a server code over its challenge, and `data` encrypted for it.

        Raises:
            ServiceRefusal: As for `verify_and_encrypt`, and 38, 40; 32 when the device was never activated.
            GatewayRefusal: The call did not get through the gateway.
            ServiceUnavailable: Nothing usable answered.

        Source: service.md 4.2, 5 D.
        """
        parameters = {
            "Id2": id2,
            "ProductKey": product_key,
            "DeviceAuthCode": device_auth_code,
            "DeviceChallenge": device_challenge,
            "Data": data,
            **_optional("DeviceExtra", device_extra),
            **_optional("ServerExtra", server_extra),
        }
        return self._call("GetServerAuthCodeAndEncryptData", parameters, _server_answer)

    def otp_get_id2(self, device_auth_code: bytes) -> OtpAnswer:
        """Exchange a device's OTP auth code for an ID² and its key.

        Args:
            device_auth_code: The bytes that `id2_client_get_otp_auth_code` gave; they travel as Base64.

        Raises:
            ServiceRefusal: 16 no licence, 21 code wrong, 51 no such product, 55 not enabled, 56 and 57
                fingerprint.
            GatewayRefusal: The call did not get through the gateway.
            ServiceUnavailable: Nothing usable answered.

        Source: service.md 4.2, 6.5; device-protocol.md c.6.
        """
        return self._call(
            "OtpGetId2", {"DeviceAuthCode": base64.b64encode(device_auth_code).decode()}, _otp_answer
        )

    def _call(self, operation: str, parameters: Mapping[str, str], read: Callable[[object], T]) -> T:
        wire = self._wire  # how long it takes to make is not the service's time
        started = time.monotonic_ns()
        request_id = ""
        code: int | str = "unavailable"
        try:
            envelope = self._exchange(wire, operation, parameters)
            request_id, code = envelope.request_id, envelope.code
            if envelope.code != _SUCCESS:
                of_account = self._foreign_account and envelope.code in ACCOUNT_CODES
                refusal = AccountRefusal if of_account else ServiceRefusal
                raise refusal(_service_code(envelope.code), operation=operation, request_id=request_id)
            return read(envelope.data)
        except MalformedAnswerError as problem:
            raise ServiceUnavailable(
                f"{operation}: {self.endpoint} answered in a form that is not the ID² service's: {problem}",
                hint="check that the endpoint is an ID² service and not a proxy or another program",
            ) from None
        except GatewayRefusal as stopped:
            request_id, code = stopped.request_id, stopped.name
            raise
        finally:
            ended = time.monotonic_ns()
            id2 = parameters.get("Id2", "")
            self._on_call(
                Call(operation, id2, request_id, code, ended - started, started, _public(parameters))
            )

    def _exchange(self, wire: "Wire", operation: str, parameters: Mapping[str, str]) -> Envelope:
        status, body = wire.call(operation, parameters)
        if status == _SUCCESS:
            envelope = answers.parse_envelope(body)
            if envelope.success != (envelope.code == _SUCCESS):
                raise MalformedAnswerError(
                    f"Code {envelope.code} and Success {envelope.success} contradict each other"
                )
            return envelope
        error = answers.parse_gateway_error(body)
        if error is not None and 400 <= status < 500:
            raise GatewayRefusal(
                error.name, error.message, status=status, operation=operation, request_id=error.request_id
            )
        said = f" ({error.name}: {error.message})" if error else ""
        raise ServiceUnavailable(
            f"{operation}: {self.endpoint} answered HTTP {status}{said}",
            hint="the service is broken or busy, or something else listens there; try again later",
        )


def _public(parameters: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, value if name in _PUBLIC else f"***({len(value)})") for name, value in parameters.items()
    )


def _service_code(code: int) -> ServiceCode | int:
    return next((known for known in ServiceCode if known == code), code)


def _optional(name: str, value: str) -> dict[str, str]:
    return {name: value} if value else {}


def _server_answer(data: object) -> ServerAnswer:
    fields = answers.structure(data, "Data")
    return ServerAnswer(
        server_auth_code=answers.text(fields.get("serverauthcode"), "ServerAuthCode", _MAX_CODE),
        ciphertext=answers.base64_bytes(fields.get("encryptdata"), "EncryptData"),
    )


def _otp_answer(data: object) -> OtpAnswer:
    fields = answers.structure(data, "Data")
    return OtpAnswer(
        provision_data=answers.base64_bytes(fields.get("provisiondata"), "ProvisionData"),
        remaining=answers.integer(fields.get("remaining"), "Remaining"),
    )
