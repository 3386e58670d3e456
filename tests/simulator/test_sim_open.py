"""The entry points of board files, with the harness's own layers on top."""

from types import SimpleNamespace

import pytest

from harness.chip.fm1280 import Fm1280I2c, Limits
from harness.chip.hexline import HexLine
from harness.chip.ica.algorithms import Algorithm
from harness.chip.ica.chip import IcaChip
from harness.chip.mtk import MtkChip
from harness.chip.session import ChipSession
from harness.errors import BenchError, DeviceError, HarnessError, UsageError
from harness.id2 import ciphers
from harness.id2.keys import KeyType
from harness.secret import Secret
from harness.simulator.open import simulated_console, simulated_i2c, simulated_serial
from harness.transport.base import Capability, StreamRead, StreamWrite

ID = "2122232425262728292A2B2C"
QUICK = Limits(answer=0.05, total=0.1, write=0.02, frame_delay=0.0, poll_pause=0.0)


@pytest.fixture
def device(key_for):
    def make(key_type=KeyType.AES_128, **more):
        base = {
            "command_set": "ica",
            "key_type": key_type,
            "id": ID,
            "key": key_for(key_type),
            "answers": "direct",
        }
        return SimpleNamespace(**{**base, "fault": None, "vendor": None, "seed": None, **more})

    return make


def test_i2c(device, key_for):
    transport = simulated_i2c("chip", SimpleNamespace(address=0x31, device=device(vendor=0x8182)))
    assert transport.capabilities == {Capability.I2C}
    assert transport.identity == f"simulated ica chip, aes-128, ID {ID}, on a simulated I²C bus"
    with ChipSession(Fm1280I2c(transport, 0x31, limits=QUICK)) as session:
        chip = IcaChip(session)
        chip.select()
        assert chip.get_id().vendor == 0x8182
        plain = bytes(768)
        cipher = chip.encrypt_blocks(Algorithm.AES_ECB, plain)
        assert cipher == ciphers.ecb_encrypt(key_for(KeyType.AES_128), plain)
        assert chip.decrypt_blocks(Algorithm.AES_ECB, cipher) == plain
        assert chip.get_vendor_info().option_names[:1] == ("AES",)


def test_i2c_with_a_fault_in_the_framing(device):
    transport = simulated_i2c("chip", SimpleNamespace(address=0x71, device=device(fault="wtx-forever")))
    assert "broken on purpose: wtx-forever" in transport.identity
    with pytest.raises(DeviceError), ChipSession(Fm1280I2c(transport, limits=QUICK)) as session:
        IcaChip(session).get_id()


def test_i2c_answers_to_no_other_address(device):
    transport = simulated_i2c("chip", SimpleNamespace(address=0x71, device=device()))
    with pytest.raises(BenchError, match="0x20"), ChipSession(Fm1280I2c(transport, 0x20, limits=QUICK)):
        pass


@pytest.mark.parametrize("answers", ["direct", "get-response"])
def test_serial_ica(device, answers):
    config = SimpleNamespace(device=device(KeyType.SM4_128, answers=answers))
    transport = simulated_serial("chip", config)
    assert transport.capabilities == {Capability.STREAM}
    for _ in range(2):  # a simulated line may be opened again
        with ChipSession(HexLine(transport)) as session:
            chip = IcaChip(session)
            chip.select()
            assert chip.get_id().id_bytes.hex().upper() == ID
            assert session.last_transmissions == (2 if answers == "get-response" else 1)


def test_serial_mtk(device, key_for):
    config = SimpleNamespace(device=device(KeyType.DES3_168, command_set="mtk"))
    with ChipSession(HexLine(simulated_serial("chip", config))) as session:
        chip = MtkChip(session)
        assert chip.get_id().id_bytes.hex().upper() == ID
        assert chip.encrypt_blocks(Algorithm.DES_ECB, bytes(40)) == ciphers.ecb_encrypt(
            key_for(KeyType.DES3_168), bytes(40)
        )


def test_serial_with_a_slow_chip_is_blamed_on_the_device(device):
    transport = simulated_serial("chip", SimpleNamespace(device=device(fault="slow-answer")))
    with ChipSession(HexLine(transport, timeout=0.05)) as session:
        chip = IcaChip(session)
        chip.get_id()
        with pytest.raises(DeviceError, match="no answer within"):
            chip.encrypt_blocks(Algorithm.AES_ECB, bytes(16))


def read_until(transport, end):
    data = b""
    while not data.endswith(end):
        piece = transport.do(StreamRead(65536, 10.0))
        assert piece, data[-200:]
        data += piece
    return data


def test_console_simulated(device):
    config = SimpleNamespace(file=None, app="id2_app", device=device(seed=4), fault=None)
    transport = simulated_console("console", config)
    outputs = []
    for _ in range(2):
        with transport:
            outputs.append(read_until(transport, b"<= SE close session, (ret = 0).\n"))
            transport.do(StreamWrite(b"\n"))
            read_until(transport, b"<= SE close session, (ret = 0).\n")
    assert all(output.startswith(b"<LS_LOG> ID2 Client Version: 0x00030100\n") for output in outputs)


