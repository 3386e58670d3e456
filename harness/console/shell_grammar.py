"""How commands are given on a console with a shell.

Source: consoles.md A1, A3, A4.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

ERASE_LINE = b"\x15"
"""Ctrl-U, which has a terminal or line editor forget what was typed."""


class Purpose(StrEnum):
    """What a command of a shell is for."""

    HELP = "help"
    VERSION = "version"
    REBOOT = "reboot"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Login:
    """How a console asks who is there.

    Attributes:
        user: What asks for the user; None where only a password is asked for.
        password: What asks for the password.
        refused: What says that it was wrong.
    """

    user: re.Pattern[bytes] | None
    password: re.Pattern[bytes]
    refused: re.Pattern[bytes]


@dataclass(frozen=True, slots=True)
class ShellGrammar:
    """A shell.

    Attributes:
        prompt: The prompt, all that stands on its line.
        longest_line: Characters of the longest command, what ends it counted out.
        most_words: Words of the longest command.
        beyond: What becomes of a longer one, as the end of a sentence: `is dropped without a word`.
        unknown: What says of a word, the group `word`, that there is no such command; None where nothing does.
        commands: The commands for each purpose that the shell has one for.
        line_end: What ends a command.
        echoes: Whether what is typed comes back.
        erase: What has the shell forget what was typed; empty for one backspace a character.
        printing: A command that prints its two arguments as one word, `echo '{}''{}'`; empty where there is none.
        separators: Characters that begin another command in the same line.
        repeatable: First words of commands that change nothing, and may be sent again when no answer came.
        shows_start: First words of commands that print the text of a start, and start nothing.
        login: How it asks who is there; None when it does not.
        dead: The prompt of a shell that is left after a crash; None where there is none.
        before: The prompt of a boot loader, at which `go_on` starts the system; None where there is none.
        go_on: The command of the boot loader that starts the system.
        hands_off: What shows that a key would now stop the start of the board; None where nothing does.
    """

    prompt: re.Pattern[bytes]
    longest_line: int
    most_words: int
    beyond: str
    unknown: re.Pattern[str] | None
    commands: Mapping[Purpose, str] = field(default_factory=lambda: MappingProxyType({}))
    line_end: bytes = b"\r"
    echoes: bool = True
    erase: bytes = b""
    printing: str = ""
    separators: str = ""
    repeatable: frozenset[str] = frozenset()
    shows_start: frozenset[str] = frozenset()
    login: Login | None = None
    dead: re.Pattern[bytes] | None = None
    before: re.Pattern[bytes] | None = None
    go_on: str = ""
    hands_off: re.Pattern[bytes] | None = None
