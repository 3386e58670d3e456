"""Calls whose values must not be written down: what keeps them out, and what a replay has in their place."""

from collections.abc import Callable
from typing import Any, ClassVar, Protocol, Self, SupportsIndex

from harness.errors import HarnessError, Outcome


class WithheldError(HarnessError):
    """A replay would need a value that its recording withholds, as it is secret."""

    outcome: ClassVar[Outcome] = "not_run"
    exit_code: ClassVar[int] = 5
    who_acts: ClassVar[str] = "nobody: run the board itself"

    def __init__(self, what: str = "a value of the device") -> None:
        super().__init__(
            f"the recording withholds it: {what} is secret",
            hint="judge it on the board itself; a replay takes over what the recorded run found",
        )


Keep = Callable[[str, Callable[[], int]], int]
"""Returns a number that is no secret, which a replay needs: what is given, or what was kept of the recorded run."""

_SAME = "whether two secret values are the same"


class SecretBytes(bytes):
    """A secret value of the device: it does not show itself, and what it is compared with is kept for a replay.

    A replay has stars in its place, as many, and takes over what the recorded run found.
    """

    keep: Keep

    def __new__(cls, value: bytes, keep: Keep) -> Self:
        """Return a value.

        Args:
            value: The bytes.
            keep: Keeps the outcome of a comparison.
        """
        made = super().__new__(cls, value)
        made.keep = keep
        return made

    def __eq__(self, other: object) -> bool:
        return bool(self.keep(_SAME, lambda: int(bytes.__eq__(self, other) is True)))

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = bytes.__hash__

    def __getitem__(self, key: SupportsIndex | slice) -> Any:
        found = super().__getitem__(key)
        return SecretBytes(found, self.keep) if isinstance(found, bytes) else found

    def __repr__(self) -> str:
        return "b'***'"


class SecretText(str):
    """The same as a text."""

    __slots__ = ("keep",)

    keep: Keep

    def __new__(cls, value: str, keep: Keep) -> Self:
        """Return a value; the arguments are those of `SecretBytes`."""
        made = super().__new__(cls, value)
        made.keep = keep
        return made

    def __eq__(self, other: object) -> bool:
        return bool(self.keep(_SAME, lambda: int(str.__eq__(self, other) is True)))

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__

    def __repr__(self) -> str:
        return "'***'"


def text_of(data: bytes) -> str:
    """Return an answer as a text, as secret as the bytes; what is no ASCII stands escaped."""
    text = data.decode("ascii", errors="backslashreplace")
    return SecretText(text, data.keep) if isinstance(data, SecretBytes) else text


def is_secret(value: object) -> bool:
    """Tell whether a value came from a secret call."""
    return isinstance(value, SecretBytes | SecretText)


def revealed(value: object) -> object:
    """Return a value that shows itself, for whoever keeps the outcome of what is done with it."""
    if isinstance(value, SecretBytes):
        return bytes(value)
    return "".join(value) if isinstance(value, SecretText) else value


class Secrecy(Protocol):
    """Keeps the traffic of a secret call out of what is written down."""

    @property
    def replayed(self) -> bool:
        """Whether a recording answers, which has nothing of secret calls."""

    def begin(self) -> None:
        """Keep the traffic out from now on."""

    def end(self) -> None:
        """Let it in again."""

    def number(self, purpose: str, now: Callable[[], int]) -> int:
        """Return a number that is no secret, which a replay needs: what `now` gives, or what was kept."""


class NothingWritten:
    """For a console that nobody records."""

    replayed = False

    def begin(self) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Do nothing."""

    def number(self, purpose: str, now: Callable[[], int]) -> int:
        """Return what `now` gives."""
        del purpose
        return now()
