"""Every broken device differs from the sound one in the way its name says, and in nothing else looked at."""

import re
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.id2 import authcode, ciphers, ids, report
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.simulator.chip.fm1280 import Fm1280Slave, NotAcknowledged, build_frame, read_frame
from harness.simulator.chip.framing_hooks import FramingHooks
from harness.simulator.chip.hooks import ChipHooks
from harness.simulator.chip.mtk import check_sum
from harness.simulator.chip.randomness import SeededRandom
from harness.simulator.console.board import ConsoleBoard, ConsoleConfig, wrong_server_code
from harness.simulator.console.hooks import ConsoleHooks
from harness.simulator.faults.catalogue import (
    ANSWER_FAULTS,
    CONSOLE_TEXT_FAULTS,
    FAULTS,
    SESSION_FAULTS,
    find,
)
from harness.simulator.faults.fault import Expected, Layer
from harness.simulator.link.hooks import LinkHooks
from harness.simulator.module.hooks import ModuleHooks
from harness.simulator.puf.hooks import PufHooks

GET_ID, VENDOR_INFO = bytes.fromhex("80F8000000"), bytes.fromhex("80FC000000")
PLAIN = bytes(range(32))
ZEROS = bytes(16)


def crypt(data, *, mode=0x51, algorithm=0x03, p1=0, total=None, iv=b""):
    head = bytes((mode, algorithm, 0)) + (len(data) if total is None else total).to_bytes(2) + iv
    body = (head if p1 == 0 else b"") + data
    return bytes((0x80, 0xF6, p1, 0x01, len(body))) + body


def long_crypt(chip, data, *, mode=0x51, algorithm=0x03):
    out = b""
    for number, at in enumerate(range(0, len(data), 0xF0)):
        out += chip.process(
            crypt(data[at : at + 0xF0], mode=mode, algorithm=algorithm, p1=number, total=len(data))
        )[:-2]
    return out


def mtk_crypt(data, *, encrypt=True):
    body = (
        bytes.fromhex("510001")
        + bytes((0x51 if encrypt else 0x52, 0x02, 0x12))
        + len(data).to_bytes(2)
        + data
    )
    command = bytes((0x00, 0xDC, 0xFF, 0xFF, len(body) + 2)) + body
    return command + check_sum(command)


def mtk_fetch(chip, command):
    ready = chip.process(command)
    if ready[0] != 0x9F:
        return ready
    return chip.process(bytes((0x00, 0xB2, 0xFF, 0xFF, ready[1])))


@pytest.fixture
def pair(chip_of):
    """Return a function that makes a sound and a broken chip that are otherwise the same."""

    def make(name, key_type=KeyType.AES_128, **more):
        return chip_of(key_type, **more), chip_of(key_type, fault=name, **more)

    return make


@pytest.fixture
def mtk_pair(pair):
    return lambda name: pair(name, KeyType.DES3_112, command_set="mtk")


def same(sound, broken, *commands):
    """Check that both chips answer these commands alike."""
    for command in commands:
        raw = bytes.fromhex(command) if isinstance(command, str) else command
        assert sound.process(raw) == broken.process(raw), raw.hex()


# --- identity ---


@pytest.mark.parametrize(("name", "size"), [("id-length-11", 11), ("id-length-13", 13)])
def test_id_length(pair, mtk_pair, name, size):
    sound, broken = pair(name)
    answer = broken.process(GET_ID)
    assert answer[2] == size
    assert len(answer) == 3 + size + 2
    assert len(sound.process(GET_ID)) == 17
    same(sound, broken, VENDOR_INFO, crypt(PLAIN))
    _, mtk = mtk_pair(name)
    assert mtk_fetch(mtk, bytes.fromhex("00DCFFFF0352E602"))[2] == size


def test_id_changes(pair):
    sound, broken = pair("id-changes")
    assert len({sound.process(GET_ID) for _ in range(4)}) == 1
    assert len({broken.process(GET_ID) for _ in range(4)}) == 4
    same(sound, broken, VENDOR_INFO, crypt(PLAIN))


def test_id_vendor_swapped(pair):
    sound, broken = pair("id-vendor-swapped")
    assert sound.process(GET_ID)[:2].hex() == "8180"
    assert broken.process(GET_ID)[:2].hex() == "8081"
    same(sound, broken, VENDOR_INFO)


