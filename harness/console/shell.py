"""A shell on a board's console: commands are sent whole, and answers told from what others print in between.

What may be sent twice: a command whose echo was wrong, because it was erased and never carried out; an empty line; a
command of which the shell says that it knows no such word; and, where nothing is echoed and nothing came at all, those
that the dialect lists as `repeatable`, which change nothing. Everything else is sent once.

Source: consoles.md A, reader rules; labgrid driver/shelldriver.py (the marker in two halves).
"""

import secrets
import time
from collections.abc import Callable

from harness import hostload
from harness.console.answers import AnswerReader, ShellAnswer, pager_in
from harness.console.crash import AlarmKind
from harness.console.dialect import Dialect
from harness.console.guard import Guard
from harness.console.incidents import Incident, incidents_in
from harness.console.reader import Console
from harness.console.screen import last_line, lines_of, without_escapes
from harness.console.shell_errors import (
    NoAnswerError,
    ShellCrashedError,
    ShellRestartedError,
    damaged,
    no_shell,
    shown,
)
from harness.console.shell_grammar import Purpose
from harness.console.shell_line import ASK_S, SETTLED_S, TRIES, ShellLine
from harness.console.shell_prompt import LOOK_BACK, Credentials, PromptSeeker
from harness.errors import BenchError, UsageError
from harness.secret import Secret
from harness.transport.printable import safe_text

_PROOF_S = 2.0
MOST_PAGED = 1 << 20
"""Bytes of an answer that comes in pages."""


