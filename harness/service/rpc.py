"""What every call to the ID² service in the cloud's RPC style has: versions, the form of a time, an encoding."""

from datetime import UTC, datetime
from urllib.parse import quote

VERSION = "2017-07-07"
"""Version of the product's API, in `Version` or `x-acs-version`."""
API_VERSION = "1.1.2"
"""Version of the operations, in `ApiVersion`. Source: service.md 4.1."""
TIMESTAMP_FORMAT = "%Y-%m-%dT%H:%M:%SZ"

# For each call some fifty texts are encoded, nearly all of them plain.
ENCODED = {char: quote(char, safe="~") for char in map(chr, range(128)) if quote(char, safe="~") != char}
"""The ASCII characters that do not stay as they are, and what they become."""
_TRANSLATION = str.maketrans(ENCODED)


def percent_encode(text: str) -> str:
    """Encode as the gateway does: UTF-8; letters, digits and `-_.~` stay, a space is `%20`."""
    if text.isascii():
        return text if text.isalnum() else text.translate(_TRANSLATION)
    # A lone surrogate, which a device's garbage can leave in a text, becomes `?`; the service refuses it.
    return quote(text, safe="~", errors="replace")


def timestamp(now: datetime) -> str:
    """Return `now` as the gateway wants it: UTC, whole seconds, `YYYY-MM-DDThh:mm:ssZ`."""
    return now.astimezone(UTC).strftime(TIMESTAMP_FORMAT)
