"""The link section of a board file: what it may say, what it leads to, and the simulated board that it makes."""

import re
import socket
from pathlib import Path

import pytest

from harness.board.opening.actions import restart
from harness.board.opening.board import Board
from harness.board.opening.opener import context_of
from harness.board.opening.resolve import Resolver
from harness.board.opening.wiring import Replay, Wiring
from harness.board.plan.facts import facts_of
from harness.board.plan.preview import as_text, preview
from harness.board.reading import link_checks
from harness.board.reading.file import load
from harness.board.reading.schema import board_schema
from harness.errors import UsageError
from harness.id2.keys import KeyType
from harness.secret import Secret
from harness.settings.link_flash import LinkFlash
from tests.transport.recordings import lines

VIRTUAL = Path(__file__).resolve().parents[2] / "boards" / "virtual-km-itls.yaml"
HEAD = """\
version: 1
name: lab
plan: {pattern: iot-platform, carrier: km, platform: link-sdk, key_type: aes-128}
"""
SIMULATED = "transports: {c: {kind: simulated-console, app: link_app%s}}\nconsole: {transport: c, program: link_app}\n"
REAL = "transports: {c: {kind: serial, port: /dev/serial/by-id/x%s}}\nconsole: {transport: c, program: link_app}\n"
SECRET = Secret("i110123456789ABCDEFxxxxxxxxxxxxx")


@pytest.fixture
def simulated(load_text):
    """Return a function that loads a simulated board whose link section says more."""
    return lambda more="", console="": load_text(
        f"{HEAD}{SIMULATED % console}link: {{device_name: gate, port: 0{more}}}\n"
    )


@pytest.fixture
def real(load_text):
    """Return a function that loads a real board whose link section says more."""
    return lambda more="", console="", rest="": load_text(
        f"{HEAD}{REAL % console}link: {{device_name: gate{more}}}\n{rest}"
    )


@pytest.fixture
def virtual():
    return load(VIRTUAL)


# ---- what it may say


def test_what_is_left_out(real):
    link = real().link
    assert (link.listen, link.port, link.mqtt, link.echo, link.offers) == ("127.0.0.1", 1883, True, None, ())
    assert (link.keepalive_s, link.connect_timeout_s, link.reconnect_timeout_s) == (60, 30, 60)
    assert (link.idle_minutes, link.reset) == (10, None)
    assert link.topics("a1x") is None


def test_topics_name_product_and_device(virtual):
    assert virtual.link.topics("a1WO4Z9qHRw") == (
        "/a1WO4Z9qHRw/virtual-gateway/user/get",
        "/a1WO4Z9qHRw/virtual-gateway/user/update",
    )


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (", offers: [mqtt], mqtt: false", "offers mqtt and says mqtt: false"),
        (", offers: [keepalive, mqtt], mqtt: false", "offers keepalive, mqtt and says mqtt: false"),
        (", offers: [echo]", "offers echo and names no topics"),
        (", mqtt: false, echo: {subscribe: a, publish: b}", "names topics under echo and says mqtt: false"),
        (", offers: [mqtt, mqtt]", "lists an offer twice"),
        (", offers: [mqqt]", "offers"),
        (", echo: {subscribe: a/#, publish: b}", "wildcard"),
        (", echo: {subscribe: a, publish: '{id}'}", "may hold {product_key} and {device_name}"),
        (f", echo: {{subscribe: {'a' * 129}, publish: b}}", "longer than 128 bytes"),
        (", port: 65536", "at most 65535"),
        (", listen: myhost", "must be an address of this machine"),
        (", idle_minutes: 0", "must be more than 0"),
        (", keepalive_s: 0", "must be at least 1"),
        (", reset: again", "no serial transport has an action 'again'; actions: none"),
        (", port: 0", "a real board cannot be told a free port"),
        (", echo: {subscribe: a/+, publish: a/b}", "link.echo.subscribe: is a filter with a wildcard"),
        (", echo: {subscribe: a/b, publish: a/#}", "link.echo.publish: is a filter with a wildcard"),
        (", echo: {subscribe: a/b, publish: $share/x/a/b}", "link.echo.publish: is a shared subscription"),
        (", echo: {subscribe: a/b, publish: a/b}", "link.echo.publish: is the topic of echo.subscribe too"),
        (
            ", echo: {subscribe: '/{product_key}/gate/u', publish: '/{product_key}/{device_name}/u'}",
            "link.echo.publish: is the topic of echo.subscribe too: the harness would hear itself",
        ),
    ],
)
def test_what_it_may_not_say(real, said, answer):
    with pytest.raises(UsageError, match=re.escape(answer)):
        real(said)


