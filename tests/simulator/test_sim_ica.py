"""The standard chip, command by command."""

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from harness.id2 import asymmetric, ciphers, sm2
from harness.id2.hashes import HashType, digest
from harness.id2.keys import Key, KeyType

SELECT = bytes.fromhex("00A404000EA0000000416C6959756E2E494432")
GET_ID = bytes.fromhex("80F8000000")
GET_VENDOR_INFO = bytes.fromhex("80FC000000")
SYMMETRIC = [kind for kind in KeyType if kind.symmetric]
ECB = {"3DES": 0x01, "AES": 0x03, "SM1": 0x19, "SM4": 0x11}
CBC = {"3DES": 0x00, "AES": 0x02, "SM1": 0x18, "SM4": 0x10}


def crypt(mode, algorithm, data, *, kid=0, iv=b"", total=None, p1=0, p2=1, ins=0xF6):
    head = bytes((mode, algorithm, kid)) + (len(data) if total is None else total).to_bytes(2) + iv
    body = (head if p1 == 0 else b"") + data
    return bytes((0x80, ins, p1, p2, len(body))) + body


def chain(chip, mode, algorithm, data, *, iv=b"", spec=False, ins=0xF6, size=0xF0):
    """Send a whole chain and return the joined data; every answer must be 9000."""
    first = size - len(iv)
    pieces = [data[:first], *(data[at : at + size] for at in range(first, len(data), size))]
    out = b""
    for number, piece in enumerate(pieces):
        p2 = 0 if spec and number < len(pieces) - 1 else 1
        command = crypt(mode, algorithm, piece, iv=iv, total=len(data), p1=number, p2=p2, ins=ins)
        answer = chip.process(command)
        assert answer[-2:] == b"\x90\x00", (number, answer.hex())
        out += answer[:-2]
    return out


def sw(answer):
    assert len(answer) == 2, answer.hex()
    return int.from_bytes(answer)


# --- selection, identity, information ---


def test_commands_work_before_select(chip_of):
    assert chip_of().process(GET_ID).endswith(b"\x90\x00")


def test_select_of_another_application_changes_nothing(chip_of):
    chip = chip_of()
    assert sw(chip.process(SELECT)) == 0x9000
    assert sw(chip.process(bytes.fromhex("00A4040005A000000003"))) == 0x6A82
    assert chip.process(GET_ID).endswith(b"\x90\x00")


def test_get_id_wants_le_00_or_its_length(chip_of):
    chip = chip_of()
    whole = chip.process(GET_ID)
    assert (
        chip.process(bytes.fromhex("80F800000F"))
        == whole
        == bytes.fromhex("81800C2122232425262728292A2B2C9000")
    )
    assert sw(chip.process(bytes.fromhex("80F8000010"))) == 0x6C0F
    assert sw(chip.process(bytes.fromhex("80F8000005"))) == 0x6C0F


@pytest.mark.parametrize(
    ("key_type", "bitmap"),
    [
        (KeyType.DES3_112, "01003F00"),
        (KeyType.AES_256, "02003F00"),
        (KeyType.SM4_128, "04003F00"),
        (KeyType.SM1_128, "00003F00"),
        (KeyType.RSA_1024, "00013F00"),
        (KeyType.SM2_256, "00043F00"),
        (KeyType.ECC_K256, "00103F00"),
    ],
)
def test_vendor_info_names_what_the_keys_offer(chip_of, key_type, bitmap):
    info = chip_of(key_type, vendor=0x8182, version=b"VERSION1").process(GET_VENDOR_INFO)
    assert len(info) == 22
    assert info[:2].hex() == "8182"
    assert info[2:10] == b"VERSION1"
    assert info[10:14].hex().upper() == bitmap


