"""A dialect drafted from a session: what is recognised, what is marked, and what is never copied."""

from bench import entry_of

from harness.carrier.at import dialect as dialects
from harness.carrier.at.draft import FILL_IN, draft
from harness.carrier.at.template import Template
from harness.id2 import authcode
from harness.id2.keys import KeyType

ENTRY = entry_of(KeyType.AES_128)


def code(**what):
    return authcode.build(ENTRY.key, ENTRY.id2, device_random="AB" * 8, **what).text


def session():
    return [
        "AT+MID?",
        "AT+MID?",  # its echo
        f"+MID: <{ENTRY.id2}>",
        "DONE",
        "AT+MC=0,8899AA",
        f"+MC: {code(challenge='8899AA')}",
        "DONE",
        'AT+MT="1512022279204",6162',
        f"+MT: {code(timestamp='1512022279204', extra=b'ab').encode().hex().upper()}",
        "DONE",
        "AT+MSEC=topsecretseed0123456789",
        "+MSEC: 00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF",
        "DONE",
        "AT+MX",
        "+CME ERROR: 53",
        "PB DONE",
    ]


def test_what_a_session_shows_becomes_a_dialect():
    text = draft(session(), "mine")
    filled = text.replace(f"{FILL_IN} ", "").replace(FILL_IN, "AT+MD=")
    read = dialects.parse(filled, "drafted.yaml")
    assert (read.name, read.ok, read.error, read.ready) == (
        "mine",
        "DONE",
        ("+CME ERROR: {code}",),
        ("PB DONE",),
    )
    get_id = read.commands["get_id"]
    assert get_id.send == "AT+MID?"
    assert Template(get_id.answer).read(f"+MID: <{ENTRY.id2}>") == {"value": ENTRY.id2.encode()}
    assert read.commands["get_challenge_auth_code"].send == "AT+MC=0,{challenge}"
    stamp = read.commands["get_timestamp_auth_code"]
    assert stamp.send.startswith('AT+MT="{timestamp}"')
    assert stamp.answer == "+MT: {value:hex}"


def test_what_is_not_recognised_is_marked_and_not_copied():
    text = draft(session(), "mine")
    assert f"# {FILL_IN}: AT+MX" in text
    assert "AT+MSEC" in text
    assert "topsecretseed" not in text
    assert "AABBCCDD" not in text


def test_an_empty_session_gives_a_dialect_of_marks():
    text = draft([], "none")
    assert text.count(FILL_IN) >= 6
    assert "version: 1" in text


def test_hostile_lines_stay_in_their_comment():
    text = draft(["AT+X", "\x1b[2J\u2028name: evil", "AT+Y={[", "}] {{"], "x")
    assert "\x1b" not in text
    assert sum(line.startswith("name:") for line in text.splitlines()) == 1
