"""Relays on a serial port and in the network, by real bytes: a pseudo-terminal and a real HTTP server."""

import base64
import json
import os
import pty
import threading
import tty
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from harness.board.opening.actions import operate
from harness.board.opening.server_under_test import environment_for_others
from harness.controller.kind import Ability
from harness.errors import BenchError, UsageError

OFF, ON = Ability.POWER_OFF, Ability.POWER_ON
QUIET = {"probe": {}}


@pytest.fixture
def line():
    """Return the far end of a serial port, and its path."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize(
    ("more", "ability", "sent"),
    [
        ({}, ON, "a00101a2"),
        ({}, OFF, "a00100a1"),
        ({"channel": 4}, ON, "a00401a5"),
        ({"channel": 2, "wired": "normally-closed"}, ON, "a00200a2"),
        ({"channel": 2, "wired": "normally-closed"}, OFF, "a00201a3"),
    ],
)
def test_the_bytes_of_an_lcus_relay(use, line, more, ability, sent):
    master, path = line
    board = use({"relay": {"kind": "lcus-relay", "port": path, **more}}, **QUIET)
    operate(board, ability) if ability is OFF else board.file.controllers["relay"].do(
        ability, _context(board)
    )
    assert os.read(master, 16).hex() == sent
    board.has_power()


def _context(board):
    from harness.controller.kind import ControllerContext

    return ControllerContext(board.file.folder, {}, lambda _: None, board.note)


def test_an_lcus_relay_confirms_nothing(use, line):
    board = use({"relay": {"kind": "lcus-relay", "port": line[1]}}, **QUIET)
    operate(board, OFF)
    assert any(note.endswith("reads back nothing: its state is unknown") for note in board.notes)


def test_an_lcus_relay_that_is_not_plugged_in(use):
    board = use({"relay": {"kind": "lcus-relay", "port": "/dev/serial/by-path/none"}}, **QUIET)
    with pytest.raises(BenchError, match="relay /dev/serial/by-path/none: "):
        operate(board, OFF)


@pytest.mark.parametrize("port", ["/dev/ttyUSB0", "/dev/ttyACM12"])
def test_an_lcus_relay_is_named_by_its_path(use, port):
    with pytest.raises(UsageError, match=f"is {port}, a name that another device may have tomorrow"):
        use({"relay": {"kind": "lcus-relay", "port": port}})


def test_a_relay_on_the_port_of_the_console_is_a_mistake_of_the_file(use, line):
    transports = {"console": {"kind": "serial", "port": line[1]}}
    with pytest.raises(UsageError, match="is the port of transport console too"):
        use({"relay": {"kind": "lcus-relay", "port": line[1]}}, transports=transports)


class Device:
    """A relay with an HTTP interface: `answer` maps a request to a status and a JSON value, or bytes."""

    def __init__(self, answer):
        self.requests = []
        device = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self):
                url = urlsplit(self.path)
                size = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(size)) if size else None
                query = {name: values[0] for name, values in parse_qs(url.query).items()}
                device.requests.append((self.command, url.path, query, body))
                status, value = answer(url.path, query, body, self.headers)
                data = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response(status)
                if status == 401:
                    self.send_header(
                        "WWW-Authenticate", 'Digest realm="shelly", nonce="1", qop="auth", algorithm=SHA-256'
                    )
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = _answer  # noqa: N815 - names of the standard library

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()


@pytest.fixture
def device():
    devices = []

    def start(answer):
        devices.append(Device(answer))
        return devices[-1]

    yield start
    for each in devices:
        each.server.shutdown()
        each.server.server_close()


def tasmota(*, name="POWER1", obeys=True, words=("OFF", "ON")):
    state = [True]

    def answer(path, query, _body, _headers):
        assert path == "/cm"
        _, _, wanted = query["cmnd"].partition(" ")
        if wanted and obeys:
            state[0] = wanted == "On"
        return 200, {name: words[state[0] if not wanted or obeys else wanted == "On"]}

    return answer


@pytest.mark.parametrize("name", ["POWER1", "POWER"])
def test_a_relay_of_tasmota(use, device, name):
    relay = device(tasmota(name=name))
    board = use({"relay": {"kind": "tasmota", "address": relay.address}}, **QUIET)
    operate(board, OFF)
    assert [query["cmnd"] for _, _, query, _ in relay.requests] == ["Power1 Off", "Power1"]
    assert any(note.endswith("reads back off") for note in board.notes)


def test_a_relay_of_tasmota_that_says_off_and_stays_on(use, device):
    relay = device(tasmota(obeys=False))
    with pytest.raises(BenchError, match=r"Tasmota .* was switched and is on"):
        operate(use({"relay": {"kind": "tasmota", "address": relay.address}}, **QUIET), OFF)


@pytest.mark.parametrize(
    ("status", "value", "said"),
    [
        (200, {"Command": "Unknown"}, "its answer tells no state"),
        (200, {"POWER1": "AN"}, "its answer tells no state"),
        (200, {"POWER2": "OFF"}, "its answer tells no state"),
        (200, {"WARNING": "Need user=<username>&password=<password>"}, "refuses user and password"),
        (401, {"WARNING": "Need user"}, "refuses user and password"),
        (200, b"<html>\x1b[2J", r"answers 200 and no state: <html>\\e"),
        (500, {"POWER1": "OFF"}, "answers 500 and no state"),
        (200, b"x" * 200_000, "answers 200 and no state"),
        (302, b"", "answers 302 and no state"),
    ],
)
def test_an_answer_that_tells_no_state_is_not_off(use, device, status, value, said):
    relay = device(lambda *_: (status, value))
    with pytest.raises(BenchError, match=said) as raised:
        operate(use({"relay": {"kind": "tasmota", "address": relay.address}}, **QUIET), OFF)
    assert raised.value.outcome == "blocked"


def test_the_password_of_a_relay_shows_nowhere(use, device, monkeypatch):
    monkeypatch.setenv("RELAY_PASSWORD", "open-sesame-1")
    relay = device(lambda *_: (200, {"Command": "Error"}))
    settings = {"kind": "tasmota", "address": relay.address, "password": {"env": "RELAY_PASSWORD"}}
    board = use({"relay": settings}, **QUIET)
    with pytest.raises(BenchError) as raised:
        operate(board, OFF)
    assert relay.requests[0][2]["password"] == "open-sesame-1"
    assert "sesame" not in "\n".join((*board.notes, str(raised.value), raised.value.hint))


def test_no_program_of_a_run_gets_the_password_of_a_relay(use, monkeypatch):
    monkeypatch.setenv("RELAY_PASSWORD", "open-sesame-1")
    settings = {"kind": "tasmota", "address": "http://127.0.0.1", "password": {"env": "RELAY_PASSWORD"}}
    assert "RELAY_PASSWORD" not in environment_for_others(use({"relay": settings}).file)


def test_a_relay_that_is_not_there(use, device):
    relay = device(lambda *_: (200, {}))
    relay.server.shutdown()
    relay.server.server_close()
    with pytest.raises(BenchError, match=r"no answer \(ConnectError\)"):
        operate(use({"relay": {"kind": "tasmota", "address": relay.address}}, **QUIET), OFF)


def shelly(*, obeys=True, password=None):
    state = [True]

    def answer(path, query, body, headers):
        known = headers.get("Authorization", "")
        if path == "/relay/0":
            if password and known != "Basic " + base64.b64encode(f"admin:{password}".encode()).decode():
                return 401, {}
            if "turn" in query and obeys:
                state[0] = query["turn"] == "on"
            return 200, {"ison": state[0], "has_timer": False}
        if password and not known.startswith('Digest username="admin"'):
            return 401, {}
        assert path == "/rpc"
        if body["method"] == "Switch.Set":
            was, state[0] = state[0], body["params"]["on"] if obeys else state[0]
            return 200, {"id": 1, "src": "shelly", "result": {"was_on": was}}
        return 200, {"id": 1, "src": "shelly", "result": {"id": 0, "output": state[0]}}

    return answer


@pytest.mark.parametrize("generation", [1, 2])
@pytest.mark.parametrize("password", [None, "open-sesame-1"])
def test_a_relay_of_shelly(use, device, monkeypatch, generation, password):
    monkeypatch.setenv("RELAY_PASSWORD", "open-sesame-1")
    relay = device(shelly(password=password))
    known = {"password": {"env": "RELAY_PASSWORD"}} if password else {}
    settings = {"kind": "shelly", "generation": generation, "address": relay.address, **known}
    board = use({"relay": settings}, **QUIET)
    operate(board, OFF)
    operate(board, ON)
    assert [note.rpartition(": ")[2] for note in board.notes if "reads back" in note] == [
        "reads back off",
        "reads back on",
    ]


@pytest.mark.parametrize("generation", [1, 2])
def test_a_relay_of_shelly_that_does_not_obey(use, device, generation):
    relay = device(shelly(obeys=False))
    settings = {"kind": "shelly", "generation": generation, "address": relay.address}
    with pytest.raises(BenchError, match=r"Shelly .* was switched and is on"):
        operate(use({"relay": settings}, **QUIET), OFF)


def test_a_shelly_without_this_relay(use, device):
    relay = device(lambda *_: (200, {"id": 1, "error": {"code": -105, "message": "id not found"}}))
    settings = {"kind": "shelly", "generation": 2, "address": relay.address, "relay": 7}
    with pytest.raises(BenchError, match="its answer tells no state"):
        operate(use({"relay": settings}, **QUIET), OFF)


@pytest.mark.parametrize(
    "address", ["http://user:pw@host", "ftp://host", "host", "http://host/path", "http://host?x"]
)
def test_an_address_that_is_none(use, address):
    with pytest.raises(UsageError, match=r"controllers\.relay\.address"):
        use({"relay": {"kind": "tasmota", "address": address}})
