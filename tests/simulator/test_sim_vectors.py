"""The chip models against every APDU that the vendor's SDK exchanged."""

import pytest

from harness.id2.keys import Key, KeyType
from harness.settings.simulated_device import AnswerStyle
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.kinds import make_chip


@pytest.mark.parametrize(
    ("name", "key_type", "answers"),
    [
        ("AES-128-se", KeyType.AES_128, AnswerStyle.DIRECT),
        ("AES-128-se-t0", KeyType.AES_128, AnswerStyle.GET_RESPONSE),
        ("3DES-168-se", KeyType.DES3_168, AnswerStyle.DIRECT),
    ],
)
def test_standard_chip_answers_as_in_the_trace(vector, name, key_type, answers):
    trace = vector(name)
    key = Key.parse(key_type, trace["key_hex"])
    chip = make_chip(ChipConfig("ica", trace["id2"], key, answers=answers))
    for command, answer in trace["apdu_log"]:
        assert chip.process(bytes.fromhex(command)).hex().upper() == answer, command


def test_mtk_chip_answers_as_in_the_trace(vector):
    trace = vector("mtk-3des")
    key = Key.parse(KeyType.DES3_112, "0102030405060708090A0B0C0D0E0F10")
    chip = make_chip(ChipConfig("mtk", "0102030405060708090A0B0C", key))
    for command, answer in trace["apdu_log"]:
        assert chip.process(bytes.fromhex(command)).hex().upper() == answer, command


def test_the_long_decryption_in_the_trace_is_there(vector):
    sizes = [int(command[8:10], 16) for command, _ in vector("AES-128-se")["apdu_log"][-4:]]
    assert sizes == [0xF5, 0xF0, 0xF0, 0x40]
