"""What a recording has of its newest records: in its tail, out of the process, and read as a part of it."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from harness import disk
from harness.errors import BenchError, ToolError, UsageError
from harness.transport.recording import tail as tails
from harness.transport.recording.format import HEAD, OPERATIONS, TAIL_HEAD, TAIL_SIZE, tail_of
from harness.transport.recording.recording import read
from harness.transport.recording.writer import Recording
from tests.transport.recordings import lines, write_lines

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "se.rec"


@pytest.fixture
def recording(path, memory):
    made = Recording(path, memory())
    yield made
    made.close()


def said(path):
    """Return the data of a recording's records."""
    with read(path) as reading:
        found = [record.data for record in reading]
        assert not reading.cut
    return found


def test_what_is_recorded_is_read_at_once_and_stands_in_the_tail(path, recording):
    before = path.stat().st_size
    recording.data("read", "<", b"hello", 7)
    assert path.stat().st_size == before
    assert said(path) == [b"hello"]
    recording.close()
    assert path.stat().st_size == before + HEAD.size + 5
    assert not tail_of(path).exists()
    assert said(path) == [b"hello"]


@pytest.mark.parametrize(
    "size", [0, 1, 300, 1023, 1024, 4085, TAIL_SIZE - TAIL_HEAD.size - HEAD.size, 65535, 65536, 300_000]
)
def test_data_of_any_size_among_short_ones(path, recording, size):
    data = os.urandom(size)
    for piece in (b"before", data, b"after"):
        recording.data("read", "<", piece, 1)
        assert b"".join(said(path)).endswith(piece)
    assert b"".join(said(path)) == b"before" + data + b"after"
    recording.close()
    assert b"".join(said(path)) == b"before" + data + b"after"


def test_a_flood_keeps_its_order(path, recording):
    pieces = [bytes([number % 256]) * (number * 37 % 3000) for number in range(2000)]
    for number, piece in enumerate(pieces):
        recording.data("read", "<", piece, number)
    assert said(path) == pieces
    recording.close()
    assert said(path) == pieces


WRITER = """
import os, sys
from pathlib import Path
from harness.transport.base import Capability, StreamRead, StreamWrite, Transport
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.writer import Recording

class Far(Transport):
    capabilities = frozenset({Capability.STREAM})
    identity = "far"
    number = 0
    def open(self): pass
    def close(self): pass
    def do(self, operation):
        return b"%d " % self.number * (1 + self.number * 7 % SIZE) if type(operation) is StreamRead else b""

SIZE = int(sys.argv[2])
far = Far("c")
recorded = Recorded(far, Recording(Path(sys.argv[1]), far))
recorded.open()
while True:
    far.number += 1
    recorded.do(StreamWrite(b"%d" % far.number))
    recorded.do(StreamRead(1 << 20, 1.0))
    os.write(1, b"%d\\n" % far.number)
"""


