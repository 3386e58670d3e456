"""Every broken firmware with a link differs from the sound one in the way its name says, as seen from the far end."""

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.id2.codes import ItlsAlert
from harness.itls.connection import Direction
from harness.itls.misbehaviour import MISBEHAVIOURS, alert
from harness.simulator.faults.catalogue import FAULTS, find
from harness.simulator.faults.fault import Expected, Layer
from harness.simulator.link.hooks import LinkHooks
from harness.simulator.link.mqtt import Kind
from harness.simulator.link.session import Patience
from tests.simulator.link_far_end import TOKEN

LINK_FAULTS = [fault for fault in FAULTS if fault.layer is Layer.LINK]
GIVES_UP = "gives up until the next start"
ACCEPTED = [
    ("link-accepts-wrong-server-code", "wrong-server-code"),
    ("link-accepts-missing-server-code", "no-server-code"),
    ("link-accepts-foreign-server-code", "server-code-of-other-random"),
    ("link-accepts-missing-premaster", "no-premaster"),
    ("link-accepts-short-premaster", "premaster-47"),
    ("link-accepts-short-premaster", "premaster-49"),
    ("link-ignores-finished", "wrong-finished"),
    ("link-ignores-record-mac", "finished-mac"),
    ("link-ignores-record-mac", "record-mac"),
    ("link-accepts-skipped-sequence", "finished-sequence"),
    ("link-accepts-skipped-sequence", "record-sequence"),
    ("link-accepts-any-challenge", "challenge-31"),
    ("link-accepts-any-challenge", "challenge-33"),
    ("link-accepts-any-suite", "suite-not-offered"),
    ("link-accepts-unknown-extension", "unknown-extension"),
    ("link-compares-code-start", "server-code-part-2"),
    ("link-compares-code-middle", "server-code-part-0"),
    ("link-compares-code-end", "server-code-part-3"),
    ("link-compares-code-sum", "server-code-exchanged"),
    ("link-ignores-code-type", "server-code-type-0"),
    ("link-ignores-code-random", "server-code-other-devrand"),
    ("link-ignores-premaster-padding", "premaster-padding-zeros"),
    ("link-compares-finished-start", "finished-part-2"),
    ("link-compares-finished-end", "finished-part-0"),
    ("link-compares-finished-sum", "finished-exchanged"),
    ("link-compares-mac-start", "finished-mac-part-4"),
    ("link-compares-mac-end", "finished-mac-part-0"),
    ("link-compares-mac-length", "record-mac-part-2"),
    ("link-ignores-padding", "finished-padding-first"),
    ("link-clamps-padding", "finished-padding-too-long"),
    ("link-accepts-any-version", "server-hello-version-0302"),
    ("link-accepts-any-record-version", "finished-record-version-ffff"),
    ("link-accepts-any-compression", "compression-64"),
    ("link-accepts-long-session-id", "session-id-33"),
    ("link-accepts-any-verify-request", "challenge-in-other-extension"),
    ("link-skips-unasked-messages", "certificate-unasked"),
    ("link-skips-unknown-records", "unknown-record-type"),
    ("link-skips-change-cipher-spec", "change-cipher-spec"),
    ("link-takes-data-in-clear", "data-before-keys"),
    ("link-takes-another-finished", "finished-twice"),
]


@pytest.fixture
def after_misbehaviour(far_end, bench):
    """Return a function that says whether a board with a fault accepts what the far end then does wrong."""

    def accepted(fault, name):
        board = bench(fault).start()
        met = far_end.subscribed()
        far_end.misbehave(MISBEHAVIOURS[name])
        seen = len(far_end.met)
        far_end.end(met, clean=True)

        def judged():
            later = far_end.met[seen:]
            return any(MISBEHAVIOURS[name].accepted(one.seen) for one in later) or len(later) > 3

        far_end.wait(judged, name)
        board.stop()
        return any(MISBEHAVIOURS[name].accepted(one.seen) for one in far_end.met[seen:])

    return accepted


@pytest.mark.parametrize(("fault", "name"), ACCEPTED)
def test_what_is_wrong_is_accepted_by_the_one_board_that_accepts_it(after_misbehaviour, fault, name):
    assert after_misbehaviour(fault, name)


