"""One signed HTTP call to an ID² service, the mock or the real one, and back comes a status and a body.

What httpx says in its errors may hold a whole request; what leaves this module names the endpoint only.
"""

import ipaddress
import socket
import ssl
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urlencode
from urllib.request import getproxies, proxy_bypass

import httpx

from harness.errors import UsageError
from harness.service import acs3
from harness.service import endpoint as endpoints
from harness.service.access_key import AccessKey
from harness.service.answers import MAX_ANSWER, MalformedAnswerError
from harness.service.errors import ServiceUnavailable
from harness.service.rpc import API_VERSION, timestamp
from harness.web.exposure import is_loopback

Kind = TypeVar("Kind", bound=BaseException)

_CALL_LOG = "look into the service's call log whether the call took effect"


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
            UsageError: The credentials cannot be had any more, or cannot be sent.
        """

    def close(self) -> None:
        """Give the connections back; closing twice is fine."""


class WrappedWire:
    """The endpoint and the end of an inner wire; a subclass adds `call`."""

    def __init__(self, wire: Wire) -> None:
        """Wrap `wire`, which is closed along with this one."""
        self._wire = wire

    @property
    def endpoint(self) -> str:
        """Where the calls go: scheme, host and port."""
        return self._wire.endpoint

    def close(self) -> None:
        """Give the connections back; closing twice is fine."""
        self._wire.close()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class HttpWire:
    """A wire over HTTP or TLS, signed with ACS3-HMAC-SHA256; nothing is sent twice.

    Parameters travel in the body, so that no address on the way and no log of a proxy holds a session key.
    """

    def __init__(
        self,
        address: str,
        access_key: AccessKey | Callable[[], AccessKey],
        *,
        region: str = "cn-shanghai",
        timeout: float = 10.0,
        ca: Path | None = None,
        real: bool = False,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            address: `http://HOST[:PORT]` or `https://…`, without path or query.
            access_key: Who calls; for temporary credentials a function that is asked before every call.
            region: Value of `RegionId`.
            timeout: Seconds for connecting, for each wait, and for the whole of an answer's body.
            ca: File of certificates (PEM) to check the service's against; None for the public ones.
            real: Allow an endpoint that is not this computer.
            now: The clock that calls are dated by.

        Raises:
            UsageError: Not an endpoint, not this computer without `real`, no such file of certificates, or a
                proxy of the environment that is none.
        """
        self._endpoint = endpoints.checked(address, real=real)
        if isinstance(access_key, AccessKey):
            permanent = access_key
            self._access_key: Callable[[], AccessKey] = lambda: permanent
        else:
            self._access_key = access_key
        self._region = region
        self._timeout = timeout
        self._now = now
        try:
            self._url = httpx.URL(self._endpoint)
        except httpx.InvalidURL:
            raise UsageError(
                "the host of the service endpoint is not a host name", hint="correct it"
            ) from None
        proxy = _proxy(self._url)
        self._proxied = proxy is not None
        # Redirects would carry a signed call to somebody else. The environment decides nothing but the proxy.
        # Nothing is unpacked: the bound on an answer holds for what comes over the wire.
        try:
            self._http = httpx.Client(
                timeout=timeout,
                follow_redirects=False,
                trust_env=False,
                proxy=proxy,
                verify=_trusted(ca) if self._url.scheme == "https" or ca else False,
                headers={
                    "Accept": "application/json",
                    "Accept-Encoding": "identity",
                    "User-Agent": "id2-harness",
                },
            )
        except (ImportError, ValueError, httpx.InvalidURL):
            # The address of a proxy may hold a password: it is not repeated.
            raise UsageError(
                "the environment names a proxy that is not http://HOST:PORT or https://HOST:PORT",
                hint="check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY",
            ) from None

    @property
    def endpoint(self) -> str:
        """Where the calls go: scheme, host and port."""
        return self._endpoint

    def close(self) -> None:
        """Give the connections back; closing twice is fine."""
        self._http.close()

    def call(self, operation: str, parameters: Mapping[str, str]) -> tuple[int, bytes]:
        """Sign and send one call; see `Wire.call`."""
        request = self._request(operation, parameters)
        try:
            return self._receive(request)
        except httpx.RequestError as error:
            problem, hint, sent = self._failure(error)
        raise ServiceUnavailable(f"{operation}: {problem}", hint=hint, sent=sent)

    def _request(self, operation: str, parameters: Mapping[str, str]) -> httpx.Request:
        access_key = self._access_key()
        _check_sendable(access_key)
        sent = {**parameters, "ApiVersion": API_VERSION, "RegionId": self._region}
        # A lone surrogate, which a device's garbage can leave in a text, becomes `?`; the service refuses it.
        form = urlencode(sorted(sent.items()), errors="replace").encode()
        headers = acs3.headers(
            operation,
            self._url.netloc.decode(),
            form,
            access_key,
            date=timestamp(self._now()),
            nonce=uuid.uuid4().hex,
        )
        return self._http.build_request("POST", self._url, content=form, headers=headers)

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

    def _failure(self, error: httpx.RequestError) -> tuple[str, str, bool]:
        """Return what went wrong, what to try, and whether the service may have taken the call."""
        where = self._endpoint
        broken = _cause(error, ssl.SSLError)
        unconnected = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        if isinstance(broken, ssl.SSLCertVerificationError):
            return (
                f"the certificate of {where} is not accepted: {broken.verify_message}",
                "check the endpoint; for a certificate of your own, name its authority in service.ca",
                False,
            )
        if broken is not None:
            return f"the TLS connection to {where} broke", _CALL_LOG, not unconnected
        if isinstance(error, httpx.ProxyError) or (self._proxied and unconnected):
            return (
                f"the proxy on the way to {where} does not let the call through",
                "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY",
                False,
            )
        if _cause(error, socket.gaierror) is not None:
            return (
                f"the name {self._url.host} cannot be resolved",
                "check service.region and the network's DNS",
                False,
            )
        if isinstance(error, httpx.ConnectError):
            mock = "start the service (`harness service`), or correct the endpoint"
            hint = mock if is_loopback(self._url.host) else "check the endpoint and the network"
            return f"nothing answers at {where}", hint, False
        if unconnected:
            return (
                f"no connection to {where} within {self._timeout:g} s",
                "check the network and the firewall, or set a proxy in HTTPS_PROXY",
                False,
            )
        if isinstance(error, httpx.TimeoutException):
            return f"no answer from {where} within {self._timeout:g} s", _CALL_LOG, True
        return f"the connection to {where} broke ({type(error).__name__})", _CALL_LOG, True