def test_console_played(sample, tmp_path):
    capture = tmp_path / "captured.log"
    text = sample("id2_app-3.1.0-aes128.log").encode()
    capture.write_bytes(text)
    transport = simulated_console(
        "console", SimpleNamespace(file=capture, app="id2_app", device=None, fault=None)
    )
    assert transport.identity == "captured console captured.log, played back, on a pseudo-terminal"
    with transport:
        assert read_until(transport, text[-40:]) == text


def test_console_faults(device, tmp_path):
    cut = SimpleNamespace(file=None, app="id2_app", device=device(), fault="cut-off-in-report")
    with simulated_console("console", cut) as transport:
        assert b"close session" not in read_until(transport, b'"testContent"')
    inside = SimpleNamespace(file=None, app="id2_app", device=device(fault="id-length-11"), fault=None)
    with simulated_console("console", inside) as transport:
        assert b"provisioning fail" in read_until(transport, b"<= SE close session, (ret = 0).\n")
    capture = tmp_path / "captured.log"
    capture.write_bytes(b"hello\n")
    silent = SimpleNamespace(file=capture, app="id2_app", device=None, fault="silent")
    with simulated_console("console", silent) as transport:
        assert "broken on purpose: silent" in transport.identity
        assert transport.do(StreamRead(100, 0.05)) == b""


def test_keys_in_every_form(device, key_for):
    text = key_for(KeyType.AES_128).reveal().hex()
    for key in (key_for(KeyType.AES_128), Secret(text), text):
        transport = simulated_i2c("chip", SimpleNamespace(device=device(key=key)))
        with ChipSession(Fm1280I2c(transport, limits=QUICK)) as session:
            cipher = IcaChip(session).encrypt_blocks(Algorithm.AES_ECB, bytes(16))
            assert cipher == ciphers.ecb_encrypt(key_for(KeyType.AES_128), bytes(16))


def test_two_openings_of_one_line_are_refused(device):
    transport = simulated_serial("chip", SimpleNamespace(device=device()))
    with transport, pytest.raises(UsageError, match="twice"):
        transport.open()
    with pytest.raises(BenchError, match="not open"):
        transport.do(StreamRead(1, 0))
    transport.close()


@pytest.mark.parametrize(
    ("opener", "change", "message"),
    [
        (simulated_i2c, {"device": None}, "device is missing"),
        (simulated_i2c, {"fault": "silent"}, "console layer"),
        (simulated_i2c, {"fault": "no-such"}, "no fault named"),
        (simulated_i2c, {"id": "12"}, "24"),
        (simulated_i2c, {"id": None}, "id is missing"),
        (simulated_i2c, {"key": None}, "key is missing"),
        (simulated_i2c, {"key": "00"}, "hex digits"),
        (simulated_i2c, {"answers": "sometimes"}, "direct, get-response"),
        (simulated_i2c, {"command_set": "iso"}, "ica, mtk"),
        (simulated_i2c, {"command_set": "mtk"}, "mtk"),
        (simulated_i2c, {"vendor": 0x10000}, "two bytes"),
        (simulated_i2c, {"address": 0x7F}, "reserved"),
        (simulated_serial, {"fault": "bcc-wrong-always"}, "framing layer"),
        (simulated_console, {"app": "hal_app"}, "hal_app"),
        (simulated_console, {"console_fault": "id-changes"}, "chip layer"),
        (simulated_console, {"console_fault": "silent", "fault": "garbage"}, "a device has one"),
        (simulated_console, {"fault": "nak-forever"}, "framing layer"),
        (simulated_console, {"file": "/nonexistent/x.log"}, "No such file"),
    ],
)
def test_what_cannot_be_is_one_clear_line(device, opener, change, message):
    rest = {
        name: value
        for name, value in change.items()
        if name in {"command_set", "id", "key", "answers", "vendor", "fault"}
    }
    config = SimpleNamespace(
        address=change.get("address", 0x71),
        device=None if "device" in change else device(**rest),
        file=change.get("file"),
        app=change.get("app", "id2_app"),
        fault=change.get("console_fault"),
    )
    with pytest.raises(UsageError) as caught:
        opener("part", config)
    assert message in caught.value.message
    assert "\n" not in caught.value.message
    assert "2122232425262728292A2B2C2D2E2F30" not in caught.value.message


def test_a_fault_that_cannot_lie_over_a_capture(tmp_path):
    capture = tmp_path / "captured.log"
    capture.write_bytes(b"hello\n")
    for fault in ("extra-ignored", "id-changes"):
        config = SimpleNamespace(file=capture, app="id2_app", device=None, fault=fault)
        with pytest.raises(HarnessError):
            simulated_console("console", config)
