"""Serial ports behind RFC 2217: opened without side effects, and heard when the server refuses."""

import socket
import time
from urllib.parse import urlsplit

from serial import rfc2217

from harness.transport.printable import safe_text

_LIMIT = 400  # characters of a reason
_LISTEN = 1.0  # seconds in which a server says why it refuses
_IAC, _WILL, _DONT, _SB, _SE = 0xFF, 0xFB, 0xFE, 0xFA, 0xF0


class NetworkPort(rfc2217.Serial):
    """A port behind RFC 2217 that `open` leaves as it is.

    pyserial moves DTR and RTS and purges both buffers at open: an edge resets many boards, and what a board has said
    before is lost. Here a line moves only when it was asked for, and nothing is purged.

    Attributes:
        sets_dtr: Whether DTR was asked for.
        sets_rts: Whether RTS was asked for.
    """

    sets_dtr = False
    sets_rts = False
    _opening = False

    def open(self) -> None:
        """Open the port.

        Raises:
            serial.SerialException: the port cannot be opened.
            OSError: the connection broke.
        """
        self._opening = True
        try:
            super().open()
        finally:
            self._opening = False

    def close(self) -> None:
        """Close the connection; pyserial keeps the socket of one that the far end has ended."""
        connection: socket.socket | None = self._socket  # type: ignore[attr-defined]  # the stubs leave it out
        super().close()
        if connection is not None:
            connection.close()

    def reset_input_buffer(self) -> None:
        """Drop what has come in; not while the port is being opened."""
        if not self._opening:
            super().reset_input_buffer()

    def reset_output_buffer(self) -> None:
        """Drop what has not gone out yet; not while the port is being opened."""
        if not self._opening:
            super().reset_output_buffer()

    def _update_dtr_state(self) -> None:
        if self.sets_dtr or not self._opening:
            super()._update_dtr_state()  # type: ignore[misc]  # the stubs leave it out

    def _update_rts_state(self) -> None:
        if self.sets_rts or not self._opening:
            super()._update_rts_state()  # type: ignore[misc]  # the stubs leave it out

    def _telnet_read_loop(self) -> None:
        # It answers negotiations itself, and would end with a traceback when the server has hung up meanwhile.
        try:
            super()._telnet_read_loop()  # type: ignore[misc]  # the stubs leave it out
        except (OSError, AttributeError):
            self._read_buffer.put(None)  # type: ignore[attr-defined]  # the stubs leave it out


def refusal(url: str) -> str:
    """Return why the server behind an `rfc2217://` URL hangs up, safe to print; empty if it does not.

    A server whose port is in use says so and hangs up before a client has negotiated anything, which breaks the
    client's connection; so it is asked once more, by a client that only listens.
    """
    place = urlsplit(url)
    came = b""
    deadline = time.monotonic() + _LISTEN
    try:
        with socket.create_connection((place.hostname or "", place.port or 0), _LISTEN) as connection:
            while (left := deadline - time.monotonic()) > 0 and len(came) < 4 * _LIMIT:
                connection.settimeout(left)
                chunk = connection.recv(_LIMIT)
                if not chunk:
                    return safe_text(" ".join(_plain(came).split()), _LIMIT)
                came += chunk
    except (OSError, ValueError):
        pass
    return ""  # it goes on talking: a board's console, not a refusal


def _plain(stream: bytes) -> str:
    """Return the text of a telnet stream, its negotiations taken out."""
    text = bytearray()
    at = 0
    while at < len(stream):
        if stream[at] != _IAC:
            text.append(stream[at])
            at += 1
            continue
        command = stream[at + 1] if at + 1 < len(stream) else _IAC
        if command == _SB:
            end = stream.find(bytes((_IAC, _SE)), at)
            at = len(stream) if end < 0 else end + 2
        else:
            at += 3 if _WILL <= command <= _DONT else 2
    return text.decode("utf-8", errors="backslashreplace")
