import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import BenchError, UsageError
from harness.transport.recording import recording as module
from harness.transport.recording.record import Record
from harness.transport.recording.recording import read
from harness.transport.recording.writer import Recording

HEADER = (
    '{"format":"id2-recording","version":1,"transport":"se","identity":"x","capabilities":["i2c"],'
    '"anchor":{"wall":"2026-11-22T18:00:00.000000Z","monotonic_ns":1000000000}}\n'
)
RECORD = '{"t":1500000000,"op":"i2c-read","d":"<","x":"0102","a":113}\n'


@pytest.fixture
def file(tmp_path):
    def make(text):
        path = tmp_path / "x.jsonl"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return make


def test_header_and_records(file):
    with read(file(HEADER + RECORD + '{"t":2,"op":"note","d":"#","m":"hi"}\n')) as reading:
        assert reading.header.transport == "se"
        assert reading.header.capabilities == ("i2c",)
        assert list(reading) == [
            Record(1_500_000_000, "i2c-read", "<", b"\x01\x02", 0x71),
            Record(2, "note", "#", text="hi"),
        ]
        assert not reading.cut


@pytest.mark.parametrize("keep", [1, 20, len(RECORD) - 2])
def test_a_cut_last_line_is_told_and_not_an_error(file, keep):
    with read(file(HEADER + RECORD + RECORD[:keep])) as reading:
        assert len(list(reading)) == 1
        assert reading.cut


def test_a_last_line_that_lacks_only_its_end(file):
    with read(file(HEADER + RECORD[:-1])) as reading:
        assert len(list(reading)) == 1
        assert reading.cut


@pytest.mark.parametrize(
    "line",
    [
        "garbage",
        "[1]",
        "{}",
        '{"t":1,"op":"read","d":"<","x":"0"}',
        '{"t":1,"op":"read","d":"<","x":"zz"}',
        '{"t":"1","op":"read","d":"<"}',
        '{"t":true,"op":"read","d":"<"}',
        '{"t":1,"op":"dance","d":"<"}',
        '{"t":1,"op":"read","d":"?"}',
        '{"t":1,"op":["read"],"d":"<"}',
        '{"t":1,"op":"read","d":"<","a":"x"}',
        '{"t":1,"op":"read","d":"!","m":5}',
        "[" * 100_000,
        '"' + "\\u12",
    ],
)
def test_a_damaged_line_names_file_and_line(file, line):
    path = file(HEADER + RECORD + line + "\n" + RECORD)
    with read(path) as reading, pytest.raises(UsageError, match=f"{path}:3: "):
        list(reading)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("hello\n", ":1: not JSON"),
        ("{}\n", ":1: not the header"),
        ("7\n", ":1: not a JSON object"),
        (RECORD, ":1: not the header"),
        (HEADER.replace('"version":1', '"version":3'), "recording version 3"),
        (HEADER.replace('"version":1', '"version":true'), "recording version True"),
        (HEADER.replace('"version":1', '"version":2'), ":1: the header lacks"),
        (HEADER.replace("T18", "T99"), ":1: the header lacks"),
        (HEADER.replace('"transport":"se",', ""), ":1: the header lacks"),
        (HEADER.replace('["i2c"]', "[5]"), ":1: the header lacks"),
        (HEADER.replace("1000000000", '"x"'), ":1: the header lacks"),
        (HEADER[:40], ":1: not JSON"),
        (b"\x00\xff\xfe" * 50, ":1: not JSON"),
    ],
)
def test_what_is_no_recording(file, text, problem):
    path = file(text)
    with pytest.raises(UsageError, match=problem) as caught:
        read(path)
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_an_endless_line_is_bounded(file, monkeypatch):
    monkeypatch.setattr(module, "LINE_LIMIT", 1000)
    with (
        read(file(HEADER + "x" * 5000)) as reading,
        pytest.raises(UsageError, match=":2: a line of more than 1000"),
    ):
        list(reading)


def test_a_file_that_cannot_be_read(tmp_path):
    for path in (tmp_path / "absent.jsonl", tmp_path):
        with pytest.raises(BenchError, match="cannot be read"):
            read(path)


texts = st.text(max_size=50)
data = st.binary(max_size=200)


@given(st.lists(st.one_of(data, texts), max_size=20))
@settings(max_examples=60, deadline=None)
def test_what_is_recorded_is_read_back(tmp_path_factory, entries):
    from tests.transport.conftest import Memory

    path = tmp_path_factory.mktemp("r") / "x.jsonl"
    with Recording(path, Memory()) as recording:
        for number, entry in enumerate(entries):
            if isinstance(entry, bytes):
                recording.data("i2c-write", ">", entry, number, number % 128)
            else:
                recording.note(entry)
    with read(path) as reading:
        got = list(reading)
    assert [
        record.data if isinstance(entry, bytes) else record.text
        for record, entry in zip(got, entries, strict=True)
    ] == entries
    assert all(
        record.address == number % 128 for number, record in enumerate(got) if record.op == "i2c-write"
    )


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.sampled_from(["read", "<", "x", "00", "zz"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("topdxam"), inner, max_size=5)
    ),
    max_leaves=10,
)


@pytest.mark.slow
@given(
    st.one_of(st.binary(max_size=300), json_values.map(lambda value: json.dumps(value).encode())),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_raise_nothing_else(tmp_path_factory, noise, with_header):
    path = tmp_path_factory.mktemp("r") / "x.jsonl"
    path.write_bytes((HEADER.encode() if with_header else b"") + noise + b"\n")
    with suppress(UsageError), read(path) as reading:
        assert all(isinstance(record, Record) for record in reading)
