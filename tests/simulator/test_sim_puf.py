"""The simulated board with a PUF: what it signs and opens, sound and with each of its faults, and its probe."""

import pytest

from harness.errors import UsageError
from harness.fixtures.oracle import Oracle
from harness.fixtures.puf import PufUnderTest
from harness.id2 import authcode, devicecipher, ecdsa, ecies, ids, noncecheck
from harness.id2.curve import Point
from harness.id2.keys import Key, KeyType
from harness.probe.lines import REPLY, Reply, request
from harness.simulator.chip.randomness import SeededRandom
from harness.simulator.faults.catalogue import PUF_FAULTS, find
from harness.simulator.puf.api import Arguments, PufApi
from harness.simulator.puf.board import PufBoard, PufConfig
from harness.simulator.puf.device import PufDevice, PufError
from harness.simulator.puf.hooks import PufHooks

ID = "050000000700001D7C19F00D52A4E6B1-LAB7-PUF_001"
KEY = Key.parse(KeyType.ECC_K256, "5B3C0C6E2A9D41F7865E13B0D4A7C92F1E60B8D35A4F97C2086E5D1B3A7F4C29")
CURVE = ecdsa.CURVES[KeyType.ECC_K256]
PUBLIC = CURVE.decoded(KEY.public)


def puf(fault="", key=KEY, id_text=ID):
    return PufDevice(id_text, key, SeededRandom(7), find(fault).puf_hooks() if fault else PufHooks())


def api(fault=""):
    hooks = find(fault).puf_hooks() if fault else PufHooks()
    made = PufApi(PufDevice(ID, KEY, SeededRandom(7), hooks), SeededRandom(8), hooks)
    made.call("ini", arguments())
    return made


def arguments(a=None, b=None, c=None, room=None, *, no_length=False):
    lengths = {name: len(data or b"") for name, data in (("a", a), ("b", b), ("c", c))}
    return Arguments(a, b, c, lengths, room, no_length)


def signed(device, count=6):
    return [noncecheck.Signed(b"m%d" % number, device.sign(b"m%d" % number)) for number in range(count)]


def opens(device, cipher):
    try:
        return device.decrypt(cipher)
    except PufError:
        return None


@pytest.mark.parametrize("key_type", list(ecdsa.CURVES))
def test_a_sound_puf_signs_and_opens(key_type):
    key = Key.parse(key_type, "17" * key_type.key_size)
    device, curve = puf(key=key), ecdsa.CURVES[key_type]
    public = curve.decoded(key.public)
    for each in signed(device):
        assert ecdsa.verify(curve, public, each.message, each.signature)
    assert noncecheck.same_nonce(key_type, signed(device)) == ""
    assert noncecheck.guessable(key, signed(device)) == ""
    assert device.decrypt(devicecipher.encrypt(key, b"plain")) == b"plain"


@pytest.mark.parametrize(
    "fault",
    [
        "puf-other-key-signs",
        "puf-other-curve-signs",
        "puf-halves-swapped",
        "puf-little-endian-numbers",
        "puf-zero-s",
        "puf-hash-twice",
    ],
)
def test_signatures_of_the_right_length_that_do_not_verify(fault):
    for each in signed(puf(fault)):
        assert len(each.signature) == 64
        assert not ecdsa.verify(CURVE, PUBLIC, each.message, each.signature)


def test_puf_signature_in_der():
    for each in signed(puf("puf-signature-in-der")):
        assert each.signature[0] == 0x30
        assert len(each.signature) == 2 + each.signature[1] > 64


@pytest.mark.parametrize(
    ("fault", "how"),
    [("puf-fixed-nonce", "1 and 2 of 6 have the same r"), ("puf-few-nonces", "have the same r")],
)
def test_shared_nonces_show_without_a_key(fault, how):
    signatures = signed(puf(fault))
    assert all(ecdsa.verify(CURVE, PUBLIC, each.message, each.signature) for each in signatures)
    assert how in noncecheck.same_nonce(KeyType.ECC_K256, signatures)


