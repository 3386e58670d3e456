"""Serial lines: a tty of this machine, or whatever else pyserial reaches by a URL."""

import errno
import fcntl
import os
import termios
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import serial

from harness.errors import BenchError, UsageError
from harness.transport.base import (
    Capability,
    Operation,
    ReadLines,
    SendBreak,
    SetLines,
    SetSpeed,
    StreamRead,
    StreamWrite,
    Transport,
    refuse,
)
from harness.transport.descriptor import Descriptor
from harness.transport.holders import Holder, holders
from harness.transport.serial.find import port_at, ports_hint
from harness.transport.serial.lines import LineControl, PyserialLines, TtyLines, check_break
from harness.transport.serial.pyserial import LineSettings, PyserialLine, create, open_port
from harness.transport.serial.rfc2217 import refusal
from harness.transport.socket import connect_tcp

_CAPABILITIES = frozenset({Capability.STREAM, Capability.LINES, Capability.SPEED})
_NO_LINES = frozenset({Capability.STREAM})
_PASSING_S = 2.0
_LOOK_AGAIN_S = 0.05
_CFLAG, _CC = 2, 6  # places in what tcgetattr returns


class SerialTransport(Transport):
    """A serial line, opened for this process alone.

    `port` is a path (`/dev/ttyUSB0`, `/dev/serial/by-id/…`) or a pyserial URL (`rfc2217://HOST:PORT`,
    `loop://`). `socket://HOST:PORT` is read directly, so that nothing the far end says at once is lost.

    Nothing that waits is thrown away at open, on a tty and behind RFC 2217. On a tty the lines DTR and RTS stay as the
    driver raises them at the first open, and are left up at close (no HUPCL), because many boards reset on an edge of
    DTR; behind RFC 2217 they are not touched. Give `dtr` or `rts` to set them at open. While it is
    open they are set, and the other lines read, by the operations of `Capability.LINES`; a `socket://` has none.
    """

    def __init__(
        self,
        name: str,
        port: str,
        *,
        baudrate: int = 115200,
        bytesize: int = 8,
        parity: str = "none",
        stopbits: float = 1,
        rtscts: bool = False,
        xonxoff: bool = False,
        dtr: bool | None = None,
        rts: bool | None = None,
    ) -> None:
        """Describe the line; nothing is touched before `open`.

        Args:
            name: Name of the transport in the board file.
            port: Path or URL.
            baudrate: Bits per second.
            bytesize: Data bits, 5 to 8.
            parity: `none`, `even`, `odd`, `mark` or `space`.
            stopbits: 1, 1.5 or 2.
            rtscts: Hardware flow control.
            xonxoff: Software flow control.
            dtr: State of DTR from open on; None leaves it to the driver.
            rts: State of RTS from open on; None leaves it to the driver.

        Raises:
            UsageError: pyserial does not know such a setting or URL.
        """
        super().__init__(name)
        self.port = port
        self._place = f"port {port}"
        self._capabilities = _NO_LINES if port.startswith("socket://") else _CAPABILITIES
        self._identity = port
        self._line: _Line | None = None
        self._lines: LineControl | None = None
        self._speed: _Speed | None = None
        self._using_lines = threading.Lock()
        self._lock = threading.Lock()
        self._settings = LineSettings(baudrate, bytesize, parity, stopbits, rtscts, xonxoff, dtr, rts)
        try:
            create("" if _far_end(port) else port, self._settings)
        except serial.SerialException:
            pass  # a URL that searches for its port (hwgrep://) found none: that is for open() to say
        except ValueError as error:
            raise UsageError(f"{self._place}: {error}", transport=name) from error

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Carries a byte stream, and unless the port is a socket its lines and a speed that can be changed."""
        return self._capabilities

    @property
    def identity(self) -> str:
        """The port; from open on also the device behind a link, and its USB identity."""
        return self._identity

    def open(self) -> None:
        """Take the port for this process alone.

        Raises:
            BenchError: no such device, held by another program (it is named), no permission, no far end.
            UsageError: opened twice, or a setting that the device does not have.
        """
        with self._lock:
            if self._line is not None:
                raise UsageError(f"{self._place}: opened twice", transport=self.name)
            try:
                self._line = self._open()
            except BenchError as error:
                error.at(transport=self.name)
                raise
            except (ValueError, OverflowError, KeyError) as error:  # KeyError: a flaw in pyserial's loop://
                raise UsageError(f"{self._place}: {error}", transport=self.name) from error

    def close(self) -> None:
        """Let the port go and wake a blocked read; DTR and RTS stay as they are."""
        with self._lock:
            line, self._line = self._line, None
            lines, self._lines = self._lines, None
            self._speed = None
            if lines is not None:
                lines.wake()
            with self._using_lines:  # the descriptor's number must not be reused under them
                if line is not None:
                    line.close()

    def do(self, operation: Operation) -> bytes:
        """Read, write, use the lines beside the data, or change the speed."""
        line = self._line
        if line is None:
            if operation.capability not in self._capabilities:
                raise refuse(self, operation)
            raise BenchError(f"{self._place}: not open", transport=self.name)
        try:
            if type(operation) is StreamRead:
                return line.read(operation.limit, operation.timeout)
            if type(operation) is StreamWrite:
                line.write(operation.data)
                return b""
            if operation.capability not in self._capabilities:
                raise refuse(self, operation)
            with self._using_lines:
                return self._use_lines(operation)
        except BenchError as error:
            error.at(transport=self.name)
            raise

    def _use_lines(self, operation: Operation) -> bytes:
        lines = self._lines
        if lines is None:
            raise BenchError(f"{self._place}: not open")
        if isinstance(operation, SetLines):
            lines.set(operation.dtr, operation.rts)
        elif isinstance(operation, ReadLines):
            return bytes((lines.read(),))
        elif isinstance(operation, SendBreak):
            check_break(operation.milliseconds, self.name)
            lines.send_break(operation.milliseconds)
        elif isinstance(operation, SetSpeed) and self._speed is not None:
            self._speed.set(operation.baudrate or self._settings.baudrate)
        return b""

    def _open(self) -> "_Line":
        if far_end := _far_end(self.port):
            return connect_tcp(*far_end)
        try:
            port = create(self.port, self._settings)
            open_port(port)
        except (serial.SerialException, OSError) as error:
            raise self._cannot_open(error) from error
        if getattr(port, "fd", None) is None:  # only pyserial itself can read this one
            self._lines = PyserialLines(port, self._place)
            self._speed = _Speed(port, self._place)
            return PyserialLine(port, self._place)
        try:
            return self._take_tty(port)
        except BaseException:
            port.close()
            raise

    def _take_tty(self, port: serial.Serial) -> "_Line":
        path = port.port or self.port
        if others := _lasting_holders(path):
            raise BenchError(
                f"{self._place}: also open in {_listed(others)}",
                hint="end that program: two readers split the bytes",
            )
        fileno = port.fileno()
        try:
            _set_modes(fileno)
            fcntl.ioctl(fileno, termios.TIOCEXCL)
        except (termios.error, OSError) as error:
            raise BenchError(
                f"{self._place}: refused its settings ({error})", hint="plug it in again"
            ) from error
        self._identity = _identify(self.port, path)
        self._lines = TtyLines(fileno, self._place)
        self._speed = _Speed(port, self._place)

        def release() -> None:
            with suppress(OSError):
                fcntl.ioctl(fileno, termios.TIOCNXCL)
            port.close()

        return Descriptor(fileno, self._place, release, gone="check the cable and the board's power")

    def _cannot_open(self, error: OSError) -> BenchError:
        code = error.errno
        if code in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
            return BenchError(
                f"{self._place}: there is no such device", hint=f"check the cable; {ports_hint()}"
            )
        if code == errno.EACCES:
            return BenchError(
                f"{self._place}: permission denied",
                hint=f"join the group {_group(self.port)}, then log in again",
            )
        if code in (errno.EBUSY, errno.EAGAIN):
            found = holders(self.port)
            if others := [holder for holder in found if holder.pid != os.getpid()]:
                return BenchError(
                    f"{self._place}: held by {_listed(others)}", hint="end that program, or use another port"
                )
            if found:
                return BenchError(
                    f"{self._place}: this process has it open already", hint="name each port once"
                )
            return BenchError(
                f"{self._place}: held by a program that this user may not see",
                hint=f"find it with: sudo fuser -v {self.port}",
            )
        if "Could not configure port" in str(error) or code in (errno.ENOTTY, errno.EISDIR):
            return BenchError(f"{self._place}: is no serial port", hint=ports_hint())
        if self.port.startswith("rfc2217://") and (said := refusal(self.port)):
            return BenchError(
                f"{self._place}: the server refuses: {said}",
                hint="end the other program that uses this port of the server, or allow the server more connections; "
                "a server without RFC 2217 is reached by socket://HOST:PORT",
            )
        return BenchError(f"{self._place}: {error}", hint="check that the far end is there and reachable")


class _Speed:
    """The bits per second of an open port."""

    def __init__(self, port: serial.Serial, place: str) -> None:
        self._port = port
        self._place = place

    def set(self, baudrate: int) -> None:
        """Change them, and leave everything else as it is.

        Raises:
            BenchError: The port cannot, or is gone.
        """
        try:
            self._port.baudrate = baudrate
            if getattr(self._port, "fd", None) is not None:
                _set_modes(self._port.fileno())  # pyserial writes its own
        except (serial.SerialException, termios.error, OSError, ValueError, OverflowError) as error:
            raise BenchError(
                f"{self._place}: refused {baudrate} baud ({error})",
                hint="leave that speed out, or use an adapter that has it",
            ) from error


def _set_modes(fileno: int) -> None:
    """Leave DTR up at close, and have a read tell "nothing there" from "unplugged", which VMIN 0 makes look the same.

    Raises:
        termios.error: The port refuses.
    """
    modes = termios.tcgetattr(fileno)
    modes[_CFLAG] &= ~termios.HUPCL
    modes[_CC][termios.VMIN] = 1
    termios.tcsetattr(fileno, termios.TCSANOW, modes)


class _Line(Protocol):
    """An open line."""

    def read(self, limit: int, timeout: float) -> bytes: ...

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


def _far_end(port: str) -> tuple[str, int] | None:
    """Return host and port of a `socket://` URL, None for anything else.

    Raises:
        ValueError: the URL lacks one of them.
    """
    url = urlsplit(port)
    if url.scheme != "socket":
        return None
    if not url.hostname or not url.port:
        raise ValueError("a socket URL is socket://HOST:PORT")
    return url.hostname, url.port


def _lasting_holders(path: str) -> tuple[Holder, ...]:
    """Return who else keeps a tty open; udev and modem managers only look at a port that has just come."""
    end = time.monotonic() + _PASSING_S
    while (others := _other_holders(path)) and time.monotonic() < end:
        time.sleep(_LOOK_AGAIN_S)
    return others


def _other_holders(path: str) -> tuple[Holder, ...]:
    """Return who else has a real tty open; a simulated board may hold its own pseudo-terminal."""
    if str(Path(path).resolve()).startswith("/dev/pts/"):
        return ()
    return tuple(holder for holder in holders(path) if holder.pid != os.getpid())


def _listed(found: Iterable[Holder]) -> str:
    return ", ".join(map(str, found))


def _identify(named: str, path: str) -> str:
    real = str(Path(path).resolve())
    known = port_at(path)
    link = f" = {real}" if real != named else ""
    usb = f" ({known.identity})" if known and known.identity else ""
    return f"{named}{link}{usb}"


def _group(path: str) -> str:
    try:
        return Path(path).group()
    except (OSError, KeyError):
        return "dialout"
