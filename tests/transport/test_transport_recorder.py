import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.errors import BenchError, ToolError
from harness.secret import Secret
from harness.transport.base import Exchange, I2cRead, I2cWrite, StreamRead, StreamWrite
from harness.transport.errors import I2cNack
from harness.transport.recording.format import OPERATIONS, SCENARIO
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.recording import read
from harness.transport.recording.redaction import Redaction
from harness.transport.recording.writer import Recording
from tests.transport.recordings import lines


@pytest.fixture
def path(tmp_path):
    return tmp_path / "se.rec"


def test_the_header(path, memory):
    before = time.monotonic_ns()
    Recording(path, memory("se")).close()
    (header,) = lines(path)
    anchor = header.pop("anchor")
    assert header == {
        "format": "id2-recording",
        "version": 2,
        "transport": "se",
        "identity": "memory of a test",
        "capabilities": ["apdu", "card", "i2c", "lines", "speed", "spi", "stream"],
        "operations": list(OPERATIONS),
    }
    assert before <= anchor["monotonic_ns"] <= time.monotonic_ns()
    assert abs((datetime.fromisoformat(anchor["wall"]) - datetime.now(UTC)).total_seconds()) < 60


def test_each_operation_in_its_form(path, memory):
    inner = memory("se", answers=[b"", b"in", b"", b"\x05\x00", b"\x90\x00"])
    with Recording(path, inner) as recording, Recorded(inner, recording) as transport:
        transport.do(StreamWrite(b"out"))
        assert transport.do(StreamRead(10, 1.0)) == b"in"
        transport.do(I2cWrite(0x71, b"\x01"))
        assert transport.do(I2cRead(0x71, 2)) == b"\x05\x00"
        assert transport.do(Exchange(b"\x80\xf8", 1.0)) == b"\x90\x00"
        recording.note("half time")
        recording.note(SCENARIO + "step3_chip[ids]")
    records = lines(path)[1:]
    stamps = [record.pop("t") for record in records]
    assert stamps == sorted(stamps)
    assert records == [
        {"op": "open", "d": "#", "m": "memory of a test"},
        {"op": "write", "d": ">", "x": "6f7574"},
        {"op": "read", "d": "<", "x": "696e"},
        {"op": "i2c-write", "d": ">", "x": "01", "a": 0x71},
        {"op": "i2c-read", "d": "<", "x": "0500", "a": 0x71},
        {"op": "exchange", "d": ">", "x": "80f8"},
        {"op": "exchange", "d": "<", "x": "9000"},
        {"op": "note", "d": "#", "m": "half time"},
        {"op": "note", "d": "#", "m": "scenario step3_chip[ids]"},
        {"op": "close", "d": "#", "m": ""},
    ]


def test_a_read_of_nothing_leaves_no_record(path, memory):
    inner = memory(answers=[b""])
    with Recording(path, inner) as recording:
        assert Recorded(inner, recording).do(StreamRead(10, 0.0)) == b""
    assert len(lines(path)) == 1


@pytest.mark.parametrize(
    ("operation", "op", "address"),
    [
        (StreamRead(1, 0.0), "read", None),
        (StreamWrite(b"x"), "write", None),
        (I2cRead(0x71, 1), "i2c-read", 0x71),
        (I2cWrite(0x71, b"x"), "i2c-write", 0x71),
        (Exchange(b"x", 1.0), "exchange", None),
    ],
)
@pytest.mark.parametrize("error", [BenchError("gone\n\x1b[31m"), I2cNack("no"), ValueError("odd")])
def test_failed_operations_are_recorded_and_raised(path, memory, operation, op, address, error):
    inner = memory(answers=[error])
    with Recording(path, inner) as recording:
        transport = Recorded(inner, recording)
        transport.open()
        with pytest.raises(type(error)):
            transport.do(operation)
    failed = lines(path)[-1]
    assert (failed["op"], failed["d"], failed.get("a")) == (op, "!", address)
    assert failed["m"] == f"{type(error).__name__}: {error}"


def test_a_failed_opening_is_recorded(path, memory):
    class Absent(memory):
        def open(self):
            raise BenchError("no such device")

    inner = Absent()
    with Recording(path, inner) as recording:
        with pytest.raises(BenchError):
            Recorded(inner, recording).open()
        Recorded(inner, recording).close()
    assert [record["d"] for record in lines(path)[1:]] == ["!"]


