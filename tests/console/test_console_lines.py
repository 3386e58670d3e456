import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.console.lines import Line, LineReader, read_lines


def raws(*chunks, limit=100):
    return [line.raw for line in read_lines(chunks, limit=limit)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"a\nb", [b"a", b"b"]),
        (b"a\r\nb\r\n", [b"a", b"b"]),
        (b"a\r\r\nb\r\r\n", [b"a", b"b"]),
        (b"10%\r50%\rdone\n", [b"10%", b"50%", b"done"]),
        (b"\n\n", [b"", b""]),
        (b"\r\n\r\n", [b"", b""]),
        (b"a\x00b\n", [b"a\x00b"]),
        (b"a\n\r\nb", [b"a", b"", b"b"]),
    ],
)
def test_line_ends(data, expected):
    assert raws(data) == expected
    assert raws(*(bytes([byte]) for byte in data)) == expected


@pytest.mark.parametrize(
    "chunks",
    [
        (b"a\r", b"\nb"),
        (b"a\r", b"\r\nb"),
        (b"a\r", b"\r", b"\r\nb"),
        (b"a\r\r", b"b"),
        (b"a\r", b"", b"\nb"),
        (b"a\r", b"\r", b"b"),
        (b"", b"a", b"\n", b"b"),
    ],
)
def test_a_line_end_that_comes_in_pieces_is_one(chunks):
    lines = list(read_lines(chunks))
    assert [line.raw for line in lines] == [b"a", b"b"]
    assert lines[1].offset == len(b"".join(chunks)) - 1


def test_numbers_and_offsets_count_from_the_beginning_of_the_stream():
    lines = list(read_lines([b"one\r\ntw", b"o\n\nfo", b"ur"]))
    assert [(line.number, line.offset, line.raw, line.ended) for line in lines] == [
        (1, 0, b"one", True),
        (2, 5, b"two", True),
        (3, 9, b"", True),
        (4, 10, b"four", False),
    ]


def test_an_overlong_line_comes_in_pieces():
    lines = list(read_lines([b"abcdefgh\nx\n"], limit=3))
    assert lines == [
        Line(1, 0, b"abc", 0, cut=True, ended=False),
        Line(1, 3, b"def", 1, cut=True, ended=False),
        Line(1, 6, b"gh", 2),
        Line(2, 9, b"x"),
    ]


def test_a_line_of_just_the_limit_is_not_cut():
    assert [(line.raw, line.cut) for line in read_lines([b"abc\r\nabc"], limit=3)] == [(b"abc", False)] * 2


def test_a_line_is_given_as_soon_as_it_ends():
    reader = LineReader()
    assert reader.feed(b"half") == []
    assert [line.raw for line in reader.feed(b" done\r")] == [b"half done"]
    assert reader.feed(b"\n") == []
    assert reader.finish() == []


def test_text_never_fails():
    (line,) = read_lines([b"\xffID\xc3\xa9\n"])
    assert line.text == r"\xffIDé"


def test_memory_is_bounded_without_any_line_end():
    reader = LineReader(limit=1000)
    for _ in range(300):
        for line in reader.feed(bytes(4096)):
            assert len(line.raw) <= 1000
        assert len(reader._rest) <= 1000


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(ValueError, match="limit"):
        LineReader(limit=0)


noise = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"bc", b"\x00", b"\xff\xfe", b"x" * 9]), max_size=40
)


def cut(data, places):
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(noise.map(b"".join), st.lists(st.integers(0, 1000), max_size=8), st.integers(1, 12))
def test_the_cutting_into_lines_does_not_depend_on_the_chunks(data, places, limit):
    assert list(read_lines(cut(data, places), limit=limit)) == list(read_lines([data], limit=limit))


@given(st.binary(max_size=200), st.integers(1, 20))
def test_every_byte_is_in_a_line_or_in_a_line_end(data, limit):
    position = 0
    for line in read_lines([data], limit=limit):
        assert set(data[position : line.offset]) <= set(b"\r\n")
        assert data[line.offset : line.offset + len(line.raw)] == line.raw
        assert len(line.raw) <= limit
        assert not set(line.raw) & set(b"\r\n")
        position = line.offset + len(line.raw)
    assert set(data[position:]) <= set(b"\r\n")


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=20), max_size=10))
def test_text_lines_come_back(texts):
    data = "".join(f"{text}\n" for text in texts).encode()
    assert [line.text for line in read_lines([data], limit=1000)] == texts
