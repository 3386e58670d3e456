"""The random values that a device shows on the wire: each found once, and those that are none told."""

from types import SimpleNamespace

from harness.id2.randomness import RandomKind
from harness.itls.events import Direction, ObservedRecord
from harness.itls.records import ContentType
from harness.linkcheck.randoms import RandomCollector, draws_in, freshness_problems
from harness.simulator.link import ivs
from tests.itls.conftest import handshaken


def session(number, records=None, **how):
    """Return a session of a device: a handshake, and five times data of its own."""
    if records is None:
        link = handshaken(**how)
        for turn in range(5):
            link.client.send(b"data %d" % turn)
            link.pump()
        records = link.server_seen
    return SimpleNamespace(number=number, seen=tuple(records))


def test_every_kind_is_found_where_it_stands():
    kinds = [draw.kind for draw in draws_in(session(3))]
    assert kinds == [
        RandomKind.CLIENT_RANDOM,
        RandomKind.CLIENT_RANDOM,
        RandomKind.DEVICE_RANDOM,
        *[RandomKind.IV] * 6,
    ]
    assert {draw.session for draw in draws_in(session(3))} == {3}


def test_values_are_those_of_the_wire():
    shown = session(0)
    under_keys = [one for one in shown.seen if one.direction is Direction.IN and one.sequence is not None]
    assert [draw.value for draw in draws_in(shown) if draw.kind is RandomKind.IV] == [
        one.wire[5:21] for one in under_keys
    ]


def test_what_the_server_draws_is_not_the_devices():
    link = handshaken()
    from_server = [one for one in link.server_seen if one.direction is Direction.OUT]
    assert draws_in(session(0, from_server)) == []


def test_a_session_that_grows_is_taken_once():
    whole = session(1)
    harvest = RandomCollector()
    first = harvest.new([session(1, whole.seen[:4])])
    second = harvest.new([whole, session(2)])
    third = harvest.new([whole])
    assert third == []
    assert sorted(draw.value for draw in first + second if draw.session == 1) == sorted(
        draw.value for draw in draws_in(whole)
    )


def test_fresh_values_are_no_problem():
    assert freshness_problems([session(number) for number in range(20)]) == []


def test_each_iv_that_is_known_is_told():
    for client, what in (
        (ivs.ZERO_IV, "IV of records: 1 values come more than once"),
        (ivs.COUNTED_IV, "IV of records: 6 values come more than once"),
        (ivs.REUSED_IV, "IV of records: 2 values come more than once"),
        (ivs.CHAINED_IV, "10 of 12 IVs are the last ciphertext block of the record before"),
    ):
        problems = freshness_problems([session(number, client=client) for number in range(2)])
        assert len(problems) == 1, client
        assert what in problems[0]


def test_a_session_that_was_played_again_repeats_all_of_it():
    shown = session(0)
    problems = freshness_problems([shown, session(1, shown.seen)])
    assert [problem.partition(":")[0] for problem in problems] == [
        "device random of auth codes",
        "client random",
        "IV of records",
    ]


def test_a_hello_that_cannot_be_read_is_passed_over():
    noise = ObservedRecord(Direction.IN, ContentType.HANDSHAKE, b"\x01\x00\x00\x02\x03\x03", b"", None)
    assert draws_in(session(0, [noise])) == []
