"""HID reports of a capture are as the board file says that they went."""

from harness.cli.trace_capture import _reports
from harness.traffic.usb_packets import Reports, UsbConversation

HEAD = 64
APDU = bytes(range(100))


def carried(reports, apdu=APDU):
    submitted = UsbConversation("hid", 1, reports).packets(1, apdu, out=True)[::2]
    return [packet[HEAD:] for packet in submitted]


def test_reports_have_the_usual_form_where_nothing_is_said():
    first, second = carried(None)
    assert first == b"\0\x64" + APDU[:62]
    assert second == APDU[62:] + bytes(64 - 38)


def test_number_size_and_length_are_those_of_the_board_file():
    settings = {"report_id": 5, "report_size": 32, "length_size": 4, "length_order": "little"}
    reports = _reports({"transports": {"se": settings}})["se"]
    found = carried(reports)
    assert {len(each) for each in found} == {32}
    assert {each[:1] for each in found} == {b"\x05"}
    message = b"".join(each[1:] for each in found)
    assert message[:4] == b"\x64\0\0\0"
    assert message[4:104] == APDU
    assert not message[104:].strip(b"\0")


def test_what_is_no_setting_counts_as_left_out():
    odd = {"report_id": 700, "report_size": True, "length_size": "2", "length_order": []}
    assert _reports({"transports": {"se": odd, "other": 3}}) == {"se": Reports()}
    assert _reports({}) == {}
    assert carried(Reports(length_size=1), bytes(300))[0][0] == 300 & 0xFF
