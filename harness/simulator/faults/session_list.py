"""Broken chips that show over a whole run: other devices after a while, bad randoms, guessable keys.

All of them show whether the key is known or not. The summary of each is the sentence of its hooks.
"""

from collections.abc import Callable

from harness.id2.keys import KeyType
from harness.simulator.chip.hooks import ChipHooks
from harness.simulator.faults import keys, randoms, sessions
from harness.simulator.faults.fault import ALL_SETS, Expected, Fault, Layer

_ICA = frozenset(("ica",))
_SYMMETRIC = frozenset(kind for kind in KeyType if kind.symmetric)


def _fault(name: str, hooks: type[ChipHooks], sets: frozenset[str] = ALL_SETS, *, shows_with: str) -> Fault:
    summary = (hooks.__doc__ or "").partition("\n")[0].rstrip(".")
    made: Callable[[], ChipHooks] = hooks
    return Fault(name, Layer.CHIP, summary, Expected.FAILED, made, sets, _SYMMETRIC, shows_with=shows_with)


def _later(name: str, hooks: type[ChipHooks], sets: frozenset[str] = ALL_SETS) -> Fault:
    return _fault(name, hooks, sets, shows_with="many commands and sessions")


def _random(name: str, hooks: type[ChipHooks]) -> Fault:
    return _fault(f"challenge-{name}", hooks, _ICA, shows_with="the random values of a whole run")


def _key(name: str, hooks: type[ChipHooks]) -> Fault:
    return _fault(name, hooks, shows_with="chosen blocks")


CHANGES = (
    _later("other-key-second-session", sessions.OtherKeyLater),
    _later("other-key-each-session", sessions.OtherKeyEachSession),
    _later("other-key-every-20th-session", sessions.OtherKeyEveryTwentiethSession),
    _later("other-key-after-1500-commands", sessions.OtherKeyAfterManyCommands),
    _later("other-key-after-seconds", sessions.OtherKeyAfterSeconds),
    _later("other-id-second-session", sessions.OtherIdLater),
    _later("other-id-after-1500-commands", sessions.OtherIdAfterManyCommands),
    _later("other-id-after-seconds", sessions.OtherIdAfterSeconds),
    _later("other-id-now-and-then", sessions.OtherIdNowAndThen),
    _later("other-vendor-info-second-session", sessions.OtherVendorInfoLater, _ICA),
    _later("dead-second-session", sessions.DeadLater),
    _later("dead-after-1500-commands", sessions.DeadAfterManyCommands),
    _later("zeros-second-session", sessions.SilentlyFailingLater, _ICA),
    _later("wrong-every-200th-answer", sessions.WrongNowAndThen, _ICA),
    _later("answers-of-the-session-before", sessions.AnswersOfTheSessionBefore, _ICA),
)
"""Chips that become another device after a while."""

BAD_RANDOMS = (
    _random("counts", randoms.ChallengeCounts),
    _random("field-counts", randoms.ChallengeFieldCounts),
    _random("stuck-bit", randoms.ChallengeStuckBit),
    _random("few-bits", randoms.ChallengeFewBits),
    _random("short-period", randoms.ChallengeShortPeriod),
    _random("same-each-session", randoms.ChallengeSameEachSession),
    _random("constant-byte", randoms.ChallengeConstantPart),
    _random("is-text", randoms.ChallengeIsText),
    _random("is-hex-digits", randoms.ChallengeIsDigits),
    _random("copied-half", randoms.ChallengeCopied),
    _random("of-the-hal-demo", randoms.ChallengeOfTheDemo),
    _random("of-xorshift", randoms.ChallengeOfXorshift),
    _random("of-rand", randoms.ChallengeOfRand),
    _random("is-hash-of-count", randoms.ChallengeIsHashOfCount),
)
"""Chips whose random values are not random."""

GUESSABLE = (
    _key("key-zeros", keys.KeyZeros),
    _key("key-counts", keys.KeyCounts),
    _key("key-published-other-id", keys.KeyPublished),
    _key("key-is-id", keys.KeyIsId),
    _key("key-is-id-text-xored", keys.KeyIsIdText),
    _key("key-is-hash-of-id", keys.KeyIsHashOfId),
    _key("cipher-is-xor", keys.CipherIsXor),
    _key("cipher-is-sum", keys.CipherIsSum),
    _key("cipher-is-substitution", keys.CipherIsSubstitution),
    _key("cipher-is-shuffle", keys.CipherIsShuffle),
)
"""Chips whose key can be guessed, or whose cipher is none."""

SESSION_FAULTS: tuple[Fault, ...] = (*CHANGES, *BAD_RANDOMS, *GUESSABLE)
