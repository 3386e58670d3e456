"""RT-Thread: FinSH in its msh mode, and ulog.

Source: consoles.md A3; RT-Thread components/finsh/shell.c.
"""

import re

from harness.console.dialects.bare import Bare
from harness.console.shell_grammar import Login, Purpose, ShellGrammar


class RtThread(Bare):
    """RT-Thread."""

    @classmethod
    def description(cls) -> str:
        """Return what speaks so."""
        return "RT-Thread, prompt `msh >`; a line of more than 79 characters or 8 words never arrives"

    @classmethod
    def starts(cls) -> tuple[re.Pattern[str], ...]:
        """Return its banner."""
        return (re.compile(r"- RT -\s{1,9}Thread Operating System"),)

    @classmethod
    def log_line(cls) -> re.Pattern[str] | None:
        """Return level and tag, the time before them where it is built in."""
        return re.compile(
            r"(?:\[\d{1,12}\] ?|\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,3})? )?[AEWIDV]/[\w.-]{1,32}\b"
            r"|\[[AEWIDV]/[\w.-]{1,32}\]"
        )

    @classmethod
    def shell(cls) -> ShellGrammar | None:
        """Return its shell."""
        return ShellGrammar(
            prompt=re.compile(rb"(?:msh (?:/[\w./-]{0,80})?>|finsh ?(?:/[\w./-]{0,80})?>) ?"),
            longest_line=79,
            most_words=8,
            beyond="is dropped without a word",
            unknown=re.compile(r"(?P<word>[^\s:]{1,80}): command not found"),
            commands={
                Purpose.HELP: "help",
                Purpose.VERSION: "version",
                Purpose.REBOOT: "reboot",
                Purpose.STATUS: "ps",
            },
            repeatable=frozenset({"help", "version", "ps", "free"}),
            shows_start=frozenset({"version"}),
            login=Login(
                None,
                re.compile(rb"Password for login: ?"),
                re.compile(rb"Sorry, try again|password (?:is )?(?:wrong|error)", re.IGNORECASE),
            ),
        )
