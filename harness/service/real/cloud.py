"""The wire to the real service: the cloud's own client builds, signs (ACS3-HMAC-SHA256) and sends."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from alibabacloud_tea_openapi import utils_models as models  # type: ignore[import-untyped]
from alibabacloud_tea_openapi.client import Client  # type: ignore[import-untyped]
from darabonba.core import DaraCore  # type: ignore[import-untyped]
from darabonba.request import DaraRequest  # type: ignore[import-untyped]
from darabonba.runtime import RuntimeOptions  # type: ignore[import-untyped]

from harness.errors import ToolError, UsageError
from harness.service import endpoint as endpoints
from harness.service.errors import ServiceUnavailable
from harness.service.real.credentials import Account
from harness.service.real.receiving import Answer, Receiver
from harness.service.signature import API_VERSION, VERSION

_TALKATIVE = ("darabonba-core", "alibabacloud-tea")
"""Loggers of the cloud's client: with DEBUG=sdk in the environment they print whole requests, tokens included."""


class CloudWire:
    """Connections to the real service on behalf of one account; safe to share between threads.

    Parameters travel in the body, so that no address on the way and no log of a proxy holds a session key.
    """

    def __init__(
        self, address: str, account: Account, *, region: str, timeout: float = 10.0, ca: Path | None = None
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            address: `https://HOST[:PORT]`, or `http://…`.
            account: Who calls.
            region: Value of `RegionId`.
            timeout: Seconds for connecting and for each wait; an answer takes at most twice as long.
            ca: File of certificates (PEM) to check the service's against; None for the public ones.

        Raises:
            UsageError: Not an endpoint, or no such file of certificates.
        """
        self._endpoint = endpoints.checked(address, real=True)
        if ca is not None and not ca.is_file():
            raise UsageError(f"{ca}: there is no such file of certificates", hint="correct service.ca")
        parts = urlsplit(self._endpoint)
        self._region = region
        self._receiver = Receiver(self._endpoint, parts.hostname or "", timeout, str(ca) if ca else None)
        self._session = requests.Session()
        self._session.trust_env = False  # a .netrc must not add a header to a signed call
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, self._receiver)
        for name in _TALKATIVE:
            logging.getLogger(name).disabled = True
        self._client: Any = Client(
            models.Config(
                credential=account.client,
                endpoint=parts.netloc,
                protocol=parts.scheme,
                region_id=region,
                user_agent="id2-harness",
            )
        )
        pool = DaraCore._resolve_pool_maxsize({})  # noqa: SLF001 - part of the key, see `call`
        self._key = f"{parts.scheme}://{parts.netloc}:{DaraRequest().port}:pool={pool}"

    @property
    def endpoint(self) -> str:
        """Where the calls go: scheme, host and port."""
        return self._endpoint

    def close(self) -> None:
        """Give the connections back; closing twice is fine."""
        if DaraCore._sessions.get(self._key) is self._session:  # noqa: SLF001 - put there by `call`
            del DaraCore._sessions[self._key]  # noqa: SLF001 - put there by `call`
        self._session.close()

    def call(self, operation: str, parameters: Mapping[str, str]) -> tuple[int, bytes]:
        """Sign and send one call; nothing is sent twice.

        Returns:
            HTTP status and body, at most 1 MiB.

        Raises:
            ServiceUnavailable: No connection, no answer in time, or the connection broke.
            MalformedAnswerError: The body is larger.
            UsageError: The credentials cannot be had any more.
        """
        # The client keeps its sessions by address and offers no other way to give it one of ours.
        DaraCore._sessions[self._key] = self._session  # noqa: SLF001 - there is no public way
        self._receiver.take()
        failed = False
        try:
            self._client.call_api(_params(operation), self._request(parameters), RuntimeOptions())
        except Exception:  # noqa: BLE001 - its errors hold the whole request; what happened is known from the receiver
            failed = True
        outcome = self._receiver.take()
        if isinstance(outcome, Answer):
            return outcome.status, outcome.body
        if isinstance(outcome, ServiceUnavailable):
            raise ServiceUnavailable(
                f"{operation}: {outcome.message}", hint=outcome.hint, sent=outcome.sent
            ) from None
        if outcome is not None:
            raise outcome from None
        if failed:
            raise UsageError(
                f"{operation}: the call could not be signed: the credentials cannot be had any more",
                hint="check service.access_key; temporary credentials may have run out",
            ) from None
        raise ToolError("the cloud's client sent a call that the harness did not see")

    def _request(self, parameters: Mapping[str, str]) -> Any:
        sent = {**parameters, "ApiVersion": API_VERSION, "RegionId": self._region}
        # A lone surrogate, which a device's garbage can leave in a text, becomes `?`; the service refuses it.
        clean = {name: value.encode(errors="replace").decode() for name, value in sent.items()}
        return models.OpenApiRequest(body=clean)


def _params(operation: str) -> Any:
    return models.Params(
        action=operation,
        version=VERSION,
        protocol="HTTPS",
        method="POST",
        auth_type="AK",
        style="RPC",
        pathname="/",
        req_body_type="formData",
        body_type="string",
    )
