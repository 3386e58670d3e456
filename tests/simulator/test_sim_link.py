"""A sound firmware with a link: it is provisioned, connects, echoes, comes back, and refuses what it must refuse."""

import itertools
import json
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.id2.codes import ItlsAlert
from harness.id2.keys import KeyType
from harness.itls import extensions
from harness.itls.alerts import FINAL_ALERTS
from harness.itls.misbehaviour.catalogue import MISBEHAVIOURS, alert
from harness.itls.records import ContentType
from harness.simulator.link.app import Behaviour
from harness.simulator.link.board import LinkBoard
from harness.simulator.link.hooks import LinkHooks
from harness.simulator.link.log import ALERT_WORDS
from harness.simulator.link.mqtt import TIMESTAMP, PacketType
from harness.simulator.link.outcome import AttemptOutcome, ReconnectPauses
from harness.simulator.link.session import Patience
from tests.descriptors import open_descriptors, opened_since
from tests.simulator.link_server import ECHOED, NAME, PRODUCT_KEY, TOKEN, Bench, LinkServer

VECTORS = Path(__file__).parent.parent / "vectors"
GIVES_UP = "gives up until the next start"
ID2_ALERTS = [ItlsAlert(number) for number in range(160, 179)]


def vector_log(name, number):
    """Return the lines that the vendor's client printed, without what differs from one build or run to the next."""
    lines = json.loads((VECTORS / f"{name}.json").read_text())[number]["log"]
    return [line for line in lines if "Build Time" not in line and "km_init" not in line and line]


def shaped(lines):
    """Return what lines say, without source lines, ports and IDs."""
    changed = []
    for line in lines:
        words = ["N" if word.rstrip(":").isdigit() else word for word in line.split()]
        text = " ".join(words)
        text = text.split("tcp/")[0] + "tcp/" if "tcp/" in text else text
        changed.append(text.split("ID2: ")[0] + "ID2:" if "ID2: " in text else text)
    return changed


# ---- the life of a board


def test_an_empty_board_is_provisioned_connects_and_subscribes(server, bench):
    board = bench().start()
    met = server.subscribed()
    assert [one.hellos[0].provisioned for one in server.met] == [False, True]
    assert server.products.fingerprints == ["fingerprint-1"]
    assert board.flash.identity == next(iter(server.products.devices.items()))
    assert (
        met.login
        == f"{PRODUCT_KEY}.{NAME}|securemode=8,signmethod=hmacsha1,timestamp={TIMESTAMP},authtype=id2|"
    )
    assert met.keepalive == 60
    board.printed("mqtt subscribed")
    assert "id2 has not been provisioned, need to do provisioning!" in board.text


def test_the_wrapper_asks_as_the_vendors_does(server, bench):
    bench().start()
    server.subscribed()
    asked = server.met[0].hellos[0]
    vector = json.loads((VECTORS / "otp.json").read_text())["wrap-ok"]["capture"]
    assert "".join(f"{number:04x}" for number in asked.suites) == vector["ciphersuites"]
    assert [f"{one.number:#x}" for one in asked.extensions] == [number for number, _ in vector["extensions"]]
    assert asked.extensions[1].data.hex() == vector["extensions"][1][1]
    assert len(asked.auth_code) == 68 + 32
    assert server.met[0].seen[0].wire[:3].hex() == vector["record_header"][:6]


def test_an_id_can_come_inside_the_handshake(server, bench):
    board = bench(by_wrapper=False).start()
    met = server.subscribed()
    assert met.number == 0
    assert [hello.provisioned for hello in met.hellos] == [False, True, True]
    assert extensions.content(met.hellos[0].extensions, 0x2001) == b"\x00\x10\x00\x10" + b"F" * 48
    assert "id2_client_wrap_do_provisioning" not in board.text


