"""`harness service` as a process: its first line, its end, and what it refuses."""

import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from harness.cli.service import service as command
from harness.errors import BenchError, UsageError
from harness.id2.keys import Key, KeyType
from harness.secret import Secret
from harness.service.client import AccessKey, Id2Service
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
        assert first.startswith("listening on http://"), first + process.stderr.read()
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
        with Id2Service(endpoint, AccessKey("TESTKEY", Secret("TESTSECRET"))) as service:
            challenge = service.get_server_random(device.id2)
            assert service.verify(device.id2, "a1TESTabcde", device.answer(challenge))
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)
        assert (process.returncode, out, err) == (0, "", "")
    assert not (tmp_path / "service.db-wal").exists(), "closed cleanly: nothing is left in the log"


def test_without_a_seed_it_makes_an_access_key_and_stops_cleanly_on_ctrl_c():
    with running("--host", "localhost") as (process, endpoint):
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert process.returncode == 0
    assert endpoint.startswith("http://localhost:")
    assert err.startswith("AccessKey id LTAI")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "example.org", "::", ""])
def test_other_hosts_are_refused(host):
    with pytest.raises(UsageError, match="this computer only"):
        command(port=0, host=host, db=None, seed=None)


def test_a_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BenchError, match=f"port {port}: it is taken"):
            command(port=port, host="127.0.0.1", db=None, seed=None)


def test_errors_of_the_seed_come_before_anything_listens(tmp_path, capsys):
    with pytest.raises(UsageError, match=r"seed\.yaml"):
        command(port=0, host="127.0.0.1", db=tmp_path / "service.db", seed=tmp_path / "seed.yaml")
    assert not capsys.readouterr().out
    assert not (tmp_path / "service.db").exists()