def test_a_read_that_close_wakes_is_no_failure(path, pty):
    from harness.transport.serial.port import SerialTransport

    inner = SerialTransport("c", pty.path)
    with Recording(path, inner) as recording:
        transport = Recorded(inner, recording)
        transport.open()
        caught = []

        def wait():
            with pytest.raises(BenchError):
                transport.do(StreamRead(1, 60.0))
            caught.append(True)

        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.05)
        transport.close()
        thread.join(5)
    assert caught == [True]
    assert [record["op"] for record in lines(path)[1:]] == ["open", "close"]


def test_a_transport_may_be_opened_again_into_the_same_recording(path, memory):
    inner = memory(answers=[b"one", b"two"])
    with Recording(path, inner) as recording:
        transport = Recorded(inner, recording)
        for _ in range(2):
            with transport:
                transport.do(StreamRead(9, 1.0))
            transport.close()
    assert [record["op"] for record in lines(path)[1:]] == ["open", "read", "close"] * 2


SECRET = bytes.fromhex("2122232425262728292A2B2C2D2E2F30")


@pytest.mark.parametrize(
    "shown",
    [SECRET, SECRET.hex().encode(), SECRET.hex().upper().encode(), base64.b64encode(SECRET)],
    ids=["raw", "hex", "HEX", "base64"],
)
def test_secrets_never_reach_a_recording(path, memory, shown):
    inner = memory(answers=[b"", b"key=" + shown + b".", b"", BenchError(f"bad {shown!r}")])
    redaction = Redaction()
    with Recording(path, inner, redaction) as recording:
        redaction.add(Secret(SECRET))
        transport = Recorded(inner, recording)
        transport.do(StreamWrite(b"<" + shown + b"><" + shown + b">"))
        assert transport.do(StreamRead(99, 1.0)) == b"key=" + shown + b"."
        transport.do(I2cWrite(0x71, shown))
        with pytest.raises(BenchError):
            transport.do(Exchange(shown, 1.0))
        if shown.isascii() and shown != SECRET:
            recording.note(f"the key is {shown.decode()}")
    assert shown not in path.read_bytes()
    first = lines(path)[1]
    assert bytes.fromhex(first["x"]) == b"<" + b"*" * len(shown) + b"><" + b"*" * len(shown) + b">"


def test_an_empty_secret_hides_nothing(path, memory):
    inner = memory()
    redaction = Redaction()
    redaction.add(Secret(b""))
    with Recording(path, inner, redaction) as recording:
        Recorded(inner, recording).do(StreamWrite(b"ab"))
    assert lines(path)[1]["x"] == "6162"


def test_large_data_is_recorded_in_pieces_whose_lines_stay_short(path, memory):
    data = os.urandom(300_000)
    inner = memory()
    with Recording(path, inner) as recording:
        Recorded(inner, recording).do(StreamWrite(data))
    with read(path) as reading:
        pieces = [record.data for record in reading]
    assert max(map(len, pieces)) == 65536
    assert b"".join(pieces) == data


@pytest.mark.parametrize("length", [8192, 65535, 65536, 65537])
def test_long_answers_are_recorded_in_short_pieces_and_i2c_reads_in_one(path, memory, length):
    data = os.urandom(length)
    inner = memory("se", [data])
    with Recording(path, inner) as recording:
        assert Recorded(inner, recording).do(I2cRead(0x71, length)) == data
    pieces = [bytes.fromhex(each["x"]) for each in lines(path)[1:]]
    assert b"".join(pieces) == data
    assert len(pieces) == -(
        -length // 65536
    )  # a replay joins no I2C reads; the kernel's longest has 8192 bytes


def test_many_threads_record_whole_lines(path, memory):
    def work(number):
        for count in range(300):
            recording.note(f"{number} {count} " + "x" * 50)

    with Recording(path, memory()) as recording:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    notes = [record["m"].split()[:2] for record in lines(path)[1:]]
    assert len(notes) == 1800
    for number in range(6):
        assert [count for who, count in notes if who == str(number)] == [str(each) for each in range(300)]