@pytest.mark.parametrize(
    ("digit", "key_type"),
    [("2", KeyType.AES_192), ("3", KeyType.AES_256), ("9", KeyType.SM4_128)],
)
def test_keys_of_every_kind(server, bench, digit, key_type):
    server.products.token = f"i1{digit}" + TOKEN[3:]
    board = bench(token=server.products.token, key_type=key_type).start()
    assert server.subscribed().established
    assert board.flash.identity[1].key_type is key_type
    board.printed(f"ID2_KEY_TYPE_{key_type.family}")


def test_a_start_with_an_id_asks_for_none(server, bench):
    board = bench().start()
    first = server.subscribed()
    board.start()
    second = server.subscribed(2)
    assert first.hellos[0].id2 == second.hellos[0].id2
    assert second.number == 2
    assert len(server.products.devices) == 1
    board.printed("id2 has been provisioned")


def test_an_erased_flash_asks_again(server, bench):
    board = bench().start()
    first = server.subscribed()
    board.stop()
    board.flash.identity = None
    board.start()
    assert server.subscribed(2).hellos[0].id2 != first.hellos[0].id2


def test_it_prints_what_the_vendors_client_prints(server, bench):
    board = bench().start()
    board.printed("mqtt subscribed")
    board.start()
    board.printed("mqtt subscribed", 2)
    board.stop()
    second = board.text[board.text.rindex("ID2 Client Version") - len("<LS_LOG> ") :].splitlines()
    wanted = shaped(vector_log("itls", 0))
    printed = shaped(second)
    assert set(wanted) - set(printed) == {"<LS_LOG> hal_itls_destroy N itls disconnect"}
    assert {line for line in set(printed) - set(wanted) if "link_app" not in line} == {
        "<LS_LOG> id2 has been provisioned",
        "<LS_LOG> ID2 Client Build Time: Mar N N 09:30:00",
    }
    order = [line for line in printed if line in wanted and "hal_itls" in line]
    assert order == [line for line in wanted if line in order]


def test_a_board_that_nobody_flashed_waits(server, bench):
    board = bench()
    board.flash.firmware = None
    board.start()
    board.printed("no product key in this firmware")
    assert not server.met


def test_a_product_secret_that_is_no_token_is_said(server, bench):
    board = bench(token="x" * 40).start()
    board.printed("invalid token")
    board.printed(GIVES_UP)
    assert server.met
    assert not server.met[0].hellos
    assert "x" * 40 not in board.text


@pytest.mark.parametrize("by_wrapper", [True, False])
def test_a_board_that_is_refused_an_id_asks_no_more_than_four_times(server, bench, by_wrapper):
    server.products.refuses_provisioning = ItlsAlert.NO_QUOTA
    board = bench(by_wrapper=by_wrapper).start()
    board.printed(GIVES_UP)
    assert len([met for met in server.met if met.hellos]) == 4
    assert board.text.count("ID2 - id2 no quota") == 4
    assert board.flash.identity is None


def test_power_cycles_leave_nothing_behind(server, bench):
    board = bench().start()
    server.subscribed()
    threads, files = threading.active_count(), open_descriptors()
    for number in range(2, 12):
        board.start()
        server.subscribed(number)
    server.wait(lambda: sum(bool(met.closed) for met in server.met) >= 11)
    board.stop()
    end = time.monotonic() + 30
    while opened_since(files) and time.monotonic() < end:
        time.sleep(0.01)  # the server closes its end when it has seen that the board is gone
    assert not opened_since(files)
    assert threading.active_count() <= threads + 2


def test_power_can_fail_at_any_moment(server, bench):
    board = bench().start()
    for number in range(30):
        board.start()
        time.sleep(number / 2000)
        board.stop()
    board.start()
    server.subscribed()


