"""The line that a shell on a console reads: what is typed, whether it has arrived, and what comes back.

A command is typed first and ended only when its echo is right: what arrived wrong is erased and typed again more
slowly, and nothing was carried out meanwhile.

Source: consoles.md A, reader rules.
"""

import re
from collections.abc import Callable

from harness import hostload
from harness.console.reader import Console, ConsoleTimeoutError
from harness.console.screen import last_line, shows_typed
from harness.console.shell_errors import damaged
from harness.console.shell_grammar import ShellGrammar
from harness.errors import BenchError
from harness.hostload import HostOverloadedError

ASK_S = 0.5
"""Seconds between two questions to a console that shows no prompt."""

SETTLED_S = 0.08
"""Seconds in which nothing comes where the output has ended."""

TRIES = 5
"""How often a command is typed before it is given up."""

_ANYTHING = re.compile(rb"[\s\S]+")
_NO_ECHO = 3  # lines in a row without any echo on a console that echoes nothing
_ECHO_S = 0.6  # seconds that the echo of a few characters takes at most
_PACES = ((32, 0.0), (8, 0.01), (1, 0.005), (1, 0.03), (1, 0.08))  # characters at once, seconds between
_LOOK_BACK = 4096
_MORE = 8  # backspaces more than characters do no harm


class ShellLine:
    """What goes to a shell and comes from it, character by character.

    Args:
        console: The console, open.
        grammar: The shell.
        pause: Waits between two pieces of a line.
    """

    def __init__(self, console: Console, grammar: ShellGrammar, pause: Callable[[float], None]) -> None:
        self._console = console
        self._grammar = grammar
        self._pause = pause
        self._slower = 0  # how often the pace had to be lowered
        self._mute = 0  # how often in a row nothing at all was echoed
        self.echoes = grammar.echoes

    @property
    def name(self) -> str:
        """Name of the transport below."""
        return self._console.name

    @property
    def received(self) -> int:
        """How many bytes have come."""
        return self._console.received

    def since(self, begin: int) -> bytes:
        """Return what came from an offset on."""
        return self._console.since(begin)[0]

    def end(self) -> int:
        """Send a line end, and return the offset in the output where the answer begins."""
        begin = self._console.received
        self._console.send(self._grammar.line_end)
        return begin

    def press(self, key: bytes) -> None:
        """Send a key."""
        self._console.send(key)

    def send(self, data: bytes) -> None:
        """Send a line with its end, not looking for its echo."""
        self._console.send(data + self._grammar.line_end)

    def forget(self, begin: int, secret: bytes) -> None:
        """Forget what came from an offset on when a secret is in it."""
        if secret and secret in self.since(begin):
            self._console.forget(begin)

    def comes(self, seconds: float) -> bool:
        """Wait for anything to come; return whether it did.

        Args:
            seconds: How long, not counting what this machine was late by.

        Raises:
            BenchError: The device is gone.
        """
        if seconds <= 0:
            return False
        try:
            self._console.expect(_ANYTHING, timeout=seconds, what="anything")
        except (ConsoleTimeoutError, HostOverloadedError):
            return False
        except BenchError:
            self._console.check()
            return False
        return True

    def settle(self) -> None:
        """Take what comes until it pauses; a console that never does is not waited for."""
        until = hostload.clock() + ASK_S
        while self.comes(SETTLED_S) and hostload.clock() < until:
            pass

    def slow_down(self) -> None:
        """Type more slowly from now on."""
        self._slower += 1

    def type(self, command: str, look: Callable[[int], None]) -> None:
        """Have the command stand behind the prompt, whole, without its end.

        Args:
            command: The command.
            look: Called when it did not arrive, with the offset where its output begins; raises for a board that
                does something else than read.

        Raises:
            BenchError: It never arrives whole.
        """
        typed = command.encode()
        for _ in range(TRIES):
            begin = self._console.received
            if self._arrives(typed, begin):
                return
            look(begin)
            self.slow_down()
            self._erase(len(typed))
        raise damaged(command, TRIES, self.name)

    def _erase(self, count: int) -> None:
        """Have the shell forget what was typed; what has it forget may be lost as well."""
        for _ in range(TRIES):
            self._console.send((self._grammar.erase or b"\b" * (count + _MORE)) * 2)
            self.settle()
            came = self.since(max(0, self._console.received - _LOOK_BACK))
            if self._grammar.prompt.fullmatch(last_line(came)):
                return
            if not last_line(came):
                return  # others print line by line, and nothing is to be seen of it

    def _arrives(self, typed: bytes, begin: int) -> bool:
        at_once, between = _PACES[min(self._slower, len(_PACES) - 1)]
        for start in range(0, len(typed), at_once):
            if start:
                self._pause(between)
            self._console.send(typed[start : start + at_once])
            if self.echoes and not self._echoed(typed[: start + at_once], begin):
                self._mute = 0 if start or self.since(begin).strip() else self._mute + 1
                self.echoes = self._mute < _NO_ECHO  # `echo off`: only the answer tells what has arrived
                return False
        return True

    def _echoed(self, typed: bytes, begin: int) -> bool:
        until = hostload.clock() + _ECHO_S
        while True:
            came = self.since(begin)
            line = last_line(came)
            in_front = line[: len(line) - len(typed)]
            # Some line editors write the whole line anew, prompt and all.
            anew = line.endswith(typed) and self._grammar.prompt.fullmatch(in_front)
            if anew or shows_typed(came, typed):
                return True
            left = until - hostload.clock()
            if left <= 0:
                return False
            self.comes(left)
