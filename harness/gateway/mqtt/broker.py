"""Debian's mosquitto behind the gateway: on loopback, with its files in a temporary folder, gone with its owner."""

import collections
import contextlib
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Self

from harness.errors import BenchError

_PROGRAM = "mosquitto"
_BESIDE_PATH = ("/usr/sbin", "/usr/local/sbin")
_HOST = "127.0.0.1"
_READY = " running"
_START_S = 10.0
_END_S = 5.0
_LAST_LINES = 20
_TRIES = 5
_LOG_MAX = 4 * 1024 * 1024
_CONFIG = """\
listener {port} {host}
allow_anonymous true
persistence false
max_connections -1
max_queued_messages 100000
log_dest stderr
log_type error
log_type warning
log_type notice
log_type information
"""
# Standard input is a pipe whose other end this process holds: when it closes, however its holder ended, so does the
# broker, and its folder goes. The shell waits for the broker, so that one that ends by itself ends the shell too.
_KEEPER = """\
exec 3<&0
"$1" -c "$2" </dev/null 3<&- &
broker=$!
{ cat <&3; kill "$broker"; rm -rf -- "$3"; } >/dev/null 2>&1 &
exec 3<&- </dev/null
wait "$broker"
"""


class Broker:
    """An MQTT broker of our own; use it as a context manager.

    It takes any client without a password: who may come in, the gateway in front of it has decided.
    """

    def __init__(self, ended: Callable[[], object] | None = None) -> None:
        """Prepare; nothing is started yet.

        Args:
            ended: Called once, in a thread of the broker's own, when mosquitto ends although nobody stopped it.
        """
        self._tell = ended
        self._lock = threading.Lock()
        self._serving = False
        self._lost = False
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._ready = threading.Event()
        self._ended = False
        self._last: collections.deque[str] = collections.deque(maxlen=_LAST_LINES)
        self._port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return _HOST, self._port

    @property
    def lost(self) -> bool:
        """Whether it ended although nobody stopped it; its clients have lost their connections."""
        return self._lost

    @property
    def log(self) -> tuple[str, ...]:
        """The last lines that the broker printed."""
        return tuple(self._last)

    def start(self) -> None:
        """Start mosquitto and return when it takes connections.

        Raises:
            BenchError: It is not installed, or does not start; the message has its last words.
        """
        program = find_mosquitto()
        for _ in range(_TRIES):
            # Somebody else may take a port between its choice and its use.
            self._port = _free_port()
            self._launch(program)
            if self._ready.wait(_START_S) and self._begins():
                return
            said = " / ".join(self.log)
            self.stop()
            if "Address already in use" not in said:
                break
        raise BenchError(
            f"mosquitto does not start: {said or 'it said nothing'}",
            hint="run mosquitto -v by hand, or name a broker that runs with --mqtt-broker HOST:PORT",
        )

    def stop(self) -> None:
        """End it and remove its folder; stopping twice is fine."""
        with self._lock:
            self._serving = False
        if self._process is not None:
            assert self._process.stdin is not None
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._reader is not None:
            self._reader.join()
            self._reader = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _begins(self) -> bool:
        with self._lock:
            self._serving = not self._ended
            return self._serving

    def _launch(self, program: str) -> None:
        self._ready.clear()
        self._ended = self._lost = False
        self._last.clear()
        self._folder = tempfile.TemporaryDirectory(prefix="harness-mqtt-")
        folder = Path(self._folder.name)
        config = folder / "mosquitto.conf"
        config.write_text(_CONFIG.format(host=_HOST, port=self._port), encoding="ascii")
        self._process = subprocess.Popen(  # noqa: S603 - our own words
            ["/bin/sh", "-c", _KEEPER, "broker", program, str(config), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the harness, which ends the broker when its sessions are done
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(
            target=self._read,
            args=(self._process, self._process.stdout, folder / "mosquitto.log"),
            name="mosquitto-log",
            daemon=True,
        )
        self._reader.start()

    def _read(self, process: subprocess.Popen[bytes], stream: IO[bytes], path: Path) -> None:
        """Follow the broker's log to its end; it also says when it is ready, and whether it was to end."""
        written = 0
        with stream, path.open("wb") as log:
            for line in iter(lambda: stream.readline(4096), b""):
                if written < _LOG_MAX:
                    written += log.write(line)
                    log.flush()
                text = line.decode("utf-8", "replace").strip()
                self._last.append("".join(char if char.isprintable() else "?" for char in text)[:200])
                if text.endswith(_READY):
                    self._ready.set()
        with self._lock:
            self._ended = True
            self._lost, self._serving = self._serving, False
        self._ready.set()
        if self._lost:
            # The keeper waits at the other end of this pipe with the number of a process that is no more.
            assert process.stdin is not None
            with contextlib.suppress(OSError):
                process.stdin.close()
            process.wait()
            if self._tell is not None:
                self._tell()


def find_mosquitto() -> str:
    """Return where mosquitto is.

    Raises:
        BenchError: It is not installed.
    """
    found = shutil.which(_PROGRAM) or shutil.which(_PROGRAM, path=":".join(_BESIDE_PATH))
    if found is None:
        raise BenchError(
            "mosquitto, the MQTT broker behind the gateway, is not installed",
            hint="apt-get install mosquitto, or name a broker that runs with --mqtt-broker HOST:PORT",
        )
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port