# ---- what it does with a session


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1025, 4096, 16384])
def test_payloads_come_back_in_records_of_the_agreed_size(server, bench, size):
    bench().start()
    met = server.subscribed()
    payload = bytes(itertools.islice(itertools.cycle(range(256)), size))
    server.publish(met, payload)
    server.wait(lambda: server.echoes(met))
    assert server.echoes(met) == [payload]
    topic = met.of(PacketType.PUBLISH)[0].body
    assert topic[2 : 2 + int.from_bytes(topic[:2])].decode() == ECHOED
    assert all(len(seen.plain) <= 1024 for seen in met.seen)


def test_a_message_of_quality_1_is_acknowledged(server, bench):
    bench().start()
    met = server.subscribed()
    body = b"\x00\x01t" + b"\x12\x34" + b"hello"
    server.send(met, bytes((0x32, len(body))) + body)
    server.wait(lambda: server.echoes(met))
    assert met.of(PacketType.PUBACK)[0].body == b"\x12\x34"
    assert server.echoes(met) == [b"hello"]


def test_data_without_mqtt_comes_back_as_it_is(server, bench):
    server.mqtt = False
    bench(mqtt=False, topics=None).start()
    server.wait(lambda: [met for met in server.met if met.established])
    met = server.met[-1]
    server.send(met, b"ping" * 1000)
    server.wait(lambda: len(met.raw) >= 4000)
    assert met.raw == b"ping" * 1000


def test_an_idle_session_is_kept_alive(server, bench):
    bench(keepalive=1).start()
    met = server.subscribed()
    server.wait(lambda: len(met.of(PacketType.PINGREQ)) >= 2)
    assert not met.closed


def test_a_broker_that_does_not_answer_is_left(server, bench):
    server.pongs = False
    board = bench(keepalive=1, patience=Patience(answer=0.2, first_pause=0.02)).start()
    server.subscribed(2)
    board.printed("mqtt: the broker does not answer")


def test_what_is_no_mqtt_ends_the_session(server, bench):
    board = bench().start()
    met = server.subscribed()
    server.send(met, b"\x30\xff\xff\xff\xff\xff")
    board.printed("mqtt: a packet of")
    server.subscribed(2)


@pytest.mark.parametrize(("code", "tries"), [(5, 3), (4, 3), (3, 5)])
def test_a_refused_login_is_tried_again_where_that_helps(bench, code, tries):
    server = LinkServer(login_code=code)
    try:
        board = Bench(server).start()
        try:
            board.printed(f"mqtt connect refused, {code}", tries)
            if code != 3:
                board.printed(GIVES_UP)
                assert board.text.count("mqtt connect refused") == 3
        finally:
            board.stop()
    finally:
        server.close()


# ---- after a loss


def test_a_close_notify_is_answered_and_the_board_comes_back(server, bench):
    bench().start()
    met = server.subscribed()
    server.end(met, clean=True)
    server.wait(lambda: met.closed)
    assert met.alert is not None
    assert met.alert.closes
    again = server.subscribed(2)
    assert again.hellos[0].id2 == met.hellos[0].id2
    assert len(server.products.devices) == 1


def test_a_cut_session_is_made_again(server, bench):
    bench().start()
    for number in range(1, 6):
        server.end(server.subscribed(number), clean=False)
    server.subscribed(6)


def test_a_far_end_that_is_away_is_tried_again(bench, server):
    board = bench().start()
    server.subscribed()
    server.close()
    board.printed("mbedtls_net_connect returned", 3)
    board.stop()


def test_a_far_end_that_says_nothing_is_left(bench):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        board = bench(patience=Patience(answer=0.05, first_pause=0.01))
        board.flash.firmware = replace(board.flash.firmware, host=host, port=port)
        board.start()
        board.printed("network receive data timeout", 2)
        board.stop()


def test_a_sound_board_waits_longer_each_time():
    backoff = ReconnectPauses(LinkHooks(), 0.1, 1.0)
    busy = AttemptOutcome(alert=ItlsAlert.BUSY)
    assert [backoff.after(busy) for _ in range(6)] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.0, 1.0])
    assert backoff.after(AttemptOutcome(useful=True)) == pytest.approx(0.1)
    assert backoff.after(busy) == pytest.approx(0.1)


