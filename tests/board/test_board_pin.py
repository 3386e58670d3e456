"""The PIN in a board file: a reference, never the PIN itself."""

import dataclasses

import pytest
from pydantic import ValidationError

from harness.board.models import BoardFile
from harness.board.opening.resolve import Resolver
from harness.board.plan.applies import facts_of
from harness.errors import UsageError
from harness.settings.simulated_device import PIN
from harness.simulator.chip.config import ChipConfig
from tests.pages import ROOT, harness
from tests.step4_adapt.conftest import board_of


def board_with(pin=None, **device):
    board = board_of()
    board["device"] |= {"pin": pin} | device
    return BoardFile.model_validate(board)


def test_a_simulated_chip_has_the_pin_that_is_resolved():
    default = next(one.default for one in dataclasses.fields(ChipConfig) if one.name == "pin")
    assert default == PIN
    assert Resolver(board_with({"value": {"simulated": "chip"}})).pin().reveal() == PIN


@pytest.mark.parametrize(
    ("text", "value"), [("4711", b"4711"), ("0x04a1ff", b"\x04\xa1\xff"), (" 1234 \n", b"1234")]
)
def test_characters_or_hex(text, value):
    assert Resolver(board_with({"value": {"env": "PIN"}}), {"PIN": text}).pin().reveal() == value


@pytest.mark.parametrize("text", ["0xF", "0x", "12345678901234567", "ä234"])
def test_what_is_no_pin_is_refused_without_repeating_it(text):
    with pytest.raises(UsageError) as caught:
        Resolver(board_with({"value": {"env": "PIN"}}), {"PIN": text}).pin()
    assert "device.pin.value" in caught.value.message
    assert text not in caught.value.message


@pytest.mark.parametrize(
    "pin",
    [{"value": "123456"}, {"value": {}}, {"tries": 0}, {"tries": 16}, {"value": {"env": "A", "file": "b"}}],
)
def test_a_pin_in_the_file_is_refused(pin):
    with pytest.raises(ValidationError) as caught:
        board_with(pin)
    assert "123456" not in str(caught.value.errors()[0]["msg"])


def test_a_simulated_pin_of_no_transport_is_refused():
    with pytest.raises(UsageError, match=r"device\.pin\.value\.simulated"):
        Resolver(board_with({"value": {"simulated": "other"}})).pin()


def test_no_pin():
    assert Resolver(board_with()).pin() is None
    assert Resolver(board_with({"tries": 3})).pin() is None


def test_facts():
    assert {"pin_known", "spare"} <= set(facts_of(board_with({"value": {"simulated": "chip"}}, spare=True)))
    assert not {"pin_known", "spare"} & set(facts_of(board_with({"tries": 3}, spare=False)))


@pytest.mark.slow
def test_a_pin_that_is_not_there_shows_in_the_plan_and_keeps_the_run_from_beginning(tmp_path, monkeypatch):
    monkeypatch.delenv("MYPIN", raising=False)
    text = (ROOT / "boards" / "virtual-se-i2c.yaml").read_text()
    assert "value: {simulated: chip}" in text
    (tmp_path / "board.yaml").write_text(text.replace("value: {simulated: chip}", "value: {env: MYPIN}"))
    missing = "device.pin.value: the environment variable MYPIN is not set"
    planned = harness(tmp_path, tmp_path, "plan", "board.yaml")
    assert planned.returncode == 0
    assert missing in planned.stdout.partition("keys and secrets")[2].partition("facts")[0]
    done = harness(tmp_path, tmp_path, "run", "board.yaml")
    assert done.returncode == 2
    assert missing in done.stderr
    assert [each.name for each in (tmp_path / "runs").iterdir()] == [".campaigns"], "no run has begun"
    monkeypatch.setenv("MYPIN", "123456")
    done = harness(tmp_path, tmp_path, "run", "board.yaml", "-k", "test_identity")
    assert missing not in done.stderr
    assert (tmp_path / "runs" / "latest").exists()
