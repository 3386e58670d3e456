"""Every broken firmware with a link differs from the sound one in the way its name says, as seen from the server."""

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.id2.codes import ItlsAlert
from harness.itls.events import Direction
from harness.itls.misbehaviour.catalogue import MISBEHAVIOURS, alert
from harness.simulator.faults.catalogue import FAULTS, find
from harness.simulator.faults.fault import Expected, Layer
from harness.simulator.link.hooks import LinkHooks
from harness.simulator.link.mqtt import PacketType
from harness.simulator.link.session import Patience
from tests.simulator.link_server import TOKEN

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
def after_misbehaviour(server, bench):
    """Return a function that says whether a board with a fault accepts what the server then does wrong."""

    def accepted(fault, name):
        board = bench(fault).start()
        met = server.subscribed()
        server.misbehave(MISBEHAVIOURS[name])
        seen = len(server.met)
        server.end(met, clean=True)

        def judged():
            later = server.met[seen:]
            return any(MISBEHAVIOURS[name].accepted(one.seen) for one in later) or len(later) > 3

        server.wait(judged, name)
        board.stop()
        return any(MISBEHAVIOURS[name].accepted(one.seen) for one in server.met[seen:])

    return accepted


@pytest.mark.parametrize(("fault", "name"), ACCEPTED)
def test_what_is_wrong_is_accepted_by_the_one_board_that_accepts_it(after_misbehaviour, fault, name):
    assert after_misbehaviour(fault, name)


def test_forgets_identity(server, bench):
    board = bench("link-forgets-identity").start()
    first = server.subscribed()
    board.start()
    second = server.subscribed(2)
    assert first.hellos[0].id2 != second.hellos[0].id2
    assert len(server.products.devices) == 2


def test_never_reconnects(server, bench):
    board = bench("link-never-reconnects").start()
    server.end(server.subscribed(), clean=False)
    board.printed(GIVES_UP)
    assert len(server.met) == 2


def test_reconnects_without_pause(server, bench):
    long = Patience(first_pause=30.0, longest_pause=60.0)
    board = bench("link-reconnects-without-pause", patience=long).start()
    met = server.subscribed()
    server.misbehave(alert(ItlsAlert.BUSY))
    server.end(met, clean=True)
    board.printed("ID2 - server busy", 8)


def test_stops_at_first_alert(server, bench):
    board = bench("link-stops-at-first-alert").start()
    met = server.subscribed()
    server.misbehave(alert(ItlsAlert.BUSY))
    server.end(met, clean=True)
    board.printed(GIVES_UP)
    assert board.text.count("ID2 - server busy") == 1


def test_retries_final_alert(server, bench):
    board = bench("link-retries-final-alert").start()
    met = server.subscribed()
    server.misbehave(alert(ItlsAlert.DISCARDED))
    server.end(met, clean=True)
    board.printed("ID2 - ID2 discarded", 6)
    assert GIVES_UP not in board.text


@pytest.mark.parametrize("fault", ["link-key-in-clear", None])
def test_key_in_clear(server, bench, fault):
    board = bench(fault).start()
    server.subscribed()
    board.stop()
    _, key = board.flash.identity
    wire = b"".join(met.wire for met in server.met)
    assert (key.reveal() in wire) is (fault is not None)
    assert (key.reveal().hex().upper().encode() in wire) is (fault is not None)


@pytest.mark.parametrize("fault", ["link-payload-in-clear", None])
def test_payload_in_clear(server, bench, fault):
    board = bench(fault).start()
    met = server.subscribed()
    server.publish(met, b"a payload for nobody else")
    server.wait(lambda: server.echoes(met))
    server.wait(lambda: fault is None or b"a payload for nobody else" in b"".join(m.wire for m in server.met))
    board.stop()
    assert (b"a payload for nobody else" in b"".join(m.wire for m in server.met)) is (fault is not None)