def test_topics_that_are_one_for_this_product_are_refused(real):
    echo = ", echo: {subscribe: /a1WO4Z9qHRw/u, publish: '/{product_key}/u'}"
    product = "service: {product: {product_key: %s}}\n"
    assert real(echo).link.echo is not None
    assert real(echo, rest=product % "a1XXXXXXXXX").link.echo is not None
    with pytest.raises(UsageError, match=r"echo\.publish: is the topic of echo\.subscribe too"):
        real(echo, rest=product % "a1WO4Z9qHRw")


@pytest.mark.parametrize("name", ["abc", "a" * 33, "with space", "gäte", "a/b+c"])
def test_a_device_name_is_told_its_form(load_text, name):
    text = f"{HEAD}{REAL % ''}link: {{device_name: '{name}'}}\n"
    with pytest.raises(UsageError, match=r"link\.device_name: must be 4 to 32 letters, digits and the signs"):
        load_text(text)


@pytest.mark.parametrize("key", ["a1WO4Z9qHR", "a1WO4Z9qHRww", "a1WO4Z9qH_w"])
def test_a_product_key_has_11_letters_and_digits(real, key):
    with pytest.raises(UsageError, match=r"service\.product\.product_key: must be 11 letters and digits"):
        real(rest=f"service: {{product: {{product_key: {key}}}}}\n")


@pytest.mark.parametrize(
    ("key_type", "offers", "answer"),
    [
        ("rsa-1024", "[]", "is rsa-1024; iTLS lets in devices with a symmetric key only"),
        ("ecc-k256", "[provisioning]", "is ecc-k256; iTLS lets in devices with a symmetric key only"),
        ("3des-168", "[provisioning]", "is 3des-168; over the link only aes-128, aes-192, aes-256, sm4-128"),
        ("3des-168", "[mqtt]", ""),
        ("sm4-128", "[provisioning]", ""),
    ],
)
def test_key_types_of_a_real_board(load_text, key_type, offers, answer):
    text = f"{HEAD.replace('aes-128', key_type)}{REAL % ''}link: {{device_name: gate, offers: {offers}}}\n"
    if not answer:
        assert load_text(text).plan.key_type == key_type
        return
    with pytest.raises(UsageError, match=re.escape(f"plan.key_type: {answer}")):
        load_text(text)


@pytest.mark.parametrize(
    ("offers", "left_out"),
    [
        ("[mqtt]", ["LINK-08"]),
        ("[provisioning]", ["LINK-08", "LINK-04", "LINK-05"]),
        ("[provisioning, reconnect]", ["LINK-08", "LINK-03", "LINK-04", "LINK-05"]),
    ],
)
def test_what_is_left_out_without_a_reset_is_said(real, offers, left_out):
    board = real(f", offers: {offers}")
    (said,) = [warning for warning in board.warnings if "link.reset" in warning]
    assert re.findall(r"LINK-[0-9]+", said) == left_out
    assert said in as_text(preview(board))
    with_one = real(f", offers: {offers}, reset: again", console=", actions: {again: [{dtr: on}]}")
    assert not [warning for warning in with_one.warnings if "link.reset" in warning]


def test_the_requirements_that_it_names_are_known():
    known = (VIRTUAL.parents[1] / "suites" / "requirements.yaml").read_text()
    named = re.findall(r"LINK-[0-9]+", Path(link_checks.__file__).read_text())
    assert named
    assert all(f"- id: {name}\n" in known for name in named)


