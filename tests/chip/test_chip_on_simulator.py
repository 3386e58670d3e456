"""Every command of ours against the simulated chips; the two sides are written apart from the same page."""

import hashlib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from harness.chip.errors import AnswerError, FramingError, PinError, StatusError
from harness.chip.fm1280 import Fm1280I2c, Limits, Reading
from harness.chip.ica.algorithms import Algorithm, AsymAlgorithm, DigestType, Mode, ecb_algorithm
from harness.chip.ica.chip import IcaChip
from harness.chip.ica.commands import Marking
from harness.chip.ica.keys import PointPublicKey
from harness.chip.ica.length_prefix import LengthPrefix
from harness.chip.ica.vendor import Option
from harness.chip.mtk import MtkChip
from harness.chip.session import ChipSession
from harness.id2 import asymmetric, ciphers
from harness.id2.keys import Key, KeyType
from harness.id2.published import KEYS
from harness.secret import Secret
from harness.settings.simulated_device import AnswerStyle
from harness.simulator.bus.i2c import SimulatedI2c
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.fm1280 import Fm1280Slave
from harness.simulator.chip.fm1280 import Reading as SlaveReading
from harness.simulator.chip.kinds import make_chip

ID = "2122232425262728292A2B2C"
AES = KEYS[KeyType.AES_128].key
DES = KEYS[KeyType.DES3_168].key
SM4 = Key.parse(KeyType.SM4_128, "0123456789ABCDEFFEDCBA9876543210")
SCALAR = "128B2FA8BD433C6C068C8D803DFF79792A519A55171B1B650C23661D15897263"


def rsa_key(key_type, bits):
    made = rsa.generate_private_key(65537, bits)
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Key.parse(key_type, pem.decode())


@pytest.fixture
def session():
    """Open a session with a simulated chip on a simulated bus."""
    opened = []

    def make(
        key,
        command_set="ica",
        *,
        reading=Reading.ONE_READ,
        slave_reading=SlaveReading.ANEW,
        extensions=0,
        **config,
    ):
        chip = make_chip(ChipConfig(command_set, ID, key, **config))
        slave = Fm1280Slave(chip, extensions=extensions, reading=slave_reading)
        limits = Limits(frame_delay=0.0, answer=0.2)
        made = ChipSession(Fm1280I2c(SimulatedI2c("i2c", {0x71: slave}), limits=limits, reading=reading))
        made.channel.open()
        opened.append(made)
        return made

    yield make
    for one in opened:
        one.channel.close()


@pytest.mark.parametrize("answers", list(AnswerStyle))
@pytest.mark.parametrize("marking", list(Marking))
@pytest.mark.parametrize("key", [AES, DES, SM4], ids=lambda key: key.key_type.value)
def test_symmetric(session, key, answers, marking):
    chip = IcaChip(session(key, answers=answers), marking=marking)
    chip.start()
    assert chip.get_id().id_bytes.hex().upper() == ID
    algorithm = ecb_algorithm(key.key_type)
    for size in (16, 240, 256, 784):
        data = bytes(index % 253 for index in range(size))
        sealed = chip.encrypt_blocks(algorithm, data)
        assert sealed == ciphers.ecb_encrypt(key, data)
        assert chip.session.last.sdk_could
        assert chip.decrypt_blocks(algorithm, sealed) == data


@pytest.mark.parametrize(
    ("reading", "slave"),
    [
        (Reading.ONE_READ, SlaveReading.ANEW),
        (Reading.ONE_READ, SlaveReading.CONTINUES),
        (Reading.HEAD_THEN_REST, SlaveReading.CONTINUES),
        (Reading.HEAD_THEN_WHOLE, SlaveReading.ANEW),
    ],
)
def test_ways_of_reading(session, reading, slave):
    made = session(AES, reading=reading, slave_reading=slave, extensions=2)
    assert made.channel.atr.hex().upper().startswith("3B")
    assert IcaChip(made).get_id().id_bytes.hex().upper() == ID
    assert made.channel.extensions == 2


def test_a_way_of_reading_that_does_not_fit_is_named(session):
    with pytest.raises(FramingError, match=r"driver error 1[34]"):
        session(AES, reading=Reading.HEAD_THEN_REST, slave_reading=SlaveReading.ANEW)


def test_cbc_chains_over_commands(session):
    chip = IcaChip(session(AES))
    data, iv = bytes(index % 251 for index in range(512)), bytes(range(16))
    sealed = chip.symmetric(Mode.ENCRYPT, Algorithm.AES_CBC, data, iv=iv)
    expected, previous = b"", iv
    for start in range(0, len(data), 16):
        block = bytes(a ^ b for a, b in zip(data[start : start + 16], previous, strict=True))
        previous = ciphers.ecb_encrypt(AES, block)
        expected += previous
    assert sealed == expected
    assert chip.symmetric(Mode.DECRYPT, Algorithm.AES_CBC, sealed, iv=iv) == data


@pytest.mark.parametrize("size", [1, 16, 100, 500])
@pytest.mark.parametrize("algorithm", [Algorithm.AES_CBC_ISO9797_M1, Algorithm.AES_CBC_ISO9797_M2])
def test_macs(session, algorithm, size):
    chip = IcaChip(session(AES))
    data = bytes(index % 251 for index in range(size))
    mac = chip.generate_mac(algorithm, data)
    assert len(mac) == 16
    assert chip.verify_mac(algorithm, data, mac)
    assert not chip.verify_mac(algorithm, data, bytes((mac[0] ^ 1,)) + mac[1:])


