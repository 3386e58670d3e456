"""Two values that a message compares: only what differs is marked, and the marks are said in words."""

import pytest

from harness.report.difference import difference
from harness.report.page.compared import compared
from harness.report.words import ENGLISH

LEFT = "3~2~A1B2C3D4E5F60718~0011223344556677~00~8E3F0A9B5C7D1E2F3A4B5C6D7E8F9A0B"
RIGHT = LEFT.replace("5C7D1E2F", "5C7D1E20")


def marked(text):
    return [piece.text for piece in difference(text).pieces if piece.differs]


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        (f"the code is {LEFT}, expected {RIGHT}", ["F", "0"]),
        (f"{LEFT} instead of\n{RIGHT}", ["F", "0"]),
        (f"expected {LEFT}, the device sent {RIGHT}", ["F", "0"]),
        (f"assert '{LEFT}' == '{RIGHT}'", ["F", "0"]),
        (f"got\n  {LEFT}, published is\n  {RIGHT}", ["F", "0"]),
        (f"assert '{LEFT[:12]}...{LEFT[-13:]}' == '{RIGHT[:12]}...' - {RIGHT}\n + {LEFT}", ["0", "F"]),
        (
            "is Nm1JGmY1uojX05huMoV5HhuZ, expected Nm1JGmY1uojX05huMoV5HhuA",
            ["Z", "A"],
        ),
        ("got 00 11 22 33 44, expected 00 11 2A 33 44", ["2", "A"]),
        ("its CRC is 0123456789, its bytes give 0123956789", ["4", "9"]),
        ("it gave 0011223344, not 00112233445566", ["5566"]),
        ("the MAC is 0123456789ABCDEF, expected FEDCBA9876543210", ["0123456789ABCDEF", "FEDCBA9876543210"]),
    ],
)
def test_only_what_differs_is_marked(text, marks):
    assert marked(text) == marks
    assert "".join(piece.text for piece in difference(text).pieces) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no value at all",
        f"the code is {LEFT}, expected {LEFT}",
        "ID 0102030405060708090A0B0C in session 0123456789",  # nothing is compared
        "the code 0123456789 is not the challenge~of~base64+that1was/given=",  # of another shape
        "declaration.algorithms: aes-mac-m1, aes-mac-m2, not 3des-112; plan.key_type: aes-128, not 3des-168",
        "suites/step4_adapt/test_a1.py is not suites/step4_adapt/test_a2.py",
        "the answer is 9000, expected 6D00",  # short enough to see
    ],
)
def test_what_is_no_comparison_has_no_marks(text):
    assert marked(text) == []
    assert difference(text).words == ""


def test_marks_are_said_in_words():
    assert difference(f"{LEFT} instead of {RIGHT}").words == (
        f"Marked: where the two values differ, characters {LEFT.index('1E2F') + 4} of {len(LEFT)}."
    )
    assert "all of their 16 characters" in difference("is 0123456789ABCDEF, not FEDCBA9876543210").words
    assert "one has 10 characters, the other 14" in difference("is 0011223344, not 00112233445566").words


def test_marks_cannot_be_made_by_a_device():
    shown = compared("is <mark>1111111111</mark>, expected <mark>1111111112</mark>", ENGLISH)
    assert shown.count("<mark>") == 2
    assert "&lt;mark&gt;111111111<mark>1</mark>&lt;/mark&gt;" in shown


def test_message_of_any_length_is_looked_at_once():
    text = "is 0123456789AB, expected 0123456789AC; " * 50_000
    assert "".join(piece.text for piece in difference(text).pieces) == text
    long = "1" * 500_000
    assert marked(f"is {long}2, expected {long}3") == ["2", "3"]
