"""The way to a shell's prompt: a start that is not disturbed, a login, empty lines where nothing else helps.

Source: consoles.md A, A4; zephyr scripts/pylib/pytest-twister-harness (a line end every 0.5 s until the prompt shows).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from harness import hostload
from harness.console.answers import AnswerReader
from harness.console.dialect import Dialect
from harness.console.screen import last_line
from harness.console.shell_errors import ShellCrashedError, no_shell
from harness.console.shell_grammar import Login, ShellGrammar
from harness.console.shell_line import ASK_S, ShellLine
from harness.errors import BenchError, UsageError
from harness.secret import Secret

LOOK_BACK = 4096
"""Bytes of the last output that are looked at."""

_QUIET_S = 3.0  # seconds of silence after which no boot loader can be counting any more
_STOPPED_S = 10.0  # seconds of silence after which a start that was going on no longer does
_MOST_LOGINS = 3
_LOADER = re.compile(rb"\bU-Boot (?:SPL )?20\d\d")
_SYSTEM = re.compile(rb"Starting kernel|Linux version|\blogin: ")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who logs in.

    Attributes:
        user: Name of the user.
        password: The password; None for a user without one.
    """

    user: str
    password: Secret | None = None


class PromptSeeker:
    """Brings a console to the prompt of its shell.

    Args:
        line: The line to the shell.
        dialect: How the console speaks.
        grammar: Its shell.
        reader: Reads its output.
        login: Who logs in where a login is asked for; None for nobody.
        hide: Called with a password before it is sent, to keep it out of recordings.
    """

    def __init__(
        self,
        line: ShellLine,
        dialect: type[Dialect],
        grammar: ShellGrammar,
        reader: AnswerReader,
        login: Credentials | None,
        hide: Callable[[Secret], None],
    ) -> None:
        self._line = line
        self._dialect = dialect
        self._grammar = grammar
        self._reader = reader
        self._login = login
        self._hide = hide

    def reach(self, until: float, limit: float) -> None:
        """Return when a prompt stands at the end of the output.

        Args:
            until: When to give up, by the clock of `hostload`.
            limit: Seconds that were allowed, for the message.

        Raises:
            BenchError: No prompt shows, or the login is refused.
            UsageError: A login is asked for, and nobody is named.
            ShellCrashedError: The prompt is the one that a crash leaves.
        """
        line, grammar = self._line, self._grammar
        start = max(0, line.received - LOOK_BACK)
        logins = 0
        went_on = False
        while True:
            line.settle()
            data = line.since(start)
            stands = last_line(data)
            if grammar.dead is not None and grammar.dead.fullmatch(stands):
                raise ShellCrashedError(data, self._dialect, line.name)
            if grammar.login is not None and (asked := self._asks(grammar.login, data)):
                logins += asked == "user" or grammar.login.user is None
                if logins > _MOST_LOGINS or (logins > 1 and grammar.login.refused.search(data)):
                    raise self._refused()
                start = line.received
                if asked == "user":
                    line.send(self._credentials().user.encode())
                else:
                    self._send_password()
            elif grammar.before is not None and grammar.before.fullmatch(stands) and not went_on:
                line.send(grammar.go_on.encode())
                went_on = True
            elif self._reader.at_prompt(data):
                return
            elif self._may_ask(data):
                line.end()
            left = until - hostload.clock()
            if left <= 0:
                raise no_shell("no prompt shows", limit, line.since(start), line.name)
            line.comes(min(ASK_S, left))

    def _asks(self, login: Login, data: bytes) -> str:
        if self._reader.stands(data, login.password):
            return "password"
        return "user" if login.user is not None and self._reader.stands(data, login.user) else ""

    def _may_ask(self, data: bytes) -> bool:
        """Tell whether an empty line does no harm: to a boot loader that counts down it is the key that stops it."""
        if self._grammar.hands_off is None:
            return True
        if self._counts_down(data):
            return not self._line.comes(_STOPPED_S)
        return bool(data.strip()) or not self._line.comes(_QUIET_S)

    def _counts_down(self, data: bytes) -> bool:
        assert self._grammar.hands_off is not None
        loader = max(_last(self._grammar.hands_off, data), _last(_LOADER, data))
        return loader > _last(_SYSTEM, data)

    def _credentials(self) -> Credentials:
        if self._login is None:
            raise UsageError(
                f"console {self._line.name}: a login is asked for, and the board file names none",
                hint="write console.login: {user: root, password: {env: NAME}}",
                transport=self._line.name,
            )
        return self._login

    def _send_password(self) -> None:
        password = self._credentials().password
        if password is None:
            raise UsageError(
                f"console {self._line.name}: a password is asked for, and the board file names none",
                hint="write console.login.password: {env: NAME}",
                transport=self._line.name,
            )
        self._hide(password)
        begin = self._line.received
        self._line.send(password.reveal())
        self._line.comes(ASK_S)
        self._line.forget(begin, password.reveal())

    def _refused(self) -> BenchError:
        return BenchError(
            f"console {self._line.name}: the login is refused",
            hint="check user and password under console.login",
            transport=self._line.name,
        )


def _last(pattern: re.Pattern[bytes], data: bytes) -> int:
    return max((found.end() for found in pattern.finditer(data)), default=-1)