# --- ciphers ---


def test_cbc_instead_of_ecb(pair, key_for):
    sound, broken = pair("cbc-instead-of-ecb")
    good, bad = sound.process(crypt(PLAIN)), broken.process(crypt(PLAIN))
    assert good[:16] == bad[:16]
    assert good[16:32] != bad[16:32]
    key = key_for(KeyType.AES_128)
    chained = bytes(a ^ b for a, b in zip(PLAIN[16:], bad[:16], strict=True))
    assert bad[16:32] == ciphers.ecb_encrypt(key, chained)
    assert (
        broken.process(crypt(bad[:32], mode=0x52))[:-2] == PLAIN
    )  # consistent, so only a known answer shows it
    same(
        sound,
        broken,
        crypt(PLAIN, algorithm=0x02, iv=ZEROS),
        crypt(PLAIN, mode=0x53, algorithm=0x06, iv=ZEROS),
    )
    cipher = sound.process(crypt(PLAIN, algorithm=0x02, iv=ZEROS))[:-2]
    same(sound, broken, crypt(cipher, mode=0x52, algorithm=0x02, iv=ZEROS))


def test_adds_own_padding(pair):
    sound, broken = pair("adds-own-padding")
    good, bad = sound.process(crypt(PLAIN)), broken.process(crypt(PLAIN))
    assert len(bad) == len(good) + 16
    assert bad[:32] == good[:32]
    same(sound, broken, crypt(good[:32], mode=0x52))


def test_padding_missing(pair):
    sound, broken = pair("padding-missing")
    cipher = sound.process(crypt(ciphers.pad(b"hello", 16)))[:-2]
    assert sound.process(crypt(cipher, mode=0x52))[:-2] == ciphers.pad(b"hello", 16)
    assert broken.process(crypt(cipher, mode=0x52))[:-2] == b"hello"
    same(sound, broken, crypt(PLAIN))


@pytest.mark.parametrize("name", ["encrypts-with-other-key", "key-byte-order"])
@pytest.mark.parametrize("key_type", [KeyType.DES3_112, KeyType.DES3_168, KeyType.AES_256, KeyType.SM4_128])
def test_another_key(pair, name, key_type):
    algorithm = {"3DES": 0x01, "AES": 0x03, "SM4": 0x11}[key_type.family]
    sound, broken = pair(name, key_type)
    bad = broken.process(crypt(PLAIN, algorithm=algorithm))
    assert bad != sound.process(crypt(PLAIN, algorithm=algorithm))
    assert broken.process(crypt(bad[:-2], algorithm=algorithm, mode=0x52))[:-2] == PLAIN
    same(sound, broken, GET_ID, VENDOR_INFO)


def test_key_byte_order_is_the_reversed_key(pair, key_for):
    _, broken = pair("key-byte-order")
    reversed_key = Key.parse(KeyType.AES_128, key_for(KeyType.AES_128).reveal()[::-1].hex())
    assert broken.process(crypt(PLAIN))[:-2] == ciphers.ecb_encrypt(reversed_key, PLAIN)


def test_decrypt_is_encrypt(pair, mtk_pair):
    sound, broken = pair("decrypt-is-encrypt")
    same(sound, broken, crypt(PLAIN))
    assert broken.process(crypt(PLAIN, mode=0x52)) == sound.process(crypt(PLAIN))
    sound, broken = mtk_pair("decrypt-is-encrypt")
    cipher = mtk_fetch(sound, mtk_crypt(bytes(16)))[:-4]
    assert mtk_fetch(sound, mtk_crypt(cipher, encrypt=False))[:-4] == bytes(16)
    assert mtk_fetch(broken, mtk_crypt(cipher, encrypt=False))[-2:] != b"\x90\x00"


def test_sm4_byte_swapped(pair):
    sound, broken = pair("sm4-byte-swapped", KeyType.SM4_128)
    swapped = b"".join(PLAIN[at : at + 4][::-1] for at in range(0, 32, 4))
    bad = broken.process(crypt(PLAIN, algorithm=0x11))[:-2]
    assert bad != sound.process(crypt(PLAIN, algorithm=0x11))[:-2]
    assert broken.process(crypt(bad, algorithm=0x11, mode=0x52))[:-2] == PLAIN
    assert broken.process(crypt(swapped, algorithm=0x11))[:-2] != bad


