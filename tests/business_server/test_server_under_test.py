"""The manufacturer's server as a process, and the trigger: real processes, real HTTP."""

import http.server
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from harness.board.models import Start, Trigger
from harness.board.opening.server_under_test import ServerError, ServerProcess, environment_for_others, pull
from harness.board.reading.file import parse
from harness.errors import UsageError

PLAIN = dict(os.environ)
PRINTS = "import sys,time; print('warming up'); print('ready at http://127.0.0.1:1/'); sys.stdout.flush(); time.sleep(60)"


def start(script: str, ready: str = r"ready at (\S+)", **more) -> Start:
    return Start(command=("{python}", "-c", script), ready=ready, **more)


def values(**more: str) -> dict[str, str]:
    return {"python": sys.executable, **more}


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def test_ready_line_and_its_group(tmp_path):
    with ServerProcess(start(PRINTS), values(), tmp_path, PLAIN) as server:
        assert server.said == "http://127.0.0.1:1"
        assert server.running
    assert not server.running


def test_the_whole_group_is_ended_even_when_it_will_not_go(tmp_path):
    child = (
        "import signal,time,os; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "open('child','w').write(str(os.getpid())); print('ready at x', flush=True); time.sleep(60)"
    )
    script = f"import subprocess,sys; subprocess.Popen([sys.executable,'-c',{child!r}]).wait()"
    with ServerProcess(start(script), values(), tmp_path, PLAIN):
        pid = int((tmp_path / "child").read_text())
        assert alive(pid)
    end = time.monotonic() + 60
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.01)
    assert not alive(pid)


def test_environment_by_name_and_secrets_out_of_the_error(tmp_path):
    script = "import os,sys; print(os.environ['MINE']); sys.exit(3)"
    with pytest.raises(ServerError, match="ended with 3") as caught:
        ServerProcess(
            start(script, environment={"MINE": "key={access_key_secret}"}),
            values(access_key_secret="very-secret-key"),
            tmp_path,
            PLAIN,
        )
    assert caught.value.traffic == ("key=***",)


def test_not_ready_in_time(tmp_path):
    with pytest.raises(ServerError, match=r"not ready within 0\.2 s"):
        ServerProcess(start("import time; time.sleep(60)", timeout_s=0.2), values(), tmp_path, PLAIN)


def test_no_such_program(tmp_path):
    with pytest.raises(UsageError, match="cannot be started"):
        ServerProcess(Start(command=("/nowhere/server",), ready="x"), values(), tmp_path, PLAIN)


@pytest.mark.parametrize(
    ("script", "accepted", "decided", "pattern"),
    [
        ("print('let in')", True, True, None),
        ("import sys; sys.exit(1)", False, True, None),
        ("print('let in')", True, True, "let in"),
        ("print('kept out')", False, True, "let in"),
        ("import time; time.sleep(60)", False, False, None),
    ],
)
def test_trigger_by_command(tmp_path, script, accepted, decided, pattern):
    trigger = Trigger(command=("{python}", "-c", script), accepted=pattern, timeout_s=60 if decided else 0.3)
    got = pull(trigger, values(), tmp_path, PLAIN)
    assert (got.accepted, got.decided) == (accepted, decided)


@pytest.fixture
def web():
    class Handler(http.server.BaseHTTPRequestHandler):
        seen: list[tuple[str, str, str]] = []  # noqa: RUF012 - one a test

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            Handler.seen.append((self.path, body, self.headers["Content-Type"]))
            self.send_response(int(self.path.rpartition("/")[2]))
            self.end_headers()
            self.wfile.write(b'{"ok": false}')

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", Handler.seen
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "pattern", "accepted"),
    [(200, None, True), (403, None, False), (302, None, False), (200, '"ok": true', False)],
)
def test_trigger_by_url(web, tmp_path, status, pattern, accepted):
    url, seen = web
    trigger = Trigger(url="{server}/" + str(status), body='{"id": "{id2}", "of": {}}', accepted=pattern)
    got = pull(trigger, values(server=url, id2="ABC"), tmp_path, PLAIN)
    assert (got.accepted, got.decided) == (accepted, True)
    assert seen == [(f"/{status}", '{"id": "ABC", "of": {}}', "application/json")]


def test_nothing_at_the_url(tmp_path):
    with pytest.raises(ServerError, match="nothing answers"):
        pull(Trigger(url="http://127.0.0.1:9/login"), values(), tmp_path, PLAIN)


BOARD = """\
version: 1
name: lab
plan: {{pattern: {pattern}, carrier: se, platform: third-party-os, key_type: aes-128}}
transports: {{chip: {{kind: i2c, bus: /dev/i2c-1, address: 0x71}}}}
chip: {{transport: chip, framing: fm1280}}
device: {{key: {{env: DEVICE_KEY}}}}
declaration: {{algorithms: [aes-ecb], commands: []}}
server:
  trigger: {{url: "{url}", body: '{{"device": "{{id2}}"}}'}}
  start: {start}
  uses: [{uses}]
"""
GOOD = {
    "pattern": "own-platform",
    "url": "{server}/login",
    "start": "{command: [run-it, '{endpoint}'], ready: up}",
    "uses": "challenge",
}


def load(tmp_path, **changes: str):
    return parse(BOARD.format(**{**GOOD, **changes}), tmp_path / "lab.yaml")


def test_a_good_section_loads(tmp_path):
    board = load(tmp_path)
    assert board.server.trigger.names_the_device
    assert board.server.start.environment["ID2_ACCESS_KEY_SECRET"] == "{access_key_secret}"
    assert not board.warnings


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pattern": "iot-platform"}, "there is no server to write with pattern iot-platform"),
        ({"uses": "challenge, timestamp"}, "one of challenge and timestamp"),
        ({"uses": "extra"}, "one of challenge and timestamp"),
        ({"uses": "chalenge"}, "did you mean 'challenge'"),
        ({"start": "null"}, "needs port and access_key"),
        ({"start": "{command: [x, '{access_key_secret}'], ready: up}"}, "by environment only"),
        ({"start": "{command: [x, '{endpont}'], ready: up}"}, "{endpont} is no placeholder here"),
        ({"start": "{command: [x], ready: '('}"}, "not a regular expression"),
        ({"start": "{command: [], ready: up}"}, "at least 1"),
        ({"url": "ftp://x"}, "must be http://HOST"),
        ({"url": "http://u:p@x/"}, "must be http://HOST"),
        ({"url": "{server}/login?key={product_secret}"}, "by environment only"),
    ],
)
def test_a_wrong_section_says_what_is_wrong(tmp_path, changes, words):
    with pytest.raises(UsageError) as caught:
        load(tmp_path, **changes)
    assert words in caught.value.message
    assert "server" in caught.value.message


def test_a_server_gets_no_key_of_the_bench_or_the_cloud(tmp_path, monkeypatch):
    monkeypatch.setenv("DEVICE_KEY", "00" * 16)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "cloud")
    monkeypatch.setenv("HARMLESS", "yes")
    given = environment_for_others(load(tmp_path))
    assert given["HARMLESS"] == "yes"
    assert "127.0.0.1" in given["NO_PROXY"]
    assert not {"DEVICE_KEY", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"} & given.keys()
