"""The credentials of one account."""

from dataclasses import dataclass

from harness.secret import Secret


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An AccessKey; the secret hides itself."""

    id: str
    secret: Secret
