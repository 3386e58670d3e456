"""Keys that are made of the ID in several steps are guessed; what somebody took from chance is not."""

import base64
import hashlib
import hmac
import random
import zlib

import pytest

from harness.id2 import published, weak_keys
from harness.id2.ciphers import ecb_encrypt
from harness.id2.keys import Key, KeyType
from harness.secret import Secret

ID = "00FFFFFFDB1D8DC78DDCB802"
RAW, TEXT = bytes.fromhex(ID), ID.encode()
CRC = zlib.crc32(RAW)
TWICE = (RAW + RAW)[:16]
MADE = {
    "part of the text": TEXT[4:20],
    "ID and checksum": RAW + CRC.to_bytes(4),
    "ID and checksum, little endian": RAW + CRC.to_bytes(4, "little"),
    "checksum repeated": CRC.to_bytes(4) * 4,
    "HMAC under zeros": hmac.digest(bytes(16), RAW, "sha256")[:16],
    "HMAC under the ID": hmac.digest(TEXT, b"", "sha256")[:16],
    "ID encrypted under zeros": ecb_encrypt(Key(KeyType.AES_128, Secret(bytes(16))), RAW + bytes(4)),
    "ID encrypted under the debug key": ecb_encrypt(published.KEYS[KeyType.AES_128].key, RAW + bytes(4)),
    "middle of the hash": hashlib.sha256(TEXT).digest()[8:24],
    "ID and hash": RAW + hashlib.md5(RAW, usedforsecurity=False).digest()[:4],
    "XORed with a count": bytes(byte ^ place for place, byte in enumerate(TWICE)),
    "count added": bytes((byte + place) % 256 for place, byte in enumerate(TWICE)),
    "one added": bytes((byte + 1) % 256 for byte in TWICE),
    "bits reversed": bytes(int(f"{byte:08b}"[::-1], 2) for byte in TWICE),
    "bits turned": bytes((byte << 1 | byte >> 7) & 0xFF for byte in TWICE),
    "base64": base64.b64encode(RAW),
    "vendor and ID": b"\x81\x80" + RAW + bytes(2),
    "answer to GetID": b"\x81\x80\x0c" + RAW + bytes(1),
    "hash of nothing": hashlib.sha256(b"").digest()[:16],
    "FF and one": b"\xff" * 15 + b"\x01",
    "keyboard": b"qwertyuiopasdfgh",
}


def found(key_type, value, id2=ID):
    block = weak_keys.padding_block(key_type)
    return weak_keys.find(key_type, id2, [(block, ecb_encrypt(Key(key_type, Secret(value)), block))])


@pytest.mark.parametrize("name", MADE)
def test_a_key_made_of_what_is_public_is_guessed(name):
    assert found(KeyType.AES_128, MADE[name]) is not None


@pytest.mark.slow
@pytest.mark.parametrize("key_type", [KeyType.AES_256, KeyType.DES3_168, KeyType.SM4_128])
def test_keys_of_other_types_are_guessed_too(key_type):
    assert found(key_type, hmac.digest(TEXT, b"id2", "sha512")[3 : 3 + key_type.key_size]) is not None


@pytest.mark.parametrize("id2", [ID, "050000000100001D0123456789ABCDEF-XIDT-ECC_256"])
def test_a_key_of_chance_is_not(id2):
    assert found(KeyType.AES_128, random.Random(5).randbytes(16), id2) is None