# --- status words and checks ---


def test_swallowed_status(pair):
    sound, broken = pair("swallowed-status")
    for command in ("80EE000000", "80F8000100", "80F60001155101000010" + "00" * 16, "00200000"):
        assert sound.process(bytes.fromhex(command)) != b"\x90\x00"
        assert broken.process(bytes.fromhex(command)) == b"\x90\x00"
    same(sound, broken, GET_ID, "80F8000005")


@pytest.mark.parametrize(
    ("name", "command", "refusal"),
    [
        ("wrong-class-accepted", "FFF8000000", "6e00"),
        ("wrong-class-accepted", "00F8000000", "6e00"),
        ("wrong-instruction-accepted", "80EE000000", "6d00"),
        ("p1p2-ignored", "80F8123400", "6a86"),
        ("p1p2-ignored", "80F6FFFF155103000010" + "00" * 16, "6a86"),
        ("wrong-length-accepted", "80F8000005", "6c0f"),
        ("wrong-length-accepted", "80F80000020000", "6700"),
        ("wrong-length-accepted", "80F6000114510300000F" + "00" * 15, "6700"),
        ("wrong-length-accepted", "80F6000130510300000F" + "00" * 15, "6700"),
        ("wrong-length-accepted", "0084000003", "6700"),
    ],
)
def test_a_check_that_is_missing(pair, name, command, refusal):
    sound, broken = pair(name)
    assert sound.process(bytes.fromhex(command)).hex() == refusal
    assert broken.process(bytes.fromhex(command))[-2:] == b"\x90\x00"
    others = {"80F8000100", "80EE000000", "FFF8000000", "0084000003"}
    mine = {"p1p2-ignored": "80F8000100", "wrong-instruction-accepted": "80EE000000"}
    mine |= {"wrong-class-accepted": "FFF8000000", "wrong-length-accepted": "0084000003"}
    same(sound, broken, *sorted(others - {mine[name]}))


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("wrong-class-accepted", "80A4000C021D02"),
        ("wrong-instruction-accepted", "00EE000000"),
        ("p1p2-ignored", "00A40000021D02"),
        ("wrong-length-accepted", "00A4000C031D0200"),
        ("swallowed-status", "00EE000000"),
    ],
)
def test_a_check_that_is_missing_in_the_mtk_set(mtk_pair, name, command):
    sound, broken = mtk_pair(name)
    assert sound.process(bytes.fromhex(command)) != b"\x90\x00"
    assert broken.process(bytes.fromhex(command)) == b"\x90\x00"


# --- chains ---


def test_block_boundary_off_by_one(pair):
    sound, broken = pair("block-boundary-off-by-one")
    data = bytes(at & 0xFF for at in range(480))
    good, bad = long_crypt(sound, data), long_crypt(broken, data)
    assert good[:240] == bad[:240]
    assert good[240:] != bad[240:]
    shifted = data[239:479]
    assert bad[240:] == sound.process(crypt(shifted))[:-2]
    same(sound, broken, crypt(data[:240]))


def test_second_block_ignores_state(pair):
    sound, broken = pair("second-block-ignores-state")
    data = bytes(at & 0xFF for at in range(480))
    cipher = long_crypt(sound, data)
    assert long_crypt(broken, data) == cipher
    assert long_crypt(sound, cipher, mode=0x52) == data
    bad = long_crypt(broken, cipher, mode=0x52)
    assert bad[:240] == data[:240]
    assert bad[240:] == sound.process(crypt(cipher[240:]))[:-2]


# --- answers ---


def test_stale_answer(pair, mtk_pair):
    sound, broken = pair("stale-answer")
    one, two = crypt(ZEROS), crypt(PLAIN)
    first = broken.process(one)
    assert first == sound.process(one)
    assert broken.process(two) == first
    assert broken.process(one) == sound.process(two)
    same(sound, broken, GET_ID)
    sound, broken = mtk_pair("stale-answer")
    first = mtk_fetch(broken, mtk_crypt(bytes(8)))
    assert first == mtk_fetch(sound, mtk_crypt(bytes(8)))
    assert mtk_fetch(broken, mtk_crypt(bytes(16))) == first


