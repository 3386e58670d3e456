"""Tell an answer of a shell from what came in between: echo, prompts, lines of a log.

Source: consoles.md A; kernelci-project #366 (a kernel's log in the middle of a command's answer).
"""

import re
from dataclasses import dataclass

from harness.console.dialect import Dialect
from harness.console.screen import lines_of, without_escapes
from harness.console.shell_grammar import ShellGrammar

MOST_LINES = 20_000
"""Lines of one answer that are kept, the first of them."""

_LONGEST_PROMPT = 128
_PAGER = re.compile(rb"(?:-{2,} ?more ?(?:\([^()\r\n]{1,32}\))? ?-{2,}|\(END\)) *", re.IGNORECASE)


def pager_in(line: bytes) -> bytes:
    """Return the key that a pager waits for whose words stand on the last line; empty for no pager.

    Args:
        line: The line that the cursor stands on.
    """
    found = _PAGER.fullmatch(line)
    if found is None:
        return b""
    return b"q" if found[0].startswith(b"(") else b" "


@dataclass(frozen=True, slots=True)
class ShellAnswer:
    """What a command answered.

    Attributes:
        lines: Its lines, without echo, prompts, what others logged, and empty lines in front and at the end.
        log: Lines of a log that came meanwhile.
    """

    lines: tuple[str, ...]
    log: tuple[str, ...] = ()


class AnswerReader:
    """Reads what came after a command was sent.

    Args:
        dialect: How the console speaks.
        grammar: Its shell.
    """

    def __init__(self, dialect: type[Dialect], grammar: ShellGrammar) -> None:
        self._log = dialect.log_line()
        self._prompt = grammar.prompt

    def is_log(self, line: bytes) -> bool:
        """Tell whether a line is one of the system's log."""
        return self._log is not None and self._log.match(_text(line)) is not None

    def at_prompt(self, output: bytes) -> bool:
        """Tell whether an output ends in a prompt, or in one with nothing but whole lines of a log behind it."""
        return self.stands(output, self._prompt)

    def stands(self, output: bytes, wanted: re.Pattern[bytes]) -> bool:
        """Tell whether what asks for input is the last in an output, or has nothing but whole lines of a log behind it.

        Args:
            output: What came.
            wanted: What asks, all that stands on its line.
        """
        lines = lines_of(without_escapes(output))
        if wanted.fullmatch(lines[-1]):
            return not self.is_log(lines[-1])
        if lines[-1] or self._log is None:
            return False
        for line in reversed(lines[:-1]):
            if not line or self.is_log(line):
                continue
            return any(self.is_log(line[end:]) for end in _ends_in(line, wanted))
        return False

    def read(self, output: bytes, command: bytes = b"") -> ShellAnswer:
        """Return the answer in an output.

        Args:
            output: What came since the command was typed.
            command: The command; a line that is nothing else, in front, is its echo.
        """
        answer: list[str] = []
        log: list[str] = []
        carry = ""  # the beginning of a line that a log line came into
        everything = lines_of(without_escapes(output))
        for number, raw in enumerate(everything[:MOST_LINES]):
            line = self._without_prompts(raw)
            if paged := _PAGER.match(line):
                line = line[paged.end() :].lstrip(b" ")
                if not line:
                    continue
            if number == 0 and line == command:
                continue
            if not carry and not line and (raw or number in (0, len(everything) - 1)):
                continue  # a prompt, the end of the echo, or nothing after the last line end
            text = _text(line)
            if self._log is None:
                answer.append(text)
                continue
            if self._log.match(text):
                log.append(text)
                continue
            found = self._inside(text)
            if found is None:
                answer.append(carry + text)
                carry = ""
            else:
                log.append(text[found:])
                carry += text[:found]
        if carry:
            answer.append(carry)
        while answer and not answer[-1]:
            answer.pop()
        while answer and not answer[0]:
            del answer[0]
        return ShellAnswer(tuple(answer), tuple(log))

    def _without_prompts(self, line: bytes) -> bytes:
        """Take off prompts in front, where a log or nothing stands behind them."""
        while line and not self.is_log(line):
            rests = [line[end:] for end in _ends_in(line, self._prompt)]
            good = [rest for rest in rests if not rest or self.is_log(rest) or _ends_in(rest, self._prompt)]
            if not good:
                break
            line = good[0]
        return line

    def _inside(self, text: str) -> int | None:
        """Return where a line of a log begins in the middle of another line."""
        assert self._log is not None
        found = self._log.search(text, 1)
        # A letter and a colon is a log's level at the beginning of a line; elsewhere it is anything.
        clear = found is not None and any(mark in found[0] for mark in "[(")
        if found is None or not clear:
            return None
        return found.end() - len(found[0].lstrip())  # a blank in front may be the answer's own


def _ends_in(line: bytes, wanted: re.Pattern[bytes]) -> list[int]:
    """Return where a prompt at the beginning of a line may end."""
    return [end for end in range(1, min(len(line), _LONGEST_PROMPT) + 1) if wanted.fullmatch(line, 0, end)]


def _text(line: bytes) -> str:
    return line.decode("utf-8", errors="backslashreplace")
