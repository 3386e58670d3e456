from hypothesis import given
from hypothesis import strategies as st

from harness.transport.printable import hex_bytes, last_lines, safe_bytes, safe_text


def test_plain_text_stays():
    assert safe_text("ID2: 2122 · 芯片 C:\\path") == "ID2: 2122 · 芯片 C:\\path"
    assert safe_bytes("芯片".encode()) == "芯片"


def test_what_could_forge_a_terminal_is_escaped():
    assert safe_bytes(b"a\r\n\x1b[2Jb\x00\x07\t") == r"a\r\n\e[2Jb\x00\x07\t"
    assert safe_text("x\u2028y\u202ez\x85") == r"x\u2028y\u202ez\x85"
    assert safe_text("\ud800") == r"\ud800"
    assert safe_text("\U000e0001") == r"\U000e0001"
    assert safe_bytes(b"\xff\xfe ok") == r"\xff\xfe ok"


def test_cutting_says_so():
    assert safe_text("abcdef", 3) == "abc…"
    assert safe_bytes(b"abcdef", 3) == "abc… (6 bytes)"
    assert safe_bytes(b"abc", 3) == "abc"
    assert hex_bytes(b"\x01\xab") == "01 ab"
    assert hex_bytes(b"\x01\xab\x02", 2) == "01 ab … (3 bytes)"


def test_last_lines_are_bounded_in_number_and_width():
    data = b"".join(b"line %d\r\n" % number for number in range(100)) + b"$ \x1b[m"
    shown = last_lines(data, 3, 20)
    assert shown == ("line 98", "line 99", r"$ \e[m")
    (long,) = last_lines(b"a" * 500 + b"END", 3, 20)
    assert long.startswith("…")
    assert long.endswith("END")
    assert len(long) == 21
    assert last_lines(b"") == ()
    assert last_lines(b"\r\n\n  \n") == ()


@given(st.binary(max_size=300), st.none() | st.integers(0, 50))
def test_anything_becomes_one_printable_line(data, limit):
    assert safe_bytes(data, limit).isprintable()
    assert all(line.isprintable() for line in last_lines(data, 5, 30))


@given(st.text(st.characters(exclude_categories=()), max_size=100))
def test_any_text_too(text):
    assert safe_text(text).isprintable()
    safe_text(text).encode()