# --- status words ---


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("", 0x6700),
        ("80F8", 0x6700),
        ("80F60001", 0x6700),  # no data
        ("80F600010A51", 0x6700),  # Lc says ten bytes
        ("80F8000000000000", 0x6700),  # extended length
        ("00F8000000", 0x6E00),  # right instruction, another class
        ("84F8000000", 0x6E00),
        ("A0F8000000", 0x6E00),
        ("FFFF000000", 0x6E00),
        ("80A4040005A000000003", 0x6E00),
        ("80EE000000", 0x6D00),
        ("00EE000000", 0x6D00),
        ("84EE000000", 0x6D00),
        ("80F8010000", 0x6A86),
        ("80F8000100", 0x6A86),
        ("80FC010014", 0x6A86),
        ("0084000108", 0x6A86),
        ("00A4000005A000000003", 0x6A86),
        ("80F600020551030000", 0x6700),  # Lc too large for the bytes there are
        ("80F60002155103000010" + "00" * 16, 0x6A86),
        ("80F60000055103000010", 0x6700),  # no data in block 0
        ("80F60001155103000011" + "00" * 16, 0x9000),  # one byte still to come
        ("80F6000114510300000F" + "00" * 15, 0x6700),  # no whole block
        ("80F6000115510300000F" + "00" * 16, 0x6700),  # more than the total
        ("80F60001155101000010" + "00" * 16, 0x9401),  # DES on an AES chip
        ("80F60001155111000010" + "00" * 16, 0x9401),  # SM4
        ("80F60001155112000010" + "00" * 16, 0x9401),  # SM7
        ("80F600011551FF000010" + "00" * 16, 0x9401),
        ("80F60001155303000010" + "00" * 16, 0x9401),  # a MAC with an ECB algorithm
        ("80F60001156003000010" + "00" * 16, 0x6A80),  # unknown mode
        ("80F60001155103070010" + "00" * 16, 0x9403),  # key 7
        ("80F60101100" + "0" * 31, 0x6985),  # block 1 of nothing
        ("80F40001155301000010" + "00" * 16, 0x9401),  # RSA on an AES chip
        ("80F4400000", 0x6985),  # nothing to fetch
        ("80F0000101" + "09", 0x9401),  # unknown hash
        ("80F000020100", 0x6A86),
        ("80F0010101AA", 0x6985),
        ("80F2000004" + "02010400", 0x9402),  # RSA keys on an AES chip
        ("80F2020004" + "02010400", 0x6A86),
        ("80F2000003" + "020104", 0x6700),
        ("00C0000010", 0x6985),  # nothing waits
        ("0084000003", 0x6700),
        ("0084000011", 0x6700),
        ("0084000000", 0x6700),
        ("84E2000000", 0x6982),
        ("8424000006313233343536", 0x6982),  # new PIN without verification
    ],
)
def test_status_words(chip_of, command, status):
    answer = chip_of().process(bytes.fromhex(command))
    assert int.from_bytes(answer[-2:]) == status
    assert status == 0x9000 or len(answer) == 2


def test_a_second_key_of_another_type_is_9402(chip_of, key_for):
    chip = chip_of(KeyType.AES_128, more_keys=((1, key_for(KeyType.SM4_128)),))
    assert sw(chip.process(crypt(0x51, 0x03, bytes(16), kid=1))) == 0x9402
    assert chip.process(crypt(0x51, 0x11, bytes(16), kid=1))[-2:] == b"\x90\x00"
    assert chip.process(GET_VENDOR_INFO)[10:12].hex() == "0600"


# --- symmetric cryptography ---


@pytest.mark.parametrize("key_type", SYMMETRIC)
def test_ecb_both_ways_over_block_boundaries(chip_of, key_for, key_type):
    chip, key = chip_of(key_type), key_for(key_type)
    algorithm = ECB[key_type.family]
    for size in (16, 0xF0, 0xF0 + 16, 2 * 0xF0, 768):
        plain = bytes(at * 7 & 0xFF for at in range(size))
        cipher = chain(chip, 0x51, algorithm, plain)
        if key_type is not KeyType.SM1_128:
            assert cipher == ciphers.ecb_encrypt(key, plain)
        assert cipher != plain
        assert chain(chip, 0x52, algorithm, cipher, spec=True) == plain