def test_wrong_client_id(server, bench):
    bench("link-wrong-client-id").start()
    login = server.subscribed().login
    assert "securemode=2" in login
    assert "authtype=secret" in login


@pytest.mark.parametrize(("size", "back"), [(1024, 1024), (1025, 1024), (5000, 1024)])
def test_cuts_long_data(server, bench, size, back):
    bench("link-cuts-long-data").start()
    met = server.subscribed()
    server.publish(met, bytes(size))
    server.wait(lambda: server.echoes(met))
    assert server.echoes(met) == [bytes(back)]


def test_drops_fragments(server, bench):
    bench("link-drops-fragments").start()
    met = server.subscribed()
    server.publish(met, bytes(100))
    server.wait(lambda: server.echoes(met))
    before = len(met.raw)
    server.publish(met, bytes(3000))
    server.wait(lambda: len(met.raw) > before)
    assert len(met.raw) - before < 3000
    assert len(server.echoes(met)) == 1


def test_ignores_max_fragment(server, bench):
    bench("link-ignores-max-fragment").start()
    met = server.subscribed()
    server.publish(met, bytes(3000))
    server.wait(lambda: met.error)
    assert "1024 were agreed" in met.error


def test_ignores_close_notify(server, bench):
    board = bench("link-ignores-close-notify").start()
    met = server.subscribed()
    server.end(met, clean=True)
    board.printed("mqtt subscribed")
    board.stop()
    assert met.alert is None
    assert len(server.met) == 2
    board.start()
    again = server.subscribed(2)
    server.end(again, clean=False)
    server.subscribed(3)


def test_never_pings(server, bench):
    bench("link-never-pings", keepalive=1).start()
    other = bench(keepalive=1).start()
    server.subscribed(2)
    server.wait(lambda: any(len(met.of(PacketType.PINGREQ)) >= 2 for met in server.met))
    other.stop()
    assert sorted(bool(met.of(PacketType.PINGREQ)) for met in server.met if met.packets) == [False, True]


@pytest.mark.parametrize("fault", ["link-prints-product-secret", None])
def test_prints_product_secret(server, bench, fault):
    board = bench(fault).start()
    server.subscribed()
    assert (TOKEN in board.text) is (fault is not None)


# ---- random numbers


def records_of(server, fault, bench):
    """Return the records of two sessions of a board with a fault, with an echo in each."""
    bench(fault).start()
    first = server.subscribed()
    server.publish(first, b"once more")
    server.wait(lambda: server.echoes(first))
    server.end(first, clean=True)
    server.subscribed(2)
    return [one for one in server.met if one.of(PacketType.SUBSCRIBE)]


def ivs_of(met):
    return [one.wire[5:21] for one in met.seen if one.direction is Direction.IN and one.sequence is not None]


def test_zero_iv(server, bench):
    assert set(ivs_of(records_of(server, "link-zero-iv", bench)[0])) == {bytes(16)}


def test_counted_iv(server, bench):
    found = ivs_of(records_of(server, "link-counted-iv", bench)[0])
    assert [int.from_bytes(one, "big") for one in found] == list(range(len(found)))


def test_chained_iv(server, bench):
    met = records_of(server, "link-chained-iv", bench)[0]
    under_keys = [one for one in met.seen if one.direction is Direction.IN and one.sequence is not None]
    assert len(under_keys) > 3
    assert [one.wire[5:21] for one in under_keys[1:]] == [one.wire[-16:] for one in under_keys[:-1]]


def test_reused_iv(server, bench):
    one, other = (set(ivs_of(met)) for met in records_of(server, "link-reused-iv", bench)[:2])
    assert (len(one), len(other)) == (1, 1)
    assert one != other


@pytest.mark.parametrize("fault", [None, "link-same-device-random", "link-counts-device-random"])
def test_device_random(server, bench, fault):
    mets = records_of(server, fault, bench)
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
def test_client_random(server, bench, fault):
    mets = records_of(server, fault, bench)
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
