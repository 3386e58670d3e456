"""`harness itls` against a server of our own; the tunnel in a process of its own, because it waits for a signal."""

import re
import signal
import socket
import subprocess
import sys

import pytest

from harness.cli.main import invoke
from harness.id2.codes import ItlsAlert
from harness.itls import misbehaviour
from tests.itls.conftest import PRODUCT_KEY
from tests.itls.echo_server import EchoServer

PATIENCE_S = 60


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
    with EchoServer(hooks=misbehaviour.alert(ItlsAlert.SUSPENDED).hooks) as server:
        code, out, err = run("connect", *device(server))

    assert code == 1
    assert "fatal iTLS alert 168" in out
    assert "168" in err
    assert "try: Resume it in the console" in err


def test_a_pcap_that_cannot_be_written_is_a_usage_error(run, tmp_path):
    with EchoServer() as server:
        code, out, err = run("connect", *device(server), "--pcap", tmp_path / "no" / "such.pcapng")

    assert code == 2
    assert "Finished" in out
    assert "No such file" in err


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
