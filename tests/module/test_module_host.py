"""The host's side on modules that answer right, wrong, in pieces, late and not at all."""

import json
from pathlib import Path

import pytest
from bench import LITTLE, Direct, Scripted, entry_of, host_of, published_module

from harness.carrier.errors import CarrierError
from harness.carrier.module import wire
from harness.carrier.module.host import SocketModule
from harness.carrier.module.wire import ByteOrder, Command
from harness.errors import BenchError, DeviceError
from harness.id2 import authcode, ciphers, published, secrets, servercode
from harness.id2.keys import KeyType
from harness.probe.secrecy import WithheldError
from harness.simulator.module.socket_side import SocketModuleDevice

CAPTURE = json.loads((Path(__file__).parents[1] / "vectors" / "mdu-socket.json").read_text())[
    "real_applet_proxy"
]
CHALLENGE, EXTRA = "55B83408399FA660F05C82E4F25333DC", b"abcd1234"
SYMMETRIC = [one for one in KeyType if one.symmetric and one is not KeyType.SM1_128]


def message(command, status=0, body=b""):
    return wire.pack(command, status, body, LITTLE)


def scripted(*answers, secrecy=None):
    return SocketModule(Scripted(*answers), 0.01, LITTLE, secrecy)


# ---- sound modules
def test_the_captured_session_comes_out_byte_for_byte():
    answers = [
        message(number, 0, bytes.fromhex(one["rsp"]))
        for number, one in zip((0, 2, 3, 4, 5, 1), CAPTURE, strict=True)
    ]
    module = scripted(*answers)
    module.init()
    assert module.get_version() == 0x00030100
    assert module.get_id() == "2122232425262728292A2B2C"
    assert module.get_challenge_auth_code(CHALLENGE, EXTRA).startswith("2~2~ABABABABABABABAB~")
    assert module.get_timestamp_auth_code("1512022279204", EXTRA).startswith("2~2~")
    module.cleanup()
    sent = [
        message(number, 0, bytes.fromhex(one["req"]))
        for number, one in zip((0, 2, 3, 4, 5, 1), CAPTURE, strict=True)
    ]
    assert module._transport.written == sent
    assert module.irregular == {}


@pytest.mark.parametrize("order", ByteOrder)
@pytest.mark.parametrize("key_type", SYMMETRIC)
def test_whole_api(key_type, order):
    entry = entry_of(key_type)
    host = host_of(published_module(key_type), order)
    host.init()
    assert host.get_id() == entry.id2
    for extra in (None, EXTRA, bytes(range(256)) * 2):
        code = host.get_challenge_auth_code("c" * 32, extra)
        assert not authcode.check(code, key_type=key_type, key=entry.key, id2=entry.id2, extra=extra or b"")
        assert code.startswith("2~" if extra else "0~")
        assert host.get_timestamp_auth_code("1", extra).startswith("3~" if extra else "1~")
    assert host.decrypt(ciphers.encrypt(entry.key, b"hello")) == b"hello"
    assert host.decrypt(ciphers.ecb_encrypt(entry.key, ciphers.pad(b"", key_type.block_size))) == b""
    assert host.get_secret("seed") == secrets.get_secret(entry.key, "seed")
    assert host.derive_key("seed", 32) == secrets.derive_key(entry.key, entry.id2, "seed", 32)
    assert host.get_prov_stat() is True
    host.verify_server(servercode.build(entry.key, entry.id2, CHALLENGE).text, CHALLENGE)
    with pytest.raises(CarrierError, match="-1"):
        host.verify_server(servercode.build(entry.key, entry.id2, CHALLENGE).text, CHALLENGE[:-1] + "0")
    host.cleanup()
    with pytest.raises(CarrierError, match="-1"):
        host.get_id()
    assert host.irregular == {}


def codes(call, *arguments):
    try:
        call(*arguments)
    except CarrierError as error:
        return error.code
    return 0


