"""Embedded Linux: U-Boot, kernel, login, shell; and OP-TEE beside it.

Source: consoles.md A4; LAVA lava_dispatcher/utils/messages.py.
"""

import re

from harness.console.dialect import NeverSent, ResetCause
from harness.console.dialects.bare import Bare
from harness.console.shell_grammar import ERASE_LINE, Login, Purpose, ShellGrammar


class Linux(Bare):
    """Embedded Linux."""

    @classmethod
    def description(cls) -> str:
        """Return what speaks so."""
        return "embedded Linux: U-Boot, kernel, login and shell; OP-TEE's lines"

    @classmethod
    def starts(cls) -> tuple[re.Pattern[str], ...]:
        """Return the stages of a start."""
        return (
            re.compile(r"U-Boot SPL 20\d\d"),
            re.compile(r"U-Boot 20\d\d"),
            re.compile(r"(?<![Rr]e)Starting kernel \.\.\."),
            re.compile(r"Linux version \d"),
        )

    @classmethod
    def reset_causes(cls) -> tuple[ResetCause, ...]:
        """Return what U-Boot says."""
        meanings = {
            "por": "power",
            "pup": "power",
            "wdog": "watchdog",
            "wdog2": "watchdog",
            "wdog3": "watchdog",
            "wdog4": "watchdog",
            "wdt": "watchdog",
            "sw": "software",
            "csu": "security unit",
            "ipp user": "reset line",
            "jtag high-z": "JTAG",
            "jtag sw": "JTAG",
            "tempsense": "temperature",
        }
        text = re.compile(
            r"\bReset cause:\s*(?P<code>IPP USER|JTAG HIGH-Z|JTAG SW|[A-Z]\w{1,19}\b)", re.IGNORECASE
        )
        faults = frozenset({"wdog", "wdog2", "wdog3", "wdog4", "wdt", "csu", "tempsense"})
        return (
            ResetCause(
                text, meanings, faults, frozenset({"por", "pup", "ipp user", "jtag high-z", "jtag sw"})
            ),
        )

    @classmethod
    def log_line(cls) -> re.Pattern[str] | None:
        """Return the time of the kernel, or level and module of OP-TEE."""
        return re.compile(r"(?:<\d>)?\[\s{0,8}\d{1,9}\.\d{6}\](?:\[\s*[CT]\d+\])? |[UEIDFM]/[\w?]{1,8}:")

    @classmethod
    def shell(cls) -> ShellGrammar | None:
        """Return a POSIX shell on a terminal."""
        return ShellGrammar(
            prompt=re.compile(rb"[^\r\n]{0,80}[$#] "),
            longest_line=1023,
            most_words=255,
            beyond="is cut by some terminals",
            unknown=re.compile(
                r"(?:^|[\s:])(?P<word>[^\s:]{1,255}): (?:command )?not found|: (?P<other>\S+): not found"
            ),
            commands={
                Purpose.HELP: "help",
                Purpose.VERSION: "uname -a",
                Purpose.REBOOT: "reboot",
                Purpose.STATUS: "uptime",
            },
            erase=ERASE_LINE,
            printing="echo '{}''{}'",
            separators=";&|",
            repeatable=frozenset({"help", "uname", "uptime", "cat", "ls", "dmesg", "echo"}),
            login=Login(
                re.compile(rb"[^\r\n]{0,80}\blogin: ?"),
                re.compile(rb"[Pp]assword(?: for [\w.-]{1,32})?: ?"),
                re.compile(rb"Login incorrect|Login timed out|Maximum number of tries"),
            ),
            before=re.compile(rb"(?:=>|U-Boot>) ?"),
            go_on="boot",
            hands_off=re.compile(rb"Hit any key to stop autoboot"),
        )

    @classmethod
    def never_sent(cls) -> tuple[NeverSent, ...]:
        """Return nothing: a terminal takes everything."""
        return ()
