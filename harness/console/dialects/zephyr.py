"""Zephyr: its shell, and its log.

Source: consoles.md A3; Zephyr kernel/fatal.c, arch/arm/core/cortex_m/fault.c.
"""

import re

from harness.console.dialects.bare import Bare
from harness.console.shell_grammar import ERASE_LINE, Purpose, ShellGrammar


class Zephyr(Bare):
    """Zephyr."""

    @classmethod
    def description(cls) -> str:
        """Return what speaks so."""
        return "Zephyr, prompt `uart:~$ `"

    @classmethod
    def starts(cls) -> tuple[re.Pattern[str], ...]:
        """Return its banner; its stars and case vary."""
        return (re.compile(r"\*{2,} ?booting zephyr", re.IGNORECASE),)

    @classmethod
    def log_line(cls) -> re.Pattern[str] | None:
        """Return time and level, or the level alone."""
        return re.compile(r"\[\d{2,4}:\d\d:\d\d\.\d{3},\d{3}\] <(?:err|wrn|inf|dbg)> |[EWID]: ")

    @classmethod
    def shell(cls) -> ShellGrammar | None:
        """Return its shell."""
        return ShellGrammar(
            prompt=re.compile(rb"[\w-]{1,32}:~\$ "),
            longest_line=255,
            most_words=20,
            beyond="is cut",
            unknown=re.compile(r"(?P<word>[^\s:]{1,255}): command not found"),
            commands={
                Purpose.HELP: "help",
                Purpose.VERSION: "kernel version",
                Purpose.REBOOT: "kernel reboot cold",
                Purpose.STATUS: "kernel uptime",
            },
            erase=ERASE_LINE,
            repeatable=frozenset({"help"}),
        )