class Shell:
    """Commands on the console of a board.

    Args:
        console: The console, open.
        dialect: How it speaks.
        login: Who logs in where a login is asked for; None for nobody.
        hide: Called with a password before it is sent, to keep it out of recordings.
        pause: Waits between two pieces of a line.
        token: Gives a word that no console prints by itself.
        on_start: Called before a command that starts the board anew.

    Raises:
        UsageError: The dialect has no shell.
    """

    def __init__(
        self,
        console: Console,
        dialect: type[Dialect],
        *,
        login: Credentials | None = None,
        hide: Callable[[Secret], None] = lambda _: None,
        pause: Callable[[float], None] = time.sleep,
        token: Callable[[], str] = lambda: secrets.token_hex(4),
        on_start: Callable[[], None] = lambda: None,
    ) -> None:
        grammar = dialect.shell()
        if grammar is None:
            raise UsageError(
                f"console {console.name}: {dialect.description()}: no command can be given on it",
                hint="name the dialect that the console speaks as console.dialect (docs/dialects.md)",
                transport=console.name,
            )
        self.grammar = grammar
        self._dialect = dialect
        self._line = ShellLine(console, grammar, pause)
        self._reader = AnswerReader(dialect, grammar)
        self._seeker = PromptSeeker(self._line, dialect, grammar, self._reader, login, hide)
        self._token = token
        self._on_start = on_start
        self._stood_at: int | None = None  # what had come when the prompt was last known to stand

    @property
    def name(self) -> str:
        """Name of the transport below."""
        return self._line.name

    def ready(self, limit: float = 10.0) -> None:
        """Have a prompt stand at the end of the output, and prove that a shell is behind it.

        It logs in where a login is asked for, starts a system that its boot loader holds, and sends nothing while a
        key would stop a start.

        Args:
            limit: Seconds, not counting those in which this machine was late.

        Raises:
            BenchError: Nothing is heard, or what is heard is no shell.
            UsageError: A login is asked for, and the board file names none.
            ShellCrashedError: The prompt is the one that a crash leaves.
        """
        until = hostload.clock() + limit
        self._stood_at = None
        while True:
            self._seeker.reach(until, limit)
            if self._proved(until):
                self._stood_at = self._line.received
                return
            if hostload.clock() >= until:
                tail = self._line.since(max(0, self._line.received - LOOK_BACK))
                raise no_shell("a prompt shows, and no shell answers behind it", limit, tail, self.name)

    def run(self, command: str, *, limit: float = 10.0) -> ShellAnswer:
        """Give a command, and return its answer when the prompt is back.

        Args:
            command: One line.
            limit: Seconds for the answer, not counting those in which this machine was late.

        Raises:
            UsageError: It must never be sent, or is longer than the shell takes.
            ShellRestartedError: The board started anew meanwhile.
            ShellCrashedError: It crashed meanwhile.
            BenchError: No prompt came back, or the command cannot be typed without a mistake.
        """
        self._check(command)
        self._require_prompt(limit)
        return self._carry_out(command, limit)

    def start(self, command: str, *, limit: float = 10.0) -> int:
        """Give a command and return at once, with the offset in the console's output where its own begins.

        Args:
            command: One line.
            limit: Seconds until the command is typed.

        Raises:
            UsageError: As for `run`.
            BenchError: No prompt is there, or the command cannot be typed without a mistake.
        """
        self._check(command)
        self._require_prompt(limit)
        return self._give(command)

    def prompts_since(self, begin: int) -> bool:
        """Tell whether a prompt stands at the end of what has come since an offset in the console's output."""
        return self._reader.at_prompt(self._line.since(begin))

    def restart(self, limit: float) -> int:
        """Have the shell start the board anew, and return when the first line of the start is there.

        Args:
            limit: Seconds until the start shows.

        Returns:
            The offset in the console's output behind the command, where the start begins.

        Raises:
            UsageError: The shell has no command for it.
            BenchError: No start shows.
        """
        command = self.grammar.commands.get(Purpose.REBOOT)
        if command is None:
            raise UsageError(
                f"console {self.name}: its shell has no command that starts the board anew",
                hint="write a controller with a reset",
                transport=self.name,
            )
        begin = self.start(command, limit=limit)
        until = hostload.clock() + limit
        while not self._starts(begin):
            left = until - hostload.clock()
            if left <= 0:
                raise BenchError(
                    f"console {self.name}: after {command!r} no start of the board shows within {limit:g} s",
                    hint="some consoles are deaf and mute after this command until the power is cut",
                    transport=self.name,
                    traffic=shown(self._line.since(begin)),
                )
            self._line.comes(left)
        return begin

    def _check(self, command: str) -> None:
        grammar = self.grammar
        words = len(command.split())
        problem = ""
        if not words or not command.isprintable() or not command.isascii():
            problem = f"{safe_text(command, 40)!r} is no command of one printable line"
        elif len(command) > grammar.longest_line:
            problem = f"a line of {len(command)} characters: one of more than {grammar.longest_line} {grammar.beyond}"
        elif words > grammar.most_words:
            problem = f"a line of {words} words: one of more than {grammar.most_words} {grammar.beyond}"
        if problem:
            raise UsageError(
                f"console {self.name}: {problem}", hint="give another command", transport=self.name
            )
        try:
            Guard(self._dialect).check(command.encode() + grammar.line_end)
        except UsageError as error:
            raise error.at(transport=self.name) from None

    def _require_prompt(self, limit: float) -> None:
        """Prove the prompt anew, unless nothing but a log has come since it was."""
        if self._stood_at is not None:
            came = self._line.since(self._stood_at)
            lines = [line for line in lines_of(without_escapes(came)) if line]
            logged = all(map(self._reader.is_log, lines)) or self._reader.at_prompt(b"\n" + came)
            if logged and not self._starts(self._stood_at):
                return
        self.ready(limit)

    def _proved(self, until: float) -> bool:
        """Prove that a shell stands behind the prompt: by a word that only it can print, or by two empty lines."""
        word = f"id2{self._token()}"
        half = len(word) // 2
        printing = self.grammar.printing
        command = printing.format(word[:half], word[half:]) if printing else word
        try:
            answer = self._carry_out(command, min(_PROOF_S, max(ASK_S, until - hostload.clock())))
            if any(line.strip() == word if printing else self._denies(line, word) for line in answer.lines):
                return True
        except ShellRestartedError:
            return (
                False  # the prompt was that of before a reset; whether anybody asked for it is not told here
            )
        except BenchError:
            pass  # the two empty lines decide
        return self._prompt_follows() and self._prompt_follows()

    def _prompt_follows(self) -> bool:
        """Tell whether an empty line brings another prompt."""
        begin = self._line.end()
        until = hostload.clock() + 2 * ASK_S
        while (left := until - hostload.clock()) > 0:
            self._line.comes(left)
            self._line.settle()
            came = self._line.since(begin)
            if b"\n" in came and self._reader.at_prompt(came):
                return True
        return False

    def _carry_out(self, command: str, limit: float) -> ShellAnswer:
        again = command.split(maxsplit=1)[0] in self.grammar.repeatable
        for left in reversed(range(TRIES)):
            begin = self._give(command)
            try:
                came = self._await_prompt(begin, command, limit)
            except NoAnswerError as error:
                if error.silent and again and left and not self._line.echoes:
                    self._line.slow_down()
                    continue
                raise
            answer = self._reader.read(came, command.encode())
            if not self._misheard(command, answer):
                self._stood_at = self._line.received
                return answer
            self._line.slow_down()
        raise damaged(command, TRIES, self.name)

    def _give(self, command: str) -> int:
        self._line.type(command, lambda begin: self._look(begin, command, begin))
        self._stood_at = None
        if command == self.grammar.commands.get(Purpose.REBOOT) or self._shows_start(command):
            self._on_start()
        return self._line.end()

    def _await_prompt(self, begin: int, command: str, limit: float) -> bytes:
        until = hostload.clock() + limit
        ended_again = (
            not self._line.echoes
        )  # where it is not sure to have arrived, an end may carry out half of it
        looked = begin
        stands_since: float | None = None
        while True:
            came = self._line.since(begin)
            self._look(looked, command, begin)
            looked = begin + came.rfind(b"\n") + 1
            now = hostload.clock()
            if pages := pager_in(last_line(came)):
                self._line.press(pages)
                self._line.settle()
                until = now + limit  # a long answer may take as long for each page
                if self._line.received - begin > MOST_PAGED:
                    raise NoAnswerError(command, limit, came, self.name)
                continue
            if self._reader.at_prompt(came) and (b"\n" in came or not self._line.echoes):
                stands_since = now if stands_since is None else stands_since
                if now - stands_since >= SETTLED_S:
                    return came
                self._line.comes(SETTLED_S - (now - stands_since))
                continue
            stands_since = None
            left = until - now
            if left <= 0:
                raise NoAnswerError(command, limit, came, self.name)
            if not self._line.comes(min(2 * ASK_S, left)) and not came and not ended_again:
                ended_again = True  # the end was lost; where it was not, another one is an empty line
                self._line.end()

    def _misheard(self, command: str, answer: ShellAnswer) -> bool:
        """Tell whether the shell denies a word that was not sent: characters were lost, and nothing was run."""
        sent = command.split()
        for line in answer.lines:
            for word in self._denied(line):
                if word not in sent and _is_left_of(word, command):
                    return True
        return False

    def _denies(self, line: str, word: str) -> bool:
        found = None if self.grammar.unknown is None else self.grammar.unknown.search(line)
        return found is not None and (word in self._denied(line) or not found.groupdict())

    def _denied(self, line: str) -> list[str]:
        found = None if self.grammar.unknown is None else self.grammar.unknown.search(line)
        return [] if found is None else [word for word in found.groupdict().values() if word]

    def _shows_start(self, command: str) -> bool:
        return command.split(maxsplit=1)[0] in self.grammar.shows_start

    def _starts(self, begin: int) -> list[Incident]:
        found = incidents_in(self._line.since(begin), self._dialect, begin)
        return [one for one in found if one.kind is AlarmKind.START]

    def _look(self, since: int, command: str, begin: int) -> None:
        """Raise when the board has started anew since an offset, or shows the prompt that a crash leaves."""
        came = self._line.since(since)
        if self.grammar.dead is not None and self.grammar.dead.fullmatch(last_line(came)):
            raise ShellCrashedError(self._line.since(begin), self._dialect, self.name)
        if self._starts(since) and not self._shows_start(command):
            self._line.settle()  # its cause may come a few lines later
            raise ShellRestartedError(command, self._starts(begin)[0], self.name)


def _is_left_of(word: str, command: str) -> bool:
    """Tell whether a word is what is left of a command that lost characters."""
    letters = iter(command)
    return all(letter in letters for letter in word)