def test_vendor_bitmap_lies(pair):
    sound, broken = pair("vendor-bitmap-lies")
    assert sound.process(VENDOR_INFO)[10:14].hex() == "02003f00"
    assert broken.process(VENDOR_INFO)[10:14].hex() == "0f1f3f00"
    assert len(broken.process(VENDOR_INFO)) == 22
    same(sound, broken, GET_ID, crypt(PLAIN, algorithm=0x11))


def test_vendor_info_short(pair):
    sound, broken = pair("vendor-info-short")
    assert broken.process(VENDOR_INFO) == sound.process(VENDOR_INFO)[:14] + b"\x90\x00"


def test_getresponse_truncated(pair):
    sound, broken = pair("getresponse-truncated", answers="get-response")
    same(sound, broken, GET_ID)
    fetch = bytes.fromhex("00C000000F")
    assert broken.process(fetch) == sound.process(fetch)[:-3] + b"\x90\x00"


def test_getresponse_third_transmission(pair):
    sound, broken = pair("getresponse-third-transmission", answers="get-response")
    same(sound, broken, GET_ID)
    fetch = bytes.fromhex("00C000000F")
    assert broken.process(fetch) == b"\x61\x0f"
    assert broken.process(fetch) == sound.process(fetch)


def test_constant_challenge(pair):
    sound, broken = pair("constant-challenge")
    ask = bytes.fromhex("0084000008")
    assert len({sound.process(ask) for _ in range(4)}) == 4
    assert len({broken.process(ask) for _ in range(4)}) == 1
    assert len(broken.process(ask)) == 10


def test_short_challenge(pair):
    _, broken = pair("short-challenge")
    assert len(broken.process(bytes.fromhex("0084000008"))) == 7 + 2


def test_mac_constant(pair):
    sound, broken = pair("mac-constant")
    ask = [crypt(data, mode=0x53, algorithm=0x07, iv=ZEROS) for data in (b"one", b"two")]
    assert sound.process(ask[0]) != sound.process(ask[1])
    assert broken.process(ask[0]) == broken.process(ask[1])
    same(sound, broken, crypt(PLAIN))


def test_mac_verify_always_ok(pair):
    sound, broken = pair("mac-verify-always-ok")
    ask = crypt(b"message" + ZEROS, mode=0x54, algorithm=0x07, iv=ZEROS)
    assert sound.process(ask).hex() == "6a80"
    assert broken.process(ask).hex() == "9000"
    same(sound, broken, crypt(b"message", mode=0x53, algorithm=0x07, iv=ZEROS))


def test_answer_too_long(pair, mtk_pair):
    sound, broken = pair("answer-too-long")
    assert len(broken.process(crypt(PLAIN))) == 259
    assert broken.process(crypt(PLAIN))[:32] == sound.process(crypt(PLAIN))[:32]
    same(sound, broken, GET_ID)
    _, mtk = mtk_pair("answer-too-long")
    assert len(mtk_fetch(mtk, mtk_crypt(bytes(8)))) == 259


def test_slow_answer(pair, mtk_pair):
    sound, broken = pair("slow-answer")
    assert sound.session().delay(crypt(PLAIN)) == 0
    assert broken.session().delay(crypt(PLAIN)) >= 3600
    assert broken.session().delay(GET_ID) == 0
    _, mtk = mtk_pair("slow-answer")
    assert mtk.session().delay(mtk_crypt(bytes(8))) >= 3600
    same(sound, broken, GET_ID, crypt(PLAIN))


def test_slow_answer_on_the_bus(pair):
    now = [100.0]
    slave = Fm1280Slave(pair("slow-answer")[1], clock=lambda: now[0])
    slave.write(build_frame(0x02, crypt(PLAIN)))
    for wait in (0, 8, 3000):
        now[0] += wait
        with pytest.raises(NotAcknowledged):
            slave.read(64)
        with pytest.raises(NotAcknowledged):
            slave.write(build_frame(0x02, GET_ID))
    now[0] += 1000
    assert read_frame(slave.read(39)) is not None


# --- MTK ---


def test_mtk_crc_wrong(mtk_pair):
    sound, broken = mtk_pair("mtk-crc-wrong")
    for command in (bytes.fromhex("00DCFFFF0352E602"), mtk_crypt(bytes(8))):
        good, bad = mtk_fetch(sound, command), mtk_fetch(broken, command)
        assert good[:-4] == bad[:-4]
        assert check_sum(good[:-4]) == good[-4:-2]
        assert check_sum(bad[:-4]) != bad[-4:-2]