@pytest.mark.parametrize("key_type", [KeyType.AES_192, KeyType.SM4_128])
def test_cbc_is_that_of_the_library(chip_of, key_for, key_type):
    chip, key = chip_of(key_type), key_for(key_type)
    block = algorithms.AES if key_type is KeyType.AES_192 else algorithms.SM4
    iv = bytes(range(16))
    plain = bytes(at * 3 & 0xFF for at in range(720))
    library = Cipher(block(key.reveal()), modes.CBC(iv)).encryptor()
    cipher = chain(chip, 0x51, CBC[key_type.family], plain, iv=iv)
    assert cipher == library.update(plain) + library.finalize()
    assert chain(chip, 0x52, CBC[key_type.family], cipher, iv=iv) == plain


def test_cbc_with_two_key_des(chip_of, key_for):
    chip, key = chip_of(KeyType.DES3_112), key_for(KeyType.DES3_112)
    iv, plain, cipher = bytes(range(8)), bytes(48), b""
    for at in range(0, 48, 8):
        previous = cipher[-8:] or iv
        cipher += ciphers.ecb_encrypt(
            key, bytes(a ^ b for a, b in zip(plain[at : at + 8], previous, strict=True))
        )
    assert chain(chip, 0x51, 0x00, plain, iv=iv) == cipher


def mac_by_hand(key, message, method):
    block = key.key_type.block_size
    padded = message + (b"\x80" if method == 2 else b"")
    padded += bytes(-len(padded) % block)
    state = bytes(block)
    for at in range(0, len(padded), block):
        state = ciphers.ecb_encrypt(
            key, bytes(a ^ b for a, b in zip(padded[at : at + block], state, strict=True))
        )
    return state


FIRST_MAC = {KeyType.DES3_168: 0x04, KeyType.AES_128: 0x06, KeyType.SM4_128: 0x14}


@pytest.mark.parametrize("key_type", FIRST_MAC)
@pytest.mark.parametrize("method", [1, 2])
@pytest.mark.parametrize("size", [1, 16, 31, 500])
def test_mac_of_both_methods(chip_of, key_for, key_type, method, size):
    chip, key, first = chip_of(key_type), key_for(key_type), FIRST_MAC[key_type]
    algorithm, message = first + method - 1, bytes(at & 0xFF for at in range(size))
    iv = bytes(key_type.block_size)
    mac = chain(chip, 0x53, algorithm, message, iv=iv)
    assert mac == mac_by_hand(key, message, method)
    assert chain(chip, 0x54, algorithm, message + mac, iv=iv) == b""
    wrong = mac[:-1] + bytes((mac[-1] ^ 1,))
    if size < 100:
        assert sw(chip.process(crypt(0x54, algorithm, message + wrong, iv=iv))) == 0x6A80


def test_published_mac_of_iso_9797_method_2(chip_of):
    """AES-CMAC's neighbour: CBC-MAC of two whole blocks equals the last block of the published CBC vector."""
    from harness.simulator.chip.config import ChipConfig
    from harness.simulator.chip.kinds import make_chip

    key = Key.parse(KeyType.AES_128, "2B7E151628AED2A6ABF7158809CF4F3C")  # NIST SP 800-38A F.2.1
    chip = make_chip(ChipConfig("ica", "0" * 24, key))
    plain = bytes.fromhex("6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51")
    iv = bytes(range(16))
    assert chain(chip, 0x51, 0x02, plain, iv=iv).hex().upper() == (
        "7649ABAC8119B246CEE98E9B12E9197D5086CB9B507219EE95DB113A917678B2"
    )
    assert chain(chip, 0x53, 0x06, plain, iv=iv).hex().upper() == "5086CB9B507219EE95DB113A917678B2"


def test_a_wrong_block_number_ends_the_chain(chip_of):
    chip = chip_of()
    start = crypt(0x51, 0x03, bytes(0xF0), total=0x1E0)
    assert chip.process(start)[-2:] == b"\x90\x00"
    assert sw(chip.process(crypt(0x51, 0x03, bytes(0xF0), p1=2))) == 0x6A86
    assert sw(chip.process(crypt(0x51, 0x03, bytes(0xF0), p1=1))) == 0x6985