def test_forgets_identity(far_end, bench):
    board = bench("link-forgets-identity").start()
    first = far_end.subscribed()
    board.start()
    second = far_end.subscribed(2)
    assert first.hellos[0].id2 != second.hellos[0].id2
    assert len(far_end.products.devices) == 2


def test_never_reconnects(far_end, bench):
    board = bench("link-never-reconnects").start()
    far_end.end(far_end.subscribed(), clean=False)
    board.printed(GIVES_UP)
    assert len(far_end.met) == 2


def test_reconnects_without_pause(far_end, bench):
    long = Patience(first_pause=30.0, longest_pause=60.0)
    board = bench("link-reconnects-without-pause", patience=long).start()
    met = far_end.subscribed()
    far_end.misbehave(alert(ItlsAlert.BUSY))
    far_end.end(met, clean=True)
    board.printed("ID2 - server busy", 8)


def test_stops_at_first_alert(far_end, bench):
    board = bench("link-stops-at-first-alert").start()
    met = far_end.subscribed()
    far_end.misbehave(alert(ItlsAlert.BUSY))
    far_end.end(met, clean=True)
    board.printed(GIVES_UP)
    assert board.text.count("ID2 - server busy") == 1


def test_retries_final_alert(far_end, bench):
    board = bench("link-retries-final-alert").start()
    met = far_end.subscribed()
    far_end.misbehave(alert(ItlsAlert.DISCARDED))
    far_end.end(met, clean=True)
    board.printed("ID2 - ID2 discarded", 6)
    assert GIVES_UP not in board.text


@pytest.mark.parametrize("fault", ["link-key-in-clear", None])
def test_key_in_clear(far_end, bench, fault):
    board = bench(fault).start()
    far_end.subscribed()
    board.stop()
    _, key = board.flash.identity
    wire = b"".join(met.wire for met in far_end.met)
    assert (key.reveal() in wire) is (fault is not None)
    assert (key.reveal().hex().upper().encode() in wire) is (fault is not None)


@pytest.mark.parametrize("fault", ["link-payload-in-clear", None])
def test_payload_in_clear(far_end, bench, fault):
    board = bench(fault).start()
    met = far_end.subscribed()
    far_end.publish(met, b"a payload for nobody else")
    far_end.wait(lambda: far_end.echoes(met))
    far_end.wait(
        lambda: fault is None or b"a payload for nobody else" in b"".join(m.wire for m in far_end.met)
    )
    board.stop()
    assert (b"a payload for nobody else" in b"".join(m.wire for m in far_end.met)) is (fault is not None)


def test_wrong_client_id(far_end, bench):
    bench("link-wrong-client-id").start()
    login = far_end.subscribed().login
    assert "securemode=2" in login
    assert "authtype=secret" in login


@pytest.mark.parametrize(("size", "back"), [(1024, 1024), (1025, 1024), (5000, 1024)])
def test_cuts_long_data(far_end, bench, size, back):
    bench("link-cuts-long-data").start()
    met = far_end.subscribed()
    far_end.publish(met, bytes(size))
    far_end.wait(lambda: far_end.echoes(met))
    assert far_end.echoes(met) == [bytes(back)]


def test_drops_fragments(far_end, bench):
    bench("link-drops-fragments").start()
    met = far_end.subscribed()
    far_end.publish(met, bytes(100))
    far_end.wait(lambda: far_end.echoes(met))
    before = len(met.raw)
    far_end.publish(met, bytes(3000))
    far_end.wait(lambda: len(met.raw) > before)
    assert len(met.raw) - before < 3000
    assert len(far_end.echoes(met)) == 1


def test_ignores_max_fragment(far_end, bench):
    bench("link-ignores-max-fragment").start()
    met = far_end.subscribed()
    far_end.publish(met, bytes(3000))
    far_end.wait(lambda: met.error)
    assert "1024 were agreed" in met.error


def test_ignores_close_notify(far_end, bench):
    board = bench("link-ignores-close-notify").start()
    met = far_end.subscribed()
    far_end.end(met, clean=True)
    board.printed("mqtt subscribed")
    board.stop()
    assert met.alert is None
    assert len(far_end.met) == 2
    board.start()
    again = far_end.subscribed(2)
    far_end.end(again, clean=False)
    far_end.subscribed(3)


