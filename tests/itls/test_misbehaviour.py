"""Every misbehaviour is refused by a client that checks, and taken by one that lacks the check: so each one bites."""

from dataclasses import replace

import pytest

from harness.id2 import defects
from harness.id2.codes import ItlsAlert
from harness.itls import extensions, messages
from harness.itls.client import ClientConnection, ClientPolicy
from harness.itls.codec import Reader, vector
from harness.itls.connection import ConnectionLimits
from harness.itls.device_identity import KeyIdentity
from harness.itls.events import Alerted, DataReceived, Direction, StreamEnded
from harness.itls.extensions import Extension
from harness.itls.messages import MessageType
from harness.itls.misbehaviour import catalogue as wrong
from harness.itls.misbehaviour.case import Misbehaviour, Target
from harness.itls.misbehaviour.catalogue import MISBEHAVIOURS, STORM
from harness.itls.records import ContentType
from harness.itls.suites import Suite
from harness.simulator.link import lax
from tests.itls.conftest import OneDevice, handshaken


class RepeatedExtensions(ClientConnection):
    """Of extensions with the same number in the ServerHello the last one counts."""

    def _handshake(self, kind, body, raw):
        if kind == MessageType.SERVER_HELLO:
            reader = Reader(body, "ServerHello")
            at = len(messages.TLS_1_2) + messages.RANDOM_SIZE
            head = reader.take(at + 1 + body[at] + 3, "head")
            listed = Reader(reader.vector(2, "extensions"), "extensions")
            found = {}
            while listed.left:
                number = listed.number(2, "number")
                found[number] = listed.vector(2, "content")
            kept = (Extension(number, data) for number, data in found.items())
            body = head + vector(2, extensions.encode(kept))
        return super()._handshake(kind, body, raw)