def test_select_ends_a_chain(chip_of):
    chip = chip_of()
    chip.process(crypt(0x51, 0x03, bytes(0xF0), total=0x1E0))
    chip.process(SELECT)
    assert sw(chip.process(crypt(0x51, 0x03, bytes(0xF0), p1=1))) == 0x6985


def test_block_lengths_at_the_limit(chip_of):
    chip = chip_of()
    assert len(chip.process(crypt(0x51, 0x03, bytes(0xF0)))) == 0xF2
    too_long = bytes((0x80, 0xF6, 0, 1, 0xFF)) + bytes((0x51, 0x03, 0x00, 0x00, 0xFA)) + bytes(0xFA)
    assert sw(chip.process(too_long)) == 0x6700


# --- digests ---


@pytest.mark.parametrize(
    ("number", "name"),
    [(0, "sha1"), (1, "sha224"), (2, "sha256"), (3, "sha384"), (4, "sha512"), (5, "sm3")],
)
@pytest.mark.parametrize("size", [0, 3, 0xF0, 700])
def test_digests(chip_of, number, name, size):
    chip, data = chip_of(), bytes(at & 0xFF for at in range(size))
    pieces = [data[at : at + 0xF0] for at in range(0, size, 0xF0)] or [b""]
    for block, piece in enumerate(pieces):
        last = block == len(pieces) - 1
        body = (bytes((number,)) if block == 0 else b"") + piece
        answer = chip.process(bytes((0x80, 0xF0, block, last, len(body))) + body)
        assert answer[-2:] == b"\x90\x00"
        assert last or len(answer) == 2
    expected = digest(HashType.SM3, data) if name == "sm3" else hashlib.new(name, data).digest()
    assert answer[:-2] == expected


# --- randomness ---


def test_challenges_have_the_wanted_length_and_differ(chip_of):
    chip = chip_of()
    for size in range(4, 17):
        answers = {chip.process(bytes((0x00, 0x84, 0x00, 0x00, size))) for _ in range(8)}
        assert len(answers) == 8
        assert {len(answer) for answer in answers} == {size + 2}


def test_the_same_seed_gives_the_same_challenges(chip_of):
    ask = bytes.fromhex("0084000010")
    assert chip_of(seed=5).process(ask) == chip_of(seed=5).process(ask) != chip_of(seed=6).process(ask)


# --- GET RESPONSE ---


def test_get_response_mode(chip_of):
    chip = chip_of(answers="get-response")
    assert chip.process(GET_ID).hex() == "610f"
    assert chip.process(bytes.fromhex("00C000000F")).hex() == "81800c2122232425262728292a2b2c9000"
    assert sw(chip.process(bytes.fromhex("00C000000F"))) == 0x6985


def test_get_response_in_parts_and_with_a_wrong_length(chip_of):
    chip = chip_of(answers="get-response")
    chip.process(GET_ID)
    assert sw(chip.process(bytes.fromhex("00C0000010"))) == 0x6C0F
    assert chip.process(bytes.fromhex("00C0000003")).hex() == "81800c610c"
    assert chip.process(bytes.fromhex("00C0000000")).hex() == "2122232425262728292a2b2c9000"


def test_another_command_drops_what_waits(chip_of):
    chip = chip_of(answers="get-response")
    chip.process(GET_ID)
    chip.process(SELECT)
    assert sw(chip.process(bytes.fromhex("00C000000F"))) == 0x6985


# --- asymmetric cryptography ---


def asymmetric_answer(chip, mode, algorithm, data, size):
    """Send a chain and return the answer, fetched to its end, without the length in front of it."""
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        command = crypt(mode, algorithm, piece, total=len(data), p1=number, p2=last, ins=0xF4)
        answer = chip.process(command)
        assert answer[-2:] == b"\x90\x00", answer.hex()
        assert last or len(answer) == 2
    out = answer[:-2]
    while out and len(out) - 2 < int.from_bytes(out[:2]):
        more = chip.process(bytes.fromhex("80F4400000"))
        assert more[-2:] == b"\x90\x00"
        assert len(more) > 2
        out += more[:-2]
    assert not out or len(out) - 2 == int.from_bytes(out[:2])
    return out[2:]


