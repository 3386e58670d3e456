"""A program at a pseudo terminal, and what stands on its screen: the escapes that rich writes, acted on."""

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_ESCAPE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")
_LIMIT_S = 120


class Screen:
    """The lines of a terminal that scrolls for ever; cursor up, erase line, CR, LF."""

    def __init__(self):
        self.lines = [""]
        self.row = 0
        self.column = 0
        self._rest = ""

    def feed(self, text):
        text, self._rest = self._rest + text, ""
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                found = _ESCAPE.match(text, at)
                if found is None:
                    self._rest = text[at:]
                    return
                self._act(found[1], found[2])
                at = found.end()
                continue
            self._put(text[at])
            at += 1

    def _act(self, number, letter):
        if letter == "A":
            self.row = max(0, self.row - int(number or 1))
        elif letter == "K":
            self.lines[self.row] = "" if number == "2" else self.lines[self.row][: self.column]

    def _put(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.row += 1
            if self.row == len(self.lines):
                self.lines.append("")
        else:
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[: self.column] + character + line[self.column + 1 :]
            self.column += 1

    @property
    def text(self):
        return "\n".join(line.rstrip() for line in self.lines)


class Terminal:
    """Runs a command at a terminal of so many columns; a context manager."""

    def __init__(self, columns, *command, **environment):
        self.screen = Screen()
        self.code = None
        given = {
            key: value for key, value in os.environ.items() if key not in {"COLUMNS", "LINES", "NO_COLOR"}
        }
        given |= {"TERM": "xterm-256color", **environment}
        self._process, self._terminal = pty.fork()
        if not self._process:
            os.chdir(_ROOT)
            os.execvpe(command[0], [str(word) for word in command], given)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.code is None:
            os.kill(self._process, 9)
            os.waitpid(self._process, 0)
        os.close(self._terminal)

    def until(self, pattern):
        """Read until what stands on the screen matches; return it."""
        end = time.monotonic() + _LIMIT_S
        while not re.search(pattern, self.screen.text):
            assert self._read(end), f"{pattern!r} never came; the screen:\n{self.screen.text}"
        return self.screen.text

    def rest(self):
        """Read to the end of the program; return what stands on the screen then."""
        end = time.monotonic() + _LIMIT_S
        while self._read(end):
            pass
        self.code = os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])
        return self.screen.text

    def type(self, text):
        """Type something."""
        os.write(self._terminal, text.encode())

    def _read(self, end):
        ready, _, _ = select.select([self._terminal], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"nothing more comes; the screen:\n{self.screen.text}"
        try:
            data = os.read(self._terminal, 65536)
        except OSError:
            return False
        self.screen.feed(data.decode(errors="replace"))
        return bool(data)
