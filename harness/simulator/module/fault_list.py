"""The list of broken modules; in which protocol each shows, its hooks say."""

from harness.simulator.faults.fault import Expected, Fault, Layer
from harness.simulator.module import faults as module
from harness.simulator.module.hooks import ModuleHooks


def _module(name: str, hooks: type[ModuleHooks], shows_with: str = "") -> Fault:
    told = (hooks.__doc__ or "").partition("\n")[0].rstrip(".")
    return Fault(f"module-{name}", Layer.MODULE, told, Expected.FAILED, hooks, shows_with=shows_with)


_A_KEY = "a known key"
_TWO = "a second connection"
_WHOLE = "a Unix socket"

MODULE_FAULTS: tuple[Fault, ...] = (
    _module("timestamp-as-challenge", module.TimestampAsChallenge),
    _module("shared-init", module.SharedInit, _TWO),
    _module("no-init-needed", module.NoInitNeeded),
    _module("one-connection-at-a-time", module.OneAtATime, _TWO),
    _module("body-with-error", module.BodyWithError),
    _module("magic-wrong", module.MagicWrong),
    _module("other-command-number", module.OtherCommandNumber),
    _module("field-one-too-long", module.FieldTooLong),
    _module("body-one-too-short", module.BodyTooShort),
    _module("version-with-length", module.VersionWithLength),
    _module("positive-errors", module.PositiveErrors),
    _module("partial-writes", module.PartialWrites, _WHOLE),
    _module("late-answers", module.LateAnswers, "a time limit"),
    _module("silent-on-unknown-command", module.SilentOnUnknown),
    _module("id-changes", module.IdChanges),
    _module("id-lower-case", module.IdLowerCase),
    _module("repeated-random", module.RepeatedRandom),
    _module("wrong-key", module.WrongKey, _A_KEY),
    _module("extra-not-signed", module.ExtraNotSigned, _A_KEY),
    _module("extra-ends-at-nul", module.ExtraEndsAtNul, _A_KEY),
    _module("long-challenge-taken", module.LongChallengeTaken),
    _module("long-extra-taken", module.LongExtraTaken),
    _module("padding-not-checked", module.PaddingNotChecked, _A_KEY),
    _module("server-code-not-checked", module.AcceptsServerCode, _A_KEY),
)
"""Broken modules."""