def test_mtk_padding_missing(mtk_pair):
    sound, broken = mtk_pair("mtk-padding-missing")
    good, bad = mtk_fetch(sound, mtk_crypt(bytes(16))), mtk_fetch(broken, mtk_crypt(bytes(16)))
    assert len(good) == 24 + 4
    assert len(bad) == 16 + 4
    assert good[:16] == bad[:16]


def test_mtk_accepts_bad_padding(mtk_pair, key_for):
    sound, broken = mtk_pair("mtk-accepts-bad-padding")
    cipher = ciphers.ecb_encrypt(key_for(KeyType.DES3_112), b"12345" + bytes((1, 2, 3)))
    assert mtk_fetch(sound, mtk_crypt(cipher, encrypt=False)).hex() == "6a80"
    assert mtk_fetch(broken, mtk_crypt(cipher, encrypt=False))[:-4] == b"12345"


# --- framing ---


def framed(chip_of, name):
    chip = chip_of()
    return Fm1280Slave(chip), Fm1280Slave(chip, find(name).framing_hooks() if name else FramingHooks())


def answer_of(slave, payload=GET_ID, size=64):
    slave.write(build_frame(0x02, payload))
    return slave.read(size)


def frame_in(raw):
    return read_frame(raw[: int.from_bytes(raw[:2], "little") + 2])


def test_bcc_wrong_always(chip_of):
    sound, broken = framed(chip_of, "bcc-wrong-always")
    assert frame_in(answer_of(sound)) is not None
    assert frame_in(answer_of(broken)) is None
    for _ in range(3):
        broken.write(build_frame(0xBA, b""))
        assert frame_in(broken.read(64)) is None


def test_bcc_wrong_once(chip_of):
    sound, broken = framed(chip_of, "bcc-wrong-once")
    good = answer_of(sound)
    assert frame_in(answer_of(broken)) is None
    broken.write(build_frame(0xBA, b""))
    assert broken.read(64) == good


def test_nak_forever(chip_of):
    _, broken = framed(chip_of, "nak-forever")
    with pytest.raises(NotAcknowledged):
        broken.write(build_frame(0x30, b""))
    with pytest.raises(NotAcknowledged):
        broken.read(2)


def test_wtx_forever(chip_of):
    sound, broken = framed(chip_of, "wtx-forever")
    broken.write(build_frame(0x30, b""))
    assert frame_in(broken.read(64))[0] == 0x00  # the ATR comes, so the chip is there
    assert frame_in(answer_of(broken)) == (0xF2, b"")
    assert all(frame_in(broken.read(64)) == (0xF2, b"") for _ in range(100))
    assert frame_in(answer_of(sound))[0] == 0x00


# --- console ---


@pytest.fixture
def printed(chip_of, key_for):
    """Return a function that gives the whole output of a board with a fault, or of the sound one."""

    def run(fault=None, *, carrier="se", key_type=KeyType.AES_128, **more):
        config = ConsoleConfig(
            "2122232425262728292A2B2C",
            key_for(key_type),
            chip=chip_of(key_type) if carrier == "se" else None,
            random=SeededRandom(3),
            now_ms=lambda: 1_795_370_421_790,
            fault=find(fault) if fault else None,
            **more,
        )
        return b"".join(output.data for output in ConsoleBoard(config).power_on()).decode("latin-1")

    return run


CODES = re.compile(r"\[(\d+)\] (\S+)")
KEY = Key.parse(KeyType.AES_128, "2122232425262728292A2B2C2D2E2F30")
ID = "2122232425262728292A2B2C"


def codes(text):
    return [(int(length), code) for length, code in CODES.findall(text) if "~" in code]


def verified(text, position, extra=b""):
    authcode.verify(KEY, ID, authcode.parse(codes(text)[position][1]), extra)


def test_the_sound_board_is_sound(printed):
    text = printed()
    found = codes(text)
    assert [length for length, _ in found] == [118, 118, 99, 99]
    for position, extra in enumerate((b"", b"abcd1234") * 2):
        verified(text, position, extra)
    assert len({code.split("~")[2] for _, code in found}) == 4
    assert report.parse(report.find(text)).id2 == ID


def test_constant_device_random(printed):
    text = printed("constant-device-random")
    assert {code.split("~")[2] for _, code in codes(text)} == {"1122334455667788"}
    verified(text, 0)


