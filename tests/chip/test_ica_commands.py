import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.chip.ica import commands as ica
from harness.chip.ica.algorithms import (
    Algorithm,
    AsymAlgorithm,
    DigestType,
    Mode,
    ecb_algorithm,
)
from harness.chip.ica.commands import Marking
from harness.id2.keys import KeyType
from harness.secret import Secret


def wire(*chain):
    return [command.to_bytes().hex().upper() for command in chain]


def test_the_fixed_commands():
    assert wire(ica.select(), ica.get_id(), ica.get_vendor_info(), ica.get_challenge(4)) == [
        "00A404000EA0000000416C6959756E2E494432",
        "80F8000000",
        "80FC000014",
        "0084000004",
    ]


@pytest.mark.parametrize("size", [0, 3, 17, 256])
def test_challenge_sizes(size):
    with pytest.raises(ValueError, match="4 to 16"):
        ica.get_challenge(size)


def test_one_block_of_ecb():
    chain = ica.symmetric_crypt(Mode.ENCRYPT, Algorithm.AES_ECB, bytes(16))
    assert wire(*chain) == ["80F60001155103000010" + "00" * 16]


def test_one_block_of_cbc_with_another_key():
    chain = ica.symmetric_crypt(Mode.DECRYPT, Algorithm.DES_CBC, bytes(8), key_id=1, iv=b"\xa5" * 8)
    assert wire(*chain) == ["80F60001155200010008" + "A5" * 8 + "00" * 8]


@pytest.mark.parametrize(
    ("size", "iv", "lcs"),
    [
        (0xE0, 0, [0xE5]),
        (0xF0, 0, [0xF5]),
        (0x100, 0, [0xF5, 0x10]),
        (0x1E0, 0, [0xF5, 0xF0]),
        (0x1F0, 0, [0xF5, 0xF0, 0x10]),
        (0xE0, 16, [0xF5]),
        (0xF0, 16, [0xF5, 0x10]),
        (0x1D0, 16, [0xF5, 0xF0]),
    ],
)
def test_block_boundaries(size, iv, lcs):
    algorithm = Algorithm.AES_CBC if iv else Algorithm.AES_ECB
    chain = ica.symmetric_crypt(Mode.ENCRYPT, algorithm, bytes(size), iv=bytes(iv))
    assert [len(command.data) for command in chain] == lcs
    assert [command.p1 for command in chain] == list(range(len(lcs)))
    assert chain[0].data[3:5] == size.to_bytes(2, "big")


def test_marking_of_the_last_block():
    def marks(marking):
        return [
            c.p2 for c in ica.symmetric_crypt(Mode.ENCRYPT, Algorithm.SM4_ECB, bytes(512), marking=marking)
        ]

    assert marks(Marking.SDK) == [1, 1, 1]
    assert marks(Marking.SPEC) == [0, 0, 1]


@given(st.integers(1, 300), st.sampled_from(sorted(Algorithm)), st.sampled_from(sorted(Marking)))
def test_a_symmetric_chain_carries_all_data_once(blocks, algorithm, marking):
    size = algorithm.block_size
    data = bytes(index % 251 for index in range(blocks * size))
    iv = b"\xee" * size if algorithm.has_iv else b""
    chain = ica.symmetric_crypt(Mode.ENCRYPT, algorithm, data, key_id=7, iv=iv, marking=marking)
    whole = b"".join(command.data for command in chain)
    assert whole == bytes((0x51, algorithm, 7)) + len(data).to_bytes(2, "big") + iv + data
    assert len(chain[0].data) <= 0xF5
    assert all(len(command.data) <= 0xF0 for command in chain[1:])
    assert all(len(command.data) % size == 0 for command in chain[1:])
    assert {(command.cla, command.ins, command.le) for command in chain} == {(0x80, 0xF6, None)}


@pytest.mark.parametrize(
    ("algorithm", "data", "iv", "why"),
    [
        (Algorithm.AES_ECB, b"", b"", "no data"),
        (Algorithm.AES_ECB, bytes(15), b"", "whole blocks of 16"),
        (Algorithm.DES_ECB, bytes(12), b"", "whole blocks of 8"),
        (Algorithm.AES_ECB, bytes(16), bytes(16), "IV of 0 bytes"),
        (Algorithm.AES_CBC, bytes(16), b"", "IV of 16 bytes"),
        (Algorithm.DES_CBC, bytes(16), bytes(16), "IV of 8 bytes"),
        (Algorithm.AES_ECB, bytes(65536), b"", "more than one chain"),
        (Algorithm.AES_ECB, bytes(0xF0 * 257), b"", "more than one chain"),
    ],
)
def test_what_no_symmetric_chain_can_be(algorithm, data, iv, why):
    with pytest.raises(ValueError, match=why):
        ica.symmetric_crypt(Mode.ENCRYPT, algorithm, data, iv=iv)