@pytest.mark.parametrize(("size", "after"), [(2, 500), (900, 400), (60_000, 40)])
def test_kill_minus_nine_loses_nothing_that_was_acknowledged(path, size, after):
    command = [sys.executable, "-c", WRITER, str(path), str(size)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        for line in process.stdout:
            if int(line) == after:
                process.send_signal(signal.SIGKILL)
                break
        told = [int(line) for line in process.stdout.read().splitlines()]
    last = told[-1] if told else after
    with read(path) as reading:
        records = list(reading)
    sent = [int(record.data) for record in records if record.op == "write"]
    came = b"".join(record.data for record in records if record.op == "read")
    whole = b"".join(b"%d " % number * (1 + number * 7 % size) for number in range(1, last + 1))
    assert sent in (list(range(1, last + 1)), list(range(1, last + 2)))
    assert came.startswith(whole)


@pytest.mark.slow
def test_kill_minus_nine_at_any_moment(path):
    """Many times, as what is torn depends on the moment: each writer is killed some way into its work."""
    for turn in range(40):
        test_kill_minus_nine_loses_nothing_that_was_acknowledged(
            path.with_name(f"{turn}.rec"), (2, 700, 60_000)[turn % 3], 20 + turn * 3
        )


def killed_while_carrying_over(path, recording, written):
    """Leave the files as a writer does that is killed after so many bytes of its tail are carried over."""
    with tail_of(path).open("rb") as file:
        kept = file.read()
    recording.close()
    whole = path.read_bytes()
    _, length, at = TAIL_HEAD.unpack_from(kept)
    path.write_bytes(whole[: at + min(written, length)])
    tail_of(path).write_bytes(kept)
    return length


@pytest.mark.parametrize("written", [0, 1, 20, 10_000])
def test_a_writer_killed_while_it_carries_over_loses_and_doubles_nothing(path, recording, written):
    pieces = [b"%d" % number for number in range(100)]
    for piece in pieces:
        recording.data("read", "<", piece, 1)
    killed_while_carrying_over(path, recording, written)
    assert said(path) == pieces


def test_a_tail_that_was_let_go_but_has_no_new_place_is_no_part(path, recording):
    recording.data("read", "<", b"carried", 1)
    killed_while_carrying_over(path, recording, 10_000)
    with tail_of(path).open("r+b") as file:
        file.seek(8)
        file.write(bytes(8))
    assert said(path) == [b"carried"]


@pytest.mark.parametrize("keep", [1, 15, 16, 18])
def test_a_record_that_is_cut_is_told(path, recording, keep):
    recording.data("read", "<", b"whole", 1)
    recording.data("read", "<", b"torn", 2)
    recording.close()
    os.truncate(path, path.stat().st_size - HEAD.size - 4 + keep)
    with read(path) as reading:
        assert [record.data for record in reading] == [b"whole"]
        assert reading.cut


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda data: b"x" + data[1:], "is no tail"),
        (lambda data: data[:8] + (TAIL_SIZE).to_bytes(8, "little") + data[16:], "is no tail"),
        (lambda data: data[:8] + b"\xff" * 8 + data[16:], "is no tail"),
        (lambda data: data[:16] + bytes(8) + data[24:], "does not fit"),
        (lambda data: data[:16] + b"\xff" * 8 + data[24:], "does not fit"),
        (lambda data: data[:40], "is no tail"),
    ],
)
def test_a_tail_that_is_none_is_refused(path, recording, change, problem):
    recording.data("read", "<", b"hello", 1)
    killed_while_carrying_over(path, recording, 0)
    tail_of(path).write_bytes(change(tail_of(path).read_bytes()))
    with pytest.raises(UsageError, match=problem) as caught:
        read(path)
    assert str(tail_of(path)) in caught.value.message


@pytest.mark.parametrize("size", [0, 40, TAIL_SIZE])
def test_a_writer_killed_while_it_made_the_tail(path, recording, size):
    recording.close()
    tail_of(path).write_bytes(bytes(size))
    assert said(path) == []


def test_a_tail_that_is_a_link_or_a_pipe_is_not_followed(path, recording, tmp_path):
    recording.close()
    tail_of(path).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BenchError, match="cannot be read"):
        read(path)
    tail_of(path).unlink()
    os.mkfifo(tail_of(path))
    with pytest.raises(UsageError, match="is no tail"):
        read(path)


def test_the_tail_of_another_recording_is_not_taken_over(path, memory):
    tail_of(path).write_bytes(b"precious")
    with pytest.raises(BenchError, match="file exists"):
        Recording(path, memory())
    assert tail_of(path).read_bytes() == b"precious"
    assert not path.exists()


FULL = """
import json, os, resource, sys
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
recording = Recording(Path(sys.argv[1]), inner)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
recorded = Recorded(inner, recording)
done, errors = 0, []
while len(errors) < 3:
    try:
        recorded.do(StreamRead(100, 1.0))
        done += 1
    except BenchError as error:
        errors.append(error.message)
if sys.argv[2] == "room":
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    recording.note("there is room again")
recording.close()
print(json.dumps([done, errors]))
"""


@pytest.mark.parametrize("then", ["room", "none"])
def test_a_full_disk_keeps_what_was_acknowledged(path, then):
    command = [sys.executable, "-B", "-c", FULL, str(path), then]
    output = subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout
    done, errors = json.loads(output)
    assert all("what was recorded before is safe" in each for each in errors)
    assert done > TAIL_SIZE // 420
    found = lines(path)[1:]
    assert [each["op"] for each in found] == ["read"] * done + ["note"] * (then == "room")
    assert tail_of(path).exists() is (then == "none")


def test_where_no_file_can_be_mapped_each_record_is_written(path, memory, monkeypatch):
    def cannot(*_):
        raise OSError(errno.ENODEV, "No such device")

    monkeypatch.setattr(tails.mmap, "mmap", cannot)
    with Recording(path, memory()) as recording:
        assert not tail_of(path).exists()
        before = path.stat().st_size
        recording.data("read", "<", b"hello", 7)
        assert path.stat().st_size == before + HEAD.size + 5
        recording.data("read", "<", bytes(100_000), 8)
        recording.note("as well")
    assert b"".join(said(path)) == b"hello" + bytes(100_000)


