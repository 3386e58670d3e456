import logging

import pytest

from harness.chip.apdu import Command
from harness.chip.errors import AnswerError, FramingError, StatusError
from harness.chip.ica import commands
from harness.chip.session import TRAFFIC, ChipSession
from harness.id2.codes import StatusWord

GET_ID = commands.get_id()


def test_a_plain_answer(scripted):
    session = scripted(("80F8000000", "AABB9000"))
    assert session.send(GET_ID).data == b"\xaa\xbb"
    assert session.last.transmissions == 1
    assert session.last.sdk_could


def test_61_is_followed_by_get_response(scripted):
    session = scripted(("80F8000000", "610F"), ("00C000000F", "AABB9000"))
    response = session.send(GET_ID)
    assert (response.data, response.sw) == (b"\xaa\xbb", 0x9000)
    assert session.last.transmissions == 2
    assert session.last.sdk_could


def test_6100_means_256_bytes(scripted):
    session = scripted(("80F8000000", "6100"), ("00C0000000", "00" * 256 + "9000"))
    assert len(session.send(GET_ID).data) == 256


def test_61_with_data_collects_it_and_says_that_the_sdk_could_not(scripted):
    session = scripted(("80F8000000", "AA6101"), ("00C0000001", "BB9000"))
    assert session.send(GET_ID).data == b"\xaa\xbb"
    assert session.last.data_before_end
    assert session.last.transmissions == 2
    assert not session.last.sdk_could


def test_a_long_chain_of_61(scripted):
    session = scripted(("80F8000000", "6102"), ("00C0000002", "AABB6101"), ("00C0000001", "CC9000"))
    assert session.send(GET_ID).data == b"\xaa\xbb\xcc"
    assert session.last.transmissions == 3
    assert not session.last.sdk_could


def test_6c_repeats_the_command_with_that_length(scripted):
    session = scripted(("80F8000000", "6C0F"), ("80F800000F", "AA9000"))
    assert session.send(GET_ID).data == b"\xaa"
    assert session.last.transmissions == 2


def test_6c_keeps_the_data_of_the_command(scripted):
    session = scripted(("80F60001021122", "6C10"), ("80F6000102112210", "AA9000"))
    assert session.send(Command(0x80, 0xF6, 0, 1, b"\x11\x22")).data == b"\xaa"


def test_data_with_6c_is_not_collected(scripted):
    session = scripted(("80F8000000", "EE6C01"), ("80F8000001", "AA9000"))
    assert session.send(GET_ID).data == b"\xaa"
    assert session.last.data_before_end


def test_6c_to_get_response(scripted):
    session = scripted(("80F8000000", "61FF"), ("00C00000FF", "6C0F"), ("00C000000F", "AA9000"))
    assert session.send(GET_ID).data == b"\xaa"


def test_6c_again_is_the_answer(scripted):
    session = scripted(("80F8000000", "6C0F"), ("80F800000F", "6C0E"))
    assert session.send(GET_ID).sw == 0x6C0E


def test_61_without_end_is_bounded(scripted):
    session = scripted(("80F8000000", "6101"), *[("00C0000001", "6101")] * 60)
    with pytest.raises(AnswerError, match="still says 6101 after 40 transmissions") as caught:
        session.send(GET_ID)
    assert caught.value.traffic[-2:] == ("> 00C0000001", "< 6101")


def test_61_and_6c_in_turn_are_bounded(scripted):
    session = scripted(("80F8000000", "6101"), *[("00C0000001", "6C01"), ("00C0000001", "6101")] * 30)
    with pytest.raises(AnswerError, match="40 transmissions"):
        session.send(GET_ID)


@pytest.mark.parametrize("answer", ["", "90", "00" * 257 + "9000"])
def test_an_answer_of_impossible_length(scripted, answer):
    session = scripted(("80F8000000", answer))
    with pytest.raises(AnswerError, match=r"GetID .*bytes: a") as caught:
        session.send(GET_ID)
    assert caught.value.transport == "scripted"
    assert len(caught.value.traffic) == 2


def test_expect_ok_raises_the_status_with_meaning_hint_and_place(scripted):
    session = scripted(("80F8000000", "9403"))
    with pytest.raises(StatusError) as caught:
        session.expect_ok(GET_ID)
    error = caught.value
    assert error.sw == error.code == 0x9403
    assert error.status is StatusWord.KEY_NOT_FOUND
    assert error.message == "GetID 80F80000 Le=00 was refused with 9403: key not found"
    assert error.hint
    assert error.traffic == ("> 80F8000000", "< 9403")
    assert error.transport == "scripted"
    assert error.command is GET_ID
    assert error.outcome == "failed"


def test_an_unknown_status_stays_printable(scripted):
    session = scripted(("80F8000000", "1234"))
    with pytest.raises(StatusError, match="1234: unknown status word") as caught:
        session.expect_ok(GET_ID)
    assert caught.value.status is None


def test_raw_bytes_go_out_as_they_are_and_once(scripted):
    session = scripted(("80", "6700"), ("80F8000000000000", "610F"))
    assert session.send_raw(b"\x80").sw == 0x6700
    assert session.send_raw(bytes.fromhex("80F8000000000000")).sw == 0x610F
    assert session.last.transmissions == 1


def test_an_error_of_the_channel_gets_place_and_traffic():
    class Broken:
        name = "bus"

        def transmit(self, command):
            raise FramingError("it broke", code=12)

    session = ChipSession(Broken())
    with pytest.raises(FramingError) as caught:
        session.send(GET_ID)
    assert caught.value.traffic == ("> 80F8000000", "< (it broke)")
    assert caught.value.transport == "bus"


def test_the_history_is_bounded(scripted):
    session = scripted(*[("80F8000000", "9000")] * 50)
    for _ in range(50):
        session.send(GET_ID)
    assert len(session.traffic()) == 32


def test_traffic_is_logged_below_debug_and_hidden_data_nowhere(scripted, caplog):
    session = scripted(("0020000004DEADBEEF", "9000"), ("80F8000000", "AA9000"))
    with caplog.at_level(TRAFFIC, logger="harness.chip.session"):
        session.send(Command(0x00, 0x20, 0, 0, bytes.fromhex("DEADBEEF"), name="Verify PIN", hidden=True))
        session.send(GET_ID)
    assert logging.getLevelName(TRAFFIC) == "TRAFFIC"
    assert TRAFFIC < logging.DEBUG
    assert [record.levelno for record in caplog.records] == [TRAFFIC] * 4
    assert "scripted > 80F8000000" in caplog.text
    assert "scripted < AA9000" in caplog.text
    assert "DEADBEEF" not in caplog.text + "".join(session.traffic())
    assert "Verify PIN" in session.traffic()[0]


def test_nothing_is_logged_at_debug(scripted, caplog):
    session = scripted(("80F8000000", "9000"))
    with caplog.at_level(logging.DEBUG, logger="harness.chip.session"):
        session.send(GET_ID)
    assert not caplog.records


def test_with_opens_and_closes_the_channel(scripted):
    session = scripted()
    with session:
        assert session.channel.is_open
    assert not session.channel.is_open
