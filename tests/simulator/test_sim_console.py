"""The simulated console board against whole captured consoles, character by character."""

import re

import pytest

from harness.errors import UsageError
from harness.id2 import authcode, ciphers, report, secrets, servercode
from harness.id2.keys import Key, KeyType
from harness.settings.simulated_device import AnswerStyle
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.kinds import make_chip
from harness.simulator.chip.randomness import SeededRandom
from harness.simulator.console.app import CHALLENGE, EXTRA
from harness.simulator.console.board import BuildInfo, ConsoleBoard, ConsoleConfig, PlayedConsole
from harness.simulator.faults.catalogue import find

ID = "2122232425262728292A2B2C"


def text_of(config):
    return b"".join(ConsoleBoard(config).text()).decode("latin-1")


def recorded_random(text):
    """Return a random source that repeats what the captured board drew."""
    drawn = [bytes.fromhex(found).ljust(128, b"\0") for found in re.findall(r"Challenge: ([0-9A-F]+) ", text)]
    drawn += [bytes.fromhex(found) for found in re.findall(r"\d~2~([0-9A-F]{16})~", text)]
    return lambda size: drawn.pop(0)[:size]


def test_the_captured_demo_board(sample, key_for):
    captured = sample("id2_app-3.1.0-aes128.log")
    build = BuildInfo("Nov 22 2026 18:00:18", "Nov 22 2026 18:00:19", "Nov 22 2026 18:00:21", otp=True)
    config = ConsoleConfig(
        ID,
        key_for(KeyType.AES_128),
        build=build,
        random=recorded_random(captured),
        now_ms=lambda: 1_795_370_421_790,  # found from the one-time password in the capture
    )
    assert text_of(config) == captured


def test_the_captured_board_with_a_secure_element(sample):
    captured = sample("id2_app-3.1.0-se-3des168.log")
    key = Key.parse(KeyType.DES3_168, "1005F0D5333978630AD5D02EA777DC548FA94C5263EA071E")
    chip = make_chip(ChipConfig("ica", "379551166B860D8DC4235AC7", key))
    config = ConsoleConfig(
        "379551166B860D8DC4235AC7",
        key,
        chip=chip,
        build=BuildInfo("Nov 22 2026 18:03:29", "", "Nov 22 2026 18:03:33"),
        random=recorded_random(captured),
        now_ms=lambda: 1_795_374_211_326,  # found from the one-time password in the capture
    )
    assert text_of(config) == captured


def test_the_mtk_board_prints_as_in_the_trace(vector):
    key = Key.parse(KeyType.DES3_112, "0102030405060708090A0B0C0D0E0F10")
    chip = make_chip(ChipConfig("mtk", "0102030405060708090A0B0C", key))
    text = text_of(ConsoleConfig("0102030405060708090A0B0C", key, chip=chip))
    traced = [line for line in vector("mtk-3des")["log"] if line.startswith("<LS_LOG> ID2=>")]
    banner = [line for line in traced if "CONFIG" in line or "session" in line]
    request = traced[traced.index("<LS_LOG> ID2=> Command APDU: [length = 0x0007]") :][:25]
    for line in banner:
        assert line in text
    assert "\n".join(request) in text
    code = re.search(r"\[110\] (0~2~\S+)", text)[1]
    authcode.verify(key, "0102030405060708090A0B0C", authcode.parse(code))


@pytest.mark.parametrize(
    "key_type", [kind for kind in KeyType if kind.symmetric and kind is not KeyType.SM1_128]
)
@pytest.mark.parametrize("answers", list(AnswerStyle))
def test_every_symmetric_key_type(key_for, key_type, answers):
    key = key_for(key_type)
    chip = make_chip(ChipConfig("ica", ID, key, answers=answers))
    text = text_of(ConsoleConfig(ID, key, chip=chip))
    assert text.count(" Pass.") == 7
    codes = [code for code in re.findall(r"\[\d+\] (\S+)", text) if "~" in code]
    for code, extra in zip(codes, (b"", EXTRA.encode()) * 2, strict=True):
        authcode.verify(key, ID, authcode.parse(code), extra)
    found = report.parse(report.find(text))
    authcode.verify(key, ID, authcode.parse(found.items[1].result), EXTRA.encode())
    authcode.verify(key, ID, authcode.parse(found.items[2].result), EXTRA.encode())
    secret = secrets.get_secret(key, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert f"device secret: [64] {secret}" in text
    assert ("response apdu with 0x61." in text) == (answers is AnswerStyle.GET_RESPONSE)


def test_without_apdu_dumps(chip_of, key_for):
    config = ConsoleConfig(ID, key_for(KeyType.AES_128), chip=chip_of(), build=BuildInfo(dumps=False))
    text = text_of(config)
    assert "CONFIG_CHIP_DEBUG is not defined!" in text
    assert "APDU:" not in text
    assert text.count(" Pass.") == 7


def test_line_ends(key_for):
    text = text_of(ConsoleConfig(ID, key_for(KeyType.AES_128), line_end="\r\n"))
    assert text.count("\n") == text.count("\r\n") > 90


def test_each_run_draws_anew_and_a_seed_repeats(key_for):
    key = key_for(KeyType.AES_128)

    def run(seed):
        board = ConsoleBoard(
            ConsoleConfig(ID, key, random=SeededRandom(seed), now_ms=lambda: 1_700_000_000_000)
        )
        return [b"".join(board.text()) for _ in range(2)]

    assert run(1) == run(1)
    assert run(1)[0] != run(1)[1]


# --- server code and ciphertext that were compiled in ---


def test_a_right_server_code_and_ciphertext(chip_of, key_for):
    key = key_for(KeyType.AES_128)
    code = servercode.build(key, ID, CHALLENGE, EXTRA.encode()).text
    cipher = ciphers.encrypt(key, ID.encode()).hex()
    text = text_of(ConsoleConfig(ID, key, chip=chip_of(), server_code=code, cipher_text=cipher))
    assert "=====>ID2 Client Verify Server  AuthCode End." in text
    assert "id2 init count, 2" in text
    assert f"out_data: {ID}" in text
    assert "=================>ID2 Client Test Decrypt Pass." in text
    assert "Fail" not in text


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda code: code.replace("11~", "10~", 1), "signature compare error."),
        (lambda code: code.replace("11~", "12~", 1), "invalid auth code type"),
        (lambda code: code.replace("~2~", "~3~", 1), "invalid hash type, 3."),
        (lambda code: code.replace("~55B8", "~55B9", 1), "device random mismatch."),
        (lambda code: code.replace("~55B8", "~5B8", 1), "device random length mismatch, 32 31."),
        (lambda code: code.replace("3DC~", "3DC", 1), "auth code format error."),
        (lambda code: code[:-3] + "!!!", "id2_plat_base64_decode fail"),
    ],
)
def test_wrong_server_codes(key_for, change, error):
    key = key_for(KeyType.AES_128)
    code = change(servercode.build(key, ID, CHALLENGE, EXTRA.encode()).text)
    text = text_of(ConsoleConfig(ID, key, server_code=code))
    assert f"ERROR: {error}" in text
    assert "=====>ID2 Client Verify Server AuthCode Fail." in text


