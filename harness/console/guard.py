"""Keeps from a console what must never reach it: the one way that all bytes to a board's console take.

Source: consoles.md A1.
"""

from collections.abc import Sequence

from harness.console.dialect import Dialect, NeverSent
from harness.errors import UsageError
from harness.transport.base import Middleware, Operation, StreamWrite, Transport
from harness.transport.printable import safe_bytes

_LONGEST_WORD = 64
_ENDS = b"\r\n"
_BACK = b"\b\x7f"
_FORGETS = b"\x03\x15"  # Ctrl-C and Ctrl-U
_ESCAPED = ord("\\")


class TypedLine:
    """What stands in the line buffer of a shell, as far as it decides which commands would be carried out.

    Args:
        separators: Characters that begin another command in the same line.
    """

    def __init__(self, separators: str) -> None:
        self._separators = separators.encode()
        self._typed = bytearray()

    @property
    def stands(self) -> bytes:
        """What stands in it now."""
        return bytes(self._typed)

    @stands.setter
    def stands(self, typed: bytes) -> None:
        self._typed = bytearray(typed)

    def take(self, data: bytes) -> list[bytes]:
        """Take what is typed, and return the first word of each command that is ended by it."""
        words: list[bytes] = []
        for byte in data:
            if byte in _ENDS:
                words += self._words()
                self._typed.clear()
            elif byte in _BACK:
                del self._typed[-1:]
            elif byte in _FORGETS:
                self._typed.clear()
            else:
                self._typed.append(byte)
        del self._typed[:-4096]
        return words

    def _words(self) -> list[bytes]:
        commands = [bytearray()]
        escaped = False
        for byte in self._typed:
            if byte in self._separators and not escaped:
                commands.append(bytearray())
            else:
                commands[-1].append(byte)
            escaped = byte == _ESCAPED and not escaped
        found = (bytes(command).split(None, 1) for command in commands)
        return [parts[0][:_LONGEST_WORD].strip(b"\"'") for parts in found if parts]


class Guard:
    """Refuses what must never reach a console, however it is cut into writes.

    Args:
        dialect: How the console speaks.
    """

    def __init__(self, dialect: type[Dialect]) -> None:
        self._never: Sequence[NeverSent] = dialect.never_sent()
        shell = dialect.shell()
        self._line = TypedLine("" if shell is None else shell.separators)
        self._longest = max((len(one.text) for one in self._never), default=1)
        self._tail = b""

    def check(self, data: bytes) -> None:
        """Take what is about to be sent.

        Raises:
            UsageError: It must not be sent; none of it is to go out then.
        """
        together = self._tail + data
        for one in self._never:
            if one.text and one.text in together:
                raise _refused(one.text, one)
        stands = self._line.stands
        for word in self._line.take(data):
            for one in self._never:
                if word in one.commands:
                    self._line.stands = stands  # the board has it still, and its end would carry it out
                    raise _refused(word, one)
        self._tail = together[-(self._longest - 1) :] if self._longest > 1 else b""


class Guarded(Middleware):
    """A transport to a console that refuses what must never reach it.

    Args:
        inner: The transport.
        dialect: How the console speaks.
    """

    def __init__(self, inner: Transport, dialect: type[Dialect]) -> None:
        super().__init__(inner)
        self._guard = Guard(dialect)

    def do(self, operation: Operation) -> bytes:
        """Carry out an operation.

        Raises:
            UsageError: It would send what must never be sent; nothing of it goes out.
        """
        if isinstance(operation, StreamWrite):
            self._guard.check(operation.data)
        return self.inner.do(operation)


def _refused(what: bytes, why: NeverSent) -> UsageError:
    return UsageError(
        f"{safe_bytes(what, _LONGEST_WORD)!r} is never sent to this console: it {why.why}",
        hint="leave it out, or name another dialect as console.dialect",
    )
