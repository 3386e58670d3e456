"""`harness service` as a process: its first line, its end, and what it refuses."""

import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from harness.cli.service import service as command
from harness.cli.service_settings import parse_settings
from harness.errors import BenchError, UsageError
from harness.id2.keys import Key, KeyType
from harness.secret import Secret
from harness.service.access_key import AccessKey
from harness.service.client import Id2Service
from harness.service.wire import HttpWire
from tests.service.service_bench import Device
from tests.service.test_service_seed import GOOD

RUN = "import typer; from harness.cli.service import register; app = typer.Typer(); register(app); app()"


@contextmanager
def running(*arguments):
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        first = process.stdout.readline()
        assert first.startswith(("listening on http://", "listening on https://")), process.stderr.read()
        yield process, first.removeprefix("listening on ").strip()
    finally:
        process.kill()
        process.communicate()


def test_seeded_service_serves_and_stops_cleanly_on_sigterm(tmp_path):
    seed, db = tmp_path / "seed.yaml", tmp_path / "service.db"
    seed.write_text(GOOD)
    device = Device(
        "2122232425262728292A2B2C", Key.parse(KeyType.AES_128, "2122232425262728292A2B2C2D2E2F30")
    )
    with running("--seed", seed, "--db", db) as (process, endpoint):
        with Id2Service(HttpWire(endpoint, AccessKey("TESTKEY", Secret("TESTSECRET")))) as service:
            challenge = service.get_server_random(device.id2)
            assert service.verify(device.id2, "a1TESTabcde", device.answer(challenge))
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, "")
        assert err == f"console {endpoint}/console\nadmin API {endpoint}/admin\n"
    assert not (tmp_path / "service.db-wal").exists(), "closed cleanly: nothing is left in the log"


def test_without_a_seed_it_makes_an_access_key_and_stops_cleanly_on_ctrl_c():
    with running("--host", "localhost") as (process, endpoint):
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert endpoint.startswith("http://localhost:")
    assert err.startswith("AccessKey id LTAI")


@pytest.mark.parametrize("host", ["example.org", "", "127.0.0.1:80", "LOCALHOST "])
def test_hosts_that_are_no_addresses(host):
    with pytest.raises(UsageError, match="not an address"):
        command(host=host)


@pytest.mark.parametrize(("option", "scheme"), [((), "https"), (("--no-tls",), "http")])
def test_beyond_this_computer_a_token_is_made_and_asked_for_and_tls_spoken(tmp_path, option, scheme):
    ca = tmp_path / "ca.pem"
    trust = () if option else ("--tls-ca", str(ca))
    with running("--host", "0.0.0.0", *option, *trust) as (process, endpoint):
        assert endpoint.startswith(f"{scheme}://")
        here = endpoint.replace("0.0.0.0", "127.0.0.1")
        lines = [process.stderr.readline().split() for _ in range(2)]
        token = next(line[1] for line in lines if line[0] == "token")
        context = ssl.create_default_context(cafile=ca) if trust else False
        with httpx.Client(trust_env=False, verify=context) as http:
            assert http.get(f"{here}/admin/products").status_code == 401
            shown = {"Authorization": f"Bearer {token}"}
            assert http.get(f"{here}/admin/products", headers=shown).status_code == 200


def test_a_certificate_and_no_tls_contradict_each_other(tmp_path):
    with pytest.raises(UsageError, match="contradict"):
        command(tls=False, tls_cert=tmp_path / "c.pem", tls_key=tmp_path / "k.pem")


def test_the_token_of_a_file_and_settings(tmp_path):
    file = tmp_path / "token"
    file.write_text("a-token-of-my-own\n")
    settings = ("--settings", "body_max=100", "--settings", "native_types=yes")
    with running("--token-file", file, *settings) as (process, endpoint):
        assert httpx.post(endpoint, data={"a": "x" * 200}, trust_env=False).status_code == 413
        assert httpx.get(f"{endpoint}/admin/products", trust_env=False).status_code == 401
        shown = {"Authorization": "Bearer a-token-of-my-own"}
        assert httpx.get(f"{endpoint}/admin/products", headers=shown, trust_env=False).status_code == 200
        process.terminate()
        assert "a-token-of-my-own" not in process.communicate(timeout=60)[1]


