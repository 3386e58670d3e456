import hashlib

import pytest

from harness.chip.errors import AnswerError, PinError, StatusError
from harness.chip.ica.algorithms import Algorithm, AsymAlgorithm, DigestType, Mode
from harness.chip.ica.chip import IcaChip
from harness.chip.ica.commands import Marking
from harness.chip.ica.keys import Element, PointPublicKey
from harness.chip.ica.length_prefix import LengthPrefix
from harness.chip.ica.vendor import Option
from harness.run.failure import ErrorRecord
from harness.run.safe import Mask
from harness.secret import Secret
from tests.chip.elements import build_elements

AES = Algorithm.AES_ECB
SELECT = "00A404000EA0000000416C6959756E2E494432"


@pytest.fixture
def chip(scripted):
    return lambda *script, **options: IcaChip(scripted(*script), **options)


def test_select_tolerates_file_control_information(chip):
    chip((SELECT, "6F10840EA0000000416C6959756E2E4944329000")).select()


def test_start_selects_unless_told_otherwise(chip):
    for select_first, count in ((True, 1), (False, 0)):
        ica = chip((SELECT, "9000"), select_first=select_first)
        ica.start()
        assert len(ica.session.channel.sent) == count


def test_a_refused_select(chip):
    with pytest.raises(StatusError, match=r"SELECT .*6A82: file or application not found"):
        chip((SELECT, "6A82")).select()


@pytest.mark.parametrize(
    "answer", ["81800B" + "00" * 11, "81800D" + "00" * 13, "", "8180", "81800C" + "00" * 11]
)
def test_an_id_of_a_wrong_form(chip, answer):
    with pytest.raises(AnswerError, match=r"GetID .*bytes") as caught:
        chip(("80F8000000", answer + "9000")).get_id()
    assert caught.value.traffic == ("> 80F8000000", f"< {answer}9000")


def test_vendor_information(chip):
    raw = "8185" + "00" * 8 + "02000000" + "0010" + "00" * 4
    info = chip(("80FC000014", raw + "9000")).get_vendor_info()
    assert (info.maker, info.options) == ("Infineon", {Option.AES})
    with pytest.raises(AnswerError, match="instead of 20"):
        chip(("80FC000014", raw[:-2] + "9000")).get_vendor_info()


def test_challenge(chip):
    assert chip(("0084000008", "0011223344556677" + "9000")).get_challenge(8) == bytes.fromhex(
        "0011223344556677"
    )
    with pytest.raises(AnswerError, match="7 bytes came back instead of 8"):
        chip(("0084000008", "00112233445566" + "9000")).get_challenge(8)


def test_encryption_and_its_length(chip):
    command = "80F60001155103000010" + "00" * 16
    assert chip((command, "AA" * 16 + "9000")).encrypt_blocks(AES, bytes(16)) == b"\xaa" * 16
    for wrong in (0, 15, 17, 32):
        with pytest.raises(AnswerError, match=f"{wrong} bytes came back for 16"):
            chip((command, "AA" * wrong + "9000")).encrypt_blocks(AES, bytes(16))


def test_a_chain_stops_at_the_first_refusal(chip):
    ica = chip(("80F60001F55203000100" + "00" * 240, "6985"), ("80F60101" + "10" + "00" * 16, "9000"))
    with pytest.raises(StatusError, match=r"block 0 .*6985"):
        ica.decrypt_blocks(AES, bytes(256))
    assert len(ica.session.channel.sent) == 1


def test_marking_of_the_specification(chip):
    ica = chip(
        ("80F60000F55103000100" + "00" * 240, "BB" * 240 + "9000"),
        ("80F6010110" + "00" * 16, "BB" * 16 + "9000"),
        marking=Marking.SPEC,
    )
    assert ica.encrypt_blocks(AES, bytes(256)) == b"\xbb" * 256