def test_hash_wrong_order(printed):
    text = printed("hash-wrong-order")
    code = authcode.parse(codes(text)[0][1])
    with pytest.raises(Id2Error):
        authcode.verify(KEY, ID, code)
    swapped = (ID + code.random + code.device_random).encode()
    assert authcode.sign(KEY, swapped) == code.sign


def test_extra_ignored(printed):
    text = printed("extra-ignored")
    verified(text, 0)
    code = authcode.parse(codes(text)[1][1])
    assert int(code.type) == 2
    with pytest.raises(Id2Error):
        authcode.verify(KEY, ID, code, b"abcd1234")
    assert authcode.sign(KEY, authcode.message(ID, code.device_random, code.random, b"")) == code.sign


def test_sign_padding_missing(printed):
    text = printed("sign-padding-missing")
    code = authcode.parse(codes(text)[0][1])
    assert len(code.sign) == 32
    whole = authcode.sign(KEY, authcode.message(ID, code.device_random, code.random, b""))
    assert whole[:32] == code.sign


def test_timestamp_answered_with_challenge_type(printed):
    assert [code[0] for _, code in codes(printed())] == ["0", "2", "1", "3"]
    assert [code[0] for _, code in codes(printed("timestamp-answered-with-challenge-type"))] == [
        "0",
        "2",
        "0",
        "2",
    ]


@pytest.mark.parametrize(("key_type", "number"), [(KeyType.AES_128, "3"), (KeyType.SM4_128, "2")])
def test_wrong_hash_field(printed, key_type, number):
    assert {code[2] for _, code in codes(printed("wrong-hash-field", key_type=key_type))} == {number}
    assert {code[2] for _, code in codes(printed(key_type=key_type))} == {str(5 - int(number))}


def test_id_lower_case(printed):
    text = printed("id-lower-case")
    assert f"ID2: {ID.lower()}\n" in text
    assert f"ID2: {ID}\n" not in text
    assert report.parse(report.find(text)).id2 == ID.lower()
    with pytest.raises(Id2Error):
        ids.parse(ID.lower())
    verified(text, 0)


def test_code_length_mismatch(printed):
    assert all(length == len(code) + 1 for length, code in codes(printed("code-length-mismatch")))


def changed(sound, broken):
    """Return the lines that differ, which must be as many."""
    pairs = zip(sound.splitlines(), broken.splitlines(), strict=True)
    return [(before, after) for before, after in pairs if before != after]


def test_report_code_tampered(printed):
    ((before, after),) = changed(printed(), printed("report-code-tampered"))
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
    assert '"result": "2~' in after


def test_report_id_mismatch(printed):
    ((before, after),) = changed(printed(), printed("report-id-mismatch"))
    assert f'"{ID}"' in before
    ids.parse(re.search(r'"result": "(\w+)"', after)[1])


def test_report_item_missing(printed):
    sound, broken = (report.parse(report.find(printed(name))) for name in (None, "report-item-missing"))
    assert len(sound.items) == 3
    assert broken.items == sound.items[:2]


def test_sdk_version_mismatch(printed):
    text = printed("sdk-version-mismatch")
    assert "ID2 Client Version: 0x00030100" in text
    assert report.parse(report.find(text)).sdk_version == "3.0.0"


def test_unit_test_fails(printed):
    text = printed("unit-test-fails")
    assert "ID2 Client Test Derive Key Fail." in text
    assert "id2 client unit test fail!!" in text
    assert "Validation Json" not in text
    assert "One-Time Password" not in text
    assert "SE close session" in text


def test_demo_carrier_in_product(printed):
    text = printed("demo-carrier-in-product")
    assert "must be selected for formal product!!!" in text
    assert "id2 irot type, 5" in text
    assert "APDU" not in text
    assert "must be selected" not in printed()
    verified(text, 0)


def decrypt_part(text):
    return text.split("====> ID2 Client Test Decrypt Start.")[1]


