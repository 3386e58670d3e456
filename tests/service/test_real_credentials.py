"""Where credentials come from, and that nothing says them."""

import json
import os
import subprocess
import sys
import threading
import traceback
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.secret import Secret
from harness.service.access_key import AccessKey
from harness.service.client import Id2Service
from harness.service.real import credentials
from harness.service.wire import HttpWire

ROOT = Path(__file__).resolve().parents[2]


def used(account):
    key = account.access_key()
    return key.id, key.secret.reveal().decode(), key.token.reveal().decode() if key.token else None


def test_from_the_environment(tmp_path):
    found = {
        "HOME": str(tmp_path),
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "KEY",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "hunter2secret",
    }
    account = credentials.from_chain(found)
    assert used(account) == ("KEY", "hunter2secret", None)
    assert account.access_key().secrets == (Secret("hunter2secret"),)
    assert "hunter2" not in repr(account) + repr(account.access_key())
    temporary = credentials.from_chain(found | {"ALIBABA_CLOUD_SECURITY_TOKEN": "token7token"})
    assert used(temporary) == ("KEY", "hunter2secret", "token7token")
    assert Secret("token7token") in temporary.access_key().secrets


def test_from_the_command_line_tools_profile(tmp_path):
    (tmp_path / ".aliyun").mkdir()
    profile = {"name": "lab", "mode": "AK", "access_key_id": "PK", "access_key_secret": "profilesecret"}
    (tmp_path / ".aliyun" / "config.json").write_text(json.dumps({"current": "lab", "profiles": [profile]}))
    account = credentials.from_chain({"HOME": str(tmp_path)})
    assert used(account)[:2] == ("PK", "profilesecret")
    assert "config.json" in account.source


def test_from_the_credentials_file(tmp_path):
    file = tmp_path / "own.ini"
    file.write_text("[lab]\ntype=access_key\naccess_key_id=IK\naccess_key_secret=inisecret\n")
    account = credentials.from_chain(
        {
            "HOME": str(tmp_path),
            "ALIBABA_CLOUD_CREDENTIALS_FILE": str(file),
            "ALIBABA_CLOUD_PROFILE": "lab",
        }
    )
    assert used(account)[:2] == ("IK", "inisecret")


def test_none_at_all(tmp_path):
    half = {"HOME": str(tmp_path), "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "hunter2secret"}
    with pytest.raises(UsageError, match="no credentials were found") as caught:
        credentials.from_chain(half)
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in caught.value.hint
    assert "cloud computer" not in caught.value.message, "no metadata service is asked unless named"
    assert "hunter2" not in caught.value.message


def test_from_the_board_file():
    key = AccessKey("BK", Secret("boardsecret"), Secret("boardtoken"))
    assert used(credentials.from_access_key(key)) == ("BK", "boardsecret", "boardtoken")
    assert used(credentials.from_access_key(AccessKey("BK", Secret("boardsecret"))))[2] is None


class Credentials(BaseHTTPRequestHandler):
    """A credentials URI: what `bench` gives out, or an answer that repeats secrets."""

    def do_GET(self):
        status, body = self.server.answers()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


@contextmanager
def credentials_uri(answers):
    with ThreadingHTTPServer(("127.0.0.1", 0), Credentials) as server:
        server.answers = answers
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/credentials"
        finally:
            server.shutdown()
            thread.join()


def given_out(key, *, lifetime_s):
    """Return an answer of a credentials URI; what ends within a quarter of an hour is asked for again each time."""
    ends = datetime.now(UTC) + timedelta(seconds=lifetime_s)
    fields = {
        "Code": "Success",
        "AccessKeyId": key.id,
        "AccessKeySecret": key.secret.reveal().decode(),
        "SecurityToken": key.token.reveal().decode(),
        "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return 200, json.dumps(fields).encode()


def test_temporary_credentials_renew_themselves_between_calls(own_bench, tmp_path):
    given = []

    def answers():
        given.append(own_bench.admin.issue_sts("full", lifetime_s=900).access_key)
        return given_out(given[-1], lifetime_s=600)

    device = own_bench.device()
    with credentials_uri(answers) as uri:
        account = credentials.from_chain({"HOME": str(tmp_path), "ALIBABA_CLOUD_CREDENTIALS_URI": uri})
        assert account.source == "ALIBABA_CLOUD_CREDENTIALS_URI"
        wire = HttpWire(own_bench.mock.endpoint, account.access_key)
        with Id2Service(wire) as service:
            assert service.get_server_random(device.id2)
            # What the first call was signed with is worth nothing any more.
            for key in given:
                own_bench.admin.delete_access_key(key.id)
            assert service.get_server_random(device.id2)
    assert len(given) > 1
    assert len({key.token.reveal() for key in given}) == len(given)


def test_credentials_that_cannot_be_renewed_stop_the_call_before_it_is_sent(bench, tmp_path):
    key = AccessKey("STS.HIDDENID", Secret("HIDDENSECRET"), Secret("HIDDENTOKEN"))
    script = [given_out(key, lifetime_s=600)]

    def answers():
        return script.pop() if script else (500, b"HIDDENSECRET HIDDENTOKEN")

    with credentials_uri(answers) as uri:
        account = credentials.from_chain({"HOME": str(tmp_path), "ALIBABA_CLOUD_CREDENTIALS_URI": uri})
        before = len(bench.admin.calls())
        with (
            Id2Service(HttpWire(bench.mock.endpoint, account.access_key)) as service,
            pytest.raises(UsageError, match="cannot be had any more") as caught,
        ):
            service.get_server_random("A")
        assert len(bench.admin.calls()) == before
    assert "HIDDEN" not in "".join(traceback.format_exception(caught.value))


def test_what_the_credential_library_prints_stays_out_of_the_terminal(tmp_path):
    """In a process of its own: the library's handlers keep the stream that they found."""
    key = AccessKey("STS.ID", Secret("HIDDENSECRET"), Secret("HIDDENTOKEN"))
    script = [given_out(key, lifetime_s=600)]
    program = (
        "from harness.errors import UsageError\n"
        "from harness.service.real import credentials\n"
        "account = credentials.from_chain()\n"
        "try:\n    account.access_key()\nexcept UsageError as error:\n    print('refused:', error.message)\n"
    )
    with credentials_uri(lambda: script.pop() if script else (500, b"HIDDENSECRET HIDDENTOKEN")) as uri:
        environment = {"HOME": str(tmp_path), "ALIBABA_CLOUD_CREDENTIALS_URI": uri, "DEBUG": "sdk"}
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={
                **{n: v for n, v in os.environ.items() if not n.startswith("ALIBABA_CLOUD_")},
                **environment,
            },
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout.startswith("refused: ")
    assert "HIDDEN" not in done.stdout + done.stderr
