"""What recordings must not show, and how a replay compares what a recording does not show."""

import base64
from contextlib import suppress

from harness.secret import Secret


class Redaction:
    """Secrets that stand as stars in the recordings of a board.

    A secret is looked for in the data of one operation, also as hex or base64 text. Not covered: a secret that a
    stream delivers in two chunks, or that is encoded in another way.

    Attributes:
        secrets: Every form of every secret, the longest first.
    """

    def __init__(self) -> None:
        self.secrets: tuple[bytes, ...] = ()

    def add(self, secret: Secret) -> None:
        """Hide this secret from now on; an empty one hides nothing."""
        value = secret.reveal()
        if not value:
            return
        forms = {value, value.hex().encode(), value.hex().upper().encode(), base64.b64encode(value)}
        self.secrets = tuple(sorted({*self.secrets, *forms}, key=len, reverse=True))

    def data(self, data: bytes) -> bytes:
        """Return data of the same length with a star for each byte of a secret."""
        for secret in self.secrets:
            if secret in data:
                data = data.replace(secret, b"*" * len(secret))
        return data

    def text(self, text: str) -> str:
        """Return a text with three stars for each secret."""
        for secret in self.secrets:
            with suppress(UnicodeDecodeError):
                text = text.replace(secret.decode(), "***")
        return text
