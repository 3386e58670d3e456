"""The keys that a log may be checked with."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.id2.published import EVERY


@dataclass(frozen=True, slots=True)
class KnownKey:
    """One key somebody gave.

    Attributes:
        candidates: The key; several when its type was not said and its length allows more than one.
        id2: The device it belongs to; empty when that was not said.
        published: It is one of the vendor's published debug keys.
    """

    candidates: tuple[Key, ...]
    id2: str = ""
    published: bool = False


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys that may be tried on a log."""

    keys: tuple[KnownKey, ...] = ()

    @property
    def given(self) -> tuple[KnownKey, ...]:
        """The keys that are not published ones."""
        return tuple(known for known in self.keys if not known.published)

    @property
    def published(self) -> tuple[KnownKey, ...]:
        """The published keys, when they may be tried."""
        return tuple(known for known in self.keys if known.published)

    @classmethod
    def of(cls, key: Key, id2: str = "") -> Self:
        """Return a ring with one key."""
        return cls((KnownKey((key,), id2),))

    @classmethod
    def debug(cls) -> Self:
        """Return a ring with the vendor's published debug keys.

        Source: device-protocol.md b.5.
        """
        return cls(tuple(KnownKey((known.key,), known.id2, published=True) for known in EVERY))

    @classmethod
    def parse(cls, text: str, key_type: KeyType | None = None, id2: str = "") -> Self:
        """Read one key from text.

        Args:
            text: As `Key.parse` takes it.
            key_type: Its type; without it every type that the text can be is tried on the log.
            id2: The device it belongs to, when that is known.

        Raises:
            Id2Error: The text is no key (of this type). The message never repeats it.
        """
        if key_type is not None:
            return cls((KnownKey((Key.parse(key_type, text),), id2),))
        candidates = tuple(_possible(text))
        if not candidates:
            raise Id2Error(
                "the key is of no known type: neither 32, 48 or 64 hex digits nor an RSA private key",
                field="key",
            )
        return cls((KnownKey(candidates, id2),))

    def __add__(self, other: "KeyRing") -> "KeyRing":
        return KeyRing(self.keys + other.keys)


def _possible(text: str) -> Iterable[Key]:
    for key_type in KeyType:
        try:
            yield Key.parse(key_type, text)
        except Id2Error:
            continue
