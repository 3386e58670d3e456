"""What a session says about a refusal, and about a board that this run does not know."""

from types import SimpleNamespace

import pytest

from harness.id2.codes import ItlsAlert
from harness.itls.alerts import AlertLevel, AlertMessage
from harness.itls.events import Direction, ObservedRecord
from harness.itls.messages import MessageType
from harness.itls.misbehaviour.catalogue import MISBEHAVIOURS
from harness.itls.records import ContentType
from harness.linkcheck.refusals import accepted, other_alert, says_alert
from harness.linkcheck.unknown_device import unknown_id

ID2 = "0102030405060708090A0B0C"


def seen(direction, kind, first):
    plain = bytes((first,)) + bytes(12)
    return ObservedRecord(direction, kind, plain, plain, None)


HELLO = seen(Direction.OUT, ContentType.HANDSHAKE, MessageType.SERVER_HELLO)
CLIENT_FINISHED = seen(Direction.IN, ContentType.HANDSHAKE, MessageType.FINISHED)
DATA = seen(Direction.OUT, ContentType.APPLICATION_DATA, 0)
ANSWER = seen(Direction.IN, ContentType.APPLICATION_DATA, 0)


def session(*records, closed=True, alert=None):
    return SimpleNamespace(
        seen=records,
        closed_ns=1 if closed else None,
        alert_received=None if alert is None else AlertMessage(AlertLevel.FATAL, alert),
    )


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("no-premaster", session(HELLO), False),
        ("no-premaster", session(HELLO, CLIENT_FINISHED), True),
        ("no-premaster", session(HELLO, closed=False), True),
        ("record-mac", session(DATA, ANSWER), False),
        ("record-mac", session(DATA, closed=False), True),
    ],
)
def test_a_board_accepted_what_it_went_on_with_or_stands_by(name, given, expected):
    assert accepted(MISBEHAVIOURS[name], given) is expected


@pytest.mark.parametrize(
    ("alert", "other"),
    [
        (None, False),
        (ItlsAlert.CLOSE_NOTIFY, False),
        (ItlsAlert.HANDSHAKE_FAILURE, False),
        (ItlsAlert.BAD_RECORD_MAC, True),
    ],
)
def test_an_alert_that_does_not_name_the_fault(alert, other):
    assert (other_alert(MISBEHAVIOURS["no-premaster"], session(HELLO, alert=alert)) is not None) is other


@pytest.mark.parametrize(
    ("printed", "named"),
    [
        (b"[E:id2_itls:173] busy", True),
        (b"Alert 173", True),
        (b"error 0xAD", True),
        (b"ID2 - server busy", True),
        (b"alert 171, 0x173", False),
        (b"", False),
    ],
)
def test_a_console_names_an_alert(printed, named):
    assert says_alert(printed, ItlsAlert.BUSY) is named


def refused(number=ItlsAlert.NO_ID, *, id2=ID2, provisioned=None, misbehaviour=""):
    return SimpleNamespace(
        id2=id2,
        provisioned=provisioned,
        misbehaviour=misbehaviour,
        alert_sent=None if number is None else AlertMessage(AlertLevel.FATAL, number),
    )


@pytest.mark.parametrize(
    ("last", "known", "expected"),
    [
        (refused(), False, ID2),
        (refused(), True, None),
        (refused(ItlsAlert.BUSY), False, None),
        (refused(None), False, None),
        (refused(misbehaviour="alert-162"), False, None),
        (refused(provisioned=ID2), False, None),
        (refused(id2=None), False, None),
        (None, False, None),
    ],
)
def test_a_device_is_unknown_when_it_was_refused_rightly_and_not_given_its_id_here(last, known, expected):
    sessions = [] if last is None else [last]
    assert unknown_id(last, sessions, lambda _id2: known) == expected
