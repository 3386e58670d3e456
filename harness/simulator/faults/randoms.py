"""Chips whose GetChallenge is not random, in ways that a glance does not show."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator

from harness.simulator.chip.hooks import ChipHooks
from harness.simulator.chip.randomness import SeededRandom


class ChallengeCounts(ChipHooks):
    """A challenge is a counter and a constant."""

    def __init__(self) -> None:
        self._number = 0x1234

    def challenge(self, challenge: bytes) -> bytes:
        self._number += 1
        return b"\x5a\x11\x02\x93"[: len(challenge) - 4].ljust(
            len(challenge) - 4, b"\x77"
        ) + self._number.to_bytes(4)


class ChallengeFieldCounts(ChallengeCounts):
    """Two bytes inside a challenge count, low byte first, in large steps; the rest is random."""

    def challenge(self, challenge: bytes) -> bytes:
        self._number += 7919
        return challenge[:1] + (self._number % 0x10000).to_bytes(2, "little") + challenge[3:]


class ChallengeStuckBit(ChipHooks):
    """One bit of each challenge is always set."""

    def challenge(self, challenge: bytes) -> bytes:
        return challenge[:2] + bytes((challenge[2] | 0x08,)) + challenge[3:]


class ChallengeFewBits(ChipHooks):
    """Only twelve bits of a challenge change; all its bytes are made of them."""

    def challenge(self, challenge: bytes) -> bytes:
        seed = (int.from_bytes(challenge) & 0xFFF).to_bytes(2)
        return (hashlib.sha256(seed).digest() * 2)[: len(challenge)]


class ChallengeShortPeriod(ChipHooks):
    """The challenges come again after twenty."""

    def __init__(self) -> None:
        self._number = 0

    def challenge(self, challenge: bytes) -> bytes:
        self._number = (self._number + 1) % 20
        return SeededRandom(self._number)(len(challenge))


class ChallengeSameEachSession(ChipHooks):
    """Each session gives the same challenges in the same order."""

    def __init__(self) -> None:
        self._source = SeededRandom(99)

    def opened(self) -> None:
        self._source = SeededRandom(99)

    def challenge(self, challenge: bytes) -> bytes:
        return self._source(len(challenge))


class ChallengeConstantPart(ChipHooks):
    """The last byte of a challenge is constant."""

    def challenge(self, challenge: bytes) -> bytes:
        return challenge[:-1] + b"\xd7"


class ChallengeIsText(ChipHooks):
    """A challenge is printable text."""

    def challenge(self, challenge: bytes) -> bytes:
        return bytes(0x20 + byte % 95 for byte in challenge)


class ChallengeIsDigits(ChipHooks):
    """A challenge is made of hex digits as text."""

    def challenge(self, challenge: bytes) -> bytes:
        return challenge.hex().encode()[: len(challenge)]


class ChallengeCopied(ChipHooks):
    """The second half of a challenge is the first one, inverted."""

    def challenge(self, challenge: bytes) -> bytes:
        half = challenge[: len(challenge) // 2]
        return half + bytes(byte ^ 0xFF for byte in half)


class _Words(ChipHooks, ABC):
    """A challenge is made of words of 32 bits that a generator gives one after the other."""

    def __init__(self) -> None:
        self._stream = self.words()

    @abstractmethod
    def words(self) -> Iterator[int]:
        """Yield the words."""

    def challenge(self, challenge: bytes) -> bytes:
        return b"".join(next(self._stream).to_bytes(4, "little") for _ in range(4))[: len(challenge)]


class ChallengeOfTheDemo(_Words):
    """A challenge comes out of the generator of the vendor's HAL demo, which was never ported."""

    def words(self) -> Iterator[int]:
        state = 12345
        while True:
            state = (state * 1664525 + 1013904223) % (1 << 32)
            yield state


class ChallengeOfXorshift(_Words):
    """A challenge comes out of a xorshift generator of 32 bits."""

    def words(self) -> Iterator[int]:
        state = 0x2545F491
        while True:
            state ^= state << 13 & 0xFFFFFFFF
            state ^= state >> 17
            state ^= state << 5 & 0xFFFFFFFF
            yield state


class ChallengeOfRand(ChipHooks):
    """A challenge is made of the low bytes of rand() of ANSI C."""

    def __init__(self) -> None:
        self._state = 1

    def challenge(self, challenge: bytes) -> bytes:
        out = bytearray()
        for _ in challenge:
            self._state = (self._state * 1103515245 + 12345) % (1 << 32)
            out.append(self._state >> 16 & 0xFF)
        return bytes(out)


class ChallengeIsHashOfCount(ChallengeCounts):
    """A challenge is the SHA-256 of a counter."""

    def __init__(self) -> None:
        super().__init__()
        self._number = 0

    def challenge(self, challenge: bytes) -> bytes:
        self._number += 1
        return hashlib.sha256(self._number.to_bytes(4)).digest()[: len(challenge)]