@pytest.mark.parametrize("key_type", [KeyType.RSA_1024, KeyType.RSA_2048])
def test_rsa(chip_of, key_for, key_type):
    chip, key = chip_of(key_type), key_for(key_type)
    message = b"message " * 40
    signature = asymmetric_answer(chip, 0x53, 0x02, message, 0x80)
    assert signature == asymmetric.sign(key, message)
    assert asymmetric_answer(chip, 0x54, 0x02, message + signature, 0x80) == b""
    cipher = asymmetric_answer(chip, 0x51, 0x01, b"secret", 0x80)
    assert asymmetric_answer(chip, 0x52, 0x01, cipher, 0x80) == b"secret"
    raw = bytes(1) + bytes(range(1, key_type.key_size % 256)).ljust(key_type.key_size - 1, b"\x07")
    powered = asymmetric_answer(chip, 0x51, 0x00, raw, 0x80)
    assert powered == asymmetric.rsa_public(key, raw)
    assert asymmetric_answer(chip, 0x52, 0x00, powered, 0x80) == raw


@pytest.mark.parametrize(("algorithm", "kind"), [(1, hashes.SHA1), (3, hashes.SHA384), (4, hashes.SHA512)])
def test_rsa_with_the_other_hashes(chip_of, key_for, algorithm, kind):
    from cryptography.hazmat.primitives.asymmetric import padding

    key = key_for(KeyType.RSA_1024)
    signature = asymmetric_answer(chip_of(KeyType.RSA_1024), 0x53, algorithm, b"abc", 0x80)
    asymmetric.rsa_public_key(key).verify(signature, b"abc", padding.PKCS1v15(), kind())


def test_sm2(chip_of, key_for):
    chip, key = chip_of(KeyType.SM2_256), key_for(KeyType.SM2_256)
    message = b"m" * 300
    signature = asymmetric_answer(chip, 0x53, 0x05, message, 0xF0)
    assert sm2.verify(sm2.parse_public(key.public), message, signature)
    assert asymmetric_answer(chip, 0x54, 0x05, message + signature, 0xF0) == b""
    cipher = asymmetric_answer(chip, 0x51, 0x05, b"secret", 0xF0)
    assert sm2.decrypt(int.from_bytes(key.reveal()), cipher) == b"secret"
    assert asymmetric_answer(chip, 0x52, 0x05, cipher, 0xF0) == b"secret"


def test_sm2_without_the_length_in_front(chip_of, key_for):
    chip = chip_of(KeyType.SM2_256, length_prefix=False)
    answer = chip.process(crypt(0x53, 0x05, b"message", ins=0xF4))
    assert len(answer) == 66
    assert sm2.verify(sm2.parse_public(key_for(KeyType.SM2_256).public), b"message", answer[:-2])


def test_ecdsa(chip_of, key_for):
    signature = asymmetric_answer(chip_of(KeyType.ECC_K256), 0x53, 0x06, b"message", 0xF0)
    assert asymmetric.verify(key_for(KeyType.ECC_K256), b"message", signature)


@pytest.mark.parametrize(
    ("key_type", "algorithm"), [(KeyType.RSA_1024, 0x02), (KeyType.SM2_256, 0x05), (KeyType.ECC_K256, 0x06)]
)
def test_a_wrong_signature_is_6a80(chip_of, key_type, algorithm):
    chip = chip_of(key_type)
    wrong = crypt(0x54, algorithm, b"message" + bytes(key_type.sign_size), ins=0xF4)
    assert sw(chip.process(wrong)) == 0x6A80


def test_asymmetric_chip_refuses_symmetric_commands(chip_of):
    assert sw(chip_of(KeyType.SM2_256).process(crypt(0x51, 0x03, bytes(16)))) == 0x9401


# --- key pairs ---