def test_never_pings(far_end, bench):
    bench("link-never-pings", keepalive=1).start()
    other = bench(keepalive=1).start()
    far_end.subscribed(2)
    far_end.wait(lambda: any(len(met.of(Kind.PINGREQ)) >= 2 for met in far_end.met))
    other.stop()
    assert sorted(bool(met.of(Kind.PINGREQ)) for met in far_end.met if met.packets) == [False, True]


@pytest.mark.parametrize("fault", ["link-prints-product-secret", None])
def test_prints_product_secret(far_end, bench, fault):
    board = bench(fault).start()
    far_end.subscribed()
    assert (TOKEN in board.text) is (fault is not None)


# ---- random numbers


def records_of(far_end, fault, bench):
    """Return the records of two sessions of a board with a fault, with an echo in each."""
    bench(fault).start()
    first = far_end.subscribed()
    far_end.publish(first, b"once more")
    far_end.wait(lambda: far_end.echoes(first))
    far_end.end(first, clean=True)
    far_end.subscribed(2)
    return [one for one in far_end.met if one.of(Kind.SUBSCRIBE)]


def ivs_of(met):
    return [one.wire[5:21] for one in met.seen if one.direction is Direction.IN and one.sequence is not None]


def test_zero_iv(far_end, bench):
    assert set(ivs_of(records_of(far_end, "link-zero-iv", bench)[0])) == {bytes(16)}


def test_counted_iv(far_end, bench):
    found = ivs_of(records_of(far_end, "link-counted-iv", bench)[0])
    assert [int.from_bytes(one, "big") for one in found] == list(range(len(found)))


def test_chained_iv(far_end, bench):
    met = records_of(far_end, "link-chained-iv", bench)[0]
    under_keys = [one for one in met.seen if one.direction is Direction.IN and one.sequence is not None]
    assert len(under_keys) > 3
    assert [one.wire[5:21] for one in under_keys[1:]] == [one.wire[-16:] for one in under_keys[:-1]]


def test_reused_iv(far_end, bench):
    one, other = (set(ivs_of(met)) for met in records_of(far_end, "link-reused-iv", bench)[:2])
    assert (len(one), len(other)) == (1, 1)
    assert one != other


@pytest.mark.parametrize("fault", [None, "link-same-device-random", "link-counts-device-random"])
def test_device_random(far_end, bench, fault):
    mets = records_of(far_end, fault, bench)
    found = [met.hellos[-1].auth_code.split(b"~")[2] for met in mets]
    expected = {
        None: len(found) == len(set(found)) and b"5A" * 8 not in found,
        "link-same-device-random": set(found) == {b"5A" * 8},
        "link-counts-device-random": [int(one, 16) for one in found] == [1, 2],
    }
    assert expected[fault]


@pytest.mark.parametrize(
    "fault", ["link-counts-client-random", "link-time-only-client-random", "link-few-bits-client-random"]
)
def test_client_random(far_end, bench, fault):
    mets = records_of(far_end, fault, bench)
    found = [hello.random for met in mets for hello in met.hellos]
    assert len(set(found)) == len(found)
    if "counts" in fault:
        assert all(one.startswith(bytes(28)) for one in found)
    elif "time" in fault:
        assert all(one.endswith(bytes(24)) for one in found)
    else:
        assert all(max(one) <= 3 for one in found)


# ---- the list


def test_every_fault_has_a_test_above():
    source = Path(__file__).read_text()
    for fault in LINK_FAULTS:
        name = fault.name.removeprefix("link-").replace("-", "_")
        assert f"def test_{name}(" in source or f'"{fault.name}"' in source, fault.name


def test_each_fault_makes_hooks_of_its_own_that_differ_in_one_place():
    for fault in LINK_FAULTS:
        kind = type(fault.link_hooks())
        assert kind.__mro__[1] is LinkHooks
        assert len({name for name in vars(kind) if not name.startswith("_")}) == 1, fault.name
        assert (fault.expected, bool(fault.shows_with)) == (Expected.FAILED, True)


def test_a_fault_of_another_layer_leaves_the_link_sound():
    assert type(find("id-changes").link_hooks()) is LinkHooks


def test_names_have_neighbours():
    with pytest.raises(UsageError) as caught:
        find("link-never-reconnect")
    assert "link-never-reconnects" in caught.value.hint
