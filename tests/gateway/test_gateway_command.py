"""`harness service --itls-port`: where it listens, what it refuses, and a device that comes in."""

import contextlib
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.cli.main import invoke
from harness.cli.service_gateway import parse_broker
from harness.cli.service_settings import parse_changes
from harness.errors import BenchError, UsageError
from harness.gateway.gateway import Gateway
from harness.gateway.mqtt.broker import find_mosquitto
from harness.gateway.settings import REMEMBERS_NOTHING, GatewaySettings
from harness.id2.keys import Key, KeyType
from harness.itls.client import ClientConnection
from harness.itls.device_identity import KeyIdentity
from harness.service.mock.server import MockService
from tests.gateway.gateway_bench import PATIENCE_S, Caller

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


def test_a_taken_port_of_a_board_is_not_answered_with_a_free_one():
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        MockService() as mock,
        pytest.raises(BenchError, match="it is taken") as refused,
        Gateway(mock, port=taken.getsockname()[1]),
    ):
        pass
    assert "ss -ltnp" in refused.value.hint
    assert " 0 " not in refused.value.hint


@pytest.mark.link
def test_a_broker_that_is_killed_ends_the_service_with_a_word():
    with running("--itls-port", 0, "--mqtt") as process:
        assert process.stdout.readline()
        assert process.stdout.readline().startswith("itls on tcp://")
        os.kill(mosquitto_below(process.pid), signal.SIGKILL)
        _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3
    assert "the MQTT broker started here has ended; start again" in err
    assert "Traceback" not in err


def mosquitto_below(pid):
    """Return the process id of the mosquitto that a process has started, by way of a shell."""
    names = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            number, _, rest = status.read_text().partition(" (")
            name, _, fields = rest.rpartition(") ")
            names[int(number)] = (name, int(fields.split()[1]))
    shells = {number for number, (_, parent) in names.items() if parent == pid}
    (found,) = [
        number for number, (name, parent) in names.items() if name == "mosquitto" and parent in shells
    ]
    return found


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


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", ".nan", ".inf", "1e999"])
@pytest.mark.parametrize(
    "name",
    [field.name for field in dataclasses.fields(GatewaySettings) if "float" in str(field.type)],
)
def test_a_number_that_is_none_is_refused(name, value):
    with pytest.raises(UsageError, match=name):
        parse_changes(REMEMBERS_NOTHING, [f"{name}={value}"], "--itls-settings")
    with pytest.raises(UsageError, match=name):
        GatewaySettings(**{name: float(value.replace(".", "").replace("1e999", "inf"))})


def test_without_mosquitto_the_package_is_named(monkeypatch):
    monkeypatch.setattr("harness.gateway.mqtt.broker.shutil.which", lambda *_, **__: None)
    with pytest.raises(BenchError, match="mosquitto") as missing:
        find_mosquitto()
    assert "apt-get install mosquitto" in missing.value.hint
    assert "--mqtt-broker" in missing.value.hint


@pytest.mark.slow
def test_more_peers_than_descriptors_keep_nobody_out(tmp_path):
    seed = tmp_path / "seed.yaml"
    seed.write_text(SEED)
    shell = ["/bin/sh", "-c", 'ulimit -S -n 96; ulimit -H -n 96; exec "$@"', "sh"]
    options = ["--seed", str(seed), "--itls-port", "0", "--itls-settings", "echo=true"]
    process = subprocess.Popen(
        [*shell, *COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    silent = []
    try:
        console = process.stdout.readline().removeprefix("listening on ").strip()
        port = int(process.stdout.readline().rpartition(":")[2])
        silent = [socket.create_connection(("127.0.0.1", port), PATIENCE_S) for _ in range(300)]
        with urllib.request.urlopen(console + "/admin/calls", timeout=PATIENCE_S) as answer:
            assert answer.status == 200
        identity = KeyIdentity(
            "2122232425262728292A2B2C", Key.parse(KeyType.AES_128, "2122232425262728292A2B2C2D2E2F30")
        )
        caller = Caller(
            ClientConnection(identity, "a1TESTabcde"),
            socket.create_connection(("127.0.0.1", port), PATIENCE_S),
        )
        silent.append(caller.socket)
        caller.shake_hands().send(b"hello")
        assert caller.read(5) == b"hello"
    finally:
        for peer in silent:
            peer.close()
        process.kill()
        _, said = process.communicate()
    assert "Traceback" not in said
    about = [line for line in said.splitlines() if "the gateway" in line]
    assert len(about) <= 2, said
    assert about[0].endswith("devices at once, not 8192: the limit of open files allows no more (ulimit -n)")
