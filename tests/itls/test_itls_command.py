"""`harness itls` against a server of our own; the tunnel in a process of its own, because it waits for a signal."""

import re
import signal
import socket
import subprocess
import sys

import pytest

from harness.cli.main import invoke
from harness.id2 import published
from harness.id2.codes import ItlsAlert
from harness.id2.keys import KeyType
from harness.itls.misbehaviour import catalogue
from tests.itls.conftest import PRODUCT_KEY
from tests.itls.echo_server import EchoServer

PATIENCE_S = 60


OPTIONS = ("--product-key", PRODUCT_KEY, "--key-type", "aes-128")
DEBUG = published.KEYS[KeyType.AES_128]
ID, KEY = DEBUG.id2, DEBUG.key.secret.reveal().hex().upper()


def device(server):
    host, port = server.address
    return (f"{host}:{port}", "--product-key", PRODUCT_KEY, "--key-type", "aes-128", "--debug-key")


@pytest.fixture
def run(capsys):
    def one(*arguments):
        code = invoke(["itls", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return one


def test_connect_prints_every_record(run, tmp_path):
    path = tmp_path / "session.pcapng"
    with EchoServer() as server:
        code, out, err = run("connect", *device(server), "--pcap", path)

    assert code == 0, err
    assert out.count("ClientHello,") == 2
    assert out.count("Finished") == 2
    assert "close notify" in out
    assert server.clean_ends == 1
    assert path.read_bytes()[:4] == b"\x0a\x0d\x0d\x0a"


def test_connect_that_is_refused_prints_how_far_it_came(run):
    with EchoServer(hooks=catalogue.alert(ItlsAlert.SUSPENDED).hooks) as server:
        code, out, err = run("connect", *device(server))

    assert code == 1
    assert "fatal iTLS alert 168" in out
    assert "168" in err
    assert "try: Resume it in the console" in err


@pytest.mark.parametrize(("path", "why"), [("no/such.pcapng", "No such file"), (".", "Is a directory")])
def test_a_pcap_that_cannot_be_written_is_told_before_anybody_connects(run, tmp_path, path, why):
    with EchoServer() as server:
        code, out, err = run("connect", *device(server), "--pcap", tmp_path / path)

        assert server.clean_ends == 0
    assert code == 2
    assert out == ""
    assert why in err


def test_a_handshake_that_never_begins_leaves_captures_alone(run, tmp_path):
    old, new = tmp_path / "old.pcapng", tmp_path / "new.pcapng"
    old.write_bytes(b"what was caught before")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # taken, and nobody listens
        place = (f"127.0.0.1:{closed.getsockname()[1]}", *OPTIONS, "--debug-key")
        for path in (old, new):
            assert run("connect", *place, "--pcap", path)[0] == 3
    assert old.read_bytes() == b"what was caught before"
    assert not new.exists()


@pytest.mark.parametrize("command", ["connect", "tunnel"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_file_that_others_can_open_is_refused(run, tmp_path, command, mode):
    path = tmp_path / "device.key"
    path.write_text(KEY)
    path.chmod(mode)
    code, out, err = run(command, "127.0.0.1:9", *OPTIONS, "--key", f"file:{path}", "--id", ID)
    assert code == 2
    assert out == ""
    assert f"--key: {path}: has mode {mode:04o}; others must have no access to it" in err
    assert f"chmod 600 {path}" in err
    assert KEY not in err


def test_a_key_file_of_its_owner_alone_is_read(run, tmp_path):
    path = tmp_path / "device.key"
    path.write_text(f"{KEY}\n")
    path.chmod(0o600)
    with EchoServer() as server:
        place = "{}:{}".format(*server.address)
        code, out, err = run("connect", place, *OPTIONS, "--key", f"file:{path}", "--id", ID)
    assert code == 0, err
    assert out.count("Finished") == 2


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "no such file"), (b"\xff\xfe", "is not text"), (b"0" * 70_000, "is larger than")],
)
def test_a_key_file_that_is_none_is_a_usage_error(run, tmp_path, content, why):
    path = tmp_path / "device.key"
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)
    code, _, err = run("connect", "127.0.0.1:9", *OPTIONS, "--key", f"file:{path}", "--id", ID)
    assert code == 2
    assert f"--key: {path}: {why}" in err


@pytest.mark.parametrize("place", ["127.0.0.1", ":1883", "host:0", "host:70000", "host:x", "host:٣"])
def test_a_place_that_is_none_is_a_usage_error(run, place):
    code, _, err = run("connect", place, "--product-key", PRODUCT_KEY, "--key-type", "aes-128", "--debug-key")

    assert code == 2
    assert "no place to connect to" in err


def test_tunnel_carries_until_it_is_told_to_stop():
    with (
        EchoServer() as server,
        subprocess.Popen(
            [sys.executable, "-m", "harness.cli.main", "itls", "tunnel", *device(server)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        try:
            line = process.stdout.readline()
            port = int(re.search(r"listening on 127\.0\.0\.1:(\d+)", line)[1])
            with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as one:
                one.sendall(b"through")
                got = b""
                while len(got) < 7:
                    got += one.recv(100)
                assert got == b"through"
                process.send_signal(signal.SIGTERM)
                assert one.recv(1) == b""
            assert process.wait(PATIENCE_S) == 0
            assert process.stderr.read() == ""
        finally:
            process.kill()