@pytest.mark.parametrize(
    ("padding", "error"),
    [(b"\x11" * 8, "invalid pkcs5 padding, 17"), (b"\x07" + b"\x08" * 7, "id2 pkcs5 unpadding fail.")],
)
def test_wrong_padding(key_for, padding, error):
    key = key_for(KeyType.AES_128)
    cipher = ciphers.ecb_encrypt(key, ID.encode() + padding).hex()
    text = text_of(ConsoleConfig(ID, key, cipher_text=cipher))
    assert f"ERROR: {error}" in text
    assert "Client Test Decrypt Fail." in text


def test_the_padding_defect_of_the_release(key_for):
    """A last byte of 00 passes the padding check and leaves all in place; the comparison then fails."""
    key = key_for(KeyType.AES_128)
    cipher = ciphers.ecb_encrypt(key, ID.encode() + bytes(8)).hex()
    text = text_of(ConsoleConfig(ID, key, cipher_text=cipher))
    assert "unpadding" not in text
    assert f"out_data: {ID}" in text
    assert "plaintext data is error" in text


def test_a_ciphertext_that_is_no_hex(key_for):
    text = text_of(ConsoleConfig(ID, key_for(KeyType.AES_128), cipher_text="x" * 64))
    assert "string to hex fail" in text


# --- a broken chip behind a sound console ---


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ("id-length-11", "id2 client do provisioning fail, -1"),
        ("answer-too-long", "ERROR: ID2=> bad response apdu length, 259."),
        ("swallowed-status", "Pass."),
    ],
)
def test_broken_chips(chip_of, key_for, fault, line):
    text = text_of(ConsoleConfig(ID, key_for(KeyType.AES_128), chip=chip_of(fault=fault)))
    assert line in text
    assert text.rstrip().endswith("<= SE close session, (ret = 0).")


def test_a_third_transmission_is_too_much_for_the_adapter(chip_of, key_for):
    chip = chip_of(fault="getresponse-third-transmission", answers="get-response")
    text = text_of(ConsoleConfig(ID, key_for(KeyType.AES_128), chip=chip))
    assert "id2 client do provisioning fail, -1" in text
    assert text.count("response apdu with 0x61.") == 2


def test_another_key_in_the_chip_gives_other_codes(chip_of, key_for):
    key = key_for(KeyType.AES_128)
    text = text_of(ConsoleConfig(ID, key, chip=chip_of(fault="encrypts-with-other-key")))
    assert text.count(" Pass.") == 7
    code = re.search(r"\[118\] (0~2~\S+)", text)[1]
    assert authcode.check(code, key=key, id2=ID)


# --- what cannot be ---


def test_asymmetric_keys_are_refused(chip_of, key_for):
    with pytest.raises(UsageError, match="sm2-256"):
        ConsoleBoard(ConsoleConfig(ID, key_for(KeyType.SM2_256), chip=chip_of(KeyType.SM2_256)))


def test_sm1_needs_a_chip(chip_of, key_for):
    key = key_for(KeyType.SM1_128)
    with pytest.raises(UsageError, match="SM1"):
        ConsoleBoard(ConsoleConfig(ID, key))
    text = text_of(ConsoleConfig(ID, key, chip=chip_of(KeyType.SM1_128)))
    assert "CHIP_KEY_TYPE_SM1" in text
    with pytest.raises(UsageError, match="SM1"):
        ConsoleBoard(
            ConsoleConfig(ID, key, chip=chip_of(KeyType.SM1_128), fault=find("decrypt-accepts-bad-padding"))
        )


def test_identities(chip_of, key_for, tmp_path):
    board = ConsoleBoard(
        ConsoleConfig(ID, key_for(KeyType.AES_128), chip=chip_of(), fault=find("extra-ignored"))
    )
    assert "simulated" in board.identity
    assert "broken on purpose: extra-ignored" in board.identity
    capture = tmp_path / "a.log"
    capture.write_text("")
    assert PlayedConsole(capture).identity == "captured console a.log, played back"
