"""Capture files of runs: what they hold, what they hide, and what Wireshark's own tshark reads in them."""

import json
import shutil
import subprocess

import pytest
import typer
from typer.testing import CliRunner

from harness.chip.fm1280_frame import Frame
from harness.chip.ica import commands
from harness.cli import trace
from harness.errors import UsageError
from harness.itls.packets import SECRETS
from harness.secret import Secret
from tests.traffic.recorded import Folder, record

GET_ID = commands.get_id().to_bytes()
SELECT = commands.select().to_bytes()
ID = bytes.fromhex("81800C2122232425262728292A2B2C9000")
PIN = b"31415926"
VERIFY = commands.verify_pin(Secret(PIN)).to_bytes()
WALL = 1795370400  # 2026-11-22T18:00:00Z, the anchor of these recordings, at one second of the clock


@pytest.fixture
def run(tmp_path):
    (tmp_path / "run").mkdir()
    folder = Folder(tmp_path / "run")
    board = {
        "console": {"transport": "console"},
        "transports": {"chip": {"kind": "i2c"}, "reader": {"kind": "ccid"}, "token": {"kind": "hid"}},
    }
    (folder.path / "run.json").write_text(json.dumps({"board_file": board}))
    return folder


@pytest.fixture
def call():
    app = typer.Typer()
    trace.register(app)

    @app.callback()
    def main():
        pass

    def invoke(*arguments):
        return CliRunner().invoke(app, ["trace", *map(str, arguments)])

    return invoke


def framed(payload, flag):
    return Frame(flag, payload).to_bytes()


def everything(run):
    """Record something of everything."""
    run.write(
        "chip",
        record(0.5, "note", "#", m="scenario one"),
        record(1.0, "i2c-write", ">", framed(SELECT, 2), a=0x71),
        record(1.001, "i2c-read", "<", framed(b"\x90\x00", 0), a=0x71),
        record(1.1, "i2c-write", ">", framed(VERIFY, 2), a=0x71),
        record(1.2, "i2c-read", "!", a=0x71, m="I2cNack: no acknowledge"),
    )
    run.write(
        "console",
        record(2.0, "write", ">", b"id2p 01 hi\n"),
        *(record(2.1 + n / 100, "read", "<", f"line {n} of the console\r\n".encode()) for n in range(200)),
        record(5.0, "write", ">", b"id2p 02 put a 0 t:" + PIN + b" %0000\n"),
        record(5.1, "write", ">", b"id2p 03 run lod a=8 %0000\n"),
    )
    for name in ("reader", "token"):
        run.write(
            name,
            record(3.0, "exchange", ">", SELECT),
            record(3.1, "exchange", "<", b"\x6a\x82"),
            record(3.2, "exchange", ">", GET_ID),
            record(3.3, "exchange", "<", bytes(200) + b"\x90\x00"),
        )
    run.write("spi", record(3.5, "spi", ">", b"\x01\x02"))
    run.write("serial", record(3.6, "write", ">", GET_ID), record(3.7, "read", "<", ID))
    (run.path / "beside").mkdir()
    run.used.clear()
    run.beside(
        "service",
        record(4.0, "call", ">", m="Verify Id2=21 ProductKey=a1 AuthCode=***(118)"),
        record(4.05, "call", ">", m="Verify Id2=22 ProductKey=a1 AuthCode=***(118)"),
        record(4.1, "call", "<", m="Verify: 200 success, 100.0 ms, request AB-12"),
        record(4.2, "call", "<", m="Verify: InvalidAccessKeyId, 100.0 ms"),
        record(4.3, "call", ">", m="GetServerRandom Id2=21"),
        record(4.4, "call", "<", m="GetServerRandom: unavailable, 100.0 ms"),
    )
    run.beside(
        "link",
        record(4.5, "session", "#", m="session 0 from 127.0.0.1:5"),
        record(4.6, "session", "<", x="1503030002022f", m="session 0: fatal alert"),
        record(4.7, "session", "#", m="session 0 ended, alert"),
    )


def blocks(data):
    at, found = 0, []
    while at < len(data):
        kind, size = (
            int.from_bytes(data[at : at + 4], "little"),
            int.from_bytes(data[at + 4 : at + 8], "little"),
        )
        assert size % 4 == 0
        assert data[at + size - 4 : at + size] == data[at + 4 : at + 8]
        found.append((kind, data[at + 8 : at + size - 4]))
        at += size
    return found


def test_the_file_is_whole_and_holds_neither_pin_nor_keys(run, call, tmp_path):
    everything(run)
    target = tmp_path / "a.pcapng"
    result = call(run.path, "--pcap", target)
    assert result.exit_code == 0, result.exception
    data = target.read_bytes()
    found = blocks(data)
    assert found[0][0] == 0x0A0D0D0A
    assert {kind for kind, _ in found} == {0x0A0D0D0A, 1, 6}
    assert SECRETS not in {kind for kind, _ in found}
    assert f"{sum(kind == 6 for kind, _ in found)} packets" in result.stderr
    for secret in (PIN, PIN.hex().encode(), PIN.hex(" ").encode()):
        assert secret not in data
    assert b"put a 0 t:********" in data
    again = tmp_path / "b.pcapng"
    call(run.path, "--pcap", again)
    assert again.read_bytes() == data


def test_a_file_that_is_there_is_kept(run, call, tmp_path):
    everything(run)
    target = tmp_path / "a.pcapng"
    target.write_text("mine")
    error = call(run.path, "--pcap", target).exception
    assert isinstance(error, UsageError)
    assert "is there already" in error.message
    assert target.read_text() == "mine"
    assert isinstance(call(run.path, "--pcap", tmp_path / "b", "--raw").exception, UsageError)