def test_generated_rsa_key_signs(chip_of):
    chip = chip_of(KeyType.RSA_1024)
    answer = chip.process(bytes.fromhex("80F2000004" + "02010400"))
    assert answer[:3].hex() == "6e8180"
    assert answer[131:136].hex() == "6503010001"
    modulus = int.from_bytes(answer[3:131])
    signed = chip.process(crypt(0x53, 0x02, b"message", kid=1, ins=0xF4))
    block = pow(int.from_bytes(signed[2:-2]), 65537, modulus).to_bytes(128)
    assert block.endswith(hashlib.sha256(b"message").digest())


def test_a_long_public_key_needs_a_second_answer(chip_of):
    chip = chip_of(KeyType.RSA_2048)
    first = chip.process(bytes.fromhex("80F2000004" + "02010800"))
    assert len(first) == 258
    assert first[-2] == 0x61
    rest = chip.process(bytes((0x00, 0xC0, 0x00, 0x00, first[-1])))
    assert rest[-2:] == b"\x90\x00"
    assert (first[:-2] + rest[:-2])[-5:].hex() == "6503010001"


def test_generated_sm2_key_and_the_rules_of_p1(chip_of):
    chip = chip_of(KeyType.SM2_256)
    make, replace = bytes.fromhex("80F20000040405" + "0100"), bytes.fromhex("80F20100040405" + "0100")
    first = chip.process(make)
    assert first[:2].hex() == "6020"
    assert first[34:36].hex() == "6120"
    sm2.parse_public(b"\x04" + first[2:34] + first[36:68])
    assert sw(chip.process(make)) == 0x9405
    assert chip.process(replace)[:-2] != first[:-2]
    assert sw(chip.process(bytes.fromhex("80F20100040400" + "0100"))) == 0x9405  # never the ID² key
    assert sw(chip.process(bytes.fromhex("80F20000040406" + "0101"))) == 0x6A80  # 257 bits


# --- PIN ---

RIGHT, WRONG = bytes.fromhex("0020000006313233343536"), bytes.fromhex("0020000006313233343500")
UNBLOCK = bytes.fromhex("845E00000C" + b"876543219999".hex())


def test_pin_counter_and_block(chip_of):
    chip = chip_of()
    assert sw(chip.process(bytes.fromhex("00200000"))) == 0x63C3
    assert sw(chip.process(WRONG)) == 0x63C2
    assert sw(chip.process(RIGHT)) == 0x9000
    assert sw(chip.process(bytes.fromhex("00200000"))) == 0x9000
    assert [sw(chip.process(WRONG)) for _ in range(3)] == [0x63C2, 0x63C1, 0x63C0]
    assert sw(chip.process(RIGHT)) == 0x6983
    assert sw(chip.process(bytes.fromhex("00200000"))) == 0x6983


def test_pin_counter_outlives_the_session(chip_of):
    chip = chip_of()
    assert sw(chip.session().process(WRONG)) == 0x63C2
    assert sw(chip.session().process(WRONG)) == 0x63C1


def test_pin_update_and_unblock(chip_of):
    chip = chip_of()
    chip.process(RIGHT)
    assert sw(chip.process(bytes.fromhex("842400000437373737"))) == 0x9000
    assert sw(chip.process(RIGHT)) == 0x63C2
    for _ in range(2):
        chip.process(RIGHT)
    assert sw(chip.process(bytes.fromhex("845E00000C" + b"000000009999".hex()))) == 0x63C2
    assert sw(chip.process(UNBLOCK)) == 0x9000
    assert sw(chip.process(bytes.fromhex("0020000004") + b"9999")) == 0x9000


def test_a_verified_pin_belongs_to_its_session(chip_of):
    chip = chip_of()
    one, other = chip.session(), chip.session()
    assert sw(one.process(RIGHT)) == 0x9000
    assert sw(other.process(bytes.fromhex("842400000437373737"))) == 0x6982


# --- sessions ---


def test_sessions_do_not_mix_chains(chip_of):
    chip = chip_of()
    one, other = chip.session(), chip.session()
    one.process(crypt(0x51, 0x03, bytes(0xF0), total=0x1E0))
    assert sw(other.process(crypt(0x51, 0x03, bytes(0xF0), p1=1))) == 0x6985
    assert one.process(crypt(0x51, 0x03, bytes(0xF0), p1=1))[-2:] == b"\x90\x00"
