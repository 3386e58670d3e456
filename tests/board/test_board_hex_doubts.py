"""Numbers without 0x: `vid: 0403`, as lsusb prints it, is read as decimal 403, and that is said."""

import pytest

from harness.board.reading.file import load
from harness.errors import UsageError

BOARD = """\
version: 1
name: doubtful
plan: {{pattern: own-platform, carrier: se, platform: third-party-os, key_type: aes-128}}
transports:
  chip:
    kind: usb
    usb:
      vid: {vid}
      pid: {pid}
    endpoint_in: {endpoint}
chip: {{transport: chip, framing: direct}}
declaration:
  vendor: {vendor}
  algorithms: [aes-ecb]
  commands: []
"""
I2C = """\
version: 1
name: doubtful
plan: {{pattern: own-platform, carrier: se, platform: third-party-os, key_type: aes-128}}
transports:
  chip: {{kind: i2c, bus: 1, address: {address}}}
chip: {{transport: chip, framing: fm1280}}
declaration: {{algorithms: [aes-ecb], commands: []}}
"""


def warnings(tmp_path, text):
    path = tmp_path / "doubtful.yaml"
    path.write_text(text)
    return load(path).warnings


def usb(tmp_path, vid="0x0403", pid="0x6015", endpoint="0x81", vendor="0x8180"):
    return warnings(tmp_path, BOARD.format(vid=vid, pid=pid, endpoint=endpoint, vendor=vendor))


def test_a_vendor_id_as_lsusb_prints_it_is_doubted_with_both_readings(tmp_path):
    (warning,) = usb(tmp_path, vid="0403")
    assert ":8: transports.chip.usb.vid: 0403 without 0x is decimal, which is 0x0193;" in warning
    assert "write 0x0403 if that is meant" in warning


@pytest.mark.parametrize(
    ("field", "written", "line", "readings"),
    [
        ("pid", "6015", 9, ("0x177f", "0x6015")),
        ("pid", '"6015"', 9, ("0x177f", "0x6015")),
        ("vid", "1050", 8, ("0x041a", "0x1050")),
        ("endpoint", "82", 10, ("0x52", "0x82")),
        ("vendor", "8180", 13, ("0x1ff4", "0x8180")),
    ],
)
def test_every_number_of_this_kind(tmp_path, field, written, line, readings):
    (warning,) = usb(tmp_path, **{field: written})
    assert f"doubtful.yaml:{line}: " in warning
    assert all(reading in warning for reading in readings)


def test_an_address_without_0x(tmp_path):
    (warning,) = warnings(tmp_path, I2C.format(address="71"))
    assert ":5: transports.chip.address: 71 without 0x is decimal, which is 0x47;" in warning
    assert "write 0x71" in warning


@pytest.mark.parametrize("address", ["0x71", "0x48", "113", "8"])
def test_what_can_be_read_in_one_way_only_is_not_doubted(tmp_path, address):
    assert warnings(tmp_path, I2C.format(address=address)) == ()


def test_numbers_with_0x_are_not_doubted(tmp_path):
    assert usb(tmp_path) == ()
    assert usb(tmp_path, vid="0X0403", endpoint="1") == ()


@pytest.mark.parametrize(("written", "right"), [("1e10", "0x1e10"), ("10C4", "0x10c4"), ("403h", "0x403")])
def test_hexadecimal_digits_without_0x_are_refused_with_what_to_write(tmp_path, written, right):
    with pytest.raises(UsageError, match=rf":8: transports\.chip\.usb\.vid: .*write {right}"):
        usb(tmp_path, vid=written)
