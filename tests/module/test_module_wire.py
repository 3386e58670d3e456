"""The codec of the socket protocol, by the exchange that was captured between the vendor's two sides."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.carrier.module import wire
from harness.carrier.module.wire import ByteOrder, Command, Head, WireError

CAPTURE = json.loads((Path(__file__).parents[1] / "vectors" / "mdu-socket.json").read_text())[
    "real_applet_proxy"
]
NUMBERS = {"init": 0, "cleanup": 1, "version": 2, "get_id": 3, "challenge": 4, "timestamp": 5}
FIELDS = {"get_id": (0, 1), "challenge": (2, 1), "timestamp": (2, 1)}


@pytest.mark.parametrize("exchange", CAPTURE, ids=lambda one: one["cmd"])
def test_captured_exchange(exchange):
    asked, answered = bytes.fromhex(exchange["req"]), bytes.fromhex(exchange["rsp"])
    assert Command(NUMBERS[exchange["cmd"]]) == NUMBERS[exchange["cmd"]]
    in_request, in_answer = FIELDS.get(exchange["cmd"], (0, 0))
    assert wire.join_fields(*wire.split_fields(asked, in_request)) == asked
    if exchange["cmd"] == "version":
        assert wire.read_number(answered) == 0x00030100
        assert wire.number(0x00030100) == answered
    else:
        assert wire.join_fields(*wire.split_fields(answered, in_answer)) == answered


def test_captured_fields_mean_what_the_page_says():
    by_name = {one["cmd"]: one for one in CAPTURE}
    assert wire.split_fields(bytes.fromhex(by_name["get_id"]["rsp"]), 1) == (b"2122232425262728292A2B2C",)
    challenge, extra = wire.split_fields(bytes.fromhex(by_name["challenge"]["req"]), 2)
    assert (challenge, extra) == (b"55B83408399FA660F05C82E4F25333DC", b"abcd1234")
    (code,) = wire.split_fields(bytes.fromhex(by_name["timestamp"]["rsp"]), 1)
    assert code.startswith(b"2~2~ABABABABABABABAB~1512022279204~")  # the sample's defect


def test_head_in_each_byte_order():
    assert wire.pack(3, -11, b"", ByteOrder.LITTLE).hex() == "341200000000000003000000f5ffffff"
    assert wire.pack(4, 0, b"ab", ByteOrder.BIG).hex() == "000012340000000200000004000000006162"
    for order in ByteOrder:
        head = wire.pack(7, -10, b"xyz", order)[: wire.HEAD_SIZE]
        assert wire.order_of(head) is order
        assert wire.unpack_head(head, order) == Head(3, 7, -10)
    assert wire.order_of(b"\x12\x34\0\0") is None


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x35\x12\0\0" + bytes(12), "magic is 0x1235"),
        (b"\x34\x12\0\0" + b"\x01\x00\x01\x00" + bytes(8), "body of 65537 bytes"),
    ],
)
def test_heads_that_are_none(data, why):
    with pytest.raises(WireError, match=why):
        wire.unpack_head(data, ByteOrder.LITTLE)


@pytest.mark.parametrize(
    ("body", "count", "why"),
    [
        (b"", 1, "ends in the length of field 1"),
        (b"\0\0\0", 1, "ends in the length of field 1"),
        (b"\0\0\0\x02a", 1, "announces 2 bytes, and 1 are there"),
        (b"\xff\xff\xff\xffa", 1, "announces 4294967295 bytes"),
        (b"\0\0\0\x01ab", 1, "1 bytes too many"),
        (b"\0\0\0\x01a", 2, "ends in the length of field 2"),
        (b"a", 0, "1 bytes too many"),
    ],
)
def test_bodies_that_are_none(body, count, why):
    with pytest.raises(WireError, match=why):
        wire.split_fields(body, count)


@pytest.mark.parametrize("body", [b"", b"\0\0\0", bytes(5), bytes(8)])
def test_numbers_that_are_none(body):
    with pytest.raises(WireError, match="a number has 4"):
        wire.read_number(body)


@given(st.lists(st.binary(max_size=600), max_size=4))
def test_fields_come_back(fields):
    assert wire.split_fields(wire.join_fields(*fields), len(fields)) == tuple(fields)


@given(st.binary(max_size=80), st.integers(0, 3))
def test_no_bytes_do_more_than_raise(body, count):
    with suppress(WireError):
        assert wire.join_fields(*wire.split_fields(body, count)) == body