RECORD = """
import os, sys
from pathlib import Path
from harness.transport.base import Capability, StreamRead, Transport
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.writer import Recording

class Chatter(Transport):
    capabilities = frozenset({Capability.STREAM})
    identity = "chatter"
    count = 0
    def open(self): pass
    def close(self): pass
    def do(self, operation):
        self.count += 1
        return b"line %d\\n" % self.count

inner = Chatter("c")
with Recording(Path(sys.argv[1]), inner) as recording, Recorded(inner, recording) as transport:
    while True:
        transport.do(StreamRead(100, 1.0))
        os.write(1, b"%d\\n" % inner.count)
"""


def test_kill_minus_nine_loses_nothing_that_was_received(path):
    with subprocess.Popen(
        [sys.executable, "-c", RECORD, str(path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as process:
        for line in process.stdout:
            if int(line) == 500:
                process.send_signal(signal.SIGKILL)
                break
        told = [int(line) for line in process.stdout.read().splitlines()]
    last = told[-1] if told else 500
    with read(path) as reading:
        received = [record.data for record in reading if record.op == "read"]
        assert not reading.cut
    assert len(received) >= last
    assert received == [b"line %d\n" % number for number in range(1, len(received) + 1)]


FULL = """
import json, resource, sys
from pathlib import Path
from harness.errors import BenchError
from harness.transport.base import Capability, StreamRead, Transport
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.writer import Recording

class Chatter(Transport):
    capabilities = frozenset({Capability.STREAM})
    identity = "chatter"
    def open(self): pass
    def close(self): pass
    def do(self, operation):
        return b"x" * 400

inner = Chatter("c")
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
with Recording(Path(sys.argv[1]), inner) as recording:
    transport = Recorded(inner, recording)
    done = 0
    try:
        while True:
            transport.do(StreamRead(100, 1.0))
            done += 1
    except BenchError as error:
        print(json.dumps([done, error.message, error.hint]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    recording.note("there is room again")
"""


def test_a_full_disk_is_a_blocked_bench_and_loses_nothing_already_written(path):
    output = subprocess.run(
        [sys.executable, "-B", "-c", FULL, str(path)],  # the limit would cut the modules that it compiles
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
    ).stdout
    done, message, hint = json.loads(output)
    assert str(path) in message
    assert "what was recorded before is safe" in message
    assert "file too large" in message
    assert hint
    with read(path) as reading:
        records = list(reading)
        assert not reading.cut
    assert [record.op for record in records] == ["read"] * done + ["note"]
    assert records[-1].text == "there is room again"
    assert done > 3


def test_no_room_for_the_header_leaves_no_file(path, memory, monkeypatch):
    def full(_file, _data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(BenchError, match="no space left") as caught:
        Recording(path, memory())
    assert "free some space" in caught.value.hint
    assert not path.exists()


def test_a_recording_is_never_written_over(path, memory):
    path.write_text("precious")
    with pytest.raises(BenchError, match="file exists") as caught:
        Recording(path, memory())
    assert str(path) in caught.value.message
    assert path.read_text() == "precious"


def test_a_missing_folder(tmp_path, memory):
    with pytest.raises(BenchError, match="no such file or directory") as caught:
        Recording(tmp_path / "nowhere" / "x.jsonl", memory())
    assert "folder" in caught.value.hint


def test_no_write_permission(path, memory, monkeypatch):
    def denied(*_arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(BenchError, match="permission denied") as caught:
        Recording(path, memory())
    assert "write permission" in caught.value.hint


def test_recording_after_the_end_is_the_harness_s_mistake(path, memory):
    recording = Recording(path, memory())
    recording.close()
    recording.close()
    with pytest.raises(ToolError, match="after it was closed"):
        recording.note("too late")


def test_hostile_identities_and_errors_stay_one_line(path, memory):
    class Odd(memory):
        @property
        def identity(self):
            return 'x"}\n{"t":1' + "\ud800" + "y" * 99999

    inner = Odd(answers=[BenchError("a\nb\u2028c\ud800")])
    with Recording(path, inner) as recording:
        transport = Recorded(inner, recording)
        transport.open()
        with pytest.raises(BenchError):
            transport.do(StreamRead(1, 0.0))
    with read(path) as reading:
        assert reading.header.identity.startswith('x"}\n')
        assert len(reading.header.identity) < 5000
        assert [record.op for record in reading] == ["open", "read"]