def test_key_ids_are_bytes():
    with pytest.raises(ValueError, match="key id 256"):
        ica.symmetric_crypt(Mode.ENCRYPT, Algorithm.AES_ECB, bytes(16), key_id=256)


@pytest.mark.parametrize(
    ("algorithm", "size", "lcs", "marks"),
    [
        (AsymAlgorithm.RSA_SHA256, 0x80, [0x85], [1]),
        (AsymAlgorithm.RSA_PKCS1, 0x100, [0x85, 0x80], [0, 1]),
        (AsymAlgorithm.SM2_SM3, 72, [77], [1]),
        (AsymAlgorithm.SM2_SM3, 0xF1, [0xF5, 1], [0, 1]),
        (AsymAlgorithm.ECDSA, 0x1E0, [0xF5, 0xF0], [0, 1]),
    ],
)
def test_asymmetric_chains(algorithm, size, lcs, marks):
    chain = ica.asymmetric_crypt(Mode.SIGN, algorithm, bytes(size))
    assert [len(command.data) for command in chain] == lcs
    assert [command.p2 for command in chain] == marks
    assert chain[0].data[:5] == bytes((0x53, algorithm, 0)) + size.to_bytes(2, "big")
    assert all(command.p1 < 0x40 for command in chain)


def test_an_asymmetric_block_number_never_looks_like_a_fetch():
    ica.asymmetric_crypt(Mode.SIGN, AsymAlgorithm.SM2_SM3, bytes(0x40 * 0xF0))
    with pytest.raises(ValueError, match="more than one chain"):
        ica.asymmetric_crypt(Mode.SIGN, AsymAlgorithm.SM2_SM3, bytes(0x40 * 0xF0 + 1))
    assert wire(ica.fetch_rest()) == ["80F4400000"]


@pytest.mark.parametrize(
    ("size", "lcs"), [(0, [1]), (1, [2]), (0xF0, [0xF1]), (0xF1, [0xF1, 1]), (500, [0xF1, 0xF0, 20])]
)
def test_digest_chains(size, lcs):
    chain = ica.compute_digest(DigestType.SM3, bytes(size))
    assert [len(command.data) for command in chain] == lcs
    assert [command.p2 for command in chain] == [0] * (len(lcs) - 1) + [1]
    assert chain[0].data[0] == 5
    assert b"".join(command.data for command in chain)[1:] == bytes(size)


def test_generate_key_pair():
    assert wire(ica.generate_key_pair(4, 9, 256)) == ["80F200000404090100"]
    assert wire(ica.generate_key_pair(2, 1, 2048, p1=1)) == ["80F201000402010800"]
    for arguments, why in (
        ((4, 9, 0), "bits"),
        ((4, 9, 65536), "bits"),
        ((256, 9, 8), "key type"),
        ((4, 256, 8), "key id"),
    ):
        with pytest.raises(ValueError, match=why):
            ica.generate_key_pair(*arguments)
    with pytest.raises(ValueError, match="P1"):
        ica.generate_key_pair(4, 9, 256, p1=2)


def test_pin_commands_hide_their_data():
    pin = Secret("123456")
    for command, head in (
        (ica.verify_pin(pin), "00200000"),
        (ica.update_pin(pin), "84240000"),
        (ica.unblock_pin(pin), "845E0000"),
    ):
        assert wire(command) == [head + "06313233343536"]
        assert "3132" not in f"{command} {command!r}"


def test_algorithms_know_their_shape():
    assert {a.name for a in Algorithm if a.block_size == 8} == {
        name
        for cipher in ("DES", "SM7")
        for name in (f"{cipher}_CBC", f"{cipher}_ECB", f"{cipher}_CBC_ISO9797_M1", f"{cipher}_CBC_ISO9797_M2")
    }
    assert {int(a) for a in Algorithm if not a.has_iv} == {0x01, 0x03, 0x11, 0x13, 0x19}
    assert {int(a) for a in Algorithm if a.pads} == {4, 5, 6, 7, 0x14, 0x15, 0x16, 0x17, 0x1A, 0x1B}


@pytest.mark.parametrize("key_type", list(KeyType))
def test_algorithms_of_key_types(key_type):
    if not key_type.symmetric:
        with pytest.raises(ValueError, match="no symmetric"):
            ecb_algorithm(key_type)
        return
    assert ecb_algorithm(key_type).block_size == key_type.block_size
    assert ecb_algorithm(key_type).name.endswith("_ECB")
    expected = {"3DES": 0x01, "AES": 0x03, "SM4": 0x11, "SM1": 0x19}
    assert ecb_algorithm(key_type) == expected[key_type.family]