@pytest.mark.parametrize("length_prefix", [True, False])
@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        (KeyType.SM2_256, AsymAlgorithm.SM2_SM3),
        (KeyType.ECC_K256, AsymAlgorithm.ECDSA),
        (KeyType.RSA_1024, AsymAlgorithm.RSA_SHA256),
        (KeyType.RSA_2048, AsymAlgorithm.RSA_SHA256),
    ],
)
def test_signatures(session, name, algorithm, length_prefix):
    key = Key.parse(name, SCALAR) if name.key_size == 32 else rsa_key(name, name.key_size * 8)
    chip = IcaChip(session(key, length_prefix=length_prefix))
    for message in (b"M", bytes(range(256)) * 2):
        signature = chip.sign(algorithm, message, size=name.sign_size)
        assert asymmetric.verify(key, message, signature)
        assert chip.verify_signature(algorithm, message, signature)
        assert not chip.verify_signature(algorithm, message + b"!", signature)


@pytest.mark.parametrize("length_prefix", [True, False])
def test_asymmetric_encryption(session, length_prefix):
    form = LengthPrefix.PRESENT if length_prefix else LengthPrefix.ABSENT
    for key, algorithm in (
        (Key.parse(KeyType.SM2_256, SCALAR), AsymAlgorithm.SM2_SM3),
        (rsa_key(KeyType.RSA_1024, 1024), AsymAlgorithm.RSA_PKCS1),
    ):
        chip = IcaChip(session(key, length_prefix=length_prefix), length_prefix=form)
        sealed = chip.asymmetric(Mode.ENCRYPT, algorithm, b"a session key")
        assert chip.decrypt(algorithm, sealed) == b"a session key"


@pytest.mark.parametrize("digest", list(DigestType))
def test_digests(session, digest):
    chip = IcaChip(session(AES))
    for size in (1, 240, 241, 600):
        data = bytes(index % 251 for index in range(size))
        got = chip.compute_digest(digest, data)
        if digest is not DigestType.SM3:
            assert got == hashlib.new(digest.name.lower(), data).digest()


def test_challenges_and_vendor_information(session):
    chip = IcaChip(session(AES))
    challenges = {chip.get_challenge(size) for size in range(4, 17)}
    assert {len(challenge) for challenge in challenges} == set(range(4, 17))
    info = chip.get_vendor_info()
    assert info.vendor == chip.get_id().vendor
    assert Option.AES in info.options
    assert Option.DES3 not in info.options


def test_pins(session):
    chip = IcaChip(session(AES, pin=b"123456", unblock_code=b"87654321"))
    chip.verify_pin(Secret("123456"))
    lefts = []
    for _ in range(8):
        with pytest.raises(PinError) as caught:
            chip.verify_pin(Secret("000000"))
        lefts.append(caught.value.tries_left)
    assert lefts[0] > 0
    assert lefts == sorted(lefts, reverse=True)
    assert lefts[-1] == 0


def test_key_pair(session):
    chip = IcaChip(session(Key.parse(KeyType.SM2_256, SCALAR)))
    made = chip.generate_key_pair(KeyType.SM2_256.spec_number, 5, 256)
    assert isinstance(made.public, PointPublicKey)
    assert (len(made.public.x), len(made.public.y)) == (32, 32)


@pytest.mark.parametrize(
    ("raw", "sw"),
    [
        ("E0F8000000", 0x6E00),
        ("8002000000", 0x6D00),
        ("80F8010000", 0x6A86),
        ("80F60001025103", 0x6700),
        ("80F600", 0x6700),
        ("80F60001105103", 0x6700),
    ],
)
def test_wrong_commands_sent_as_they_are(session, raw, sw):
    assert session(AES).send_raw(bytes.fromhex(raw)).sw == sw


def test_a_wrong_key_id(session):
    with pytest.raises(StatusError) as caught:
        IcaChip(session(AES)).symmetric(Mode.ENCRYPT, Algorithm.AES_ECB, bytes(16), key_id=0x7E)
    assert caught.value.sw == 0x9403


def test_mtk(session):
    chip = MtkChip(session(DES, "mtk"))
    chip.start()
    assert chip.get_id().id_bytes.hex().upper() == ID
    plain = ciphers.pad(bytes(range(230)), 8)
    sealed = chip.encrypt_blocks(Algorithm.DES_ECB, plain)
    assert sealed == ciphers.ecb_encrypt(DES, plain)
    assert chip.decrypt_blocks(Algorithm.DES_ECB, sealed) == plain
    with pytest.raises(StatusError):
        chip.decrypt_blocks(Algorithm.DES_ECB, ciphers.ecb_encrypt(DES, bytes(16)))


def test_more_than_a_short_answer_is_refused(session):
    made = session(AES)
    made.channel._read_size = 300
    slave = made.channel._transport._slaves[0x71]
    slave._session.process = lambda _: bytes(257) + b"\x90\x00"
    with pytest.raises(AnswerError, match="259 bytes"):
        IcaChip(made).get_id()