LAX = {
    "wrong-server-code": ClientPolicy(checks_server_code=False),
    "no-server-code": ClientPolicy(checks_server_code=False),
    "server-code-of-other-random": ClientPolicy(checks_server_random=False),
    "no-premaster": ClientPolicy(needs_premaster=False),
    "premaster-1": ClientPolicy(checks_premaster_size=False),
    "premaster-47": ClientPolicy(checks_premaster_size=False),
    "premaster-49": ClientPolicy(checks_premaster_size=False),
    "premaster-64": ClientPolicy(checks_premaster_size=False),
    "empty-premaster": ClientPolicy(checks_premaster_size=False),
    "challenge-31": ClientPolicy(checks_challenge=False),
    "challenge-33": ClientPolicy(checks_challenge=False),
    "challenge-1": ClientPolicy(checks_challenge=False),
    "challenge-64": ClientPolicy(checks_challenge=False),
    "wrong-finished": ClientPolicy(checks_finished=False),
    "finished-mac": ClientPolicy(checks_mac=False),
    "finished-sequence": ClientPolicy(checks_mac=False),
    "record-mac": ClientPolicy(checks_mac=False),
    "record-sequence": ClientPolicy(checks_mac=False),
    "record-replayed": ClientPolicy(checks_mac=False),
    "suite-not-offered": ClientPolicy(checks_suite=False),
    "unknown-extension": ClientPolicy(checks_extensions=False),
    "oversize-record": ClientPolicy(),
}
LAX_CLIENTS = {
    **{f"server-code-part-{part}": lax.comparing_code(lax.length) for part in range(6)},
    "server-code-exchanged": lax.comparing_code(lax.total),
    "server-code-type-0": lax.comparing_fields(1, 2, 3),
    "server-code-type-12": lax.comparing_fields(1, 2, 3),
    "server-code-other-devrand": lax.comparing_fields(0, 1, 3),
    **{f"finished-part-{part}": lax.comparing_finished(lax.length) for part in range(5)},
    "finished-exchanged": lax.comparing_finished(lax.total),
    **{f"finished-mac-part-{part}": lax.comparing_mac(lax.length) for part in range(5)},
    "finished-mac-exchanged": lax.comparing_mac(lax.total),
    **{f"finished-padding-{name}": lax.reading_with(lax.AnyPadding) for name in ("first", "middle", "zero")},
    "finished-padding-too-long": lax.reading_with(lax.ClampedPadding),
    **{f"record-mac-part-{part}": lax.comparing_mac(lax.length) for part in (0, 2, 4)},
    "record-padding": lax.reading_with(lax.AnyPadding),
    **{
        f"premaster-padding-{name}": lax.IgnoresPremasterPadding
        for name in ("mixed", "zeros", "too-long", "00")
    },
    **{f"server-hello-version-{name}": lax.AnyVersion for name in ("0300", "0301", "0302", "0304", "ffff")},
    **{f"record-version-{name}": lax.AnyRecordVersion for name in ("0304", "ffff")},
    **{f"finished-record-version-{name}": lax.AnyRecordVersion for name in ("0302", "0304", "ffff")},
    **{f"compression-{method}": lax.AnyCompression for method in (1, 64, 255)},
    "session-id-33": lax.LongSessionId,
    "challenge-in-other-extension": lax.AnyChallengeExtension,
    "certificate-unasked": lax.SkipsUnasked,
    "hello-done-unasked": lax.SkipsUnasked,
    "unknown-record-type": lax.SkipsUnknownTypes,
    "data-before-keys": lax.TakesDataInClear,
    "data-before-finished": lax.TakesDataInClear,
    "data-in-clear": lax.TakesDataInClear,
    "change-cipher-spec": lax.SkipsChangeCipherSpec,
    "finished-twice": lax.TakesAnotherFinished,
    "extension-twice-2002": RepeatedExtensions,
    "extension-twice-2003": RepeatedExtensions,
}
LAX_LIMITS = {"oversize-record": ConnectionLimits(oversize=1 << 15)}
REFUSED_WITH = {
    "challenge-1": None,
    "challenge-64": None,
    **dict.fromkeys([f"finished-part-{part}" for part in range(5)], ItlsAlert.DECRYPTION),
    "finished-exchanged": ItlsAlert.DECRYPTION,
    **dict.fromkeys(
        [one for one in LAX_CLIENTS if "mac" in one or "padding" in one], ItlsAlert.BAD_RECORD_MAC
    ),
    **dict.fromkeys([one for one in LAX_CLIENTS if "version" in one], ItlsAlert.PROTOCOL_VERSION),
    **dict.fromkeys([one for one in LAX_CLIENTS if one.startswith("premaster")], ItlsAlert.HANDSHAKE_FAILURE),
    **dict.fromkeys([f"compression-{method}" for method in (1, 64, 255)], ItlsAlert.ILLEGAL_PARAMETER),
    "session-id-33": ItlsAlert.DECODE_ERROR,
    "challenge-in-other-extension": ItlsAlert.UNSUPPORTED_EXTENSION,
    "certificate-unasked": ItlsAlert.UNEXPECTED_MESSAGE,
    "hello-done-unasked": ItlsAlert.BAD_RECORD_MAC,
    "unknown-record-type": ItlsAlert.UNEXPECTED_MESSAGE,
    "data-before-keys": ItlsAlert.UNEXPECTED_MESSAGE,
    "data-before-finished": ItlsAlert.BAD_RECORD_MAC,
    "data-in-clear": ItlsAlert.BAD_RECORD_MAC,
    "change-cipher-spec": ItlsAlert.BAD_RECORD_MAC,
    "finished-twice": ItlsAlert.UNEXPECTED_MESSAGE,
    "extension-twice-2002": ItlsAlert.ILLEGAL_PARAMETER,
    "extension-twice-2003": ItlsAlert.ILLEGAL_PARAMETER,
    "challenge-31": None,
    "challenge-33": None,
    "wrong-finished": ItlsAlert.DECRYPTION,
    "finished-mac": ItlsAlert.BAD_RECORD_MAC,
    "finished-sequence": ItlsAlert.BAD_RECORD_MAC,
    "record-mac": ItlsAlert.BAD_RECORD_MAC,
    "record-sequence": ItlsAlert.BAD_RECORD_MAC,
    "record-replayed": ItlsAlert.BAD_RECORD_MAC,
    "suite-not-offered": ItlsAlert.ILLEGAL_PARAMETER,
    "unknown-extension": ItlsAlert.UNSUPPORTED_EXTENSION,
    "oversize-record": ItlsAlert.RECORD_OVERFLOW,
}
MUST_BE_REFUSED = [one for one in MISBEHAVIOURS.values() if one.target is not None]
named = pytest.mark.parametrize("one", MUST_BE_REFUSED, ids=lambda one: one.name)


def session(
    one: Misbehaviour,
    policy: ClientPolicy | None = None,
    limits: ConnectionLimits | None = None,
    client: type[ClientConnection] = ClientConnection,
):
    """A handshake, and when it completes: the client asks, the server answers, the client asks again."""
    link = handshaken(
        hooks=one.hooks(),
        policy=policy,
        client_limits=limits,
        client=client,
        authority=OneDevice(any_challenge=True),
    )
    for _ in range(2):
        if link.established and not link.client.closed and not link.server.closed:
            link.client.send(b"ask")
            link.pump()
        if link.established and not link.client.closed and not link.server.closed:
            link.server.send(b"answer")
            link.pump()
    return link


