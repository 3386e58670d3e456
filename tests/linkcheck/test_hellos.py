"""The judge of hellos: the vendor's form passes, each thing that differs is named."""

import base64
from dataclasses import replace

import pytest

from harness.itls.events import Direction, ObservedRecord
from harness.itls.extensions import KEY_GROUP, VERSION, Ext, Extension
from harness.itls.messages import ClientHello, HelloVerifyRequest, MessageType, framed
from harness.itls.records import ContentType
from harness.itls.suites import VENDOR_OFFER
from harness.linkcheck.hellos import fragment_of, hello_problems, hellos_in, offered

PRODUCT_KEY = "a1WO4Z9qHRw"
CHALLENGE = "55B83408399FA660F05C82E4F25333DC"
CODE = f"0~2~ABABABABABABABAB~{CHALLENGE}~{base64.b64encode(bytes(48)).decode()}"


def hello(random, code, *, product_key=PRODUCT_KEY, key_group=KEY_GROUP, version=VERSION):
    return ClientHello(
        bytes([random]) * 32,
        (*(suite.value for suite in VENDOR_OFFER), 0x00FF),
        (
            Extension(Ext.MAX_FRAGMENT, b"\x02"),
            Extension(Ext.PRODUCT_KEY, product_key.encode()),
            Extension(Ext.KEY_ID, key_group + b"2122232425262728292A2B2C"),
            Extension(Ext.AUTH_CODE, code.encode()),
            Extension(Ext.VERSION, version),
        ),
    )


def records(first, second, challenge=CHALLENGE):
    request = HelloVerifyRequest(Extension(Ext.CHALLENGE, challenge.encode())).body
    said = [
        (Direction.IN, framed(MessageType.CLIENT_HELLO, first.body)),
        (Direction.OUT, framed(MessageType.HELLO_VERIFY_REQUEST, request)),
        (Direction.IN, framed(MessageType.CLIENT_HELLO, second.body)),
    ]
    return [ObservedRecord(way, ContentType.HANDSHAKE, data, data, None) for way, data in said]


FIRST, SECOND = hello(1, ""), hello(2, CODE)


def test_the_vendors_form_passes():
    seen = records(FIRST, SECOND)
    assert hello_problems(seen, PRODUCT_KEY) == []
    assert [one.random for one in hellos_in(seen)] == [FIRST.random, SECOND.random]
    assert fragment_of(FIRST) == 1024
    assert offered(FIRST) == list(VENDOR_OFFER)


def test_messages_that_come_in_pieces_are_read():
    seen = records(FIRST, SECOND)
    pieces = [
        replace(one, plain=part) for one in seen for part in (one.plain[:7], one.plain[7:60], one.plain[60:])
    ]
    assert hello_problems(pieces, PRODUCT_KEY) == []


@pytest.mark.parametrize(
    ("first", "second", "challenge", "problem"),
    [
        (hello(1, CODE), SECOND, CHALLENGE, "carries an auth code before there is a challenge"),
        (hello(2, ""), SECOND, CHALLENGE, "both hellos carry the same random"),
        (FIRST, hello(2, CODE.replace("0~2", "1~2", 1)), CHALLENGE, "is of type 1, not 0"),
        (FIRST, SECOND, CHALLENGE[::-1], "is not over the challenge"),
        (FIRST, hello(2, "nonsense"), CHALLENGE, "the auth code cannot be read"),
        (FIRST, hello(2, CODE, product_key="other"), CHALLENGE, "hello 2: the ProductKey is 'other'"),
        (FIRST, hello(2, CODE, key_group=b"\0\0\0\0"), CHALLENGE, "hello 2: there is no ID of the key group"),
        (FIRST, hello(2, CODE, version=b"\0\0\1\0"), CHALLENGE, "the extension version is not 1.2.0"),
        (FIRST, replace(SECOND, suites=(0x002F,)), CHALLENGE, "no suite of iTLS is offered"),
        (
            FIRST,
            replace(SECOND, extensions=SECOND.extensions[:-1]),
            CHALLENGE,
            "extensions are missing: 0x2020",
        ),
        (
            replace(FIRST, extensions=FIRST.extensions[::-1]),
            SECOND,
            CHALLENGE,
            "hello 1: extensions stand in another order",
        ),
    ],
)
def test_what_differs_is_named(first, second, challenge, problem):
    assert any(problem in said for said in hello_problems(records(first, second, challenge), PRODUCT_KEY))


def test_a_device_that_never_answers_is_named():
    (said,) = hello_problems(records(FIRST, SECOND)[:2], PRODUCT_KEY)
    assert "1 hellos came, two are due" in said
