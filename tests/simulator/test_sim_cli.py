"""`harness simulate` as a real process."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import typer
from typer.testing import CliRunner

from harness.cli import simulate
from harness.errors import HarnessError
from harness.simulator.faults.catalogue import FAULTS

ID = "2122232425262728292A2B2C"
KEY = "2122232425262728292A2B2C2D2E2F30"
RUN = """
import sys
import typer
from harness.cli import simulate
from harness.errors import HarnessError
app = typer.Typer()
app.callback()(lambda: None)
simulate.register(app)
try:
    app(standalone_mode=False)
except HarnessError as error:
    print("error:", error.message, file=sys.stderr)
    sys.exit(error.exit_code)
"""


@contextmanager
def harness(*arguments, **environment):
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, "simulate", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def fails(*arguments):
    """Run a command line that must fail, and return its error."""
    app = typer.Typer()
    app.callback()(lambda: None)
    simulate.register(app)
    result = CliRunner().invoke(app, ["simulate", *arguments])
    assert result.stdout == ""
    assert isinstance(result.exception, HarnessError), result.exception
    return result.exception


def address_of(process):
    line = process.stdout.readline()
    assert line.startswith("listening on "), line + process.stderr.read()
    return line.removeprefix("listening on ").strip()


def ask(connection, command):
    connection.sendall(command.encode() + b"\n")
    return connection.makefile("rb").readline().decode().strip()


def test_chip_on_tcp_ends_cleanly():
    arguments = ["chip", "--key-type", "aes-128", "--key", "env:CHIP_KEY", "--id", ID, "--seed", "1"]
    with harness(*arguments, CHIP_KEY=KEY) as process:
        host, _, port = address_of(process).removeprefix("tcp:").rpartition(":")
        assert host == "127.0.0.1"
        with socket.create_connection((host, int(port))) as connection:
            assert ask(connection, "80F8000000") == f"81800C{ID}9000"
            assert ask(connection, "80F60001155203000010ECE18CE9B961AED75002A48EB9955E44") == (
                "313233340C0C0C0C0C0C0C0C0C0C0C0C9000"
            )
            assert ask(connection, "oops") == "6F00"
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert err == "simulator: not hex: b'oops'\n"


def test_mtk_chip_on_a_unix_socket(tmp_path):
    key = tmp_path / "key.hex"
    key.write_text("0102030405060708090A0B0C0D0E0F10\n")
    where = f"unix:{tmp_path}/chip"
    arguments = ["chip", "--command-set", "mtk", "--key-type", "3des-112", "--key", f"file:{key}"]
    with harness(*arguments, "--id", "0102030405060708090A0B0C", "--listen", where) as process:
        assert address_of(process) == where
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(f"{tmp_path}/chip")
            assert ask(connection, "00DCFFFF0352E602") == "9F11"
            assert ask(connection, "00B2FFFF11") == "81800C0102030405060708090A0B0C968A9000"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert not (tmp_path / "chip").exists()


def test_a_broken_chip_on_a_pty():
    arguments = ["pty", "--key-type", "sm4-128", "--key", KEY, "--id", ID, "--fault", "id-length-11"]
    with harness(*arguments, "--vendor", "8182") as process:
        path = address_of(process).removeprefix("pty:")
        fileno = os.open(path, os.O_RDWR | os.O_NOCTTY)
        os.write(fileno, b"80F8000000\n")
        assert os.read(fileno, 100).decode().strip() == f"81820B{ID[:-2]}9000"
        os.close(fileno)


def test_console_on_tcp(sample):
    arguments = ["console", "--app", "id2_app", "--carrier", "demo", "--key-type", "aes-128", "--debug-key"]
    with harness(*arguments, "--listen", "tcp:127.0.0.1:0") as process:
        host, _, port = address_of(process).removeprefix("tcp:").rpartition(":")
        with socket.create_connection((host, int(port))) as connection:
            text = b""
            while not text.endswith(b"AuthCode End.\n\n"):
                piece = connection.recv(65536)
                assert piece
                text += piece
    assert text.count(b" Pass.") == 7
    number = re.compile(rb"[0-9]+")
    shape = [
        number.sub(b"", line)[:40]
        for line in text.splitlines()
        if line.startswith(b"<LS_LOG> id2_client_test")
    ]
    captured = sample("id2_app-3.1.0-aes128.log").encode()
    assert shape == [
        number.sub(b"", line)[:40]
        for line in captured.splitlines()
        if line.startswith(b"<LS_LOG> id2_client_test")
    ]


def test_captured_console_on_a_pty_plays_on_each_line(tmp_path):
    capture, link = tmp_path / "console.log", tmp_path / "board"
    capture.write_bytes(b"hello\r\n")
    arguments = ["console", str(capture), "--wait", "--listen", f"pty:{link}", "--chunk", "3"]
    with harness(*arguments) as process:
        address_of(process)
        fileno = os.open(link, os.O_RDWR | os.O_NOCTTY)
        time.sleep(0.3)
        for _ in range(2):
            os.write(fileno, b"\n")
            text = b""
            while len(text) < 7:
                text += os.read(fileno, 100)
            assert text == b"hello\r\n"
        os.close(fileno)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert not link.is_symlink()


def test_faults_are_listed():
    app = typer.Typer()
    app.callback()(lambda: None)
    simulate.register(app)
    lines = CliRunner().invoke(app, ["simulate", "faults"]).stdout.splitlines()
    assert [line.split()[0] for line in lines] == [fault.name for fault in FAULTS]
    assert {line.split()[1] for line in lines} == {"chip", "framing", "console", "link", "module", "puf"}
    assert {line.split()[2] for line in lines} == {"failed", "blocked", "passed"}


def test_errors_are_one_clear_line(tmp_path):
    chip = ["chip", "--key-type", "aes-128", "--id", ID]
    for arguments, code, message in [
        ([*chip], 2, "--key is missing"),
        ([*chip, "--key", "00"], 2, "hex digits"),
        ([*chip, "--key", KEY, "--listen", "tcp:0.0.0.0:0"], 2, "other machines"),
        ([*chip, "--key", KEY, "--fault", "nonsense"], 2, "no fault named"),
        ([*chip, "--key", KEY, "--fault", "wtx-forever"], 2, "framing layer"),
        ([*chip, "--key", KEY, "--vendor", "xyz"], 2, "--vendor"),
        (["console", str(tmp_path / "none.log")], 2, "No such file"),
        (["console"], 2, "--key-type is missing"),
    ]:
        error = fails(*arguments)
        assert error.exit_code == code
        assert message in error.message
        assert "\n" not in error.message
        assert KEY not in error.message


def test_a_port_in_use_is_a_matter_of_the_bench():
    with socket.create_server(("127.0.0.1", 0)) as busy:
        where = f"tcp:127.0.0.1:{busy.getsockname()[1]}"
        error = fails("chip", "--key-type", "aes-128", "--debug-key", "--listen", where)
    assert error.exit_code == 3
    assert "in use" in error.message