@named
def test_a_client_that_checks_refuses_it(one):
    link = session(one)

    expected = REFUSED_WITH.get(one.name, ItlsAlert.HANDSHAKE_FAILURE)
    assert link.client_error is not None
    assert link.client_error.alert is expected
    assert link.client.closed
    assert not one.accepted(link.server_seen)
    if one.target is not Target.DATA:
        assert not link.client.established
    told = [event.message.number for event in link.server_events if isinstance(event, Alerted)]
    assert link.server_error is None
    if expected is None:
        assert not one.expected_alerts
        assert told == []
    else:
        assert expected.value in one.expected_alerts
        assert told == [expected.value]


@named
def test_a_client_that_lacks_the_check_takes_it(one):
    link = session(
        one, LAX.get(one.name), LAX_LIMITS.get(one.name), LAX_CLIENTS.get(one.name, ClientConnection)
    )

    assert link.client_error is None
    assert one.accepted(link.server_seen)
    assert link.established
    data = [event.data for event in link.client_events if isinstance(event, DataReceived)]
    assert data.count(b"answer") == (3 if one.name == "record-replayed" else 2)


@pytest.mark.slow
def test_each_lax_client_lacks_only_what_the_case_is_about():
    """A lax client takes nothing else: otherwise a case could be let through by another's switch."""
    for name, policy in LAX.items():
        if name in LAX_LIMITS:
            continue
        for other in MUST_BE_REFUSED:
            taken = other.accepted(session(other, policy).server_seen)
            takes = LAX.get(other.name) == policy and other.name not in LAX_LIMITS
            # Who checks none of it does not see which part of it is wrong either.
            takes |= other.name.startswith("server-code-") and not policy.checks_server_code
            takes |= other.name.startswith(("finished-part", "finished-exch")) and not policy.checks_finished
            takes |= "-mac-" in other.name and not policy.checks_mac
            assert taken == takes, (name, other.name)


def test_a_session_without_misbehaviour_is_accepted_by_no_case():
    link = handshaken()
    link.client.send(b"ask")
    link.pump()

    assert link.client_error is None
    data_cases = [one.name for one in MUST_BE_REFUSED if one.accepted(link.server_seen)]
    # Going on is right here, so only cases that need server data stay silent.
    assert set(data_cases) == {one.name for one in MUST_BE_REFUSED if one.target is not Target.DATA}


@pytest.mark.parametrize(
    ("name", "defect", "severity"),
    [("no-premaster", "k.9", "critical"), ("unknown-extension", "h.2", "minor")],
)
def test_the_vendors_defects_are_named(name, defect, severity):
    one = MISBEHAVIOURS[name]

    assert (one.defect, one.severity) == (defect, severity)
    assert defects.get(one.defect).title in one.expected
    assert "3.1.0" in one.expected


@pytest.mark.parametrize("name", [name for name, one in MISBEHAVIOURS.items() if one.target is Target.DATA])
def test_a_spoiled_record_counts_as_taken_when_the_session_stands(name):
    one = MISBEHAVIOURS[name]
    sound = session(one).server_seen
    silent = [seen for seen in sound if seen.kind is not ContentType.ALERT]
    lax = session(
        one, LAX.get(name), LAX_LIMITS.get(name), LAX_CLIENTS.get(name, ClientConnection)
    ).server_seen

    assert [one.accepted(sound, closed=closed) for closed in (None, True, False)] == [False] * 3
    # It answered the first of two equal records, as it must, and then left without a word.
    assert [one.accepted(silent, closed=closed) for closed in (True, False)] == [False, True]
    assert [one.accepted(lax, closed=closed) for closed in (None, False)] == [True, True]


def test_a_session_that_ended_before_says_nothing():
    for one in MUST_BE_REFUSED:
        seen = session(one).server_seen
        from_client = [record for record in seen if record.direction is Direction.IN]

        assert one.went_out(seen)
        assert not one.went_out(from_client)
        assert not one.accepted(from_client, closed=False)


PARTS = [lax.first, lax.last]


@pytest.mark.parametrize("count", [1, 4, 8, 11])
@pytest.mark.parametrize("part", PARTS)
def test_whatever_part_of_finished_is_compared_one_case_shows_it(part, count):
    client = lax.comparing_finished(part(count))
    cases = [one for name, one in MISBEHAVIOURS.items() if name.startswith("finished-part")]
    assert any(one.accepted(session(one, client=client).server_seen) for one in cases)


