"""What snprintf leaves in a buffer."""

import pytest

from harness.portcheck.formats import UNSEEN, Written, format_problems, odd_return, print_problem


def written(whole="challenge", size=16, rc=None, buffer=None, overwritten=0):
    if buffer is None:
        buffer = (whole[: max(0, size - 1)].encode() + b"\0" if size else b"").ljust(size, b"\xa5")
    return Written("%s of x", whole, size, len(whole) if rc is None else rc, buffer, overwritten)


@pytest.mark.parametrize("size", [0, 1, 2, 5, 9, 10, 11, 64])
def test_what_iso_c_says_passes(size):
    assert format_problems(written(size=size)) == []
    assert odd_return(written(size=size)) == ""


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (written(size=5, buffer=b"chall"), "no NUL is in the buffer, which holds 'chall'"),
        (written(buffer=b"\xa5" * 16), "no NUL is in the buffer, which holds '' and 16 untouched bytes"),
        (written("0000BEEF", buffer=b"0000beef\0\xa5\xa5\xa5\xa5\xa5\xa5\xa5"), "'0000beef' was written"),
        (
            written("chal", buffer=b"challenge\0\xa5\xa5\xa5\xa5\xa5\xa5"),
            "'challenge' was written, 'chal' is right",
        ),
        (written(size=5, overwritten=1), "1 bytes behind the buffer were written"),
        (written(rc=3), "3 was returned, the text has 9 characters"),
        (written(rc=-1, buffer=b""), "-1 was returned, the text has 9 characters"),
        (written(size=0, overwritten=1), "1 bytes behind the buffer were written"),
        (written(size=5, rc=-1, buffer=b"", overwritten=2), "2 bytes behind the buffer were written"),
    ],
)
def test_what_is_wrong_is_named(wrong, says):
    assert says in format_problems(wrong)[0]


def test_a_cut_text_whose_buffer_the_probe_does_not_give_is_not_judged():
    unseen = written(size=5, rc=-1, buffer=b"")
    assert unseen.unseen
    assert format_problems(unseen) == []
    assert not written(size=0, rc=-1, buffer=b"").unseen, "there is nothing to look into"


def test_a_buffer_that_comes_with_a_negative_value_is_judged():
    sound, torn = (written(size=5, rc=-1, buffer=text) for text in (b"chal\0", b"chall"))
    assert format_problems(sound) == []
    assert "no NUL is in the buffer" in format_problems(torn)[0]


def test_another_value_for_a_cut_text_is_told_and_no_fault():
    cut = written(size=5, rc=4)
    assert format_problems(cut) == []
    assert "returned 4; by ISO C it is the length of the whole text, 9" in odd_return(cut)
    assert odd_return(written(rc=3)) == ""


def test_what_a_device_writes_is_shown_escaped():
    assert "\\x1b" in format_problems(written(buffer=b"\x1b[2J\0".ljust(16, b"\xa5")))[0]


LINES = ["id2-print-0-0123456789", "id2-print-1-0123456789"]


@pytest.mark.parametrize(
    ("came", "says"),
    [
        ([b"id2-print-0-0123456789\n", b""], ""),
        ([b"", b"+ID2P 00 AK\r\n[12:01] id2-print-1-0123456789\r\n"], ""),
        (
            [b"id2-print-0-01234\n", b"id2-print-1-01234\r\nmore"],
            "of a line of 22 characters came 'id2-print-1-01234\\r'",
        ),
        ([b"id2-print-0-01234\n", b""], "came 'id2-print-0-01234'"),
        ([b"", b"something else"], UNSEEN),
    ],
)
def test_lines_that_were_printed(came, says):
    problem = print_problem(LINES, came)
    assert says in problem if says else problem == ""
