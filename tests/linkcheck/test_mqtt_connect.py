"""Who a device says it is in MQTT: the platform's form passes, each thing that differs is named."""

from types import SimpleNamespace

import pytest

from harness.linkcheck.mqtt_connect import accepted, connect_problems, passwords, subscribed
from tests.gateway.test_mqtt import packet

CLIENT_ID = "lamp|timestamp=1,securemode=8,signmethod=hmacsha1,authtype=id2|"
USER = "lamp&a1b"


def session(received=b"", sent=b""):
    return SimpleNamespace(number=7, received=received, sent=sent)


@pytest.mark.parametrize(
    ("received", "problem"),
    [
        (packet(CLIENT_ID, USER), None),
        (packet(CLIENT_ID, USER) + b"\xc0\x00", None),
        (packet(CLIENT_ID, "lamp&other"), "the user name is 'lamp&other', not 'lamp&a1b'"),
        (packet(CLIENT_ID, None, None), "the user name is 'None', not 'lamp&a1b'"),
        (packet(CLIENT_ID, USER, head=b"\x00\x04MQTT\x05"), "level 5; 3.1.1 and 3.1 are spoken"),
        (packet("lamp", USER), "is not NAME|PARAMETERS|"),
        (packet(CLIENT_ID.replace("=8", "=2"), USER), "securemode is '2' in the client id, not 8"),
        (
            packet(CLIENT_ID.replace(",authtype=id2", ""), USER),
            "authtype is 'missing' in the client id, not id2",
        ),
        (packet(CLIENT_ID.replace("=1,", "=x,"), USER), "no timestamp"),
        (packet(CLIENT_ID, USER)[:-1], "is no MQTT CONNECT"),
        (b"\xc0\x00", "is no MQTT CONNECT"),
        (b"", "in session 7 is no MQTT CONNECT"),
    ],
)
def test_who_the_device_says_it_is(received, problem):
    problems = connect_problems(session(received), USER)
    assert len(problems) == (problem is not None)
    assert problem is None or problem in problems[0]


def test_passwords_are_named_but_not_those_that_stand_everywhere():
    sessions = [session(packet(CLIENT_ID, USER, password)) for password in ("lamp", "DeviceSecret1234", "")]
    assert passwords(sessions, USER) == {b"DeviceSecret1234"}


def test_a_password_is_named_also_when_its_connect_is_broken():
    broken = packet(b"\xff", USER, "DeviceSecret1234", more=b"?")
    assert passwords([session(broken)], USER) == {b"DeviceSecret1234"}


def test_what_the_broker_answered():
    granted = session(sent=b"\x20\x02\x00\x00\x90\x03\x00\x01\x00")
    refused = session(sent=b"\x20\x02\x00\x05")
    assert (accepted(granted), subscribed(granted)) == (True, True)
    assert (accepted(refused), subscribed(refused)) == (False, False)
    assert not accepted(session())