def test_boundaries_are_those_of_the_api():
    host = host_of(published_module())
    host.init()
    key = published.KEYS[KeyType.AES_128].key
    for length, code in ((0, -2), (1, 0), (32, 0), (33, -2)):
        assert codes(host.get_challenge_auth_code, "7" * length) == code, length
        assert codes(host.get_timestamp_auth_code, "7" * length) == code, length
    for length, code in ((1, 0), (512, 0), (513, -4)):
        assert codes(host.get_challenge_auth_code, "7", b"x" * length) == code, length
    for cipher, code in (
        (b"", -2),
        (bytes(15), -2),
        (bytes(1040), -4),
        (ciphers.ecb_encrypt(key, bytes(16)), -1),
    ):
        assert codes(host.decrypt, cipher) == code, len(cipher)
    assert codes(host.decrypt, ciphers.encrypt(key, bytes(1008))) == 0
    for seed, code in (("", -2), ("s" * 128, 0), ("s" * 129, -4)):
        assert codes(host.get_secret, seed) == code, len(seed)
    for length, code in ((0, -2), (1, 0), (32, 0), (33, -2)):
        assert codes(host.derive_key, "s", length) == code, length
    assert codes(host.verify_server, "", "1") == -2
    assert codes(host.verify_server, "10~2~1~x", "1" * 129) == -4


def test_connections_count_their_own_inits():
    module = published_module()
    one, two = host_of(module), host_of(module)
    two.cleanup()
    one.init()
    one.init()
    assert codes(two.get_id) == -1
    two.init()
    two.cleanup()
    one.cleanup()
    assert codes(one.get_id) == 0
    one.cleanup()
    assert codes(one.get_version) == -1


def test_a_module_may_refuse_what_the_host_refuses_with_a_code_of_its_own():
    # The vendor's sample gives -4 to a challenge of 33 characters; its host never sends one, and gives -2.
    assert codes(scripted(message(4, -4)).get_challenge_auth_code, "7" * 33) == -2
    assert codes(scripted(message(4, -2)).get_challenge_auth_code, "7", b"x" * 513) == -4
    assert codes(scripted(message(6, -1)).decrypt, bytes(15)) == -1  # the host knows no blocks
    assert codes(scripted(message(6, -5)).decrypt, bytes(1040)) == -4
    assert codes(scripted(message(4, -10)).get_challenge_auth_code, "7") == -10


def test_errors_have_the_code_of_the_module():
    for code in (-10, -11, -1234, 7):
        with pytest.raises(CarrierError) as caught:
            scripted(message(3, code)).get_id()
        assert caught.value.code == code


# ---- broken answers
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"\x35" + message(3, 0, wire.join_fields(b"x"))[1:], "magic is 0x1235"),
        (message(3, 0, b"\0\0\0\x03ab"), "announces 3 bytes, and 2 are there"),
        (message(3, 0, b"\0\0\0\x01ab"), "1 bytes too many"),
        (message(3, 0, b""), "ends in the length of field 1"),
        (
            message(3, 0, wire.join_fields(b"ab"))[:4] + b"\x07" + message(3, 0, wire.join_fields(b"ab"))[5:],
            "a whole field",
        ),
    ],
)
def test_what_is_wrong_twice_is_the_modules_mistake(answer, told):
    with pytest.raises(DeviceError, match=told) as caught:
        scripted(answer, answer).get_id()
    assert caught.value.outcome == "failed"


def test_what_is_wrong_once_is_asked_again():
    broken = b"\x35" + message(3, 0, wire.join_fields(b"x"))[1:]
    module = scripted(broken, message(3, 0, wire.join_fields(b"ID")))
    assert module.get_id() == "ID"
    assert "came right when asked again" in module.irregular["broken"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b"\x35" + message(3)[1:], b"\x36" + message(3)[1:]),  # noise is never twice the same
        (message(3, 0, wire.join_fields(b"abcdef"))[:20], message(3, 0, wire.join_fields(b"abcdef"))[:20]),
        (message(3)[:7], message(3)[:7]),
        (message(3)[:7], b"\x35" + message(3)[1:]),
    ],
)
def test_what_was_not_heard_is_no_mistake_of_the_module(first, second):
    with pytest.raises(BenchError, match="no whole answer to get_id was heard"):
        scripted(first, second).get_id()


def test_an_init_is_not_repeated_and_its_broken_answer_is_proved_by_another_command():
    wrong = b"\x35" + message(0)[1:]
    module = scripted(wrong, b"\x35" + message(2, -1)[1:])
    with pytest.raises(DeviceError, match="init of the module gets no answer of the protocol"):
        module.init()
    assert [one[8] for one in module._transport.written] == [Command.INIT, Command.GET_VERSION]
    with pytest.raises(BenchError):
        scripted(wrong, message(2, -1)).init()


