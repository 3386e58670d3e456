"""A small business server: `POST /login` with `{"device": ID, "link": URL}` lets one device in, or does not.

Everything that is secret comes from the environment: see README.md.
"""

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cloud import Cloud, CloudError
from device import Device, DeviceError
from login import Login, Refused

_MAX_BODY = 16 * 1024


def cloud_from_environment() -> Cloud:
    """Return the connection to the service that the environment describes."""
    return Cloud(
        endpoint=os.environ["ID2_ENDPOINT"],
        region=os.environ.get("ID2_REGION", "cn-shanghai"),
        access_key_id=os.environ["ID2_ACCESS_KEY_ID"],
        access_key_secret=os.environ["ID2_ACCESS_KEY_SECRET"],
        product_key=os.environ["ID2_PRODUCT_KEY"],
    )


class Handler(BaseHTTPRequestHandler):
    """Takes logins."""

    login: Login
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Let a device in, or not."""
        length = int(self.headers.get("Content-Length") or 0)
        if self.path != "/login" or not 0 < length <= _MAX_BODY:
            self.close_connection = True
            self.answer(404, {"error": "POST /login"})
            return
        try:
            asked = json.loads(self.rfile.read(length))
            id2, link = str(asked["device"]), str(asked["link"])
        except (ValueError, KeyError, TypeError):
            self.answer(400, {"error": "device and link are needed"})
            return
        try:
            session = self.login.run(id2, Device(link))
        except (Refused, CloudError, DeviceError) as error:
            self.answer(403, {"device": id2, "error": str(error)})
        else:
            self.answer(200, {"device": session.id2})

    def answer(self, status: int, body: dict[str, str]) -> None:
        """Send a JSON answer."""
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
        """Keep quiet; a product would log the device and the outcome, and no secret."""


def serve(login: Login, port: int) -> int:
    """Listen until SIGTERM or Ctrl-C."""
    handler = type("LoginHandler", (Handler,), {"login": login})
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as http:
        http.daemon_threads = True
        # shutdown() waits for serve_forever, so it must not run in the thread that serves.
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=http.shutdown).start())
        sys.stdout.write(f"listening on http://127.0.0.1:{http.server_address[1]}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            http.serve_forever(poll_interval=0.1)
    return 0


def main(make_login: type[Login] = Login) -> int:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="A small business server for ID² devices.")
    parser.add_argument("--port", type=int, default=8700, help="port on 127.0.0.1; 0 chooses one")
    parser.add_argument("--flow", choices=["mutual", "timestamp"], default="mutual")
    options = parser.parse_args()
    return serve(make_login(cloud_from_environment(), options.flow), options.port)


if __name__ == "__main__":
    sys.exit(main())