@pytest.mark.parametrize(
    ("fault", "how"),
    [
        ("puf-counting-nonce", "of signatures 1 and 2 differ by 1: the private key can be computed"),
        ("puf-small-nonce", "signature 1 was made with a nonce of"),
    ],
)
def test_guessable_nonces_show_with_the_public_key(fault, how):
    signatures = signed(puf(fault))
    assert all(ecdsa.verify(CURVE, PUBLIC, each.message, each.signature) for each in signatures)
    assert noncecheck.same_nonce(KeyType.ECC_K256, signatures) == ""
    public = Key.parse_public(KeyType.ECC_K256, KEY.public.hex())
    assert how in noncecheck.guessable(public, signatures)


def test_the_same_message_signed_twice_alike_is_no_shared_nonce():
    once = noncecheck.Signed(b"m", ecdsa.sign(CURVE, 77, b"m"))
    assert noncecheck.same_nonce(KeyType.ECC_K256, [once, once]) == ""


def test_nonces_that_were_negated_are_still_near_each_other():
    one, other = (
        ecdsa.sign(CURVE, 77, message, nonce=nonce) for message, nonce in ((b"a", 10**60), (b"b", 10**60 + 5))
    )
    r, s = ecdsa.split(CURVE, other)
    low = ecdsa.joined(CURVE, r, CURVE.order - s)
    key = Key.parse(KeyType.ECC_K256, f"{77:064X}")
    told = noncecheck.guessable(key, [noncecheck.Signed(b"a", one), noncecheck.Signed(b"b", low)])
    assert "differ by 5" in told


def test_puf_tag_unchecked():
    cipher = devicecipher.encrypt(KEY, b"plain")
    altered = cipher[:-1] + bytes((cipher[-1] ^ 1,))
    assert opens(puf(), altered) is None
    assert opens(puf("puf-tag-unchecked"), altered) == b"plain"


def test_puf_head_unchecked():
    cipher = devicecipher.encrypt(KEY, b"plain")
    for at in (0, 1):
        altered = cipher[:at] + b"\x99" + cipher[at + 1 :]
        assert opens(puf(), altered) is None
        assert opens(puf("puf-head-unchecked"), altered) == b"plain"


def test_puf_point_unchecked():
    off = Point(1, 0)
    _, mac_key = ecies.keys(CURVE, off, ecies.Mode.CIPHER_KEY_FIRST, 5)
    cipher = b"\x48\x01\x01\x00" + CURVE.encoded(off) + b"12345" + ecies.tag_of(mac_key, b"12345")
    assert opens(puf(), cipher) is None
    assert opens(puf("puf-point-unchecked"), cipher) is not None


@pytest.mark.parametrize("factor", [1, 2, 3, 6])
@pytest.mark.parametrize("key_type", list(ecdsa.CURVES))
def test_puf_point_unchecked_shows_by_the_public_key_alone(key_type, factor):
    """A key that 6 divides takes each point of order 2 or 3 to nothing, which is refused anyway."""
    private = 0x5B3C0C6E2A9D41F7865E13B0D4A7C92F // 6 * 6 + (factor if factor < 6 else 0)
    key = Key.parse(key_type, private.to_bytes(key_type.key_size).hex())
    public = Key.parse_public(key_type, ecdsa.CURVES[key_type].encoded(public_point(key)).hex())
    asked = list(PufUnderTest(None, Oracle(key_type, ID, public)).points_off_the_curve())
    assert not any(opens(puf(key=key), bad.data) for bad in asked)
    opened = [bad.what for bad in asked if opens(puf("puf-point-unchecked", key=key), bad.data)]
    assert opened
    assert all("7" in what or "13" in what or "31" in what for what in opened) is (factor == 6)


def public_point(key):
    return ecdsa.public_point(ecdsa.CURVES[key.key_type], int.from_bytes(key.reveal()))


def test_puf_plain_cut():
    assert puf("puf-plain-cut").decrypt(devicecipher.encrypt(KEY, ID.encode())) == ID[:24].encode()


def test_puf_id_cut():
    assert puf("puf-id-cut").get_id() == ID[:24]
    assert ids.puf_problem(ID) == ""
    assert "uid length says 29 characters, 8 follow" in ids.puf_problem(ID[:24])


