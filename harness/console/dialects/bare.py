"""A console that nothing is known of: it prints, and takes no commands."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from harness.console.dialect import Dialect, NeverSent, ResetCause
from harness.console.shell_grammar import ShellGrammar

STOPS_ALIOS = NeverSent(
    "stops a system that is built on AliOS Things, where its debugging is hooked in", text=b"$#@!"
)
"""Source: consoles.md A1."""


class Bare(Dialect):
    """No known system. The texts that are known of all systems are looked for all the same."""

    @classmethod
    def description(cls) -> str:
        """Return what speaks so."""
        return "any system, without a shell"

    @classmethod
    def starts(cls) -> tuple[re.Pattern[str], ...]:
        """Return nothing more than is known of all."""
        return ()

    @classmethod
    def crash_texts(cls) -> Mapping[str, re.Pattern[str]]:
        """Return nothing more than is known of all."""
        return MappingProxyType({})

    @classmethod
    def reset_causes(cls) -> tuple[ResetCause, ...]:
        """Return nothing more than is known of all."""
        return ()

    @classmethod
    def log_line(cls) -> re.Pattern[str] | None:
        """Return None: it is learned from the log itself."""
        return None

    @classmethod
    def shell(cls) -> ShellGrammar | None:
        """Return None."""
        return None

    @classmethod
    def never_sent(cls) -> tuple[NeverSent, ...]:
        """Return what stops AliOS Things: it may be below."""
        return (STOPS_ALIOS,)