def test_echo_without_mqtt_needs_no_topics(real):
    assert real(", offers: [echo], mqtt: false").link.offers == ("echo",)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (HEAD + SIMULATED % "", "connects by itself, and there is no link section"),
        (
            HEAD + "transports: {c: {kind: simulated-console, file: x.log}}\nconsole: {transport: c}\n"
            "link: {device_name: gate}\n",
            "no simulated board has a link without a simulated-console that runs link_app",
        ),
        (HEAD + SIMULATED % ", file: x.log" + "link: {device_name: gate}\n", "leave out file and device"),
        (
            HEAD + SIMULATED % ", fingerprint: short" + "link: {device_name: gate}\n",
            "fingerprint",
        ),
    ],
)
def test_what_does_not_go_together(load_text, text, answer):
    with pytest.raises(UsageError, match=answer):
        load_text(text)


@pytest.mark.parametrize(
    ("plan", "answer"),
    [
        (
            "carrier: se, platform: third-party-os, key_type: aes-128",
            "plan.carrier: is se; a simulated board with a link",
        ),
        (
            "carrier: km, platform: link-sdk, key_type: 3des-168",
            "plan.key_type: is 3des-168; over the link only",
        ),
    ],
)
def test_what_the_simulated_firmware_cannot_be(load_text, plan, answer):
    head = f"version: 1\nname: lab\nplan: {{pattern: iot-platform, {plan}}}\n"
    with pytest.raises(UsageError, match=answer):
        load_text(f"{head}{SIMULATED % ''}link: {{device_name: gate, port: 0}}\n")


def test_a_tee_says_that_it_is_one(load_text):
    head = "version: 1\nname: lab\nplan: {pattern: iot-platform, carrier: tee, platform: link-tee, key_type: sm4-128}\n"
    with Board(load_text(f"{head}{SIMULATED % ''}link: {{device_name: gate, port: 0}}\n")) as board:
        board.console().expect(rb"id2 irot type, 4", timeout=60)


def test_a_reset_is_an_action_of_a_serial_transport(real):
    assert real(", reset: again", console=", actions: {again: [{dtr: on}]}").link.reset == "again"


@pytest.mark.parametrize(
    ("said", "rest", "doubts"),
    [
        ("", "", ["link.listen: 127.0.0.1", "service.product.product_key"]),
        (", listen: 0.0.0.0", "", ["service.product.product_key"]),
        (", listen: 0.0.0.0", "service: {product: {product_key: a1WO4Z9qHRw}}\n", []),
        (
            ", listen: 0.0.0.0, offers: [provisioning]",
            "service: {product: {product_key: a1WO4Z9qHRw}}\n",
            ["service.product.product_secret"],
        ),
        (
            ", listen: '::'",
            "service: {endpoint: real, access_key: env, product: {product_key: a1WO4Z9qHRw}}\n",
            ["link: is judged against the mock only"],
        ),
    ],
)
def test_what_is_doubtful(real, said, rest, doubts):
    board = real(f"{said}, reset: again", console=", actions: {again: [{dtr: on}]}", rest=rest)
    found = [warning for warning in board.warnings if "port" not in warning.split(":")[2]]
    assert len(found) == len(doubts), found
    assert all(any(doubt in warning for warning in found) for doubt in doubts)


def test_a_simulated_board_gives_no_cause_for_doubt(simulated, virtual):
    assert simulated().warnings == ()
    assert virtual.warnings == ()


def test_the_schema_describes_it():
    described = board_schema()["$defs"]["Link"]["properties"]
    assert all("description" in field for field in described.values())
    assert described["offers"]["items"] == {"$ref": "#/$defs/Offer"}


# ---- what it leads to


def test_facts(virtual, real, sound, load_text):
    lines = facts_of(virtual).lines()
    assert [line for line in lines if line.startswith("link")] == [
        "link=provisioning",
        "link=mqtt",
        "link=echo",
        "link=reconnect",
        "link=keepalive",
    ]
    assert facts_of(real())["link"] == ()
    assert "link" not in facts_of(load_text(sound))


def test_the_preview_says_what_it_does(virtual, simulated):
    shown = as_text(preview(virtual))
    assert (
        "provisioning, mqtt, echo, reconnect, keepalive; the harness waits on 127.0.0.1, a free port" in shown
    )
    assert "simulated Soft-KM board that runs link_app" in shown
    shown = as_text(preview(simulated(console=", fault: link-never-pings")))
    assert "runs link_app, fault link-never-pings" in shown
    assert "a handshake; the harness waits on" in shown