MOUNTS = """22 27 0:21 / /proc rw - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 27 0:27 / /srv rw,relatime shared:2 master:1 - btrfs /dev/vdb rw
31 30 0:28 / /srv/plain rw - xfs /dev/vdc rw
32 27 0:29 / /my\\040pool rw - zfs pool rw
33 27 0:30 / /twice rw - btrfs /dev/vdd rw
34 27 0:31 / /twice rw - ext4 /dev/vde rw
"""


@pytest.mark.parametrize(
    ("folder", "keeps"),
    [
        ("/", True),
        ("/home/lab", True),
        ("/srv", False),
        ("/srv/runs/a/transport", False),
        ("/srv2/runs", True),
        ("/srv/plain/runs", True),
        ("/my pool/runs", False),
        ("/twice/runs", True),
    ],
)
def test_which_file_systems_keep_reserved_room(folder, keeps, tmp_path, monkeypatch):
    (tmp_path / "mounts").write_text(MOUNTS)
    monkeypatch.setattr(disk, "_MOUNTS", tmp_path / "mounts")
    assert disk.can_reserve.__wrapped__(folder) is keeps


def test_a_system_that_does_not_tell_its_file_systems(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "_MOUNTS", tmp_path / "none")
    assert disk.can_reserve.__wrapped__("/srv") is True


def test_where_room_cannot_be_kept_each_record_is_written(path, memory, monkeypatch):
    monkeypatch.setattr(tails, "can_reserve", lambda _: False)
    with Recording(path, memory()) as recording:
        assert not tail_of(path).exists()
        recording.data("read", "<", b"hello", 7)
        assert said(path) == [b"hello"]


def test_a_forked_child_neither_records_nor_harms(path, recording):
    recording.data("read", "<", b"before", 1)
    child = os.fork()
    if not child:
        code = 1
        try:
            recording.note("from the child")
        except ToolError as error:
            code = 0 if "in a forked process" in str(error) else 2
        recording.close()
        os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    recording.data("read", "<", b"after", 2)
    assert said(path) == [b"before", b"after"]
    recording.close()
    assert said(path) == [b"before", b"after"]


def test_threads_of_short_and_long_records_lose_and_mix_nothing(path, recording):
    def work(number):
        for count in range(200):
            recording.data("read", "<", bytes([number]) * (1 + count * 331 % 9000), count)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        with read(path) as reading:  # at any moment: whole records, in order
            seen = [(record.data[0], record.t) for record in reading]
        for number in range(4):
            assert [t for who, t in seen if who == number] == list(
                range(sum(who == number for who, _ in seen))
            )
    recording.close()
    found = said(path)
    assert len(found) == 800
    for number in range(4):
        sizes = [len(data) for data in found if data == bytes([number]) * len(data)]
        assert sizes == [1 + count * 331 % 9000 for count in range(200)]


def test_it_goes_on_where_an_earlier_reading_ended(path, recording):
    recording.data("read", "<", b"one", 1)
    with read(path) as reading:
        assert [record.data for record in reading] == [b"one"]
    first = reading
    recording.data("read", "<", b"x" * TAIL_SIZE, 2)
    recording.data("read", "<", b"three", 3)
    with first.again() as reading:
        assert b"".join(record.data for record in reading) == b"x" * TAIL_SIZE + b"three"
        assert reading.header == first.header
    with reading.again() as nothing_new:
        assert list(nothing_new) == []


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("most", "left"), [(0, 0), (100, 0), (1 << 20, 500)])
def test_what_is_far_from_the_end_is_passed_over(path, recording, version, most, left):
    for number in range(500):
        recording.data("read", "<", b"%d" % number, number)
    if version == 1:
        recording.close()
        write_lines(path, lines(path))
    with read(path) as reading:
        size = reading.stored.size
        assert reading.pass_over(most) is (left != 500)
        found = [int(record.data) for record in reading]
        assert found == list(range(500 - len(found), 500))
        few = range(version - 1, 100 // HEAD.size)  # the last record of a binary one is never passed over
        assert len(found) == left if left else len(found) in few
        assert reading.end == size


def test_the_program_of_the_docs_reads_what_is_there(path, recording):
    recording.data("i2c-write", ">", b"\x00\xff", 5, 0x71)
    recording.told("call", "<", "Verify: 200", 6, b"\x01")
    recording.note("a note of ü")
    recording.close()
    page = (ROOT / "docs" / "recordings.md").read_text()
    program = page.partition("```python\n")[2].partition("```")[0]
    command = [sys.executable, "-c", program, str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said[:2] == ["5 i2c-write > 113 b'' 00 ff", "6 call < 65535 b'Verify: 200' 01"]
    assert said[2].endswith(" note # 65535 b'a note of \\xc3\\xbc' ")
    assert all(f"`{each}`" in page for each in OPERATIONS)
