"""A USB device that leaves its port while it is looked for."""

from pathlib import Path

from harness.transport.usb.port import UsbPort, stays


def test_a_device_that_leaves_between_two_looks_is_gone(tmp_path, monkeypatch):
    folder = tmp_path / "sys" / "bus" / "usb" / "devices" / "1-1"
    folder.mkdir(parents=True)
    for name, value in (("idVendor", "1209"), ("idProduct", "2003"), ("devnum", "7")):
        (folder / name).write_text(value)
    there = UsbPort("1-1", 0x1209, 0x2003, number=7)
    assert stays(there, tmp_path)

    def left(*_):
        raise FileNotFoundError(folder)

    monkeypatch.setattr(Path, "glob", left)
    assert not stays(there, tmp_path)
