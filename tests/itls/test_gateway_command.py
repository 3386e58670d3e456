"""`harness service --itls-port`: where it listens, what it refuses, and a device that comes in."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager

import pytest

from harness.cli.main import invoke
from harness.cli.service_link import parse_broker
from harness.cli.service_settings import parse_changes
from harness.errors import BenchError, UsageError
from harness.id2.keys import Key, KeyType
from harness.itls.client import ClientConnection
from harness.itls.device_identity import KeyIdentity
from harness.itls.gateway.settings import REMEMBERS_NOTHING, GatewaySettings
from harness.itls.mqtt.broker import find_mosquitto
from tests.itls.gateway_bench import PATIENCE_S, Caller

COMMAND = [sys.executable, "-m", "harness.cli.main", "service"]
SEED = """\
access_keys: [{id: TESTKEY, secret: TESTSECRET, policy: full}]
products: [{product_key: a1TESTabcde, product_secret: i11TESTTESTTESTTESTTESTTESTTESTT, name: lock, licences: 5}]
devices: [{id: 2122232425262728292A2B2C, key_type: aes-128, key: 2122232425262728292A2B2C2D2E2F30}]
"""


@contextmanager
def running(*arguments):
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_device_comes_in_and_the_call_log_shows_it(tmp_path):
    seed = tmp_path / "seed.yaml"
    seed.write_text(SEED)
    with running("--seed", seed, "--itls-port", 0, "--itls-settings", "echo=true") as process:
        first, second = process.stdout.readline(), process.stdout.readline()
        assert first.startswith("listening on http://127.0.0.1:")
        assert second.startswith("itls on tcp://127.0.0.1:")
        port = int(second.rpartition(":")[2])
        key = Key.parse(KeyType.AES_128, "2122232425262728292A2B2C2D2E2F30")
        identity = KeyIdentity("2122232425262728292A2B2C", key)
        caller = Caller(
            ClientConnection(identity, "a1TESTabcde"),
            socket.create_connection(("127.0.0.1", port), PATIENCE_S),
        )
        caller.shake_hands().send(b"hello")
        assert caller.read(5) == b"hello"
        admin = first.removeprefix("listening on ").strip() + "/admin/calls"
        with urllib.request.urlopen(admin) as answer:
            shown = answer.read().decode()
        assert "itls:admit" in shown
        assert json.loads(shown)
        process.send_signal(signal.SIGTERM)
        caller.read_to_end()
        out, err = process.communicate(timeout=PATIENCE_S)
        caller.close()
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in err


def test_a_taken_port_is_the_benchs(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert invoke(["service", "--itls-port", str(taken.getsockname()[1])]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "the gateway cannot listen on 127.0.0.1 port" in said.err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--mqtt"], "--mqtt needs --itls-port"),
        (["--itls-settings", "idle_s=3"], "--itls-settings needs --itls-port"),
        (["--itls-port", "0", "--mqtt-broker", "127.0.0.1:1"], "--mqtt-broker needs --mqtt"),
    ],
)
def test_options_that_do_nothing_alone_are_refused(arguments, why, capsys):
    assert invoke(["service", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert why in said.err


@pytest.mark.parametrize("text", ["", "host", "host:", ":1", "host:0", "host:65536", "host:x", "host:1_0"])
def test_a_broker_is_host_and_port(text):
    with pytest.raises(UsageError, match="HOST:PORT"):
        parse_broker(text)


def test_a_broker_by_name_or_by_address():
    assert parse_broker("broker.lab:1884") == ("broker.lab", 1884)
    assert parse_broker("[::1]:1884") == ("::1", 1884)


def test_limits_of_the_gateway_by_their_own_types():
    chosen = parse_changes(
        REMEMBERS_NOTHING,
        ["idle_s=60", "records_per_s=none", "echo=yes", "region=cn-shanghai"],
        "--itls-settings",
    )
    assert (chosen.idle_s, chosen.records_per_s, chosen.echo, chosen.region) == (
        60,
        None,
        True,
        "cn-shanghai",
    )
    assert chosen.keep_bytes == 0 != GatewaySettings().keep_bytes
    with pytest.raises(UsageError, match=r"--itls-settings idle_s: 'soon'"):
        parse_changes(REMEMBERS_NOTHING, ["idle_s=soon"], "--itls-settings")
    with pytest.raises(UsageError, match="gateway setting connections"):
        parse_changes(REMEMBERS_NOTHING, ["connections=0"], "--itls-settings")


def test_without_mosquitto_the_package_is_named(monkeypatch):
    monkeypatch.setattr("harness.itls.mqtt.broker.shutil.which", lambda *_, **__: None)
    with pytest.raises(BenchError, match="mosquitto") as missing:
        find_mosquitto()
    assert "apt-get install mosquitto" in missing.value.hint
    assert "--mqtt-broker" in missing.value.hint
