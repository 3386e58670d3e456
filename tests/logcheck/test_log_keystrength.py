"""A console shows a key that can be guessed, and a SIGN of no block cipher, without any key given."""

import pytest

from harness.id2.keys import Key, KeyType
from harness.logcheck.judge import judge
from harness.run.verdict import Verdict
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.hooks import ChipHooks
from harness.simulator.chip.ica import IcaChip
from harness.simulator.console.board import ConsoleBoard, ConsoleConfig
from harness.simulator.faults.fault import Expected, Fault, Layer
from harness.simulator.faults.keys import CipherIsSum, CipherIsXor

ID = "00FFFFFFDB1D8DC78DDCB802"
STRONG = "9F0C36E1D4B85A2277E3C90641FA8D5B"


def console(key_text, id2=ID, key_type=KeyType.AES_128, hooks=ChipHooks):
    key = Key.parse(key_type, key_text)
    fault = Fault("a-fault", Layer.CHIP, "broken", Expected.FAILED, hooks)
    chip = IcaChip(ChipConfig("ica", id2, key, fault=fault))
    return b"".join(ConsoleBoard(ConsoleConfig(id2, key, chip=chip)).text())


def strength(text):
    return {
        item.name: item.detail
        for item in judge(iter([text])).items
        if item.verdict is Verdict.FAILED and item.name in ("key strength", "cipher")
    }


@pytest.mark.parametrize(
    ("key", "how"),
    [
        ("00" * 16, "00 repeated"),
        (ID + "00000000", "padded with 00"),
        ("2122232425262728292A2B2C2D2E2F30", "published with ID 2122232425262728292A2B2C"),
        ("0123456789ABCDEFFEDCBA9876543210", "GB/T 32907"),
    ],
)
def test_a_key_that_can_be_guessed_is_told_without_showing_it(key, how):
    failed = strength(console(key))
    assert how in failed["key strength"]
    assert key not in failed["key strength"]


def test_a_published_key_under_its_own_id_is_a_finding_and_no_failure():
    text = console("2122232425262728292A2B2C2D2E2F30", id2="2122232425262728292A2B2C")
    assert strength(text) == {}
    assert "published-key" in {finding.id for finding in judge(iter([text])).findings}


@pytest.mark.parametrize("key_type", [KeyType.AES_128, KeyType.SM4_128, KeyType.DES3_112])
def test_other_keys_are_not_accused(key_type):
    assert strength(console(STRONG, key_type=key_type)) == {}


@pytest.mark.parametrize("hooks", [CipherIsXor, CipherIsSum])
def test_a_sign_of_no_block_cipher_is_told(hooks):
    assert "block cipher" in strength(console(STRONG, hooks=hooks))["cipher"]
