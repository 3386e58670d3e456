import base64
import math
import random

import pytest

from harness.id2.leaks import PART, KeyWatch, tail

KEY = bytes.fromhex("5C1F08B3E6A92D7440FB83C617DA95E2")
LONG_KEY = KEY + bytes.fromhex("718C3E0FA4D26B950B9EC7431DE8F562")


def swapped(data: bytes, size: int) -> bytes:
    return b"".join(data[start : start + size][::-1] for start in range(0, len(data), size))


FORMS = {
    "raw": lambda part: b"\x90\x00" + part + b"\x17",
    "hex": lambda part: b"key=" + part.hex().encode(),
    "HEX": lambda part: part.hex().upper().encode(),
    "spaced": lambda part: part.hex(" ").encode(),
    "colons": lambda part: part.hex(":").upper().encode(),
    "0x": lambda part: ", ".join(f"0x{byte:02x}" for byte in part).encode(),
    "C escapes": lambda part: "".join(f"\\x{byte:02X}" for byte in part).encode(),
    "lines": lambda part: part.hex("\n").encode(),
    "reversed": lambda part: part[::-1],
    "reversed hex": lambda part: part[::-1].hex().encode(),
    "digits reversed": lambda part: part.hex()[::-1].encode(),
    "pairs": lambda part: swapped(part, 2),
    "pairs hex": lambda part: swapped(part, 2).hex().encode(),
    "words": lambda part: swapped(part, 4),
    "base64": base64.b64encode,
    "base64 after one": lambda part: base64.b64encode(b"\x01" + part),
    "base64 after two": lambda part: base64.b64encode(b"\x01\xfe" + part + b"\x00"),
    "base64url": lambda part: base64.urlsafe_b64encode(part + b"\xff\xfe"),
    "base64 in lines": lambda part: base64.encodebytes(bytes(50) + part + bytes(40)),
    "halves": lambda part: bytes(byte >> 4 | (byte & 15) << 4 for byte in part),
}


