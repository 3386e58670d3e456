"""Where a service is, in the plain form of its address."""

from urllib.parse import urlsplit

from harness.errors import UsageError
from harness.web.exposure import is_loopback


def checked(endpoint: str, *, real: bool) -> str:
    """Return an endpoint in its plain form, `http://HOST[:PORT]` or `https://HOST[:PORT]`.

    Args:
        endpoint: What a person wrote.
        real: Allow a host that is not this computer.

    Raises:
        UsageError: Not an endpoint, or not this computer without `real`; the text itself is not repeated.
    """
    # The text may carry a password or a signed query: it is not repeated in the message.
    problem = UsageError(
        "the service endpoint must be http://HOST[:PORT] or https://HOST[:PORT], without user, path or query",
        hint="for example http://127.0.0.1:8080",
    )
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise problem from None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        raise problem
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise problem
    if not real and not is_loopback(host):
        raise UsageError(
            f"the service endpoint is on {host}, not on this computer, and was not asked for as the real service",
            hint="name it in a board file as `service: {endpoint: …}`, or use the mock: `harness service`",
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")