def test_tls_with_an_authority_of_its_own(tmp_path):
    ca = tmp_path / "ca.pem"
    with running("--tls", "--tls-ca", ca) as (process, endpoint):
        assert endpoint.startswith("https://127.0.0.1:")
        trusting = ssl.create_default_context(cafile=str(ca))
        assert httpx.get(f"{endpoint}/", verify=trusting, trust_env=False).status_code == 400
        page = httpx.get(f"{endpoint}/console/", verify=trusting, trust_env=False)
        assert page.status_code == 200
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.slow
def test_sigterm_with_a_call_under_way_and_an_open_connection():
    with running() as (process, endpoint):
        fault = {"kind": "latency", "latency_ms": 600_000}
        with httpx.Client(trust_env=False, timeout=30) as client:
            assert client.post(f"{endpoint}/admin/faults", json=fault).is_success
            with pytest.raises(httpx.ReadTimeout):
                client.get(f"{endpoint}/?Action=GetServerRandom", timeout=0.3)
            with socket.create_connection(("127.0.0.1", int(endpoint.rpartition(":")[2]))) as half:
                half.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
                process.terminate()
                _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("assignment", "message", "hint"),
    [
        ("native_typs=1", "there is no such setting", "did you mean native_types"),
        ("qqq=1", "there is no such setting", "known are"),
        ("native_types", "write NAME=VALUE", ""),
        ("clock_skew_s=ten", "'ten' does not fit", ""),
        ("wrong_extra_code=22", "'22' does not fit", ""),
        ("challenge_lifetime_s=-5", "challenge_lifetime_s must be 1 or more, not -5", ""),
        ("daily_limit=0", "daily_limit must be 1 or more, not 0", ""),
        ("user_calls_per_second=0", "user_calls_per_second must be 1 or more", ""),
        ("day_starts_utc_hour=24", "day_starts_utc_hour must be 0 to 23, not 24", ""),
    ],
)
def test_settings_that_cannot_be(assignment, message, hint):
    with pytest.raises(UsageError, match=message) as caught:
        command(settings=[assignment])
    assert hint in caught.value.hint


def test_settings_of_every_type():
    made = parse_settings(
        [
            "native_types=true",
            "wrong_extra_code=21",
            "activating_operations=Verify, OtpGetId2",
            "user_calls_per_second=none",
            "host_id=12",
            "rights={full: [Verify], verify: [], read-only: []}",
        ]
    )
    assert made.native_types is True
    assert made.wrong_extra_code == 21
    assert made.activating_operations == {"Verify", "OtpGetId2"}
    assert made.user_calls_per_second is None
    assert made.host_id == "12"
    assert made.rights["full"] == {"Verify"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tls_cert": Path("x.pem")}, "belong together"),
        ({"tls_ca": Path("x.pem")}, "needs --tls"),
        ({"tls": True, "tls_ca": Path("/nowhere/x.pem")}, "cannot be written"),
        ({"tls_cert": Path("/nowhere/c"), "tls_key": Path("/nowhere/k")}, "/nowhere/c: No such file"),
        ({"token_file": Path("/nowhere/t")}, "/nowhere/t: No such file"),
    ],
    ids=str,
)
def test_options_that_cannot_be(values, message):
    with pytest.raises(UsageError, match=message):
        command(**values)


@pytest.mark.parametrize("content", [b"", b"short\n", b"two words that are long enough", b"\xff" * 30])
def test_tokens_that_are_none(tmp_path, content):
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="token file"):
        command(token_file=file)


def test_a_database_of_another_program(tmp_path):
    db = tmp_path / "other.db"
    with sqlite3.connect(db) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    with pytest.raises(UsageError, match="another program's database"):
        command(db=db)


def test_a_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BenchError, match=f"port {port}: it is taken"):
            command(port=port, host="127.0.0.1", db=None, seed=None)


def test_an_address_of_another_computer(tmp_path):
    token = tmp_path / "token"
    token.write_text("a-token-of-my-own\n")
    # Of the documentation's own network: no computer has it.
    with pytest.raises(BenchError, match="not an address of this computer") as caught:
        command(host="192.0.2.1", token_file=token)
    assert "port" not in caught.value.hint


def test_errors_of_the_seed_come_before_anything_listens(tmp_path, capsys):
    with pytest.raises(UsageError, match=r"seed\.yaml"):
        command(port=0, host="127.0.0.1", db=tmp_path / "service.db", seed=tmp_path / "seed.yaml")
    assert not capsys.readouterr().out
    assert not (tmp_path / "service.db").exists()
