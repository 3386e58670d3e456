"""The credentials of one account."""

from dataclasses import dataclass

from harness.secret import Secret


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An AccessKey; secret and token hide themselves.

    Attributes:
        id: Its name.
        secret: What it signs with.
        token: Security token of a temporary AccessKey, None for a permanent one.
    """

    id: str
    secret: Secret
    token: Secret | None = None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What of it must not be written anywhere."""
        return (self.secret,) if self.token is None else (self.secret, self.token)