def test_silence_blocks():
    with pytest.raises(BenchError, match="did not answer within"):
        scripted().get_id()


def test_a_late_answer_is_not_taken_for_the_next():
    late = message(3, 0, wire.join_fields(b"LATE"))
    module = scripted(b"", [late, message(2, 0, wire.number(5))])
    with pytest.raises(BenchError):
        module.get_id()
    assert module.get_version() == 5
    module = scripted(b"", message(2, 0, wire.number(6)))
    with pytest.raises(BenchError):
        module.get_id()
    module._transport.waiting.append(late)
    assert module.get_version() == 6
    assert "answer nothing" in module.irregular["stale"]


def test_a_huge_body_is_not_waited_for():
    huge = b"\x34\x12\0\0" + b"\xff\xff\xff\x7f" + bytes(8)
    with pytest.raises(DeviceError, match="announces a body of 2147483647 bytes"):
        scripted(huge, huge).get_id()


@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        ([message(3, -1)[:7], message(3, -1)[7:]], "pieces"),
        ([message(3, -1, b"oh")], "body"),
        ([message(8, -1)], "command"),
    ],
)
def test_irregular_answers_are_noted(pieces, kind):
    module = scripted(pieces)
    with pytest.raises(CarrierError):
        module.get_id()
    assert list(module.irregular) == [kind]


def test_head_and_body_in_two_writes_are_regular():
    whole = message(3, 0, wire.join_fields(b"ID"))
    module = scripted([whole[:16], whole[16:]])
    assert module.get_id() == "ID"
    assert module.irregular == {}


def test_texts_that_are_none_and_flags_that_are_none():
    with pytest.raises(DeviceError, match="no ASCII text"):
        scripted(message(3, 0, wire.join_fields(b"\xff\x1b[2J"))).get_id()
    with pytest.raises(DeviceError, match="gave 2 for the state"):
        scripted(message(10, 0, wire.number(2))).get_prov_stat()


def test_unknown_commands():
    assert scripted(message(99, -8)).send_unknown(99) == -8
    with pytest.raises(DeviceError, match="was not answered, and the command after it was"):
        scripted(b"", message(2, 0, wire.number(1))).send_unknown(99)
    with pytest.raises(BenchError):
        scripted().send_unknown(99)


# ---- secrets
class Secrecy:
    """Keeps what a run would keep, and notes what was hidden."""

    def __init__(self, kept=None):
        self.kept = [] if kept is None else list(kept)
        self.replayed = kept is not None
        self.hidden = 0
        self.calls = 0

    def begin(self):
        self.hidden += 1
        self.calls += 1

    def end(self):
        self.hidden -= 1

    def number(self, purpose, now):
        if self.replayed and now() is not None and "same" not in purpose:
            return self.kept.pop(0)
        self.kept.append(now())
        return self.kept[-1]


def test_secret_answers_are_hidden_and_do_not_show_themselves():
    secrecy = Secrecy()
    host = SocketModule(Direct(SocketModuleDevice(published_module())), 0.01, LITTLE, secrecy)
    host.init()
    secret, key = host.get_secret("seed"), host.derive_key("seed", 16)
    assert (secrecy.calls, secrecy.hidden) == (2, 0)
    right = secrets.get_secret(published.KEYS[KeyType.AES_128].key, "seed")
    assert secret == right
    assert right not in repr(secret)
    assert repr(key) == "b'***'"
    with pytest.raises(CarrierError):
        host.get_secret("")
    replayed = SocketModule(Scripted(), 0.01, LITTLE, Secrecy([0, 64, 0, 16, 1, -2, 2]))
    assert len(replayed.get_secret("seed")) == 64
    assert len(replayed.derive_key("seed", 16)) == 16
    with pytest.raises(CarrierError, match="-2"):
        replayed.get_secret("")
    with pytest.raises(WithheldError):
        replayed.get_secret("seed")
    assert replayed._transport.written == []


def test_no_message_shows_a_secret_answer():
    broken = message(8, 0, b"\0\0\0\x09SECRET")
    with pytest.raises(DeviceError) as caught:
        scripted(broken, broken).get_secret("seed")
    assert b"SECRET".hex(" ") not in str(caught.value)
    assert "SECRET" not in str(caught.value)
