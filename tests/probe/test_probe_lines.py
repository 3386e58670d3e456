"""The lines of the probe protocol: the worked ones of its page, both ways, and what is no line."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.probe.answers import hello_of
from harness.probe.functions import FUNCTIONS, Group, groups_of
from harness.probe.lines import DAMAGED, REPLY, Kind, Reply, crc16, payload, puts, request, value_of

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "probe-protocol.md").read_text()
WORKED = re.search(r"```worked\n(.*?)```", PAGE, re.DOTALL)[1].splitlines()
REPLIES = [line[2:].encode() for line in WORKED if line.startswith("< ")]
REQUESTS = [line[2:].encode() for line in WORKED if line.startswith("> ")]


def complaint(reply, why):
    return AssertionError(f"{reply}: {why}")


def test_the_check_sum_is_the_named_one():
    assert crc16(b"123456789") == 0x29B1


@pytest.mark.parametrize("line", REPLIES)
def test_worked_replies_are_found_and_right(line):
    found = REPLY.search(b"noise\r\n" + line + b"\r\nmore")
    assert found[0] == line
    assert Reply.read(found[0]) is not None


@pytest.mark.parametrize("line", REQUESTS)
def test_worked_requests_are_built(line):
    _, seq, *words, _ = line.decode().split(" ")
    assert request(int(seq, 16), *words) == line


def test_the_worked_hello_is_read():
    hello = hello_of(Reply.read(REPLIES[0]), complaint)
    assert (hello.version, hello.line, hello.result, hello.name, hello.boot) == (1, 79, 1024, "", 0x3F1C)
    assert hello.slots == (1024, 512, 128)
    assert hello.groups == {Group.CLIENT}


@pytest.mark.parametrize("line", REPLIES)
def test_a_reply_that_lost_or_changed_a_byte_is_none(line):
    for at in range(len(line)):
        for spoilt in (line[:at] + line[at + 1 :], line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :]):
            found = REPLY.search(spoilt)
            assert found is None or Reply.read(found[0]) is None


def test_a_reply_behind_a_torn_one_is_found():
    torn, whole = REPLIES[2][:18], REPLIES[1]
    found = REPLY.search(torn + whole)
    assert found[0] == whole


def test_what_is_left_of_a_reply_is_damaged_and_an_echo_is_not():
    assert DAMAGED.search(REPLIES[1].replace(b"OK", b"O\r\nlog\r\nK"))
    assert not DAMAGED.search(REQUESTS[0] + b"\r\n")


def test_the_tables_of_the_page_are_those_of_the_code():
    rows = re.findall(r"^\| (\d+) \| ([a-z0-9-]+) \| (.*?) \|$", PAGE, re.MULTILINE)
    table = {
        name: set(re.findall(r"\b[a-z0-9]{3}\b", words.replace("and, where switched on,", "")))
        for _, name, words in rows
    }
    assert [name for _, name, _ in rows] == [group.value for group in Group]
    for group in Group:
        assert table[group.value] == {name for name, one in FUNCTIONS.items() if one.group is group}, group


def test_each_function_says_what_it_is_for():
    for name, function in FUNCTIONS.items():
        assert function.purpose, name
        assert function.look_at, name
        assert function.calls or function.group is Group.BOARD, name


def test_bits_that_nobody_knows_are_left_out():
    assert groups_of(0xFFFE0001) == {Group.CLIENT}


@given(st.binary(max_size=200))
def test_payloads_come_back(data):
    text = payload(data)
    assert value_of(text) == data
    assert not set(text) & set(" %$#@!;\"\\*?|,'")


@pytest.mark.parametrize("text", ["", "t", "x:0", "x:0a", "t:a b", "y:00", "t:ä"])
def test_what_is_no_payload_is_refused(text):
    with pytest.raises(ValueError):
        value_of(text)


@given(st.binary(min_size=1, max_size=1040), st.integers(40, 200))
def test_pieces_fit_and_make_up_the_whole(data, room):
    filled = b""
    for offset, piece in puts("a", data, room):
        assert offset == len(filled)
        assert len(request(0xFF, "put", "a", str(offset), piece)) <= room
        filled += value_of(piece)
    assert filled == data


@given(st.binary(max_size=120))
def test_no_bytes_stop_the_reader(data):
    found = REPLY.search(b"+ID2P 01 0000 OK" + data + b" %0000")
    assert found is None or Reply.read(found[0]) is None or Reply.read(found[0]).kind in Kind
