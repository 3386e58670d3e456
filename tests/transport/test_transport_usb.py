import pytest
from serial.tools.list_ports_common import ListPortInfo

from harness.errors import BenchError, UsageError
from harness.transport.serial import find as usb
from harness.transport.serial.find import SerialPort, find_port, port_at, ports_hint, serial_ports

ONE = SerialPort("/dev/ttyUSB0", 0x0403, 0x6011, "FT1", "1-1.2", 0, "A", "Quad")
TWO = SerialPort("/dev/ttyUSB1", 0x0403, 0x6011, "FT1", "1-1.2", 1, "B", "Quad")
CHEAP = SerialPort("/dev/ttyUSB2", 0x1A86, 0x7523, None, "1-1.3", 0, None, "Serial")
CHEAP_TOO = SerialPort("/dev/ttyUSB3", 0x1A86, 0x7523, None, "1-1.4", 0, None, "Serial")
BUILT_IN = SerialPort("/dev/ttyS0")
HERE = (ONE, TWO, CHEAP, CHEAP_TOO, BUILT_IN)


@pytest.mark.parametrize(
    ("wanted", "device"),
    [
        ({"serial_number": "FT1", "interface": 1}, "/dev/ttyUSB1"),
        ({"serial_number": "FT1", "interface": "1"}, "/dev/ttyUSB1"),
        ({"serial_number": "FT1", "interface": "A"}, "/dev/ttyUSB0"),
        ({"location": "1-1.3"}, "/dev/ttyUSB2"),
        ({"location": "1-1.2:1.1"}, "/dev/ttyUSB1"),
        ({"vid": 0x1A86, "pid": 0x7523, "location": "1-1.4"}, "/dev/ttyUSB3"),
    ],
)
def test_the_one_that_fits(wanted, device):
    assert find_port(**wanted, ports=HERE) == device


def test_none_fits_and_what_is_there_is_listed():
    with pytest.raises(BenchError, match="no serial port with vid 10c4, serial_number X") as caught:
        find_port(vid=0x10C4, serial_number="X", ports=HERE)
    for port in HERE:
        assert port.device in caught.value.hint
    assert "FT1" in caught.value.hint


def test_two_fit_and_the_hint_tells_them_apart_by_location():
    with pytest.raises(UsageError, match="2 serial ports have vid 1a86") as caught:
        find_port(vid=0x1A86, ports=HERE)
    assert "/dev/ttyUSB2" in caught.value.message
    assert "/dev/ttyUSB3" in caught.value.message
    assert caught.value.hint == "tell them apart by location: 1-1.3 or 1-1.4"


def test_two_ports_of_one_adapter_differ_by_interface():
    with pytest.raises(UsageError) as caught:
        find_port(serial_number="FT1", ports=HERE)
    assert caught.value.hint == "tell them apart by interface: 0 or 1"


def test_two_adapters_of_two_ports_need_two_properties():
    more = [
        SerialPort(f"/dev/ttyUSB{2 * adapter + number}", 1, 2, f"S{adapter}", f"1-{adapter}", number)
        for adapter in (0, 1)
        for number in (0, 1)
    ]
    with pytest.raises(UsageError) as caught:
        find_port(vid=1, ports=more)
    assert caught.value.hint == "tell them apart by serial_number and interface and location together"


def test_twins():
    with pytest.raises(UsageError) as caught:
        find_port(vid=1, ports=[SerialPort("/dev/a", 1, 2), SerialPort("/dev/b", 1, 2)])
    assert "look the same" in caught.value.hint


def test_nothing_asked_for():
    with pytest.raises(UsageError, match="without any property"):
        find_port(ports=HERE)


def info(device, location=None, *, vid=None, **fields):
    port = ListPortInfo(device)
    port.vid, port.location = vid, location
    for name, value in fields.items():
        setattr(port, name, value)
    return port


def test_what_pyserial_finds(monkeypatch):
    found = [
        info(
            "/dev/ttyUSB1",
            "1-2:1.3",
            vid=0x0403,
            pid=0x6011,
            serial_number="S",
            interface="D",
            product="Quad",
        ),
        info("/dev/ttyUSB0", "1-3", vid=0x1A86, pid=0x7523),
        info("/dev/ttyS0"),
    ]
    monkeypatch.setattr(usb.list_ports, "comports", lambda: found)
    assert serial_ports() == (
        SerialPort("/dev/ttyS0"),
        SerialPort("/dev/ttyUSB0", 0x1A86, 0x7523, None, "1-3", 0, None, None),
        SerialPort("/dev/ttyUSB1", 0x0403, 0x6011, "S", "1-2", 3, "D", "Quad"),
    )
    assert find_port(serial_number="S") == "/dev/ttyUSB1"
    assert port_at("/dev/ttyS0") == SerialPort("/dev/ttyS0")
    assert port_at("/dev/ttyS9") is None


def test_a_device_that_leaves_while_it_is_looked_at(monkeypatch):
    def torn():
        raise TypeError("int() argument must be a string")

    monkeypatch.setattr(usb.list_ports, "comports", torn)
    assert serial_ports() == ()
    assert "no serial ports" in ports_hint()


def test_a_port_describes_itself():
    assert str(BUILT_IN) == "/dev/ttyS0"
    assert str(TWO) == (
        "/dev/ttyUSB1 (usb 0403:6011, 'Quad', serial number FT1, location 1-1.2, interface 1)"
    )
