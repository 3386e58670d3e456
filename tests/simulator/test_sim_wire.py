"""Hex lines: one APDU a line, one answer a line."""

import pytest

from harness.simulator.chip.hexline import HexLineChip

ANSWER = b"81800C2122232425262728292A2B2C9000\n"


@pytest.fixture
def line(chip_of):
    said = []
    device = HexLineChip(chip_of().session(), said.append)

    def send(*pieces):
        return b"".join(output.data for piece in pieces for output in device.receive(piece))

    send.complaints = said
    return send


@pytest.mark.parametrize(
    "pieces",
    [
        [b"80F8000000\n"],
        [b"80f8000000\r\n"],
        [b"80F8000000\r"],
        [b"80 F8 00 00\t00 \n"],
        [b"80F8", b"0000", b"00", b"\n"],
        [b"\n\r\n  \n80F8000000\n"],
    ],
)
def test_forms_of_a_line(line, pieces):
    assert line(*pieces) == ANSWER
    assert not line.complaints


def test_several_lines_at_once(line):
    assert line(b"80F8000000\n80EE000000\n80F80") == ANSWER + b"6D00\n"
    assert line(b"00000\n") == ANSWER


@pytest.mark.parametrize("bad", [b"80F", b"hello", "80F8ü".encode(), b"\x00\xff", b"0x80", b"80F8000000;"])
def test_a_line_that_is_no_hex(line, bad):
    assert line(bad + b"\n80F8000000\n") == b"6F00\n" + ANSWER
    assert len(line.complaints) == 1
    assert line.complaints[0].isprintable()


def test_a_line_without_end_stays_bounded(line):
    for _ in range(20):
        assert line(b"A" * 10_000) == b""
    assert line(b"\n80F8000000\n") == b"6F00\n" + ANSWER
    assert "longer than 4096" in line.complaints[0]


def test_the_longest_line_still_counts(line):
    assert line(b"00" * 2048 + b"\n") == b"6700\n"


def test_a_slow_chip_pauses_before_its_answer(chip_of):
    device = HexLineChip(chip_of(fault="slow-answer").session())
    (quick,) = device.receive(b"80F8000000\n")
    (slow,) = device.receive(b"80F60001155103000010" + b"00" * 16 + b"\n")
    assert quick.pause == 0
    assert slow.pause >= 3600
