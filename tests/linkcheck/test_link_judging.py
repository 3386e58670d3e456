"""What the link suite makes of recorded sessions: records, pauses, secrets in sight, places to cut."""

from itertools import pairwise
from types import SimpleNamespace

import pytest

from harness.itls.events import Direction, ObservedRecord
from harness.itls.records import ContentType
from harness.linkcheck.reconnecting import NS, attempts, chosen_cuts, pause_problems
from harness.linkcheck.records import application_data, record_problems
from harness.linkcheck.secrecy import shown_in, spaced_hex_shown_in

KEY = bytes.fromhex("2122232425262728292a2b2c2d2e2f30")


def seen(direction, sequence, plain=b"data", kind=ContentType.APPLICATION_DATA):
    return ObservedRecord(direction, kind, plain, b"\x17" + plain, sequence)


def session(opened, closed):
    return SimpleNamespace(opened_ns=int(opened * NS), closed_ns=None if closed is None else int(closed * NS))


def test_pauses_go_from_the_end_of_one_to_the_beginning_of_the_next():
    tried = attempts([session(0, 1), session(1.5, 2), session(3, None)])
    assert (tried.count, tried.pauses) == (3, (0.5, 1.0))
    assert not pause_problems(tried, least_s=0.5)


@pytest.mark.parametrize(
    ("times", "problem"),
    [
        ([(0, 1), (1.01, 2), (3, 4)], "1 of 2 pauses are shorter than 0.05 s"),
        ([(0, 1), (3, 4), (5, 6)], "a pause of 2.000 s is followed by one of 1.000 s"),
    ],
)
def test_hammering_and_shrinking_pauses_are_problems(times, problem):
    (said,) = pause_problems(attempts([session(*one) for one in times]), least_s=0.05)
    assert problem in said


def test_sound_records():
    records = [
        seen(Direction.IN, None, kind=ContentType.HANDSHAKE),
        seen(Direction.IN, 0, kind=ContentType.HANDSHAKE),
        seen(Direction.OUT, 0, kind=ContentType.HANDSHAKE),
        seen(Direction.IN, 1, b"a" * 1024),
        seen(Direction.IN, 2, b"b"),
    ]
    assert record_problems(records, 1024) == []
    assert application_data(records, Direction.IN) == b"a" * 1024 + b"b"


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (seen(Direction.IN, None), "application data travels in clear"),
        (seen(Direction.IN, 1), "record 1 in where 0 is due"),
        (seen(Direction.OUT, 0, b"a" * 1025), "holds 1025 bytes, 1024 were agreed"),
    ],
)
def test_a_record_that_is_wrong(record, problem):
    (said,) = record_problems([record], 1024)
    assert problem in said


@pytest.mark.parametrize(
    "form", [bytes, bytes.hex, lambda value: value.hex().upper(), "ISIjJCUmJygpKissLS4vMA"]
)
def test_a_secret_is_found_in_each_of_its_forms_and_named_only(form):
    written = form if isinstance(form, str) else form(KEY)
    stream = b"before" + (written.encode() if isinstance(written, str) else written) + b"after"
    assert shown_in(stream, {"the key": KEY, "another": bytes(16)}) == ["the key"]
    assert shown_in(stream[:-10], {"another": bytes(16)}) == []


@pytest.mark.parametrize("dump", [KEY.hex(" "), ", ".join(f"0x{byte:02X}" for byte in KEY), KEY.hex(":", 2)])
def test_a_hex_dump_of_a_key_is_found_on_a_console(dump):
    assert spaced_hex_shown_in(f"key: {dump}\n".encode(), {"the key": KEY}) == ["the key"]
    assert spaced_hex_shown_in(dump[:-4].encode(), {"the key": KEY}) == []


def test_what_is_too_short_is_not_looked_for():
    assert shown_in(b"abcde", {"short": b"abc"}) == []


def test_a_quick_board_is_cut_after_every_byte():
    assert chosen_cuts(430, [0, 47, 350], seconds_each=0.2, budget_s=150) == list(range(430))


def test_a_slow_board_is_cut_less_often_but_at_every_edge():
    places = chosen_cuts(430, [0, 47, 350], seconds_each=10, budget_s=300)
    assert len(places) * 10 <= 310
    assert {0, 1, 46, 47, 48, 349, 350, 351} <= set(places)
    steps = {after - before for before, after in pairwise(places)}
    assert max(steps) <= 20


def test_a_board_without_time_is_cut_at_the_edges_and_once_more():
    assert chosen_cuts(100, [0, 50], seconds_each=60, budget_s=1) == [0, 1, 49, 50, 51]
