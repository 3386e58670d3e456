"""The HTTP under the cloud's own client: bounded answers, no redirects, and failures told apart.

The cloud's client takes a whole body into memory, follows redirects with signed requests, ignores `NO_PROXY`, and
puts the request into the text of its errors. This adapter, mounted in its session, receives instead.
"""

import io
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import NameResolutionError, NewConnectionError

from harness.service.answers import MAX_ANSWER, MalformedAnswerError
from harness.service.endpoint import is_loopback
from harness.service.errors import ServiceUnavailable

_CHUNK = 1 << 14
_DEPTH = 12


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


Outcome = Answer | ServiceUnavailable | MalformedAnswerError


class Receiver(HTTPAdapter):
    """Sends for one endpoint, and keeps what became of it for the thread that asked."""

    def __init__(self, endpoint: str, host: str, timeout: float, ca: str | None) -> None:
        """Prepare.

        Args:
            endpoint: Where the calls go, for messages.
            host: Host without port.
            timeout: Seconds for connecting, for each wait, and for the whole of an answer's body.
            ca: File of certificates to check against; None for the public ones.
        """
        self._endpoint = endpoint
        self._host = host
        self._timeout = timeout
        self._ca = ca
        self._mine = threading.local()
        super().__init__()

    def take(self) -> Outcome | None:
        """Return what became of this thread's last request, once; None when none was sent."""
        outcome: Outcome | None = getattr(self._mine, "outcome", None)
        self._mine.outcome = None
        return outcome

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send, receive all of the answer within its bounds, and keep it."""
        del stream, timeout, verify, proxies
        proxied = {} if is_loopback(self._host) else get_environ_proxies(request.url or "")
        began = time.monotonic()
        try:
            response = super().send(
                request,
                stream=True,
                timeout=(self._timeout, self._timeout),
                verify=self._ca or True,
                cert=cert,
                proxies=proxied,
            )
            body = self._body(response, began)
        except MalformedAnswerError as problem:
            self._mine.outcome = problem
            raise
        except requests.RequestException as error:
            self._mine.outcome = self._failure(error, proxied=bool(proxied))
            raise
        self._mine.outcome = Answer(response.status_code, body)
        # A redirect would carry the signed call to somebody else.
        response.headers.pop("Location", None)
        response.raw = io.BytesIO(body)
        return response

    def _body(self, response: requests.Response, began: float) -> bytes:
        """Read the whole body, or close the connection: what is left of it must not be taken for the next answer."""
        try:
            body = self._bounded(response, began)
        except (MalformedAnswerError, requests.RequestException):
            response.raw.close()
            raise
        except Exception as error:  # noqa: BLE001 - urllib3's own, which requests names only in its own reader
            response.raw.close()
            raise requests.ReadTimeout if _holds(error, TimeoutError) else requests.ConnectionError from None
        response.raw.release_conn()
        return body

    def _bounded(self, response: requests.Response, began: float) -> bytes:
        received = bytearray()
        for chunk in response.raw.stream(_CHUNK, decode_content=False):
            received += chunk
            if len(received) > MAX_ANSWER:
                raise MalformedAnswerError(f"more than {MAX_ANSWER} bytes")
            if time.monotonic() - began > 2 * self._timeout:
                raise requests.ReadTimeout
        return bytes(received)

    def _failure(self, error: requests.RequestException, *, proxied: bool) -> ServiceUnavailable:
        where = self._endpoint
        untrusted = _first(error, ssl.SSLCertVerificationError)
        if untrusted is not None:
            return ServiceUnavailable(
                f"the certificate of {where} is not accepted: {untrusted.verify_message}",
                hint="check the endpoint; for a certificate of your own, name its authority in service.ca",
                sent=False,
            )
        if _holds(error, requests.exceptions.ProxyError):
            return ServiceUnavailable(
                f"the proxy on the way to {where} does not let the call through",
                hint="check HTTPS_PROXY, HTTP_PROXY and NO_PROXY",
                sent=False,
            )
        if _holds(error, NameResolutionError) or _holds(error, socket.gaierror):
            return ServiceUnavailable(
                f"the name {self._host} cannot be resolved",
                hint="check service.region and the network's DNS",
                sent=False,
            )
        if isinstance(error, requests.ConnectTimeout):
            return ServiceUnavailable(
                f"no connection to {where} within {self._timeout:g} s",
                hint="check the network and the firewall, or set a proxy in HTTPS_PROXY",
                sent=False,
            )
        if _holds(error, NewConnectionError):
            through = " through the proxy" if proxied else ""
            return ServiceUnavailable(
                f"nothing answers at {where}{through}", hint="check the endpoint and the network", sent=False
            )
        if isinstance(error, requests.Timeout):
            return ServiceUnavailable(
                f"no answer from {where} within {self._timeout:g} s",
                hint="look into the service's call log whether the call took effect",
            )
        tls = "the TLS connection" if _holds(error, ssl.SSLError) else "the connection"
        return ServiceUnavailable(
            f"{tls} to {where} broke", hint="look into the service's call log whether the call took effect"
        )


def _first(error: BaseException, kind: type[Any]) -> Any:
    return next((cause for cause in _causes(error) if isinstance(cause, kind)), None)


def _holds(error: BaseException, kind: type[BaseException]) -> bool:
    return _first(error, kind) is not None


def _causes(error: BaseException, depth: int = 0) -> Iterator[BaseException]:
    """Go through an error and all that it was made of; urllib3 and requests put causes in three places."""
    yield error
    if depth >= _DEPTH:
        return
    inner = [*error.args, getattr(error, "reason", None), error.__cause__, error.__context__]
    for cause in inner:
        if isinstance(cause, BaseException):
            yield from _causes(cause, depth + 1)