def test_no_half_file_is_left(run, call, tmp_path):
    run.write("se", record(1, "exchange", ">", GET_ID), {"t": "late"}, record(2, "exchange", ">", GET_ID))
    target = tmp_path / "a.pcapng"
    assert isinstance(call(run.path, "--pcap", target).exception, UsageError)
    assert not target.exists()


def test_no_capture_of_a_run_that_shows_its_key(run, call, tmp_path):
    everything(run)
    (run.path / "journal.jsonl").write_text('{"event":"finding","defect":"key-shown"}\n')
    error = call(run.path, "--pcap", tmp_path / "a.pcapng").exception
    assert isinstance(error, UsageError)
    assert "shows its key" in error.message
    assert not (tmp_path / "a.pcapng").exists()


def test_the_selection_holds_for_captures_too(run, call, tmp_path):
    everything(run)
    result = call(run.path, "--pcap", tmp_path / "a.pcapng", "--transport", "service")
    # Three calls: a handshake, the request, the answer where one came, and the end.
    assert "23 packets" in result.stderr
    nothing = call(run.path, "--pcap", tmp_path / "b.pcapng", "--scenario", "ninety")
    assert "no traffic" in nothing.stderr


def test_standard_output_takes_the_file(run, call):
    everything(run)
    result = call(run.path, "--pcap", "-")
    assert result.stdout_bytes.startswith(b"\x0a\x0d\x0d\x0a")


# ---- as Wireshark reads it


@pytest.fixture
def tshark(run, call, tmp_path):
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    everything(run)
    target = tmp_path / "a.pcapng"
    call(run.path, "--pcap", target)

    def read(*arguments):
        done = subprocess.run(
            ["tshark", "-r", target, *arguments], capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    return read


def fields(tshark, chosen, *names):
    told = tshark("-Y", chosen, "-T", "fields", *(each for name in names for each in ("-e", name)))
    return [tuple(line.split("\t")) for line in told.splitlines()]


@pytest.mark.link
def test_nothing_in_it_is_malformed(tshark):
    assert tshark("-Y", "_ws.malformed or tcp.analysis.flags or ip.checksum.status == 0") == ""


@pytest.mark.link
def test_apdus_are_dissected_with_instruction_and_status_word(tshark):
    found = fields(
        tshark, "iso7816", "frame.interface_name", "iso7816.apdu.ins", "iso7816.apdu.sw1", "frame.comment"
    )
    assert ("chip APDU", "0xa4", "", "[0x71] FM1280 SELECT ID² application") in found
    assert ("chip APDU", "", "0x90", "[0x71] FM1280 9000 success") in found
    assert next(each[:3] for each in found if each[0] == "serial APDU" and each[2]) == (
        "serial APDU",
        "",
        "0x90",
    )
    assert "Select file" in tshark("-Y", "iso7816")


@pytest.mark.link
def test_i2c_has_its_address_and_time(tshark):
    found = fields(tshark, "i2c", "frame.time_epoch", "i2c.addr", "i2c.flags", "frame.interface_name")
    assert float(found[0][0]) == WALL + 1.0
    assert {each[3] for each in found} == {"chip"}
    assert "I2C Write" in tshark("-Y", "i2c")
    assert "I2C Read" in tshark("-Y", "i2c")
    assert "0x71" in tshark("-Y", "i2c")


@pytest.mark.link
def test_a_console_reassembles_as_a_stream(tshark):
    (stream,) = {
        each[0] for each in fields(tshark, 'frame.interface_name == "console" and tcp', "tcp.stream")
    }
    told = tshark("-q", "-z", f"follow,tcp,ascii,{stream}")
    for number in range(200):
        assert f"line {number} of the console" in told
    assert "id2p 01 hi" in told


@pytest.mark.link
def test_usb_shows_the_classes_and_their_messages(tshark):
    ccid = fields(tshark, "usbccid", "usbccid.bMessageType", "usb.transfer_type", "usb.endpoint_address")
    assert ("0x6f", "0x03", "0x02") in [tuple(value.lower() for value in each) for each in ccid]
    assert ("0x80", "0x03", "0x81") in [tuple(value.lower() for value in each) for each in ccid]
    classes = fields(tshark, "usb.bInterfaceClass", "frame.interface_name", "usb.bInterfaceClass")
    assert {(name, int(number, 16)) for name, number in classes} == {("reader", 0x0B), ("token", 0x03)}
    assert "GET DESCRIPTOR Response CONFIGURATION" in tshark("-Y", "usb")
    reports = fields(tshark, 'frame.interface_name == "token" and usbhid.data', "usbhid.data")
    assert len(reports) == 1 + 1 + 1 + 4


@pytest.mark.link
def test_calls_are_http_and_links_are_tls(tshark):
    found = fields(
        tshark, "http.request", "http.request.method", "http.request.line", "urlencoded-form.value"
    )
    assert [each[0] for each in found] == ["POST"] * 3
    assert "***(118)" in found[0][2]
    codes = fields(tshark, "http.response", "http.response.code", "http.request_in")
    assert [each[0] for each in codes] == ["200", "400"]
    assert fields(tshark, "tls", "frame.interface_name", "tls.alert_message.level") == [("link", "2")]


@pytest.mark.link
def test_events_are_told_in_place(tshark):
    told = tshark("-Y", "syslog")
    assert "scenario one" in told
    assert "I2cNack: no acknowledge" in told