@pytest.mark.parametrize("count", [1, 10, 16, 31])
@pytest.mark.parametrize("part", PARTS)
def test_whatever_part_of_a_mac_is_compared_one_case_shows_it(part, count):
    client = lax.comparing_mac(part(count))
    cases = [one for name, one in MISBEHAVIOURS.items() if name.startswith("finished-mac-part")]
    assert any(one.accepted(session(one, client=client).server_seen) for one in cases)


@pytest.mark.parametrize(
    "compare",
    [*(lax.first(n) for n in (1, 16, 32, 47)), *(lax.last(n) for n in (1, 16, 32, 47)), lax.block(1)],
)
def test_whatever_part_of_a_server_code_is_compared_one_case_shows_it(compare):
    client = lax.comparing_code(compare)
    cases = [one for name, one in MISBEHAVIOURS.items() if name.startswith("server-code-part")]
    assert any(one.accepted(session(one, client=client).server_seen) for one in cases)


def test_suite_not_offered_is_the_weakest_that_was_not_on_the_list():
    one = MISBEHAVIOURS["suite-not-offered"]

    link = session(one)
    assert link.server.suite is Suite.AES_128_CBC_SHA
    all_offered = session(one, ClientPolicy(suites=tuple(Suite)))
    assert "002f" in str(all_offered.client_error)


def test_an_alert_storm_ends_at_the_clients_limit_or_is_sat_out():
    one = MISBEHAVIOURS["alert-storm"]

    strict = session(one)
    assert strict.client_error is not None
    assert strict.client_error.alert is ItlsAlert.UNEXPECTED_MESSAGE
    patient = session(one, limits=ConnectionLimits(warnings=STORM))
    assert patient.established
    assert not one.accepted(patient.server_seen)


def test_no_close_notify_ends_the_stream_after_finished_and_without_a_word():
    one = MISBEHAVIOURS["no-close-notify"]

    link = handshaken(hooks=one.hooks())

    assert link.client.established
    assert StreamEnded(clean=False) in link.client_events
    assert link.server.take() == b""
    assert not one.accepted(link.server_seen)


@pytest.mark.parametrize(
    "number", [alert for alert in ItlsAlert if alert.value], ids=lambda alert: alert.name
)
def test_each_alert_answers_the_first_hello(number):
    one = wrong.alert(number)

    link = session(one)

    assert not link.client.established
    assert one.name == f"alert-{number.value}"
    alerts = [event for event in link.client_events if hasattr(event, "message")]
    assert [event.message.number for event in alerts] == [number.value]
    assert not one.accepted(link.server_seen)


def server_bytes(**how) -> int:
    link = handshaken(**how)
    return sum(len(one.wire) for one in link.server_seen if one.direction is Direction.OUT)


def test_a_stream_cut_at_every_byte_never_establishes():
    total = server_bytes()

    for after in range(total):
        one = wrong.cut(after)
        link = session(one)
        sent = sum(len(seen.wire) for seen in link.client_seen if seen.direction is Direction.IN)
        assert sent <= after
        assert link.server.cut_off, after
        assert not link.client.established, after
        assert StreamEnded(clean=False) in link.client_events, after
        assert not one.accepted(link.server_seen), after
    assert session(wrong.cut(total)).client.established


def test_a_stream_cut_while_the_device_is_provisioned():
    from harness.id2 import otp
    from tests.itls.conftest import TOKEN

    def identity():
        return KeyIdentity(None, None, token=otp.parse_token(TOKEN))

    total = server_bytes(identity=identity())
    assert total > server_bytes()
    for after in range(0, total, 7):
        link = handshaken(identity=identity(), hooks=wrong.cut(after).hooks())
        assert not link.client.established, after


def test_hooks_are_fresh_for_every_connection():
    for one in MISBEHAVIOURS.values():
        assert one.hooks() is not one.hooks()


@pytest.mark.parametrize("name", [*MISBEHAVIOURS, "alert-161", "cut-137", "cut-0"])
def test_find_by_name(name):
    found = wrong.find(name)

    assert found is not None
    assert found.name == name
    if name in MISBEHAVIOURS:
        assert found is MISBEHAVIOURS[name]


@pytest.mark.parametrize(
    "name", ["", "alert-1", "alert-", "cut--1", "cut-x", "cut-9999999", "cut-٣", "premaster"]
)
def test_find_knows_no_other_name(name):
    assert wrong.find(name) is None


def test_texts_are_whole_sentences():
    for one in [*MISBEHAVIOURS.values(), wrong.cut(5), wrong.alert(ItlsAlert.BUSY)]:
        for text in (one.summary, one.expected):
            assert text[0].isupper(), one.name
            assert text.endswith("."), one.name
        assert replace(one) == one
