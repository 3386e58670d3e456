"""AliOS Things: its command line (ash), its log, what it says after a crash.

Source: consoles.md A1.
"""

import re
from dataclasses import replace

from harness.console.dialect import NeverSent, ResetCause
from harness.console.dialects.bare import STOPS_ALIOS, Bare
from harness.console.shell_grammar import Purpose, ShellGrammar

LOG = re.compile(
    r"(?:<\d{3}> ?)?\s?\[\s*(?:\d{1,9}(?:\.\d{1,6})?|[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d\.\d{3})\]\s?<[VAFEWTID]>"
)

_COMMANDS = {Purpose.HELP: "help", Purpose.VERSION: "sysver", Purpose.REBOOT: "reboot"}

_SHELL = ShellGrammar(
    prompt=re.compile(rb"# "),
    longest_line=255,
    most_words=16,
    beyond="is refused or cut",
    unknown=re.compile(r"command '(?P<word>[^'\r\n]{1,256})' not found"),
    commands=_COMMANDS | {Purpose.STATUS: "tasklist"},
    separators=";",
    repeatable=frozenset(
        {"help", "sysver", "time", "devname", "tasklist", "cpuusage", "dumpsys", "debug", "version"}
    ),
)


class Alios1(Bare):
    """AliOS Things 1.x and 2.x."""

    @classmethod
    def description(cls) -> str:
        """Return what speaks so."""
        return "AliOS Things 1.x and 2.x, prompt `# `"

    @classmethod
    def starts(cls) -> tuple[re.Pattern[str], ...]:
        """Return its banner, and what its samples print."""
        return (re.compile(r"Welcome to AliOS Things"), re.compile(r"nano entry here!"))

    @classmethod
    def log_line(cls) -> re.Pattern[str] | None:
        """Return time and level; in 1.x milliseconds, later seconds or a date."""
        return LOG

    @classmethod
    def shell(cls) -> ShellGrammar | None:
        """Return its command line."""
        return _SHELL

    @classmethod
    def never_sent(cls) -> tuple[NeverSent, ...]:
        """Return what stops the system, and two commands that spoil it."""
        return (
            STOPS_ALIOS,
            NeverSent("writes into the memory of the board", commands=frozenset({b"m"})),
            NeverSent("calls an address as a function", commands=frozenset({b"f"})),
        )


class Alios3(Alios1):
    """AliOS Things 3.x."""

    @classmethod
    def description(cls) -> str:
        """Return what speaks so."""
        return "AliOS Things 3.x, prompt `(ash)# `"

    @classmethod
    def reset_causes(cls) -> tuple[ResetCause, ...]:
        """Return what it remembers of the time before. Source: components/debug debug_lastword.c."""
        meanings = {
            "1": "watchdog",
            "2": "panic",
            "3": "power",
            "4": "fatal error",
            "5": "command",
            "6": "unknown",
        }
        text = re.compile(r"panic header reboot reason\s*:?\s*(?P<code>\d{1,3})\b")
        return (ResetCause(text, meanings, frozenset("124"), outside=frozenset("3")),)

    @classmethod
    def shell(cls) -> ShellGrammar | None:
        """Return its command line; the one that a crash leaves has a prompt of its own."""
        return replace(
            _SHELL,
            prompt=re.compile(rb"\((?!panic\))[\w.-]{1,32}\)# "),
            dead=re.compile(rb"\(panic\)# ?"),
        )
