"""The simulated chip on SPI: what a board file of kind `simulated-spi` leads to."""

from pathlib import Path

import pytest

from harness.board.reading.file import load
from harness.chip.fm1280_spi import Fm1280Spi
from harness.chip.ica.algorithms import Algorithm
from harness.chip.ica.chip import IcaChip
from harness.chip.session import ChipSession
from harness.errors import UsageError
from harness.id2 import ciphers
from harness.id2.keys import KeyType
from harness.settings.link_flash import LinkFlash
from harness.simulator.chip.transports import SimulatedSpiSettings
from harness.transport.base import Capability
from harness.transport.kind import TransportContext

ROOT = Path(__file__).resolve().parents[2]
ID = "2122232425262728292A2B2C"


@pytest.fixture
def spi(key_for):
    def make(fault=None):
        key = key_for(KeyType.AES_128)
        device = {"key_type": "aes-128", "id": ID, "vendor": 0x8182, "fault": fault}
        device["key"] = {"test_key": key.reveal().hex()}
        settings = SimulatedSpiSettings(kind="simulated-spi", device=device)
        context = TransportContext(
            "chip", ROOT, "lab", "se", KeyType.AES_128, None, LinkFlash(), lambda _: key
        )
        return settings.make(context)

    return make


def test_the_chip_is_reached_through_the_framing_for_spi(spi, key_for):
    transport = spi()
    assert transport.capabilities == {Capability.SPI}
    assert transport.identity == f"simulated ica chip, aes-128, ID {ID}, on a simulated SPI bus"
    with ChipSession(Fm1280Spi(transport)) as session:
        chip = IcaChip(session)
        chip.select()
        assert chip.get_id().vendor == 0x8182
        plain = bytes(768)
        cipher = chip.encrypt_blocks(Algorithm.AES_ECB, plain)
        assert cipher == ciphers.ecb_encrypt(key_for(KeyType.AES_128), plain)


def test_a_fault_of_the_chip(spi):
    assert "broken on purpose: id-length-11" in spi("id-length-11").identity


def test_a_fault_of_the_framing_on_i2c_is_refused(spi):
    with pytest.raises(
        UsageError, match="'wtx-forever' sits in the framing layer; a chip on SPI cannot have it"
    ):
        spi("wtx-forever")


def test_the_example_occupies_nothing():
    board = load(ROOT / "boards" / "virtual-se-spi.yaml")
    assert board.simulated
    assert not board.warnings