def test_a_final_alert_ends_the_attempts_only_in_a_row():
    backoff, final = ReconnectPauses(LinkHooks(), 0.1, 1.0), AttemptOutcome(alert=ItlsAlert.DISCARDED)
    assert backoff.after(final) is not None
    assert backoff.after(final) is not None
    assert backoff.after(AttemptOutcome()) is not None, "the network was away in between"
    assert [backoff.after(final) is None for _ in range(3)] == [False, False, True]


# ---- alerts and misbehaviour


@pytest.mark.parametrize("number", ID2_ALERTS, ids=lambda one: f"{int(one)}")
def test_alerts_are_printed_in_the_vendors_words_and_heeded(server, bench, number):
    board = bench().start()
    met = server.subscribed()
    server.misbehave(alert(number))
    server.end(met, clean=True)
    if number in FINAL_ALERTS:
        board.printed(GIVES_UP)
        assert board.text.count("got an alert message") == 3
    else:
        board.printed("got an alert message", 5)
        assert GIVES_UP not in board.text
    assert f"type: [2:{int(number)}]" in board.text
    assert f"ID2 - {ALERT_WORDS[number]}" in board.text


def test_a_passing_alert_is_outlived(server, bench):
    board = bench().start()
    met = server.subscribed()
    server.misbehave(alert(ItlsAlert.BUSY))
    server.end(met, clean=True)
    board.printed("ID2 - server busy", 3)
    server.misbehave(None)
    server.subscribed(2)


@pytest.mark.parametrize("name", [name for name, one in MISBEHAVIOURS.items() if one.target is not None])
def test_a_sound_board_accepts_no_misbehaviour(server, bench, name):
    board = bench().start()
    met = server.subscribed()
    server.misbehave(MISBEHAVIOURS[name])
    seen = len(server.met)
    server.end(met, clean=True)
    server.wait(lambda: any(one.closed for one in server.met[seen:]), name)
    board.stop()
    for one in server.met[seen:]:
        assert not MISBEHAVIOURS[name].accepted(one.seen), (name, board.text)


def test_what_the_far_end_sends_does_not_reach_the_console_as_it_is(server, bench):
    board = bench().start()
    met = server.subscribed()
    server.send(met, b"\x30\x07\x00\x01t\x1b[2J")
    server.wait(lambda: server.echoes(met))
    board.stop()
    assert all(" " <= char <= "~" or char == "\n" for char in board.text)


def test_nothing_secret_is_printed_and_nothing_plain_is_on_the_wire(server, bench):
    board = bench().start()
    met = server.subscribed()
    server.publish(met, b"the payload, in clear")
    server.wait(lambda: server.echoes(met))
    board.stop()
    (_, key), token = board.flash.identity, b"0123456789ABCDEF"
    wire = b"".join(one.wire for one in server.met)
    for secret in (key.reveal(), token, b"the payload", NAME.encode()):
        assert secret not in wire
    for secret in (key.reveal().hex(), token.decode(), "the payload"):
        assert secret.lower() not in board.text.lower()
    assert any(seen.kind is ContentType.APPLICATION_DATA for seen in met.seen)


def test_only_keys_that_can_be_provisioned():
    with pytest.raises(UsageError, match="3des-168 can be provisioned"):
        LinkBoard(Behaviour(KeyType.DES3_168, "fingerprint", NAME), Bench.__new__(Bench))


def test_the_console_may_stay_unread(server, bench, monkeypatch):
    monkeypatch.setattr("harness.simulator.link.board._MOST_LINES", 20)
    board = bench().start()
    for number in range(1, 5):
        server.end(server.subscribed(number), clean=True)
    server.subscribed(5)
    assert board.text.count("\n") <= 21
