"""A chip behind the board's own driver: the board file's way to it, and what the driver's answers come to."""

import pytest

from harness.board.plan.applies import facts_of
from harness.chip.errors import AnswerError
from harness.chip.probe import ChannelThroughDriver, DriverError
from harness.errors import UsageError
from harness.probe.errors import CallLostError
from tests.probe.fake_probe import FakeProbe
from tests.probe.test_probe_board import board_file


def firmware(**functions):
    good = {
        "sop": lambda _: (0, 0, b""),
        "trx": lambda asked: (0, None, asked.a + b"\x90\x00"),
        "scl": lambda _: (0, 0, b""),
    }
    return FakeProbe(groups=8, functions={**good, **functions})


def test_commands_go_through_the_driver(connect):
    probe = firmware()
    link, _ = connect(probe)
    with ChannelThroughDriver(link, timeout=1.0) as channel:
        assert channel.transmit(bytes.fromhex("80F8000000")) == bytes.fromhex("80F80000009000")
    assert probe.calls == {("sop", ""): 1, ("trx", "a=5,o=512"): 1, ("scl", ""): 1}


def open_and_send(channel):
    channel.open()
    channel.transmit(b"\x00\xa4")


@pytest.mark.parametrize(("function", "code"), [("sop", -7), ("trx", -10)])
def test_the_drivers_code_is_told_with_its_meaning(connect, function, code):
    link, _ = connect(firmware(**{function: lambda _: (code, 0, b"")}))
    with pytest.raises(DriverError) as caught:
        open_and_send(ChannelThroughDriver(link, timeout=1.0))
    assert caught.value.code == code
    assert str(code) in caught.value.message


def test_an_answer_longer_than_the_buffer_is_none(connect):
    link, _ = connect(firmware(trx=lambda _: (0, 600, b"x" * 512)))
    channel = ChannelThroughDriver(link, timeout=1.0)
    channel.open()
    with pytest.raises(AnswerError, match="600 bytes into a buffer of 512"):
        channel.transmit(b"\x00\xa4")


def test_a_board_that_started_anew_has_no_session_to_close(connect):
    probe = firmware()
    link, line = connect(probe)
    channel = ChannelThroughDriver(link, timeout=1.0)
    channel.open()
    line.restart()
    with pytest.raises(CallLostError):
        channel.transmit(b"\x00\xa4")
    channel.close()
    channel.open()
    assert channel.transmit(b"\x00\xa4") == b"\x00\xa4\x90\x00"


THROUGH = "probe: {}\nchip: {through: probe, command_set: ica}\n"


def test_a_board_file_may_name_the_driver_as_the_way_to_the_chip(tmp_path):
    facts = facts_of(board_file(tmp_path, THROUGH))
    assert "chip" in facts
    assert "framing" not in facts
    assert facts["command_set"] == ("ica",)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("chip: {through: probe}\n", "chip.through: leads through the probe in the firmware"),
        (
            "probe: {}\nchip: {through: probe, transport: console}\n",
            "chip.transport: does not go with through: probe",
        ),
        (
            "probe: {}\nchip: {through: probe, framing: direct}\n",
            "chip.framing: does not go with through: probe",
        ),
        ("probe: {}\nchip: {command_set: ica}\n", "chip.transport: is missing"),
        ("probe: {}\nchip: {through: cable}\n", "chip.through: "),
        ("carrier: {kind: probe}\n", "carrier.kind: probe needs a probe section"),
    ],
)
def test_mistakes_in_it_are_told_with_their_place(tmp_path, more, told):
    with pytest.raises(UsageError) as caught:
        board_file(tmp_path, more)
    assert told in str(caught.value)


def test_of_a_firmware_only_what_is_declared_is_called(tmp_path):
    more = "probe: {}\ncarrier: {kind: probe}\n"
    silent = board_file(tmp_path, more)
    assert set(facts_of(silent)["client"]) == {"decrypt", "get_prov_stat"}
    assert any("declaration.features" in warning for warning in silent.warnings)
    declared = board_file(tmp_path, more + "declaration: {features: [secret, kpm]}\n")
    assert "get_secret" in facts_of(declared)["client"]
    assert "kpm_sign" in facts_of(declared)["client"]
    assert "derive_key" not in facts_of(declared)["client"]