def test_cbc_sends_the_iv_first(chip):
    ica = chip(("80F60001255202000010" + "EE" * 16 + "00" * 16, "AA" * 16 + "9000"))
    assert ica.symmetric(Mode.DECRYPT, Algorithm.AES_CBC, bytes(16), iv=b"\xee" * 16) == b"\xaa" * 16


def test_symmetric_makes_no_macs(chip):
    with pytest.raises(ValueError, match="generate_mac"):
        chip().symmetric(Mode.SIGN, AES, bytes(16))


def test_mac(chip):
    head = "06000003" + "00" * 16 + "010203"
    generate, verify = "80F600011853" + head, "80F60001285406000013" + "00" * 16 + "010203" + "AB" * 16
    assert (
        chip((generate, "AB" * 16 + "9000")).generate_mac(Algorithm.AES_CBC_ISO9797_M1, b"\x01\x02\x03")
        == b"\xab" * 16
    )
    for answer, good in (("9000", True), ("6A80", False)):
        assert (
            chip((verify, answer)).verify_mac(Algorithm.AES_CBC_ISO9797_M1, b"\x01\x02\x03", b"\xab" * 16)
            is good
        )
    with pytest.raises(StatusError, match="9406"):
        chip((verify, "9406")).verify_mac(Algorithm.AES_CBC_ISO9797_M1, b"\x01\x02\x03", b"\xab" * 16)
    for wrong in ("", "AB" * 17):
        with pytest.raises(AnswerError, match="a MAC of"):
            chip((generate, wrong + "9000")).generate_mac(Algorithm.AES_CBC_ISO9797_M1, b"\x01\x02\x03")
    with pytest.raises(ValueError, match="makes no MAC"):
        chip().generate_mac(AES, b"\x01")


SIGN_SM2 = "80F400010653050000" + "01" + "4D"


@pytest.mark.parametrize("prefix", ["", "0040"])
def test_a_signature_with_and_without_length(chip, prefix):
    ica = chip((SIGN_SM2, prefix + "C3" * 64 + "9000"))
    assert ica.sign(AsymAlgorithm.SM2_SM3, b"M", size=64) == b"\xc3" * 64


def test_a_signature_that_starts_like_its_length(chip):
    signature = bytes.fromhex("0040" + "C3" * 62)
    ica = chip((SIGN_SM2, signature.hex() + "9000"))
    assert ica.sign(AsymAlgorithm.SM2_SM3, b"M", size=64) == signature


@pytest.mark.parametrize("answer", ["", "C3", "C3" * 63, "C3" * 65, "0041" + "C3" * 65, "003F" + "C3" * 63])
def test_a_signature_of_a_wrong_length(chip, answer):
    with pytest.raises(AnswerError, match="instead of 64"):
        chip((SIGN_SM2, answer + "9000")).sign(AsymAlgorithm.SM2_SM3, b"M", size=64)


def test_a_long_answer_is_fetched(chip):
    signature = bytes(range(256))
    whole = (b"\x01\x00" + signature).hex()
    command = "80F40001065302000001" + "4D"
    ica = chip((command, whole[:512] + "9000"), ("80F4400000", whole[512:] + "9000"))
    assert ica.sign(AsymAlgorithm.RSA_SHA256, b"M", size=256) == signature


def test_a_fetch_that_brings_nothing_or_too_much(chip):
    command = "80F40001065302000001" + "4D"
    first = "0100" + "00" * 254
    with pytest.raises(AnswerError, match="nothing came, 2 bytes are missing"):
        chip((command, first + "9000"), ("80F4400000", "9000")).sign(AsymAlgorithm.RSA_SHA256, b"M", size=256)
    with pytest.raises(AnswerError, match="says 256 bytes, 257 came"):
        chip((command, first + "9000"), ("80F4400000", "0000009000")).sign(
            AsymAlgorithm.RSA_SHA256, b"M", size=256
        )


