"""One signed HTTP call to the gateway of an ID² service, and back comes a status and a body.

`Wire` is the face; `SignedWire` signs by itself, for the mock; `harness.service.real.cloud` has the one of the cloud.

What httpx says in its errors and its log holds whole URLs, with signature and session keys; what leaves this
module names the endpoint only.
"""

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal, Protocol

import httpx

from harness.service import endpoint
from harness.service.access_key import AccessKey
from harness.service.answers import MAX_ANSWER, MalformedAnswerError
from harness.service.errors import ServiceUnavailable
from harness.service.signature import (
    API_VERSION,
    SIGNATURE_METHOD,
    SIGNATURE_VERSION,
    VERSION,
    percent_encode,
    sign,
    timestamp,
)

Method = Literal["POST", "GET"]


def _without_queries(record: logging.LogRecord) -> bool:
    """Cut the query off every URL that httpx logs."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            argument.copy_with(query=None) if isinstance(argument, httpx.URL) else argument
            for argument in record.args
        )
    return True


class Wire(Protocol):
    """Calls to one endpoint on behalf of one account; safe to share between threads."""

    @property
    def endpoint(self) -> str:
        """Where the calls go: scheme, host and port."""

    def call(self, operation: str, parameters: Mapping[str, str]) -> tuple[int, bytes]:
        """Sign and send one call.

        Returns:
            HTTP status and body, at most 1 MiB.

        Raises:
            ServiceUnavailable: No connection, no answer in time, or the connection broke; `sent` says whether
                the service may have taken the call.
            MalformedAnswerError: The body is larger.
        """

    def close(self) -> None:
        """Give the connections back; closing twice is fine."""


class SignedWire:
    """A wire with the older signature 1.0, over httpx."""

    def __init__(
        self,
        address: str,
        access_key: AccessKey,
        *,
        method: Method,
        timeout: float,
        region: str,
        real: bool,
        now: Callable[[], datetime],
    ) -> None:
        """Prepare; nothing is sent yet. The arguments are those of `Id2Service`.

        Raises:
            UsageError: Not an endpoint, or not this computer without `real`.
        """
        self._endpoint = endpoint.checked(address, real=real)
        self._access_key = access_key
        self._method: Method = method
        self._timeout = timeout
        self._region = region
        self._now = now
        logging.getLogger("httpx").addFilter(_without_queries)
        self._http = httpx.Client(
            timeout=timeout,
            follow_redirects=False,
            # A proxy of the environment must not see calls to a mock on this computer.
            trust_env=real,
            verify=self._endpoint.startswith("https:"),
            # Nothing is unpacked: the bound on an answer holds for what comes over the wire.
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": "id2-harness",
            },
        )

    @property
    def endpoint(self) -> str:
        """Where the calls go: scheme, host and port."""
        return self._endpoint

    def close(self) -> None:
        """Give the connections back; closing twice is fine."""
        self._http.close()

    def call(self, operation: str, parameters: Mapping[str, str]) -> tuple[int, bytes]:
        """Sign and send one call.

        Returns:
            HTTP status and body, at most 1 MiB.

        Raises:
            ServiceUnavailable: No connection, no answer in time, or the connection broke.
            MalformedAnswerError: The body is larger.
        """
        request = self._request(self._signed(operation, parameters))
        sent = True
        try:
            return self._receive(request)
        except httpx.ConnectError:
            problem = f"nothing answers at {self.endpoint}"
            hint = "start the service (`harness service`), or correct the endpoint"
            sent = False
        except httpx.TimeoutException:
            problem = f"no answer from {self.endpoint} within {self._timeout:g} s"
            hint = "check the network and the service, or allow more time"
        except httpx.RequestError as error:
            problem = f"the connection to {self.endpoint} broke ({type(error).__name__})"
            hint = "check the network and the service's own log"
        raise ServiceUnavailable(f"{operation}: {problem}", hint=hint, sent=sent)

    def _signed(self, operation: str, parameters: Mapping[str, str]) -> dict[str, str]:
        signed = {
            **parameters,
            "Action": operation,
            "ApiVersion": API_VERSION,
            "Format": "JSON",
            "Version": VERSION,
            "RegionId": self._region,
            "AccessKeyId": self._access_key.id,
            "SignatureMethod": SIGNATURE_METHOD,
            "SignatureVersion": SIGNATURE_VERSION,
            "SignatureNonce": str(uuid.uuid4()),
            "Timestamp": timestamp(self._now()),
        }
        signed["Signature"] = sign(self._access_key.secret, self._method, signed)
        return signed

    def _request(self, signed: Mapping[str, str]) -> httpx.Request:
        encoded = "&".join(
            f"{percent_encode(name)}={percent_encode(value)}" for name, value in signed.items()
        )
        if self._method == "GET":
            return self._http.build_request("GET", f"{self.endpoint}/?{encoded}")
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._http.build_request("POST", f"{self.endpoint}/", content=encoded, headers=headers)

    def _receive(self, request: httpx.Request) -> tuple[int, bytes]:
        response = self._http.send(request, stream=True)
        deadline = time.monotonic() + self._timeout
        try:
            body = bytearray()
            for chunk in response.iter_raw():
                body += chunk
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("the body trickles in")
                if len(body) > MAX_ANSWER:
                    raise MalformedAnswerError(f"more than {MAX_ANSWER} bytes")
            return response.status_code, bytes(body)
        finally:
            response.close()