def test_a_link_is_not_replayed(virtual, tmp_path):
    with pytest.raises(UsageError, match="a run with a link cannot be replayed"):
        Wiring(replay=Replay(tmp_path)).check(virtual)
    Wiring().check(virtual)


def test_what_the_simulator_is_given(simulated):
    board = simulated(console=", provisioning: handshake, fault: link-never-pings")
    flash = LinkFlash()
    context = context_of(board, "c", Resolver(board), flash)
    behaviour = board.transports["c"].behaviour(context)
    assert (behaviour.key_type, behaviour.fingerprint) == (KeyType.AES_128, "simulated lab")
    assert (behaviour.device_name, behaviour.mqtt) == (board.link.device_name, board.link.mqtt)
    assert not behaviour.by_wrapper
    firmware = board.transports["c"].firmware(context)
    assert firmware._flash is flash
    assert (
        firmware.identity
        == "simulated board, link_app on Soft-KM, aes-128, broken on purpose: link-never-pings"
    )


def test_a_fingerprint_of_its_own(simulated):
    board = simulated(console=", fingerprint: serial-0001")
    behaviour = board.transports["c"].behaviour(context_of(board, "c", Resolver(board)))
    assert behaviour.fingerprint == "serial-0001"


# ---- the simulated board


def test_a_flashed_board_connects_when_its_console_opens(virtual):
    with socket.create_server(("127.0.0.1", 0)) as listener, Board(virtual) as board:
        listener.settimeout(60)
        host, port = listener.getsockname()
        board.flash_link("a1WO4Z9qHRw", SECRET, host, port)
        board.console().expect(rb"need to do provisioning!", timeout=60)
        with listener.accept()[0] as line:
            line.settimeout(60)
            assert line.recv(3) == b"\x16\x03\x03"
            first = board.console()
            assert restart(board) is not first
        board.console().expect(rb"ID2 Client Version", timeout=60)
        listener.accept()[0].close()


def test_a_reset_ends_the_old_connection_hard(virtual):
    with socket.create_server(("127.0.0.1", 0)) as listener, Board(virtual) as board:
        listener.settimeout(60)
        board.flash_link("a1WO4Z9qHRw", SECRET, *listener.getsockname())
        board.console()
        with listener.accept()[0] as line:
            line.settimeout(60)
            line.recv(4096)
            board.close_console()
            with pytest.raises(ConnectionResetError):
                line.recv(4096)


def test_the_secret_stays_out_of_words(virtual):
    board = Board(virtual)
    board.flash_link("a1WO4Z9qHRw", SECRET, "127.0.0.1", 1)
    assert "0123456789ABCDEF" not in repr(board._flash)


def test_flashing_keeps_the_id_unless_it_is_erased(virtual):
    board = Board(virtual)
    board._flash.identity = ("an id", "a key")
    board.flash_link("a1WO4Z9qHRw", SECRET, "127.0.0.1", 1)
    assert board._flash.identity is not None
    board.flash_link("a1WO4Z9qHRw", SECRET, "127.0.0.1", 1, erase=True)
    assert board._flash.identity is None


def test_a_real_board_is_not_flashed(real, load_text, sound):
    with pytest.raises(UsageError, match="the firmware of a real board cannot be flashed") as caught:
        Board(real()).flash_link("a1WO4Z9qHRw", SECRET, "127.0.0.1", 1)
    assert "compile ProductKey" in caught.value.hint
    with pytest.raises(UsageError, match="a board without a link section cannot be flashed"):
        Board(load_text(sound)).flash_link("a1WO4Z9qHRw", SECRET, "127.0.0.1", 1)


def test_a_real_board_starts_anew_by_its_action(load_text, tmp_path):
    text = HEAD + REAL.replace("/dev/serial/by-id/x", "loop://")
    board = load_text(
        text % ", actions: {again: [{dtr: off}, {dtr: on}]}" + "link: {device_name: gate, reset: again}\n"
    )
    with Board(board, locks=tmp_path, recordings=lambda name: tmp_path / name) as used:
        assert restart(used) is used.console()
        assert "action again on c: dtr off; dtr on" in [each.get("m") for each in lines(tmp_path / "c")]
    without = load_text(text % "" + "link: {device_name: gate}\n")
    with Board(without, locks=tmp_path) as used, pytest.raises(UsageError, match="started anew"):
        restart(used)
