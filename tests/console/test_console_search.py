import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.console.patterns import Search
from harness.console.window import Window


def find(success, failure=None, *chunks, position=0, size=10_000, max_match=64):
    window = Window(size)
    search = Search(success, failure, position, max_match)
    for stamp, chunk in enumerate(chunks, 1):
        window.append(chunk, stamp)
        if match := search.run(window):
            return match
    return None


def test_a_literal():
    match = find(b"login:", None, b"boot\nlog", b"in: ")
    assert (match.data, match.before, match.start, match.end, match.stamp) == (b"login:", b"boot\n", 5, 11, 2)
    assert (match.pattern, match.index, match.failure, match.groups) == (b"login:", 0, False, ())
    assert (match.text, match.before, match.group(0)) == ("login:", b"boot\n", "login:")


def test_text_is_looked_for_as_utf8():
    assert find("芯片", None, b"x" + "芯片".encode()[:4], "芯片".encode()[4:]).start == 1


def test_a_regular_expression_with_groups():
    match = find(re.compile(rb"ID2: (?P<id>\w+)(x)?\r\n"), None, b"ID2: 21\r\n")
    assert match.groups == ("21", None)
    assert (match.group(1), match.group("id"), match.group(2)) == ("21", "21", "")
    with pytest.raises(IndexError):
        match.group("nothing")
    with pytest.raises(IndexError):
        match.group(3)


def test_a_regular_expression_over_text():
    match = find(re.compile("(?i)ÜBER (\\d+)"), None, "über 12".replace("ü", "Ü").encode())
    assert match.group(1) == "12"


def test_the_match_that_ends_first_wins():
    assert find([b"two", b"one"], None, b"one two").index == 1
    assert find(b"Pass", re.compile(rb"ERROR.*\n"), b"ERROR x Pass\n").failure is False
    assert find(re.compile(rb"ERROR.*\n"), b"Pass", b"ERROR x Pass\n").failure is True


def test_of_two_at_the_same_byte_the_failure_wins():
    assert find(b"Fail", b"Test Fail", b"Test Fail").failure is True


def test_what_was_consumed_is_not_found_again():
    assert find(b"ok", None, b"ok ok", position=2).start == 3
    assert find(b"ok", None, b"ok", position=2) is None


def test_a_literal_across_many_chunks():
    assert find(b"0123456789", None, *(bytes([byte]) for byte in b"xx0123456789")).start == 2


def test_a_long_match_across_chunks_within_the_promise():
    assert find(re.compile(rb"<(\d+)>"), None, b"<" + b"1" * 30, b"2" * 30, b">", max_match=64).start == 0


def test_an_anchor_at_the_start_of_a_line():
    assert find(re.compile(rb"^ok", re.MULTILINE), None, b"not ok\n", b"ok").start == 7


def test_a_lookbehind_sees_what_was_searched_before():
    assert find(re.compile(rb"(?<=a)b"), None, b"xa", b"b").start == 2


def test_bytes_that_are_not_text():
    match = find(re.compile(rb"\xff(.)", re.DOTALL), None, b"\xff\xfe")
    assert (match.text, match.groups) == (r"\xff\xfe", (r"\xfe",))


@pytest.mark.parametrize("pattern", [b"", "", [b"x", b""]])
def test_an_empty_pattern(pattern):
    with pytest.raises(ValueError, match="empty pattern"):
        Search(pattern, None, 0, 64)


def test_what_is_waited_for_is_described_safely():
    assert Search([b"a\x1b", re.compile("b+")], b"no", 0, 64).describe() == r"a\e or b+"


def test_the_search_looks_at_new_bytes_only():
    looked = []

    class Spy(bytearray):
        def find(self, wanted, begin):
            looked.append(len(self) - begin)
            return super().find(wanted, begin)

    window = Window(1 << 20)
    window.data = Spy()
    search = Search(b"never", None, 0, 64)
    for _ in range(100):
        window.append(bytes(1000), 1)
        assert search.run(window) is None
    assert max(looked) <= 1000 + 4


def test_the_search_survives_a_window_that_moved_on():
    window = Window(100)
    search = Search(b"end", None, 0, 64)
    for _ in range(50):
        window.append(b"x" * 90, 1)
        assert search.run(window) is None
    window.append(b"en", 2)
    assert search.run(window) is None
    window.append(b"d", 3)
    match = search.run(window)
    assert (match.start, match.stamp) == (4500, 3)
    assert len(match.before) <= 200


@given(
    st.lists(st.sampled_from([b"a", b"ab", b"b", b"abc", b"\n", b"cab"]), max_size=30).map(b"".join),
    st.lists(st.integers(0, 99), max_size=6),
    st.sampled_from(
        [b"abc", b"ab", re.compile(rb"a+b\n"), re.compile(rb"^c", re.MULTILINE), re.compile(rb"(?<=b)c")]
    ),
)
@settings(max_examples=300, deadline=None)
def test_where_a_match_is_does_not_depend_on_the_chunks(data, places, pattern):
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    chunks = [data[start:end] for start, end in itertools.pairwise(edges)]
    whole = find(pattern, None, data)
    cut = find(pattern, None, *chunks)
    assert (whole and (whole.start, whole.end)) == (cut and (cut.start, cut.end))


class TestWindow:
    def test_offsets_count_from_the_first_byte_ever(self):
        window = Window(10)
        for number in range(10):
            window.append(b"%d" % number * 5, number)
        assert window.end == 50
        assert window.start >= 30
        assert len(window.data) <= 20
        assert window.bytes(45) == b"99999"
        assert window.bytes(0) == bytes(window.data)
        assert window.bytes(40, 45) == b"88888"
        assert window.bytes(60) == b""

    def test_stamps(self):
        window = Window(100)
        assert window.stamp(0) == 0
        for number in range(1, 5):
            window.append(b"ab", number * 10)
        assert [window.stamp(offset) for offset in (1, 2, 3, 7, 8)] == [10, 10, 20, 40, 40]

    def test_stamps_are_bounded(self):
        window = Window(100)
        for number in range(50_000):
            window.append(b"x", number)
        assert len(window._ends) <= 8192
        assert window.stamp(50_000) == 49_999
        assert window.stamp(49_990) == 49_989
        assert window.stamp(1) == window._stamps[0]

    @given(st.lists(st.binary(max_size=30), max_size=40), st.integers(1, 50))
    def test_the_end_of_the_output_is_always_there(self, chunks, size):
        window = Window(size)
        data = b""
        for chunk in chunks:
            window.append(chunk, 1)
            data += chunk
            assert window.bytes(window.end - size if window.end > size else 0)[-size:] == data[-size:]
            assert len(window.data) <= max(2 * size, size + len(chunk))
            assert window.end == len(data)
