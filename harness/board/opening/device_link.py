"""The device's link for a server under test: HTTP on this computer, the board's carrier behind it.

It stands for whatever the manufacturer has between server and device. All requests are POST with a JSON object,
all answers JSON; docs/business-server.md has the table. What was asked is kept for the judge.
"""

import base64
import binascii
import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from harness.carrier.base import Carrier
from harness.carrier.errors import CarrierError
from harness.errors import BenchError, HarnessError
from harness.secret import Secret
from harness.servercheck.authentication import DeviceRequest

_MAX_BODY = 64 * 1024
_MAX_KEPT = 1000
_LOOPBACK = "127.0.0.1"
_DEVICE_CHALLENGE = 32
_READ_S = 10.0
_FIELD_NAMES = ("id", "code", "challenge", "accepted")

Spoiler = Callable[[str], str]
"""Changes a device's auth code before it goes out."""


class _Refused(Exception):  # noqa: N818 - an answer of the link, not a defect
    def __init__(self, status: int, error: str, *, result: int | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error} | ({} if result is None else {"result": result})


class DeviceLink:
    """Answers for one device at a time; use it as a context manager.

    Attributes:
        device: What answers; changed between authentications only. None, as at first, answers nothing.
        spoil: Changes the device's codes, as an impostor's would be wrong; None leaves them.
        trouble: The first error of the bench or the device that the server could not be blamed for, or None.
    """

    def __init__(self, port: int = 0) -> None:
        """Take the port; nothing is answered yet.

        Args:
            port: On 127.0.0.1; 0 has the system choose.

        Raises:
            BenchError: The port is taken or not allowed.
        """
        self.device: Carrier | None = None
        self.spoil: Spoiler | None = None
        self.trouble: HarnessError | None = None
        self._asked: deque[DeviceRequest] = deque(maxlen=_MAX_KEPT)
        self._lock = threading.Lock()
        link = self

        class Handler(_Handler):
            answer = staticmethod(link._answer)

        try:
            self._http = ThreadingHTTPServer((_LOOPBACK, port), Handler)
        except OSError as error:
            raise BenchError(
                f"the device's link cannot listen on {_LOOPBACK} port {port}: {error.strerror}",
                hint="choose another server.link_port, or 0",
            ) from None
        self._http.daemon_threads = True
        self._thread = threading.Thread(
            target=self._http.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="id2-device-link",
            daemon=True,
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://{_LOOPBACK}:{self._http.server_address[1]}"

    def taken(self) -> tuple[DeviceRequest, ...]:
        """Return what was asked since the last time, oldest first; of a flood the last thousand."""
        with self._lock:
            asked = tuple(self._asked)
            self._asked.clear()
        return asked

    def _answer(self, target: str, host: str, body: bytes) -> tuple[int, Mapping[str, object]]:
        path = urlsplit(target).path
        if host.partition(":")[0] not in (_LOOPBACK, "localhost"):
            # A web page that has its own name point here must not reach the device.
            return 403, {"error": "the Host header does not name this computer"}
        # The carrier does one thing at a time, whatever the server does.
        with self._lock:
            fields: dict[str, str] = {}
            try:
                fields = _fields(body)
                answer, plain = self._do(path, fields)
            except _Refused as refused:
                self._asked.append(DeviceRequest(path, target, fields, accepted=False))
                return refused.status, refused.body
            kept = {name: str(answer[name]) for name in _FIELD_NAMES if name in answer}
            accepted = answer.get("accepted", True) is True
            self._asked.append(DeviceRequest(path, target, fields, kept, accepted, plain))
            return 200, answer

    def _do(self, path: str, fields: Mapping[str, str]) -> tuple[dict[str, object], Secret | None]:
        try:
            return self._on_device(path, fields)
        except CarrierError as error:
            raise _Refused(422, error.message, result=error.code) from None
        except HarnessError as error:
            self.trouble = self.trouble or error
            raise _Refused(503, "the device cannot be reached") from None

    def _on_device(self, path: str, fields: Mapping[str, str]) -> tuple[dict[str, object], Secret | None]:
        device = self.device
        if device is None:
            raise _Refused(503, "there is no device")
        extra = _extra(fields)
        if path == "/id":
            return {"id": device.get_id()}, None
        if path == "/challenge-code":
            return {
                "code": self._out(device.get_challenge_auth_code(_text(fields, "challenge"), extra))
            }, None
        if path == "/timestamp-code":
            return {
                "code": self._out(device.get_timestamp_auth_code(_text(fields, "timestamp"), extra))
            }, None
        if path == "/device-challenge":
            return {"challenge": device.get_device_challenge(_DEVICE_CHALLENGE)}, None
        if path == "/verify-server":
            return {
                "accepted": _accepts(device, _text(fields, "code"), _text(fields, "challenge"), extra)
            }, None
        if path == "/decrypt":
            plain = device.decrypt(_base64(_text(fields, "cipher")))
            # The device keeps the session key; a link that gave it back would be a hole of its own.
            return {"accepted": True}, Secret(plain)
        raise _Refused(404, "there is no such request; docs/business-server.md has them all")

    def _out(self, code: str) -> str:
        return code if self.spoil is None else self.spoil(code)


class _Handler(BaseHTTPRequestHandler):
    """HTTP only; what it says is decided by `answer`."""

    answer: Callable[[str, str, bytes], tuple[int, Mapping[str, object]]]
    protocol_version = "HTTP/1.1"
    server_version = "id2-device-link"
    sys_version = ""
    timeout = _READ_S
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or int(length) > _MAX_BODY:
            self.close_connection = True
            self._send(
                413 if length.isdigit() else 411, {"error": f"a body of at most {_MAX_BODY} bytes is needed"}
            )
            return
        body = self.rfile.read(int(length))
        self._send(*self.answer(self.path, self.headers.get("Host", ""), body))

    def do_GET(self) -> None:
        self.close_connection = True
        self._send(405, {"error": "all requests are POST"})

    def _send(self, status: int, answer: Mapping[str, object]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
        """Print nothing: a URL may hold a secret, and the judge has it all."""


def _fields(body: bytes) -> dict[str, str]:
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise _Refused(400, "the body is not JSON") from None
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise _Refused(400, "the body must be a JSON object of texts")
    return value


def _text(fields: Mapping[str, str], name: str) -> str:
    if name not in fields:
        raise _Refused(400, f"the field {name} is missing")
    return fields[name]


def _extra(fields: Mapping[str, str]) -> bytes | None:
    return fields["extra"].encode(errors="replace") if fields.get("extra") else None


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _Refused(400, "cipher is not Base64") from None


def _accepts(device: Carrier, code: str, challenge: str, extra: bytes | None) -> bool:
    try:
        device.verify_server(code, challenge, extra)
    except CarrierError:
        return False
    return True