@pytest.mark.parametrize("key", [KEY, LONG_KEY, KEY + KEY[:8][::-1]], ids=["128", "256", "192"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_seen(form, key):
    whole = KeyWatch(key).look(b"before\x00" + FORMS[form](key) + b"\x00after", "an answer")
    assert whole
    assert key.hex() not in str(whole[0]).lower()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("start", range(len(KEY) - PART + 1))
def test_every_part_of_eight_bytes_is_seen(form, start):
    assert KeyWatch(KEY).look(FORMS[form](KEY[start : start + PART]), "an answer")


@pytest.mark.parametrize(
    "key", [KEY, LONG_KEY, bytes(24), KEY[:4] * 6], ids=["128", "256", "zeros", "repeated"]
)
def test_each_thing_to_look_for_is_found_by_the_pieces_that_all_share(key):
    watch = KeyWatch(key)
    for parts in (watch._raw, watch._hex, watch._base64, watch._short):
        assert [one for one in parts if one not in parts.found_in(b"\n?" + one.pattern + b"?")] == []
        assert len(parts)


def test_seven_bytes_are_no_part():
    assert not KeyWatch(KEY).look(KEY[:7] + b"\x00" + KEY[8:15], "an answer")


@pytest.mark.parametrize("start", range(len(KEY) - 3))
@pytest.mark.parametrize("order", [bytes, lambda part: part[::-1], lambda part: swapped(part, 2)])
def test_four_bytes_in_a_short_answer(order, start):
    answer = b"\x81\x80" + order(KEY[start : start + 4]) + b"\x00"
    assert KeyWatch(KEY).look_at_answer(answer, "vendor information")
    assert not KeyWatch(KEY).look(answer, "vendor information")
    assert not KeyWatch(KEY).look_at_answer(answer + bytes(32), "a long answer")


def test_one_random_hit_is_chance_and_three_are_not():
    watch = KeyWatch(LONG_KEY)
    draw = random.Random(4)
    for _ in range(4000):
        assert not watch.look_at_random(draw.randbytes(16), "challenges")
    held_back = b"\x07" * 6 + LONG_KEY[9:13] + b"\x07" * 6
    said = [watch.look_at_random(held_back, "challenges") for _ in range(4)]
    assert not said[0]
    assert said[3]


def test_a_first_random_hit_among_few_is_a_leak():
    assert KeyWatch(KEY).look_at_random(KEY[2:6], "challenges") == []
    watch = KeyWatch(KEY)
    assert [bool(watch.look_at_random(b"\x01" + KEY[2:6], "challenges")) for _ in range(2)] == [False, True]


def test_the_tail_is_that_of_a_poisson_distribution():
    for expected in (1e-6, 1e-3, 0.3):
        for seen in (1, 2, 3, 5):
            exact = sum(
                math.exp(-expected) * expected**number / math.factorial(number) for number in range(seen, 60)
            )
            assert exact <= tail(expected, seen) <= exact * 1.5
    assert tail(0.0, 0) == 1.0
    assert tail(1.0, 0) == 1.0


@pytest.mark.slow
def test_random_traffic_raises_no_alarm():
    draw = random.Random(11)
    watch = KeyWatch(LONG_KEY)
    for _ in range(40):
        noise = draw.randbytes(20_000)
        assert not watch.look(noise + noise.hex().encode() + base64.b64encode(noise), "noise")


def test_the_chances_are_what_is_said():
    watch = KeyWatch(LONG_KEY)
    assert 2 * 17 * len(watch._short) / 256**4 < 7e-7  # two answers of 20 bytes
    assert 100e6 * (len(watch._raw) / 2**64 + len(watch._hex) / 2**64 + len(watch._base64) / 2**60) < 1e-7


def test_what_the_host_sent_is_no_leak():
    watch = KeyWatch(KEY)
    watch.sent(b"\x80\xf6" + KEY[:10])
    assert not watch.look(KEY[:10], "an answer")
    assert not watch.look(KEY[:10].hex().encode(), "an answer")
    assert not watch.look_at_answer(KEY[1:5], "an answer")
    assert watch.look(KEY[3:11], "an answer")


def test_what_the_host_typed_is_no_leak():
    watch = KeyWatch(KEY)
    watch.sent(b"set key " + KEY.hex(" ").encode() + b"\r\n")
    assert not watch.look(b"echo: set key " + KEY.hex(" ").encode(), "a console")


def test_the_id_of_a_published_key_is_no_leak():
    key, id_bytes = bytes(range(0x21, 0x31)), bytes(range(0x21, 0x2D))
    watch = KeyWatch(key, [id_bytes])
    assert not watch.look(b"\x81\x80\x0c" + id_bytes, "GetID")
    assert not watch.look(id_bytes.hex().upper().encode(), "a console")
    assert watch.look(key, "an answer")
    assert watch.look_at_answer(key[-4:], "an answer")


def test_the_right_answer_to_a_decryption_is_no_leak():
    watch = KeyWatch(KEY)
    assert not watch.look(b"\x00" + KEY, "an answer", explained=b"\x01" + KEY)
    assert watch.look(b"\x00" + KEY, "an answer", explained=KEY[:9])


def test_a_decryption_that_looks_like_the_key_in_another_order_is_no_leak():
    watch = KeyWatch(bytes(range(0x21, 0x31)))
    plain = bytes(range(256))
    assert watch.look(plain, "an answer"), "inverted and last byte first, such a key counts upwards again"
    assert not watch.look(plain, "an answer", explained=plain)
    for text in (plain.hex(), plain.hex(" ").upper(), base64.b64encode(plain).decode()):
        assert watch.look(text.encode(), "a line of text")
        assert not watch.look(text.encode(), "a line of text", explained=plain)


def test_secret_parts_leave_out_what_is_public():
    watch = KeyWatch(KEY, [KEY[:8]])
    assert KEY[:8] not in watch.secret_parts
    assert KEY[1:9] in watch.secret_parts
    assert KEY[1:9][::-1] in watch.secret_parts