def test_puf_derives_from_signature():
    for fault, rc in (("", -8), ("puf-derives-from-signature", 0)):
        made = api(fault)
        assert made.call("sec", arguments(c=b"seed", room=64)).rc == rc
        assert made.call("dky", arguments(c=b"seed", room=16)).rc == rc


def test_every_fault_has_a_test_above():
    from pathlib import Path

    source = Path(__file__).read_text()
    for fault in PUF_FAULTS:
        name = fault.name.replace("-", "_")
        assert f"def test_{name}(" in source or f'"{fault.name}"' in source, fault.name


def test_a_symmetric_key_is_no_key_of_a_puf():
    with pytest.raises(UsageError, match="ECC key"):
        PufDevice(ID, Key.parse(KeyType.AES_128, "00" * 16), SeededRandom(1), PufHooks())


def test_the_api_keeps_the_limits_of_the_sdk():
    made = api()
    code = made.call("cac", arguments(a=b"7" * 32, room=512)).data.decode()
    authcode.verify(KEY, ID, authcode.parse(code))
    assert len(code) == 142
    for call, rc in (
        (arguments(a=b"", room=512), -2),
        (arguments(a=b"7" * 33, room=512), -2),
        (arguments(a=b"7", b=b"", room=512), -4),
        (arguments(a=b"7", room=255), -3),
        (arguments(a=b"7"), -2),
    ):
        assert made.call("cac", call).rc == rc
    assert made.call("gid", arguments(room=47)).length == 48
    assert made.call("dec", arguments(a=b"", room=9)).rc == -2
    assert made.call("dec", arguments(a=bytes(1025), room=9)).rc == -4
    made.call("cln", arguments())
    assert made.call("gid", arguments(room=48)).rc == -1


def replies(board, line):
    out = b"".join(output.data for output in board.receive(line + b"\n"))
    return [Reply.read(found.group(0)) for found in REPLY.finditer(out)]


def test_the_probe_of_the_board_answers_each_line_once():
    board = PufBoard(PufConfig(ID, KEY, SeededRandom(1)))
    printed = b"".join(output.data for output in board.power_on())
    assert b"id2 irot type, 3" in printed
    assert b"CHIP_ECDP_TYPE_SECP256K1" in printed
    assert b"Derive Key Not Support" in printed
    assert b"ID2 Client Generate AuthCode End" in printed
    assert printed.rstrip().endswith(REPLY.search(printed).group(0))
    assert [one.kind for one in replies(board, request(1, "run", "ini"))] == ["AK", "OK"]
    again = request(2, "run", "gid", "o=64")
    first, second = replies(board, again), replies(board, again)
    assert first == second
    assert first[1].words[1] == "45"
    assert [one.refusal for one in replies(board, request(2, "run", "ver", "o=4"))] == [7]
    assert [one.refusal for one in replies(board, request(3, "run", "nop"))] == [5]
    assert [one.refusal for one in replies(board, request(4, "run", "cac", "a=3"))] == [4]
    assert [one.refusal for one in replies(board, request(5, "sing"))] == [2]
    assert [one.refusal for one in replies(board, b"id2p 06 hi %0000")] == [1]
    (last,) = replies(board, request(7, "rep"))
    assert (last.seq, last.kind) == (2, "OK")


def test_a_start_forgets_what_was_before():
    board = PufBoard(PufConfig(ID, KEY, SeededRandom(1)))
    list(board.power_on())
    replies(board, request(1, "run", "ini"))
    boots = {replies(board, request(2, "hi"))[0].boot}
    list(board.power_on())
    boots.add(replies(board, request(3, "hi"))[0].boot)
    assert len(boots) == 2
    assert replies(board, request(4, "run", "gid", "o=64"))[1].words[0] == "-1"


def test_a_firmware_to_be_shipped_has_no_probe():
    board = PufBoard(PufConfig(ID, KEY, SeededRandom(1), probe=False))
    printed = b"".join(output.data for output in board.power_on())
    assert b"ID2P" not in printed
    assert b"ID2P" not in b"".join(output.data for output in board.receive(request(1, "hi") + b"\n"))
