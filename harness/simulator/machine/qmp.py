"""QEMU's machine protocol, as far as a board needs it: one command and its answer, as lines of JSON."""

import json
import socket

from harness.errors import BenchError

_LIMIT_S = 30.0


class Qmp:
    """A conversation with one QEMU.

    Args:
        connection: A socket that QEMU has the other end of; it is closed by `close`.

    Raises:
        BenchError: QEMU ends or says nothing.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        connection.settimeout(_LIMIT_S)
        self._lines = connection.makefile("rb")
        self._next()  # the greeting
        self.command("qmp_capabilities")

    def command(self, name: str) -> None:
        """Have a command carried out.

        Raises:
            BenchError: QEMU refuses it, ends or says nothing.
        """
        try:
            self._connection.sendall(json.dumps({"execute": name}).encode() + b"\n")
        except OSError as error:
            raise _gone() from error
        while True:
            answer = self._next()
            if "error" in answer:
                raise BenchError(f"QEMU refuses {name}: {answer['error']!r:.200}")
            if "return" in answer:
                return

    def close(self) -> None:
        """End the conversation. May be called more than once."""
        self._lines.close()
        self._connection.close()

    def _next(self) -> dict[str, object]:
        try:
            line = self._lines.readline()
            found = json.loads(line) if line else None
        except (OSError, ValueError) as error:
            raise _gone() from error
        if not isinstance(found, dict):
            raise _gone()
        return found


def _gone() -> BenchError:
    return BenchError("QEMU has ended, or does not answer", hint="see what it printed last")