@pytest.mark.parametrize(
    ("option", "answer", "plain"),
    [
        (LengthPrefix.DETECT, "0003616263", b"abc"),
        (LengthPrefix.DETECT, "616263", b"abc"),
        (LengthPrefix.DETECT, "61", b"a"),
        (LengthPrefix.ABSENT, "0003616263", b"\x00\x03abc"),
        (LengthPrefix.PRESENT, "0003616263", b"abc"),
    ],
)
def test_decryption_with_and_without_length(chip, option, answer, plain):
    command = "80F40001065205000001" + "4D"
    assert (
        chip((command, answer + "9000"), length_prefix=option).decrypt(AsymAlgorithm.SM2_SM3, b"M") == plain
    )


def test_a_length_that_must_be_there_and_is_not(chip):
    command = "80F40001065205000001" + "4D"
    with pytest.raises(AnswerError, match="too few"):
        chip((command, "619000"), length_prefix=LengthPrefix.PRESENT).decrypt(AsymAlgorithm.SM2_SM3, b"M")


def test_the_fetch_loop_is_bounded(chip):
    command = "80F40001065205000001" + "4D"
    ica = chip((command, "FFFF009000"), *[("80F4400000", "009000")] * 300, length_prefix=LengthPrefix.PRESENT)
    with pytest.raises(AnswerError, match="says 65535 bytes, 257 came"):
        ica.decrypt(AsymAlgorithm.SM2_SM3, b"M")


def test_verification_of_signatures(chip):
    command = "80F40001075405000002" + "4D53"
    for answer, good in (("9000", True), ("6A80", False)):
        assert chip((command, answer)).verify_signature(AsymAlgorithm.SM2_SM3, b"M", b"S") is good
    with pytest.raises(StatusError):
        chip((command, "6985")).verify_signature(AsymAlgorithm.SM2_SM3, b"M", b"S")
    with pytest.raises(ValueError, match="verify_signature"):
        chip().asymmetric(Mode.VERIFY, AsymAlgorithm.SM2_SM3, b"M")


def test_digest(chip):
    data = bytes(300)
    digest = hashlib.sha256(data).hexdigest()
    script = (("80F00000F102" + "00" * 240, "9000"), ("80F001013C" + "00" * 60, digest + "9000"))
    assert chip(*script).compute_digest(DigestType.SHA256, data).hex() == digest
    with pytest.raises(AnswerError, match="1 bytes came back instead of 0"):
        chip((script[0][0], "AA9000")).compute_digest(DigestType.SHA256, data)
    with pytest.raises(AnswerError, match="31 bytes came back instead of 32"):
        chip(script[0], (script[1][0], digest[:-2] + "9000")).compute_digest(DigestType.SHA256, data)


def test_generated_key(chip):
    answer = build_elements((Element.SM2_X, b"\x01" * 32), (Element.SM2_Y, b"\x02" * 32)).hex()
    made = chip(("80F200000404090100", answer + "9000")).generate_key_pair(4, 9, 256)
    assert made.public == PointPublicKey(b"\x01" * 32, b"\x02" * 32)
    with pytest.raises(AnswerError, match="no public key"):
        chip(("80F200000404090100", "9000")).generate_key_pair(4, 9, 256)


@pytest.mark.parametrize(("sw", "tries"), [("63C3", 3), ("63C0", 0), ("6983", 0)])
def test_a_wrong_pin_tells_the_tries_left(chip, sw, tries):
    with pytest.raises(PinError) as caught:
        chip(("00200000023132", sw)).verify_pin(Secret("12"))
    assert caught.value.tries_left == tries
    assert "3132" not in str(ErrorRecord.of(caught.value, Mask()))
    assert ("blocked" in str(caught.value)) is (tries == 0)


def test_pins(chip):
    pin = Secret("12")
    chip(("00200000023132", "9000")).verify_pin(pin)
    chip(("84240001023132", "9000")).update_pin(pin, reference=1)
    chip(("845E0000023132", "9000")).unblock_pin(pin)
    with pytest.raises(StatusError, match="6982") as caught:
        chip(("84240000023132", "6982")).update_pin(pin)
    assert not isinstance(caught.value, PinError)
    assert "3132" not in str(ErrorRecord.of(caught.value, Mask()))