def _check_sendable(access_key: AccessKey) -> None:
    """Refuse credentials that no header can carry; what httpx says of them repeats them."""
    token = "" if access_key.token is None else access_key.token.reveal().decode(errors="replace")
    text = access_key.id + token
    if not access_key.id or not text.isascii() or not text.isprintable() or " " in text:
        raise UsageError(
            "the AccessKey id or its security token holds characters that cannot be sent",
            hint="copy the credentials again, without spaces and line ends",
        )


def _trusted(ca: Path | None) -> ssl.SSLContext:
    if ca is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=str(ca))
    except ssl.SSLError:
        problem = "it holds no certificates in PEM form"
    except OSError as error:
        problem = error.strerror or "it cannot be read"
    raise UsageError(f"{ca}: {problem}", hint="correct service.ca")


def _proxy(url: httpx.URL) -> str | None:
    """Return the environment's proxy for this address; this computer is never reached through one."""
    found = getproxies()
    proxy = found.get(url.scheme) or found.get("all")
    if not proxy or is_loopback(url.host) or proxy_bypass(url.netloc.decode()):
        return None
    if any(_holds(network.strip(), url.host) for network in found.get("no", "").split(",")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _holds(network: str, host: str) -> bool:
    """Tell whether an address is in a network such as 10.0.0.0/8, which NO_PROXY may name."""
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _cause(error: BaseException, kind: type[Kind]) -> Kind | None:
    """Return the first error of this kind among those that led to this one."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, kind):
        seen = seen.__cause__ or seen.__context__
    return seen