def test_decrypt_accepts_bad_padding(printed):
    text = printed("decrypt-accepts-bad-padding")
    part = decrypt_part(text)
    assert "Client Test Decrypt Pass." in part
    assert f"out_data: {ID}\n" in part
    rows = re.findall(r"ID2=> ((?:[0-9A-F]{2} +)+)\n", part.split("Response APDU")[1])
    plain = bytes.fromhex("".join(rows))[:-2]
    assert plain.startswith(ID.encode())
    with pytest.raises(Id2Error):
        ciphers.unpad(plain, 16)
    cipher = ciphers.ecb_encrypt(KEY, plain).hex()
    refused = decrypt_part(printed(cipher_text=cipher))
    assert "ERROR: id2 pkcs5 unpadding fail." in refused
    assert "Client Test Decrypt Fail." in refused


def test_server_code_accepted_when_wrong(printed, key_for):
    text = printed("server-code-accepted-when-wrong")
    assert "ERROR: signature compare error." in text
    assert "ID2 Client Verify Server  AuthCode End." in text
    wrong = wrong_server_code(ConsoleConfig(ID, key_for(KeyType.AES_128)))
    refused = printed(server_code=wrong)
    assert "ID2 Client Verify Server AuthCode Fail." in refused
    assert "id2 client verify server authcode fail!!" in refused


def test_garbage(printed):
    text = printed("garbage")
    assert len(text) > 1000
    assert "LS_LOG" not in text


def test_silent(printed):
    assert printed("silent") == ""


def test_cut_off_in_report(printed):
    text = printed("cut-off-in-report")
    assert printed().startswith(text)
    assert "ID2 Validation Json Message" in text
    assert report.find(text) is None


# --- the list itself ---


def test_every_fault_has_a_test_above():
    source = Path(__file__).read_text()
    for fault in FAULTS:
        if fault.layer is Layer.LINK:
            continue  # in test_sim_link_faults.py
        if fault.layer is Layer.PUF:
            continue  # in test_sim_puf.py
        if fault.layer is Layer.MODULE:
            continue  # in tests/module/test_module_faults.py
        if fault in ANSWER_FAULTS:
            continue  # in tests/step4_adapt/test_answer_faults.py
        if fault in CONSOLE_TEXT_FAULTS:
            continue  # in test_sim_console_text_faults.py
        if fault in SESSION_FAULTS:
            continue  # in test_sim_session_faults.py
        name = fault.name.replace("-", "_")
        assert f"def test_{name}(" in source or f'"{fault.name}"' in source, fault.name


def test_names_are_unique_and_there_are_enough():
    names = [fault.name for fault in FAULTS]
    assert len(names) == len(set(names)) >= 40
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names)
    assert all(fault.summary and "\n" not in fault.summary for fault in FAULTS)


def test_each_fault_makes_the_hooks_of_its_layer_and_only_those():
    for fault in FAULTS:
        kinds = (
            fault.chip_hooks(),
            fault.framing_hooks(),
            fault.console_hooks(),
            fault.link_hooks(),
            fault.puf_hooks(),
            fault.module_hooks(),
        )
        base = (ChipHooks, FramingHooks, ConsoleHooks, LinkHooks, PufHooks, ModuleHooks)
        broken = [type(hooks) is not plain for hooks, plain in zip(kinds, base, strict=True)]
        assert broken == [fault.layer is layer for layer in Layer]


def test_each_fault_overrides_one_hook():
    for fault in FAULTS:
        if fault in SESSION_FAULTS:
            continue  # they count sessions and commands in hooks of their own
        kind = type(fault.hooks())
        own = {name for name in vars(kind) if not name.startswith("_")} - {"protocols"}
        if fault not in ANSWER_FAULTS:  # several of those share what they do, or remember what they saw
            assert len(own) == 1 or fault.name == "sm4-byte-swapped", (fault.name, own)


def test_only_one_fault_is_tolerated():
    assert [fault.name for fault in FAULTS if fault.expected is Expected.PASSED] == ["bcc-wrong-once"]


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UsageError) as caught:
        find("id-length-12")
    assert "id-length-1" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("mtk-crc-wrong", {}),
        ("sm4-byte-swapped", {}),
        ("vendor-info-short", {"key_type": KeyType.DES3_112, "command_set": "mtk"}),
        ("getresponse-truncated", {}),
        ("mac-constant", {"key_type": KeyType.SM2_256}),
    ],
)
def test_a_chip_that_cannot_have_the_fault_is_refused(chip_of, name, more):
    with pytest.raises(UsageError) as caught:
        chip_of(fault=name, **more)
    assert name in caught.value.message
    assert caught.value.hint
