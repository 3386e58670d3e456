"""Calls whose values must not be written down: what keeps them out, and what a replay has in their place."""

from collections.abc import Callable
from typing import ClassVar, NoReturn, Protocol

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


class SecretBytes(bytes):
    """A secret value of the device: it does not show itself."""

    def __repr__(self) -> str:
        return "b'***'"


class SecretText(str):
    """The same as a text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class WithheldBytes(SecretBytes):
    """What stands in a replay for a secret value: as long as it was, and equal to nothing and unequal to nothing."""

    def _unknown(self, other: object) -> NoReturn:
        del other
        raise WithheldError

    __eq__ = _unknown
    __ne__ = _unknown
    __hash__ = bytes.__hash__


class WithheldText(SecretText):
    """The same as a text."""

    __slots__ = ()

    def _unknown(self, other: object) -> NoReturn:
        del other
        raise WithheldError

    __eq__ = _unknown
    __ne__ = _unknown
    __hash__ = str.__hash__


def text_of(data: bytes) -> str:
    """Return a secret answer as a text, as secret as the bytes.

    Raises:
        UnicodeDecodeError: It is no ASCII.
    """
    text = data.decode("ascii")
    return WithheldText(text) if isinstance(data, WithheldBytes) else SecretText(text)


def is_secret(value: object) -> bool:
    """Tell whether a value came from a secret call."""
    return isinstance(value, SecretBytes | SecretText)


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
